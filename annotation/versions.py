"""From annotations as they are now to codes to append: new ones, new versions, and codes taken back.

Codes pulled carry the project they come from in their id, so that only those can be taken back, and by that project
alone: what came from a project that is gone, from a sheet or from a file stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..data.codes import Code, moment, newest
from .tasks import Coding

_PREFIX = "label-studio"

Pass = tuple[str, str, int | None]
"""A coder's reading of a report: report, coder and round."""


@dataclass(frozen=True)
class Reading:
    """An annotation as read. ``origin``: its project (None: a file)."""

    coding: Coding
    answered: frozenset[str] | None
    """Variables that it says something about, be it something that is no code; None where that cannot be told."""
    origin: str | None


@dataclass(frozen=True)
class Changes:
    """The codes to append. ``older``: how many were left out because a later code of the same stands."""

    codes: tuple[Code, ...]
    superseding: int
    deleted: int
    older: int


def answered(annotation: Mapping[str, Any]) -> frozenset[str] | None:
    """The names in the interface that an annotation has an answer under; none where it was skipped.

    None where it cannot be told, because the annotation or an item of it is not in the form they have.
    """
    if annotation.get("was_cancelled"):
        return frozenset()
    result = annotation.get("result")
    items = result if isinstance(result, list) else [None]
    names = [item.get("from_name") if isinstance(item, Mapping) else None for item in items]
    return frozenset(map(str, names)) if all(isinstance(name, str) for name in names) else None


def changes(
    readings: Mapping[Pass, Reading], known: Iterable[Code], live: Mapping[str, Collection[str]], now: str
) -> Changes:
    """What to append to the codes ``known``.

    ``readings``: the annotation that counts for each pass. ``live``: project → the reports that still have a task in
    it, of the projects of which all annotations were read; only what came from these is taken back. ``now``: when.
    """
    heads = {_key(code): code for code in newest(known) if code.purpose != "adjudication"}
    codes: list[Code] = []
    superseding = older = 0
    for reading in readings.values():
        for code in reading.coding.codes:
            head = heads.get(_key(code))
            if head is not None:
                if not head.deleted and _said(head) == _said(code):
                    continue
                if _origin(head) not in live and moment(code.at) <= moment(head.at):
                    older += 1
                    continue
                superseding += 1
            codes.append(_version(code, head, reading.origin))
    taken = [
        _version(head, head, origin, now) for head in heads.values() if (origin := _withdrawn(head, readings, live))
    ]
    return Changes((*codes, *taken), superseding, len(taken), older)


def _withdrawn(head: Code, readings: Mapping[Pass, Reading], live: Mapping[str, Collection[str]]) -> str | None:
    """The project that a code came from, if what it said was deleted or cleared there."""
    origin = _origin(head)
    if head.deleted or origin is None or head.report_id not in live.get(origin, ()):
        return None
    reading = readings.get((head.report_id, head.coder, head.round))
    # An answer that became unfit is no code, but is not taken back either: its coder is asked to mend it.
    kept = reading is not None and (reading.answered is None or head.variable in reading.answered)
    return None if kept else origin


def _key(code: Code) -> tuple[object, ...]:
    return code.report_id, code.coder, code.variable, code.purpose, code.round


def _said(code: Code) -> tuple[object, ...]:
    return code.value, frozenset(code.evidence), code.absence, code.unsure, code.note


def _origin(code: Code) -> str | None:
    prefix, _, rest = code.code_id.partition(":")
    return rest.partition(":")[0] if prefix == _PREFIX else None


def _version(code: Code, head: Code | None, origin: str | None, deleted_at: str | None = None) -> Code:
    """``code`` as the version after ``head``."""
    version = replace(code, supersedes=head.code_id if head else None, code_id="")
    if deleted_at:
        version = replace(version, deleted=True, at=deleted_at, lead_time=None, code_id="")
    return replace(version, code_id=f"{_PREFIX}:{origin or 'file'}:{version.code_id}")
