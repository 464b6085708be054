"""What both directions of REFI-QDA projects share: names, GUIDs, users, and the codebook as a tree of codes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from ..configs.codebook import Codebook, Label, Variable, Words
from ..data.codes import Code, CoderKind, Purpose
from ..data.report import Report

NAMESPACE = "urn:QDA-XML:project:1.0"
_OWN: UUID = uuid5(NAMESPACE_URL, "urn:weijing:qdpx")

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

YES = Words(zh="是", en="yes")
NO = Words(zh="否", en="no")
UNSURE = Words(zh="不确定", en="unsure")
ABSENCE = Words(zh="依据是未提及", en="rests on absence")


class Pass(BaseModel):
    """What the codes of one user have in common. It travels as the JSON of ``User/@id``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    coder: str
    coder_kind: CoderKind = "human"
    purpose: Purpose = "train"
    round: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    saw_prediction: bool = False
    saw_codes: bool = False
    codebook_version: str | None = None

    @classmethod
    def of(cls, code: Code) -> Pass:
        """The pass that a code was made in."""
        given = {name: getattr(code, name) for name in cls.model_fields}
        return cls.model_validate({n: storable(v) if isinstance(v, str) else v for n, v in given.items()})

    @property
    def as_id(self) -> str:
        """JSON in ASCII, so that nothing a name may hold gets lost in an attribute."""
        return json.dumps(self.model_dump(exclude_defaults=True))


@dataclass(frozen=True)
class Entry:
    """One code of the tree: a variable, one of its values, or what a coder says about a code of it."""

    variable: str
    role: Literal["variable", "value", "unsure", "absence"]
    value: bool | int | str | None
    """The value as it stands in codes; of a multi variable the label."""
    words: Words
    id: str
    """Of the variable or the label."""
    description: str
    guid: str

    @property
    def name(self) -> str:
        """Chinese and English, as coders see it."""
        return f"{self.words.zh} / {self.words.en}"


def guid(*parts: str | int | None) -> str:
    """The same GUID for the same parts, whenever and wherever it is made."""
    return str(uuid5(_OWN, json.dumps(parts)))


def report_guid(report_id: str) -> str:
    """The GUID of a report as a source."""
    return guid("report", report_id)


def source_name(report: Report) -> str:
    """The name of a report as a source."""
    return storable(f"{one_line(report.title)} [{report.id}]" if report.title else report.id)


def span_guid(report_id: str, user: str, entry: Entry, start: int, end: int) -> str:
    """The GUID of the selection of an evidence span."""
    return guid("span", report_id, user, entry.guid, start, end)


def tree(codebook: Codebook) -> list[list[Entry]]:
    """For each variable its own entry and then those below it."""
    return [_branch(codebook, variable) for variable in codebook.variables]


def _branch(codebook: Codebook, variable: Variable) -> list[Entry]:
    def entry(
        role: Literal["variable", "value", "unsure", "absence"],
        value: bool | int | str | None,
        words: Words,
        name: str,
        description: str = "",
    ) -> Entry:
        number = guid("code", codebook.name, variable.id, role, name)
        return Entry(variable.id, role, value, words, name, description, number)

    about = [variable.question] if variable.question else []
    about += [rule.text for rule in variable.rules]
    values = [
        entry("value", position if variable.type == "ordinal" else label.id, label.name, label.id, _definition(label))
        for position, label in enumerate(variable.labels)
    ]
    if variable.type == "binary":
        values = [entry("value", value, words, words.en) for value, words in ((True, YES), (False, NO))]
    return [
        entry("variable", None, variable.name, variable.id, _both(about)),
        *values,
        entry("unsure", None, UNSURE, "unsure"),
        entry("absence", None, ABSENCE, "absence"),
    ]


def _definition(label: Label) -> str:
    parts = [
        _both([label.definition] if label.definition else []),
        *(f"+ {w.zh}\n+ {w.en}" for w in label.include),
        *(f"- {w.zh}\n- {w.en}" for w in label.exclude),
        *(f"“{example}”" for example in label.examples),
    ]
    return "\n".join(part for part in parts if part)


def _both(words: list[Words]) -> str:
    return "\n".join(f"{w.zh}\n{w.en}" for w in words)


def storable(text: str) -> str:
    """The text with U+FFFD for what XML 1.0 cannot hold; as long as before."""
    return _NOT_XML.sub("\ufffd", text)


def source_text(text: str) -> str:
    """A report's text as it stands in a project: no line end but LF and no byte order mark; as long as before."""
    text = _LINE_END.sub(lambda found: " \n" if len(found[0]) > 1 else "\n", text)
    return storable(text).replace("\ufeff", "\ufffd")


def folded(text: str) -> str:
    """A text of others with LF for every line end, which may make it shorter."""
    return _LINE_END.sub("\n", text)


def one_line(text: str, most: int = 80) -> str:
    """The beginning of a text, as the name of a selection."""
    return " ".join(text.split())[:most].rstrip()
