"""What a code is, and which codes are in force."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ..configs.codebook import Value
from .artifacts import text_hash

CoderKind = Literal["human", "model", "synthetic"]
Purpose = Literal["train", "reliability", "probability", "sealed", "adjudication"]
CODER_KINDS: tuple[str, ...] = ("human", "model", "synthetic")
PURPOSES: tuple[str, ...] = ("train", "reliability", "probability", "sealed", "adjudication")


@dataclass(frozen=True)
class Span:
    """Characters ``start`` to ``end`` (code points, ``end`` not included) of a report's text.

    ``label`` is the label of a multi variable that the span is evidence of; None for other variables.
    """

    start: int
    end: int
    text: str
    label: str | None = None


@dataclass(frozen=True)
class Code:
    """One coder's code of one variable of one report. A code that is not in force any more is kept too."""

    report_id: str
    coder: str
    variable: str
    value: Value
    evidence: tuple[Span, ...] = ()
    absence: bool = False
    """The code rests on what the report does not say; then there is no span to give."""
    coder_kind: CoderKind = "human"
    unsure: bool = False
    note: str | None = None
    at: str | None = None
    """When, in ISO format; without an offset it is UTC."""
    lead_time: float | None = None
    """Seconds the coder took."""
    round: int | None = None
    purpose: Purpose = "train"
    saw_prediction: bool = False
    saw_codes: bool = False
    codebook_version: str | None = None
    supersedes: str | None = None
    deleted: bool = False
    code_id: str = ""
    """Given by the source of the code, else the hash of its content."""

    def __post_init__(self) -> None:
        # Half characters come in with pasted notes and cannot be stored in any file.
        object.__setattr__(self, "note", _storable(self.note) if self.note else None)
        object.__setattr__(self, "value", _storable_value(self.value))
        object.__setattr__(self, "evidence", tuple(self.evidence))
        if not self.code_id:
            content = {**asdict(self), "code_id": None}
            object.__setattr__(self, "code_id", text_hash(json.dumps(content, sort_keys=True)))


def to_json(code: Code) -> dict[str, Any]:
    """A code as it stands in a line of JSON."""
    return {**asdict(code), "evidence": [asdict(span) for span in code.evidence]}


def current(codes: Iterable[Code]) -> list[Code]:
    """The codes in force, in the order they came: of each code the newest version, unless that is ``deleted``."""
    return [code for code in newest(codes) if not code.deleted]


def newest(codes: Iterable[Code]) -> list[Code]:
    """Of the versions of each code (same report, coder, variable, purpose and round) the newest, in order.

    It is not superseded, then latest by ``at``, then last in the file. If it is ``deleted``, no code is in force.
    """
    codes = list(codes)
    superseded = {code.supersedes for code in codes if code.supersedes}
    found: dict[tuple[object, ...], tuple[float, int]] = {}
    for position, code in enumerate(codes):
        if code.code_id in superseded:
            continue
        key = (code.report_id, code.coder, code.variable, code.purpose, code.round)
        rank = (moment(code.at), position)
        found[key] = max(found.get(key, rank), rank)
    return [codes[p] for p in sorted(p for _, p in found.values())]


def by_coder(codes: Iterable[Code], purposes: Collection[str] | None = None) -> dict[str, dict[str, dict[str, Value]]]:
    """Coder → report → variable → value, of the codes in force.

    ``purposes`` None means all but adjudication, which is a verdict about codes and no independent code. If a
    coder coded a variable of a report in several rounds, the latest stands here.
    """
    chosen = [c for c in current(codes) if (c.purpose != "adjudication" if purposes is None else c.purpose in purposes)]
    # A stable sort: codes without a time keep the order of the file.
    chosen.sort(key=lambda c: moment(c.at))
    table: dict[str, dict[str, dict[str, Value]]] = {}
    for code in chosen:
        table.setdefault(code.coder, {}).setdefault(code.report_id, {})[code.variable] = code.value
    return table


def moment(at: str | None) -> float:
    """Seconds since 1970 of an ISO time; before all others where it is missing or no time."""
    try:
        time = datetime.fromisoformat(at or "")
    except ValueError:
        return float("-inf")
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def _storable_value(value: Value) -> Value:
    if isinstance(value, str):
        return _storable(value)
    return [_storable(v) if isinstance(v, str) else v for v in value] if isinstance(value, list) else value
