"""Police bodies that a text names, and of which type each is.

A body is read from its fixed part (公安局, 分局, 派出所, 交警 …): to the left as far as names of places go, to the
right through the units inside it. What only some body in general is (县公安局, 省厅, 辖区派出所) is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .agency_names import PART, UNIT, inner, left, named, unknown
from .gazetteer import Gazetteer, Place, meant

_NO_AGENCY_AFTER = re.compile("民警|干警|政务|网|大数据|云|机关|部门|队伍|系统|工作|分局|检查|[^，。“”]{0,4}分局")
_CORE = re.compile(
    "(?P<ministry>公安部(?!门|队)(?:[^，。：、的]{2,6}?管理局|铁路公安局)?)"
    "|(?P<railway>(?:铁路公安局|铁路公安处|铁公安(?:局|处)?))"
    "|(?P<office>公安(?:厅|局|分局)(?!长(?![\u4e00-\u9fff]{1,3}分局)))"
    "|(?P<border>(?:出入境)?边防检查总?站|边检总?站|边境管理支队|边境管理大队|海警局|边防支队|边防大队)"
    "|(?P<branch>(?<!公安)分局(?!长))"
    "|(?P<station>派出所(?!长))"
    f"|(?P<short>(?:公安|{UNIT})(?:(?<=公安)|总队|支队|大队)?(?![局厅处部分机人战系干业民特警员类]))"
)
_SPECIAL = re.compile(
    "香港警务处(?:国家安全处)?|香港警察(?:国安处)?|(?:警务处)?国家安全处|警务处"
    f"|{PART}{{1,2}}(?:警区|总区)(?:刑事部|重案组|警民关系组|{PART}{{2,6}}?组)?|{PART}{{2,3}}警署"
    "|澳门(?:警察总局|司法警察局|治安警察局|保安部队)|(?:司法|治安)警察局"
)


@dataclass(frozen=True)
class Agency:
    """A police body in a text."""

    start: int
    end: int
    name: str
    """As folded; the text between the offsets is how it is written."""
    kind: str
    """Which rule found it: ministry, office, branch, station …"""
    chain: tuple[tuple[Place, ...], ...]
    """What each name of a place in it can mean, from the left."""


def find_agencies(text: str, places: Gazetteer) -> list[Agency]:
    """The bodies named in a folded text, in order, none inside another."""
    found: list[Agency] = []
    position = 0
    for match in _all(text):
        agency = _read(text, match, places, position) if match.start() >= position else None
        if agency:
            found.append(agency)
            position = agency.end
    return found


def _all(text: str) -> Iterator[re.Match[str]]:
    return iter(sorted((*_CORE.finditer(text), *_SPECIAL.finditer(text)), key=lambda m: (m.start(), -m.end())))


def _read(text: str, match: re.Match[str], places: Gazetteer, floor: int) -> Agency | None:
    kind = match.lastgroup if match.re is _CORE else "special"
    if kind in ("ministry", "special"):
        return Agency(match.start(), match.end(), match[0], kind or "", ())
    if kind == "railway":
        return _railway(text, match, places, floor)
    chain, start = left(text, match.start(), places, floor, kind or "")
    if kind == "short" and (not chain or (match[0] == "公安" and _NO_AGENCY_AFTER.match(text, match.end()))):
        return None
    if not chain:
        found = _unplaced(text, match, places, floor, kind or "")
        if found is None:
            return None
        start = found
        before = places.ending(text, start, short=True)
        if before and before[0] >= floor and kind == "office":
            chain = (meant(text[before[0] : start], before[1]),)
    if kind == "branch" and text[max(floor, start - 2) : start] == "公安":
        start -= 2
    end = match.end()
    if kind in ("office", "short", "branch"):
        end, more = inner(text, end, places)
        chain = (*chain, *more)
    return Agency(start, end, text[start:end], kind or "", chain)


def _unplaced(text: str, match: re.Match[str], places: Gazetteer, floor: int, kind: str) -> int | None:
    """Where the name of a body starts that no place in the table precedes."""
    at = match.start()
    if kind == "office" and match[0] != "公安分局":
        corps = re.search(r"(?:新疆生产建设兵团|兵团)(?:第[一二三四五六七八九十]{1,3}师)?$", text[floor:at])
        return at - len(corps[0]) if corps else unknown(text, at, floor, places)
    if kind == "branch":
        own = re.search(f"公安(?![局厅部])({PART}{{2,4}})$", text[max(floor, at - 6) : at])
        return at - len(own[1]) if own else None
    return named(text, at, places, floor, kind)


def _railway(text: str, match: re.Match[str], places: Gazetteer, floor: int) -> Agency | None:
    """The office decides where it is, not the seat of the bureau: 沈阳铁路公安局通辽公安处."""
    found = places.ending(text, match.start(), short=True)
    if found and found[0] >= floor:
        start = found[0]
    else:
        # 沈铁 is short for 沈阳铁路; an unknown line has a name of two characters.
        start = match.start() - (2 if match[0].startswith("铁路") else 1)
        if start < floor or not re.fullmatch(f"{PART}+", text[start : match.start()]):
            return None
    chain: tuple[tuple[Place, ...], ...] = ()
    end = match.end()
    inside = re.compile(f"(?:{PART}{{2,4}}?公安处)?(?:{PART}{{2,6}}?派出所)?").match(text, end)
    if inside and inside.end() > end:
        end = inside.end()
        for unit in re.finditer("公安处|站派出所|派出所", inside[0]):
            stop = match.end() + unit.start()
            stop -= len(re.search("[东西南北]?$", text[:stop])[0]) if unit[0] == "站派出所" else 0  # type: ignore[index]
            if (place := places.ending(text, stop, short=True)) and place[0] >= match.end():
                chain = (place[1],)
    elif match[0].endswith("处") and found:
        chain = (found[1],)
    return Agency(start, end, text[start:end], "railway", chain)


def in_focus(text: str, agencies: list[Agency]) -> Agency | None:
    """The body that a folded text is about: the buyer, else the first that is not only mentioned for its past."""
    named = [a for a in agencies if not re.search("(?:原|原属|前身为|前身是)$", text[max(0, a.start - 3) : a.start])]
    for agency in named:
        if re.search("(?:采购人|采购单位|招标人)(?:名称|为|是|：| )*$", text[max(0, agency.start - 9) : agency.start]):
            return agency
    # The ministry is named in passing wherever some other body acts.
    ministry = [a for a in named if a.kind == "ministry"]
    others = [a for a in named if a.kind != "ministry"]
    if others or not ministry:
        return others[0] if others else None
    return ministry[0] if not re.search("[\u4e00-\u9fff]$", text[: ministry[0].start]) else None
