"""What an adjudicator sees: the labelling interface, and above it all codes side by side.

Notes, quotes and names of coders are text from outside: nothing of them may become markup.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from html import escape
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from ..configs.codebook import Codebook, Value, Variable, Words
from ..data.artifacts import text_hash
from ..data.codes import Code
from ..data.normalize import normalize_line
from .interface import labelling_config, shown

_NOTHING = "—"
_STYLE = """
.wj-codes { max-height: 36vh; overflow: auto; margin-bottom: 12px; border-bottom: 1px solid silver; }
.wj-codes table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: 14px; line-height: 1.5; }
.wj-codes th, .wj-codes td { border: 1px solid silver; padding: 4px 8px; text-align: left; vertical-align: top; }
.wj-codes th { font-weight: normal; width: 20%; }
.wj-codes p { margin: 0; font-size: 13px; opacity: 0.8; }
.wj-codes summary { cursor: pointer; padding: 8px 0; }
.wj-page .wj-report, .wj-page .wj-questions { max-height: 52vh; }
"""


def adjudication_config(codebook: Codebook) -> str:
    """The labelling interface with the codes above it."""
    page = Element("View")
    SubElement(page, "Style").text = _STYLE
    codes = SubElement(page, "View", className="wj-codes")
    SubElement(codes, "HyperText", name="codes-side-by-side", value="$codes", inline="true")
    page.append(fromstring(labelling_config(codebook)))
    indent(page)
    return tostring(page, encoding="unicode")


def side_by_side(
    codes: Mapping[str, Mapping[str, Code]], codebook: Codebook, first: Collection[str], mask: str | None = None
) -> str:
    """Coder → variable → code as HTML: a table of the variables named ``first``, below it one of the rest.

    With ``mask``, coders are called A, B …, in an order that depends on them and on ``mask``.
    """
    order = sorted(codes, key=lambda coder: text_hash(f"{mask} {coder}")) if mask is not None else list(codes)
    names = [_letter(i) for i in range(len(order))] if mask is not None else [_text(coder) for coder in order]
    columns = [codes[coder] for coder in order]
    coded = [variable for variable in shown(codebook) if any(variable.id in column for column in columns)]
    apart = [variable for variable in coded if variable.id in first]
    rest = [variable for variable in coded if variable.id not in first]
    html = f"<div><h4>待裁定 · to decide</h4>{_table(apart, names, columns)}"
    if rest:
        html += f"<details><summary>其余 · the rest</summary>{_table(rest, names, columns)}</details>"
    return html + "</div>"


def _table(variables: list[Variable], names: list[str], columns: list[Mapping[str, Code]]) -> str:
    rows = [["", *names], *(row for variable in variables for row in _rows(variable, columns))]
    html = (f"<tr><th>{head}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for head, *cells in rows)
    return f"<table>{''.join(html)}</table>"


def _rows(variable: Variable, columns: list[Mapping[str, Code]]) -> Iterator[list[str]]:
    """A row of the variable; for a multi variable one of each label that somebody gave, those of all coders last."""
    found = [column.get(variable.id) for column in columns]
    yield [_words(variable.name), *(_cell(variable, code) if code else _NOTHING for code in found)]
    given = [set(code.value) if code and isinstance(code.value, list) else set[str]() for code in found]
    common = set.intersection(*given)
    for label in sorted(variable.labels, key=lambda label: label.id in common):
        if variable.type == "multi" and any(label.id in labels for labels in given):
            cells = [
                f"<b>✓</b>{_quotes(code, label.id)}" if code and label.id in labels else _NOTHING
                for code, labels in zip(found, given, strict=True)
            ]
            yield [f"↳ {_words(label.name)}", *cells]


def _cell(variable: Variable, code: Code) -> str:
    """Value, marks, note, and evidence that is no label's."""
    parts = [_value(variable, code.value), _quotes(code, None)]
    if code.unsure:
        parts.append("<p>存疑 · unsure</p>")
    if code.absence:
        parts.append("<p>依据的是文中没有写到 · rests on what is not said</p>")
    if code.note:
        parts.append(f"<p>备注 · note: {_text(code.note)}</p>")
    return "".join(parts)


def _quotes(code: Code, label: str | None) -> str:
    return "".join(f"<p>“{_text(span.text)}”</p>" for span in code.evidence if span.label == label)


def _value(variable: Variable, value: Value) -> str:
    if isinstance(value, list):
        return "" if value else "<b>都没有 · none of these</b>"
    if isinstance(value, bool):
        return "<b>是 · yes</b>" if value else "<b>否 · no</b>"
    if isinstance(value, int):
        return f"<b>{value} {_words(variable.labels[value].name)}</b>"
    label = next((label for label in variable.labels if label.id == value), None)
    return f"<b>{_words(label.name) if label else _text(str(value))}</b>"


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else f"A{number}"


def _words(words: Words) -> str:
    return _text(f"{words.zh} · {words.en}")


def _text(text: str) -> str:
    return escape(normalize_line(text))
