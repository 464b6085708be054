"""Which province, prefecture and county a report is about; what its words leave open stays open.

The place of the body that the report is about decides. Other names only settle what that leaves open (which 鼓楼区),
or add the level above or below. With no such body, all names that count must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .gazetteer import LATEST, Place
from .places import Mention


@dataclass(frozen=True)
class Where:
    """Names as officially written (a renamed place keeps its old name), with the offsets of what they rest on."""

    province: str | None = None
    prefecture: str | None = None
    county: str | None = None
    spans: tuple[tuple[str, int, int], ...] = ()
    """Field, start, end."""
    level: int | None = None
    """Of the body's own place: 1 province, 2 prefecture, 3 county; None where that is open."""


NOWHERE = Where()


def of_agency(
    chain: Sequence[tuple[Place, ...]], start: int, end: int, mentions: Sequence[Mention], year: int | None
) -> Where:
    """Where the body is whose name holds ``chain``; its other names stand in ``mentions``."""
    wanted: list[Place] = []
    for candidates in chain:
        inside = [p for p in candidates if any(p.within(q) for q in wanted)] if wanted else list(candidates)
        wanted = inside or wanted
    wanted = _in_year(wanted, year)
    if not wanted:
        return NOWHERE
    others = [m for m in mentions if m.end <= start or m.start >= end]
    if len(_distinct(wanted)) > 1:
        backed = [p for p in wanted if any(_supports(m, p, wanted) for m in others)]
        wanted = backed or wanted
    if len(_distinct(wanted)) > 1:
        return _province_only(wanted, [("province", start, end)])
    place = wanted[0]
    named = {p.prefecture for candidates in chain for p in candidates if p.level == 2}
    return _filled(place, ("agency", start, end), others, place.prefecture in named, year)


def of_mentions(mentions: Sequence[Mention], year: int | None) -> Where:
    """Where a report plays by its names of places alone: all that count must agree."""
    strong = [m for m in mentions if m.strong] or opening(mentions)
    if not strong:
        return NOWHERE
    readings = [(_in_year(list(m.places), year), m) for m in strong]
    leaves = _distinct([p for places, _ in readings for p in places])
    fitting = [
        leaf
        for leaf in leaves
        if all(any(leaf.within(p) for p in places) for places, m in readings if not (m.town and leaf.level < 3))
        and any(leaf in _distinct(places) for places, _ in readings)
    ]
    # 恩施 may be the prefecture or its city; a name that means both decides neither.
    fitting = [p for p in fitting if not any(q != p and q.within(p) and not _one_name(q, p, readings) for q in fitting)]
    if len(fitting) > 1:
        weak = [m for m in mentions if not m.strong]
        fitting = [p for p in fitting if any(_supports(m, p, fitting) for m in weak)] or fitting
    spans = [("province", strong[0].start, strong[0].end)]
    if len(fitting) == 1:
        place = fitting[0]
        best = max(strong, key=lambda m: (any(p.within(place) for p in m.places), m.start * -1))
        return _filled(place, ("place", best.start, best.end), mentions, place.level == 2, year)
    everything = fitting or [p for places, _ in readings for p in places]
    return _province_only(everything, spans)


def opening(mentions: Sequence[Mention]) -> list[Mention]:
    """A short name that the report opens with, if it names no other place."""
    if mentions and mentions[0].start == 0 and len({m.places for m in mentions}) == 1:
        return [mentions[0]]
    return []


def _filled(
    place: Place, span: tuple[str, int, int], mentions: Iterable[Mention], prefecture_named: bool, year: int | None
) -> Where:
    """The levels that are named: the place's own, its prefecture if some name means it, one county inside it."""
    _, start, end = span
    spans = [("province", start, end)]
    prefecture = place.prefecture if prefecture_named or place.level == 2 else None
    county = place.county
    if prefecture:
        spans.append(("prefecture", start, end))
    if county:
        spans.append(("county", start, end))
    if place.level == 3 and place.prefecture and not prefecture:
        for mention in mentions:
            if any(p.level == 2 and p.prefecture == place.prefecture for p in mention.places):
                prefecture = place.prefecture
                spans.append(("prefecture", mention.start, mention.end))
                break
    if place.level == 2 or (place.level == 1 and place.province in ("北京", "天津", "上海", "重庆")):
        below = {
            p.county: m
            for m in mentions
            for p in _in_year([p for p in m.places if p.level == 3 and p.within(place)], year)
            if not any(q.level == 2 and q.within(place) for q in m.places)
        }
        if len(below) == 1:
            county, mention = below.popitem()
            spans.append(("county", mention.start, mention.end))
    return Where(place.province, prefecture, county, tuple(spans), place.level)


def _province_only(places: Sequence[Place], spans: list[tuple[str, int, int]]) -> Where:
    provinces = {p.province for p in places}
    levels = {p.level for p in places}
    level = levels.pop() if len(levels) == 1 else None
    return Where(provinces.pop(), spans=tuple(spans), level=level) if len(provinces) == 1 else Where(level=level)


def _one_name(inner: Place, outer: Place, readings: Sequence[tuple[list[Place], Mention]]) -> bool:
    """Whether every name that means one of the two also means the other."""
    return all((inner in _distinct(places)) == (outer in _distinct(places)) for places, _ in readings)


def _supports(mention: Mention, place: Place, among: Sequence[Place]) -> bool:
    """Whether the name speaks for this place and not for every one of the others."""
    return any(_related(p, place) for p in mention.places) and not all(
        any(_related(p, other) for p in mention.places) for other in among
    )


def _related(named: Place, place: Place) -> bool:
    return place.within(named) or named.within(place)


def _in_year(places: list[Place], year: int | None) -> list[Place]:
    """The places of that year if there are any, else (the table's years are not exact) all of them."""
    if year is None or year > LATEST:
        return [p for p in places if p.last == LATEST] or places
    return (
        [p for p in places if p.first <= year <= p.last]
        or [p for p in places if p.first - 1 <= year <= p.last + 1]
        or places
    )


def _distinct(places: Iterable[Place]) -> list[Place]:
    """One of each name, whatever its years."""
    return list({(p.province, p.prefecture, p.county): p for p in places}.values())
