"""One number a province."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from ..configs.codebook import Codebook, Codes
from ..data.report import Report
from .clean import line
from .parts import Measure, Place, PlaceMap
from .tiles import TILES, find_tile


def place_maps(
    codebook: Codebook, reports: Sequence[Report], codes: Mapping[str, Codes], source: str | None
) -> tuple[PlaceMap, ...]:
    """A map of each learned gate (share of yes) and ordinal variable (mean); else one of counts.

    Reports that were not coded, or not asked, do not enter a share or mean. Empty if no report has a place.
    """
    if not any(report.province for report in reports):
        return ()
    gates = {c.variable for v in codebook.variables for c in v.asked_when}
    maps = []
    for variable in codebook.learned:
        if variable.type == "ordinal" or (variable.type == "binary" and variable.id in gates):
            measure: Measure = "mean" if variable.type == "ordinal" else "share"
            values = {
                report_id: float(value)
                for report_id, own in codes.items()
                if isinstance(value := own.get(variable.id), int)
            }
            if values:
                maps.append(_map(variable.id, measure, source, reports, values))
    return tuple(maps) or (_map(None, "count", None, reports, None),)


def _map(
    variable: str | None,
    measure: Measure,
    source: str | None,
    reports: Iterable[Report],
    values: Mapping[str, float] | None,
) -> PlaceMap:
    at: dict[str, list[float]] = {tile.zh: [] for tile in TILES}
    elsewhere: dict[str, list[float]] = {}
    unplaced = 0
    for report in reports:
        if values is not None and report.id not in values:
            continue
        name = line(report.province or "")
        if not name:
            unplaced += 1
            continue
        tile = find_tile(name)
        where = at[tile.zh] if tile else elsewhere.setdefault(name, [])
        where.append(1.0 if values is None else values[report.id])
    return PlaceMap(
        variable,
        measure,
        source,
        tuple(_place(name, found, measure) for name, found in at.items()),
        tuple(_place(name, found, measure) for name, found in sorted(elsewhere.items())),
        unplaced,
    )


def _place(name: str, found: Sequence[float], measure: Measure) -> Place:
    if not found:
        return Place(name, 0, None)
    return Place(name, len(found), float(len(found)) if measure == "count" else fmean(found))
