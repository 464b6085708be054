"""The labelling interface of Label Studio, generated from a codebook.

Names in it: the answer to a variable has the variable's id; ``<id>-marks`` (unsure, rests on absence) and
``<id>-note`` go with it. Ids hold no hyphen, so that no variable can take a name of ours. All evidence is marked by
one set of labels: ``<variable>`` for a variable with one value, ``<variable>:<label>`` for a label of a multi variable.
Values of choices are ids, too; what coders read stands beside them (``html``), so that no alias is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..configs.codebook import Codebook, Condition, Label, Value, Variable, Words
from ..data.normalize import normalize_line

TEXT = "report-text"
SPANS = "evidence-spans"
MARKS = "-marks"
NOTE = "-note"
UNSURE = "unsure"
ABSENCE = "absence"
NONE = "(none)"
"""The choice that says that no label of a multi variable applies, which an empty answer does not say."""

_KEYS = "1234567890qwertyiopasdfgjklzxcvbnm"  # u and h are taken by Label Studio
_MARKS = {UNSURE: "存疑 · unsure", ABSENCE: "依据的是文中没有写到 · rests on what is not said"}
_HELP = Words(
    zh="先点标签或按键，再划选文字 · 点中已标文字，按 Backspace 删除 · Ctrl+Enter 提交",
    en="Pick a label or its key, then select text · click marked text, Backspace deletes · Ctrl+Enter submits",
)
# No child combinators: the sign reaches the page escaped. Label Studio's own list of spans takes a quarter of the page
# and says nothing that the marked text does not.
_STYLE = """
.lsf-sidepanels__wrapper { display: none !important; }
.lsf-sidepanels { padding: 0 !important; }
.wj-page { display: flex; gap: 20px; font-size: 14px; line-height: 1.5; }
.wj-report, .wj-questions { flex: 1 1 50%; min-width: 0; min-height: 360px; height: calc(100vh - 178px);
  overflow-y: auto; }
.wj-page h1, .wj-page h3, .wj-page h4, .wj-page h5 { margin: 0 !important; font: inherit; letter-spacing: normal; }
.wj-page .ant-form-item { margin: 0; }
.wj-page small, .wj-words h4 + h4, .wj-help h4 { font-size: 12px; opacity: 0.75; }
.wj-labels { position: sticky; top: 0; z-index: 2; padding-bottom: 4px; border-bottom: 1px solid silver;
  background: var(--color-neutral-background, white); }
.wj-labels .lsf-labels { display: flex; flex-wrap: wrap; gap: 4px; margin: 0 0 4px; }
.wj-labels .lsf-labels div { display: contents; }
.wj-labels .lsf-label { margin: 0; font-size: 13px; line-height: 20px; }
.wj-title { padding: 8px 8px 0; }
.wj-title h3 { font-size: 18px; font-weight: 600; }
.wj-report .lsf-richtext__container { padding: 8px; font-size: 16px; line-height: 1.8; }
.wj-variable { border-bottom: 1px solid silver; padding: 0 8px 8px 0; margin-bottom: 10px; }
.wj-variable h3 { font-size: 16px; font-weight: 600; }
.wj-variable .ant-collapse { margin: 4px 0; font-size: 13px; }
.wj-variable .ant-collapse-header, .wj-variable .ant-collapse-content-box { padding: 2px 8px !important; }
.wj-rule { padding: 4px 0; }
.wj-variable .lsf-choices { margin: 0; }
.wj-variable label { position: relative; display: flex; line-height: 20px; padding: 3px 16px 3px 0; font-weight: 400; }
.wj-variable .lsf-choices_layout_vertical label { padding-right: 172px; }
.wj-variable .lsf-choices_layout_vertical .lsf-hint { position: absolute; right: 112px; top: 3px; font-size: 11px;
  line-height: 20px; }
.wj-more summary { position: absolute; right: 0; top: 3px; cursor: pointer; list-style: none; font-size: 12px;
  color: var(--color-primary-content, royalblue); }
.wj-more p { margin: 2px -172px 2px 0; padding-left: 8px; border-left: 2px solid silver; font-size: 13px; }
.wj-more small { display: block; }
.wj-variable .lsf-text-area { margin: 2px 0 0 !important; }
.wj-variable .lsf-text-area input { height: 28px; font-size: 13px; }
.wj-foot { display: flex; flex-wrap: wrap; align-items: center; margin-top: 4px; }
.wj-foot .lsf-text-area { flex: 1 1 120px; margin: 0 !important; }
.wj-foot label { font-size: 12px; }
"""


def labelling_config(codebook: Codebook) -> str:
    """The interface as Label Studio's XML; its tasks are made by ``tasks.task_of``."""
    page = Element("View", className="wj-page")
    SubElement(page, "Style").text = _STYLE
    keys = _hotkeys(codebook)
    report = SubElement(page, "View", className="wj-report")
    top = SubElement(report, "View", className="wj-labels")
    labels = SubElement(top, "Labels", name=SPANS, toName=TEXT)
    marked = span_labels(codebook)
    for variable in shown(codebook):
        group = _asked(codebook, labels, variable, "")
        for value, (owner, label) in marked.items():
            if owner is variable:
                words = variable.name if label is None else variable.label(label).name
                SubElement(
                    group,
                    "Label",
                    {
                        "value": value,
                        "html": escape(_safe(words.zh)),
                        "hint": _line(words),
                        **keys.get((SPANS, value), {}),
                    },
                )
    _words(SubElement(top, "View", className="wj-help"), _HELP)
    heading = SubElement(report, "View", className="wj-title")
    SubElement(heading, "Header", value="$title", size="4")
    SubElement(heading, "Header", value="$meta", size="5")
    SubElement(report, "Text", name=TEXT, value="$text", granularity="symbol", showLabels="true")
    questions = SubElement(page, "View", className="wj-questions")
    for variable in shown(codebook):
        _ask(_asked(codebook, questions, variable, "wj-variable"), variable, keys)
    indent(page)
    return tostring(page, encoding="unicode")


def shown(codebook: Codebook) -> list[Variable]:
    """The variables of the interface, in order: what coders code, less what hangs on something they do not code."""
    found: dict[str, Variable] = {}
    for variable in codebook.coded:
        if all(condition.variable in found for condition in variable.asked_when):
            found[variable.id] = variable
    return list(found.values())


def span_labels(codebook: Codebook) -> dict[str, tuple[Variable, str | None]]:
    """Label of a span → the variable it is evidence of, and which label of that if it is a multi variable."""
    labels: dict[str, tuple[Variable, str | None]] = {}
    for variable in shown(codebook):
        if variable.evidence and variable.type == "multi":
            labels |= {f"{variable.id}:{label}": (variable, label) for label in variable.label_ids}
        elif variable.evidence:
            labels[variable.id] = (variable, None)
    return labels


def choices_of(variable: Variable, value: Value) -> list[str]:
    """The choices that say ``value``, which is a code of ``variable`` (not text)."""
    if isinstance(value, list):
        return value or [NONE]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [variable.label_ids[value] if isinstance(value, int) else str(value)]


def value_of(variable: Variable, choices: list[str]) -> Value:
    """What these choices say; where they are no answer, something that ``Variable.check`` refuses."""
    if variable.type == "multi":
        known = [label for label in variable.label_ids if label in choices]
        return [] if choices == [NONE] else known + [c for c in choices if c not in known]
    if len(choices) != 1:
        return choices
    if variable.type == "binary":
        return {"true": True, "false": False}.get(choices[0], choices[0])
    known = variable.label_ids if variable.type == "ordinal" else []
    return known.index(choices[0]) if choices[0] in known else choices[0]


def _asked(codebook: Codebook, place: Element, variable: Variable, style: str) -> Element:
    """A part of the page that is there only where ``variable`` is asked."""
    for condition in variable.asked_when:
        place = SubElement(place, "View", _visible_when(codebook, condition))
    return SubElement(place, "View", className=style)


def _ask(place: Element, variable: Variable, keys: dict[tuple[str, str], dict[str, str]]) -> None:
    SubElement(place, "Header", value=_line(variable.name), size="4")
    if variable.question:
        _words(place, variable.question)
    if variable.rules:
        panel = SubElement(SubElement(place, "Collapse"), "Panel", value="规则 · rules")
        for rule in variable.rules:
            _words(SubElement(panel, "View", className="wj-rule"), rule.text, f"{rule.id} ")
    if variable.type == "text":
        _box(place, variable.id, "")
    else:
        answer = _choices(place, variable.id, "multiple" if variable.type == "multi" else "single")
        if not any(map(_points, variable.labels)):
            answer.set("layout", "inline")
        # A blank may be meant where something is optional or can be extracted.
        if variable.source == "coded" and not variable.optional:
            answer.attrib |= {"required": "true", "requiredMessage": _line(variable.name)}
        for value, html in _answers(variable):
            SubElement(answer, "Choice", {"value": value, "html": html, **keys.get((variable.id, value), {})})
    foot = SubElement(place, "View", className="wj-foot")
    marks = _choices(foot, variable.id + MARKS, "multiple", layout="inline")
    for mark in _marks(variable):
        SubElement(marks, "Choice", {"value": mark, "html": _MARKS[mark], **keys.get((variable.id + MARKS, mark), {})})
    _box(foot, variable.id + NOTE, "备注 · note")


def _marks(variable: Variable) -> list[str]:
    return [UNSURE, ABSENCE] if variable.evidence else [UNSURE]


def _answers(variable: Variable) -> Iterator[tuple[str, str]]:
    """Value and HTML of each choice."""
    if variable.type == "binary":
        yield from (("true", "是 · yes"), ("false", "否 · no"))
    for code, label in enumerate(variable.labels):
        yield label.id, _label_html(label, f"{code} " if variable.type == "ordinal" else "")
    if variable.type == "multi":
        yield NONE, "都没有 · none of these"


def _label_html(label: Label, number: str) -> str:
    """The name, with definition, include and exclude rules to fold out; a click on those picks nothing."""
    name = f'<span class="wj-name">{number}{_html(label.name)}</span>'
    points = _points(label)
    if not points:
        return name
    more = "".join(f"<p>{sign}{_html(words)}</p>" for sign, words in points)
    return f'{name}<details class="wj-more"><summary>定义 · definition</summary>{more}</details>'


def _points(label: Label) -> list[tuple[str, Words]]:
    """Definition, include and exclude rules, each with its sign."""
    return [
        *([("", label.definition)] if label.definition else []),
        *(("＋ ", words) for words in label.include),
        *(("－ ", words) for words in label.exclude),
    ]


def _choices(place: Element, name: str, choice: str, **more: str) -> Element:
    return SubElement(place, "Choices", {"name": name, "toName": TEXT, "choice": choice, **more})


def _box(place: Element, name: str, placeholder: str) -> None:
    more = {"placeholder": placeholder, "maxSubmissions": "1", "editable": "true", "rows": "1"}
    SubElement(place, "TextArea", {"name": name, "toName": TEXT, **more})


def _visible_when(codebook: Codebook, condition: Condition) -> dict[str, str]:
    """Attributes that show a part where the condition holds.

    Label Studio cannot count labels or look into a text: then the part is shown once there may be a reason to, and
    reading judges the rest.
    """
    variable = codebook.variable(condition.variable)
    if variable.type == "text":
        return {}
    if condition.has is not None:
        values = [condition.has]
    elif condition.min_labels is not None:
        values = variable.label_ids
    elif condition.at_least is not None:
        values = variable.label_ids[condition.at_least :]
    else:
        values = choices_of(variable, condition.equals)
    # The comma at the end: an attribute that is just "true" reaches the page as no text, which breaks it.
    wanted = ",".join([*values, ""])
    return {"visibleWhen": "choice-selected", "whenTagName": variable.id, "whenChoiceValue": wanted}


def _hotkeys(codebook: Codebook) -> dict[tuple[str, str], dict[str, str]]:
    """(Name, value) → the attribute with its key, while there are keys.

    Plain keys pick the label for a span, keys with shift the answer; a label of a multi variable has one key for both.
    What has evidence goes first. Plain keys that are left set marks, from the far end of the keyboard: else Label
    Studio would deal them out itself, and a slip of the finger would answer something that is not in sight.
    """
    keys: dict[tuple[str, str], dict[str, str]] = {}
    free, plain = iter(_KEYS), list(_KEYS)

    def answer(variable: Variable) -> None:
        for value, _ in _answers(variable):
            if (variable.id, value) not in keys and (key := next(free, None)):
                keys[variable.id, value] = {"hotkey": f"shift+{key}"}

    for value, (variable, label) in span_labels(codebook).items():
        if key := next(free, None):
            plain.remove(key)
            keys[SPANS, value] = {"hotkey": key}
            if label:
                keys[variable.id, label] = {"hotkey": f"shift+{key}"}
        if not label:
            answer(variable)
    for variable in shown(codebook):
        answer(variable)
        for mark in _marks(variable):
            if plain:
                keys[variable.id + MARKS, mark] = {"hotkey": plain.pop()}
    return keys


def _words(place: Element, words: Words, number: str = "") -> None:
    """Chinese, and English below it."""
    both = SubElement(place, "View", className="wj-words")
    SubElement(both, "Header", value=_safe(number + words.zh), size="5")
    SubElement(both, "Header", value=_safe(words.en), size="5")


def _line(words: Words) -> str:
    return _safe(f"{words.zh} · {words.en}")


def _html(words: Words) -> str:
    return f"{escape(_safe(words.zh))} <small>{escape(_safe(words.en))}</small>"


def _safe(text: str) -> str:
    """On one line, without what XML cannot hold, and no ``$``, by which Label Studio names fields of a task."""
    return normalize_line(text).replace("$", "＄")
