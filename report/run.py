"""What the methods text tells of a study beside its results."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..configs.codebook import Codes
from ..data.report import Report
from .clean import line
from .tiles import find_tile

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


@dataclass(frozen=True)
class Coverage:
    """What the reports cover: first and last date (ISO, as precise as known), provincial units; how many coded twice.

    ``n_coded_twice``: reports that two or more coders, people or synthetic, coded.
    """

    first: str | None = None
    last: str | None = None
    n_undated: int = 0
    n_provinces: int = 0
    n_unplaced: int = 0
    n_coded_twice: int = 0


@dataclass(frozen=True)
class Run:
    """What was done to the codes, and with what. What is empty or None is not known, and nothing is said of it.

    ``settled``: codes by how they were settled. ``n_saw_prediction``: codes left out since the coder saw a prediction,
    ``n_saw_codes``: since the coder saw others' codes. ``training``: settings.
    ``learned``: reports, groups and passages that the model learned from. ``versions``: of software, by name.
    """

    settled: Mapping[str, int] = field(default_factory=dict)
    n_saw_prediction: int = 0
    n_saw_codes: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)
    learned: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def coverage(reports: Sequence[Report], coded: Iterable[Mapping[str, Codes]]) -> Coverage:
    """``coded``: report id → codes, of each coder who is no model. A date in no ISO form counts as none."""
    dates = sorted(report.date for report in reports if report.date and _DATE.fullmatch(report.date))
    tiles = [find_tile(line(report.province or "")) for report in reports]
    known = {report.id for report in reports}
    times = Counter(report_id for own in coded for report_id in own if report_id in known)
    return Coverage(
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
        n_undated=len(reports) - len(dates),
        n_provinces=len({tile.zh for tile in tiles if tile}),
        n_unplaced=sum(tile is None for tile in tiles),
        n_coded_twice=sum(n > 1 for n in times.values()),
    )
