"""The coder's guide: a codebook as a bilingual page to read, print and keep beside the screen.

Everything in it comes from the codebook; the templates know types of variables, never labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .codebook import Codebook, Condition, Floors, Variable, Words
from .load import codebook_hash


def guide_html(codebook: Codebook) -> str:
    """The guide as one self-contained HTML page; the reader picks Chinese, English or both."""
    return _render("guide.html.j2", codebook, finalize=lambda value: value)


def guide_markdown(codebook: Codebook) -> str:
    """The guide in Markdown (tables in GitHub's dialect), each paragraph in Chinese and then in English."""
    text = _render("guide.md.j2", codebook, finalize=_markdown)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def condition_words(codebook: Codebook, conditions: Sequence[Condition]) -> Words:
    """What the conditions say, for people."""
    parts = [_one_condition(codebook.variable(c.variable), c) for c in conditions]
    return Words(zh="，且".join(p.zh for p in parts), en=" and ".join(p.en for p in parts))


def label_number(variable: Variable, label_id: str) -> int:
    """The number a coder sees: the code of an ordinal label, else its place in the list, from 1."""
    return variable.label_ids.index(label_id) + (variable.type != "ordinal")


def label_floors(codebook: Codebook, variable: Variable, label_id: str) -> list[tuple[Variable, int]]:
    """The ordinal variables, each with the least code, that this label demands."""
    return [
        (codebook.variable(c.ordinal), c.at_least[label_id])
        for c in codebook.constraints
        if isinstance(c, Floors) and c.labels_of == variable.id and label_id in c.at_least
    ]


def needs_section(variable: Variable) -> bool:
    """Whether there is more to say of a variable than a row of a table holds."""
    return bool(
        variable.model
        or variable.rules
        or any(x.definition or x.include or x.exclude or x.examples or x.confusable for x in variable.labels)
    )


def _one_condition(variable: Variable, condition: Condition) -> Words:
    zh, en = variable.name.zh, variable.name.en
    if condition.has is not None:
        name = variable.label(condition.has).name
        return Words(zh=f"{zh}含“{name.zh}”", en=f"{en} include “{name.en}”")
    if condition.min_labels is not None:
        return Words(zh=f"{zh}至少 {condition.min_labels} 项", en=f"{en}: at least {condition.min_labels}")
    sign, value = ("=", condition.equals) if condition.at_least is None else ("≥", condition.at_least)
    if isinstance(value, bool):
        return Words(zh=f"{zh} {sign} {'是' if value else '否'}", en=f"{en} {sign} {'yes' if value else 'no'}")
    if variable.type == "ordinal" and isinstance(value, int):
        name = variable.labels[value].name
        return Words(zh=f"{zh} {sign} {value}（{name.zh}）", en=f"{en} {sign} {value} ({name.en})")
    if variable.type == "nominal":
        name = variable.label(str(value)).name
        return Words(zh=f"{zh} {sign} {name.zh}", en=f"{en} {sign} {name.en}")
    return Words(zh=f"{zh} {sign} {value}", en=f"{en} {sign} {value}")


def _render(template: str, codebook: Codebook, finalize: Callable[[Any], Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(str(resources.files(__package__) / "templates")),
        # Escaping is the default in both templates; Markdown's own rules come in through `finalize`.
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = _code_span
    return environment.get_template(template).render(
        book=codebook,
        hash=codebook_hash(codebook),
        sections=[v for v in codebook.variables if needs_section(v)],
        rows=[v for v in codebook.variables if not needs_section(v)],
        number=label_number,
        floors=lambda variable, label: label_floors(codebook, variable, label.id),
        floored=lambda variable: any(label_floors(codebook, variable, i) for i in variable.label_ids),
        says=lambda conditions: condition_words(codebook, conditions),
    )


def _markdown(value: Any) -> Markup:
    """Text that Markdown shows as it is written; what is markup already (a macro's result) stays."""
    if isinstance(value, Markup):
        return value
    text = " ".join(str(value).split())
    text = re.sub(r"([\\`*_\[\]#|~])", r"\\\1", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # At the start of a line these would open a list, a rule or a heading.
    text = re.sub(r"^([-+=])", r"\\\1", text)
    return Markup(re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text))


def _code_span(identifier: str) -> Markup:
    """A label's or variable's id; its pattern leaves nothing to escape, and anything else is refused."""
    if not re.fullmatch(r"[a-z0-9_]+", identifier):
        raise ValueError(f"{identifier!r} is not an id")
    return Markup(f"`{identifier}`")
