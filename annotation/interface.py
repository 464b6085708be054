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
_STYLE = """
.wj-page { display: flex; gap: 24px; align-items: flex-start; }
.wj-report, .wj-questions { flex: 1 1 50%; max-height: 85vh; overflow-y: auto; }
.wj-labels { position: sticky; top: 0; z-index: 2; background: var(--color-neutral-background, white); }
.wj-report .htx-richtext { font-size: 16px; line-height: 1.8; }
.wj-variable { border-top: 1px solid silver; padding: 8px 0; }
"""


def labelling_config(codebook: Codebook) -> str:
    """The interface as Label Studio's XML; its tasks are made by ``tasks.task_of``."""
    page = Element("View", className="wj-page")
    SubElement(page, "Style").text = _STYLE
    keys = _hotkeys(codebook)
    report = SubElement(page, "View", className="wj-report")
    labels = SubElement(SubElement(report, "View", className="wj-labels"), "Labels", name=SPANS, toName=TEXT)
    for value, (variable, label) in span_labels(codebook).items():
        name = variable.name if label is None else variable.label(label).name
        SubElement(labels, "Label", value=value, html=_html(name), **keys.get((SPANS, value), {}))
    SubElement(report, "Header", value="$meta", size="6")
    SubElement(report, "Text", name=TEXT, value="$text", granularity="symbol")
    questions = SubElement(page, "View", className="wj-questions")
    for variable in shown(codebook):
        place = SubElement(questions, "View", className="wj-variable")
        for condition in variable.asked_when:
            place = SubElement(place, "View", _visible_when(codebook, condition))
        _ask(place, variable, keys)
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


def _ask(place: Element, variable: Variable, keys: dict[tuple[str, str], dict[str, str]]) -> None:
    SubElement(place, "Header", value=_line(variable.name), size="4")
    if variable.question:
        SubElement(place, "Header", value=_line(variable.question), size="6")
    if variable.rules:
        panel = SubElement(SubElement(place, "Collapse"), "Panel", value="规则 · Rules")
        for rule in variable.rules:
            SubElement(panel, "Header", value=_safe(f"{rule.id} {_line(rule.text)}"), size="6")
    if variable.type == "text":
        _box(place, variable.id, "")
    else:
        answer = _choices(place, variable.id, "multiple" if variable.type == "multi" else "single")
        # A blank may be meant where something is optional or can be extracted.
        if variable.source == "coded" and not variable.optional:
            answer.attrib |= {"required": "true", "requiredMessage": _line(variable.name)}
        for value, html in _answers(variable):
            SubElement(answer, "Choice", value=value, html=html, **keys.get((variable.id, value), {}))
    marks = _choices(place, variable.id + MARKS, "multiple", showInline="true")
    SubElement(marks, "Choice", value=UNSURE, html="存疑 · unsure")
    if variable.evidence:
        SubElement(marks, "Choice", value=ABSENCE, html="依据的是文中没有写到 · rests on what is not said")
    _box(place, variable.id + NOTE, "备注 · note")


def _answers(variable: Variable) -> Iterator[tuple[str, str]]:
    """Value and HTML of each choice."""
    if variable.type == "binary":
        yield from (("true", "是 · yes"), ("false", "否 · no"))
    for code, label in enumerate(variable.labels):
        yield label.id, _label_html(label, f"{code} " if variable.type == "ordinal" else "")
    if variable.type == "multi":
        yield NONE, "都没有 · none of these"


def _label_html(label: Label, number: str) -> str:
    """The name, with definition, include and exclude rules to fold out."""
    points = [
        *([("", label.definition)] if label.definition else []),
        *(("＋ ", words) for words in label.include),
        *(("－ ", words) for words in label.exclude),
    ]
    name = number + _html(label.name)
    if not points:
        return name
    more = "".join(f"<p>{sign}{_html(words)}</p>" for sign, words in points)
    return f"<details><summary>{name}</summary>{more}</details>"


def _choices(place: Element, name: str, choice: str, **more: str) -> Element:
    return SubElement(place, "Choices", name=name, toName=TEXT, choice=choice, **more)


def _box(place: Element, name: str, placeholder: str) -> None:
    more = {"placeholder": placeholder, "maxSubmissions": "1", "editable": "true", "rows": "1"}
    SubElement(place, "TextArea", name=name, toName=TEXT, **more)


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
    """
    keys: dict[tuple[str, str], dict[str, str]] = {}
    free = iter(_KEYS)
    for value, (variable, label) in span_labels(codebook).items():
        key = next(free, None)
        if key:
            keys[SPANS, value] = {"hotkey": key}
        if label and key:
            keys[variable.id, label] = {"hotkey": f"shift+{key}"}
        elif not label:
            answers = (answer for answer, _ in _answers(variable))
            keys |= {(variable.id, a): {"hotkey": f"shift+{k}"} for a, k in zip(answers, free, strict=False)}
    return keys


def _line(words: Words) -> str:
    return _safe(f"{words.zh} · {words.en}")


def _html(words: Words) -> str:
    return escape(_line(words))


def _safe(text: str) -> str:
    """On one line, without what XML cannot hold, and no ``$``, by which Label Studio names fields of a task."""
    return normalize_line(text).replace("$", "＄")
