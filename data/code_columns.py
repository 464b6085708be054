"""What the columns of a table of codes are called: as weijing writes them, and as people rename them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..configs.codebook import Codebook, Label, Variable
from .cells import unique
from .readers.columns import SYNONYMS

Role = Literal["id", "coder", "variable", "value", "label", "evidence", "unsure", "note"]

REPORT_ID = "report id 报告编号"
ABOUT = {
    "title": "report title 标题",
    "date": "report date 日期",
    "outlet": "report outlet 媒体",
    "text": "report text 正文",
}
"""What stands beside the codes for coders to read, and is not read back."""

_WORDS: dict[Role, tuple[str, ...]] = {
    "id": (REPORT_ID, "report", "报告编号", "報告編號", "文档编号", "报道编号", *SYNONYMS["id"]),
    "coder": ("coder", "编码员", "编码者", "annotator", "rater", "标注者", "标注员", "model", "模型"),
    "variable": ("variable", "变量", "变项", "item"),
    "value": ("value", "值", "取值", "code", "编码"),
    "evidence": ("evidence", "证据", "quote", "引文", "原文"),
    "unsure": ("unsure", "拿不准", "不确定", "uncertain"),
    "note": ("note", "备注", "notes", "comment", "说明"),
}


@dataclass(frozen=True)
class Column:
    """What a column holds; without ``variable`` it is about the row: its report, its coder, or its one code."""

    role: Role
    variable: str | None = None
    label: str | None = None


def header(codebook: Codebook, column: Column) -> str:
    """The name of a column about a variable, as weijing writes it."""
    variable = codebook.variable(column.variable or "")
    thing = variable.label(column.label) if column.label else variable
    subject = f"{variable.id}: {column.label}" if column.label else variable.id
    if column.role in ("value", "label"):
        return f"{subject} {thing.name.zh} / {thing.name.en}"
    return f"{column.role}: {subject} {_WORDS[column.role][1]}：{thing.name.zh}"


def match_columns(codebook: Codebook, names: Sequence[str]) -> tuple[dict[Column, str], list[str]]:
    """Which column each name means, and the names that mean none (or one that is taken).

    Case, width, blanks and punctuation do not count. Ids go before words and names; a name of two things is of none.
    """
    found: dict[Column, str] = {}
    left = [name for name in names if name not in ABOUT.values()]
    for aliases in _aliases(codebook):
        for name in list(left):
            column = aliases.get(_bare(name))
            if column is not None and column not in found:
                found[column] = name
                left.remove(name)
    return found, left


def columns_of(variable: Variable) -> list[Column]:
    """All columns there may be about a variable: its own, and two a label where these are ticked."""
    own: list[Role] = ["value", "evidence", "unsure", "note"]
    of_label: list[Role] = ["label", "evidence"] if variable.type == "multi" else []
    return [
        *(Column(role, variable.id) for role in own),
        *(Column(role, variable.id, label) for label in variable.label_ids for role in of_label),
    ]


def _aliases(codebook: Codebook) -> list[dict[str, Column]]:
    columns = [column for variable in codebook.variables for column in columns_of(variable)]
    tiers = (
        [(header(codebook, column), column) for column in columns],
        [(alias, column) for column in columns for alias in _called(codebook, column, names=False)],
        [(word, Column(role)) for role, words in _WORDS.items() for word in words],
        [(alias, column) for column in columns for alias in _called(codebook, column, names=True)],
    )
    return [unique((_bare(alias), column) for alias, column in tier) for tier in tiers]


def _called(codebook: Codebook, column: Column, names: bool) -> Iterator[str]:
    """Ids, or ids and names, with the word for the column's role before or after."""

    def of(thing: Variable | Label) -> list[str]:
        return [thing.id, thing.name.zh, thing.name.en] if names else [thing.id]

    variable = codebook.variable(column.variable or "")
    subjects = of(variable)
    if column.label:
        alone = of(variable.label(column.label))
        subjects = [f"{one} {label}" for one in subjects for label in alone] + (alone if names else [])
    for subject in subjects:
        if column.role in ("value", "label"):
            yield subject
        else:
            for word in _WORDS[column.role]:
                yield from (f"{word} {subject}", f"{subject} {word}")


def _bare(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
