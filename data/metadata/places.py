"""Names of places in a text, and which of them say where a report plays.

A name counts little by itself: it may be part of a road, a school or a firm, somebody's origin, or a destination.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .gazetteer import Gazetteer, Place, meant

_AFTER = re.compile(
    "路|街(?!道|坊|头|上)|巷|弄|大道|高速|高架|大桥|机场|火车站|籍|口音|方言|话|时间|火锅|拉面|螺蛳粉|龙井|白药|大学|师范|学院|医科|银行|"
    "航空|铁路|人(?!民|社|大|口|士)|老乡|同行|游客|男子|女子|商人|老板|两地|三地|四地|两省|三省|两市|三市|[东西南北中]路|\\S{0,4}集团"
)
_BEFORE = re.compile(
    "(?:从|来自|去|赴|往|逃往|飞到|飞往|辗转|途经|寄往|籍贯|原籍|户籍|老家|祖籍|毕业于|身在|地址是|地址为|（原|原属|不在|跑到|转到|邻近"
    "|借鉴|学习|参照|考取|嫁到)$"
)
_VISIT = re.compile(
    "^[^，。；]{0,2}(?:打工|务工|度假|旅游|读书|上学|经商|出差|探亲|求学|当兵|开会|召开|落网|抓获|\\S取证|实习)"
)
_POLICE = re.compile(
    "^(?:警方|公安|民警|警察|交警|网警|刑警|刑侦|特警|巡警|派出所|警务|反诈|全省|全市|全区|各地市|市民|讯)"
)


@dataclass(frozen=True)
class Mention:
    """A name of a place in a text."""

    start: int
    end: int
    places: tuple[Place, ...]
    """What it can mean."""
    strong: bool
    """Whether it says where by itself: a full name, a street or town, or a short name before a police word."""
    town: bool = False


def find_mentions(text: str, places: Gazetteer, skip: Iterable[tuple[int, int]] = ()) -> list[Mention]:
    """The names in a folded text that count; those inside ``skip`` (firms) do not."""
    skipped = sorted(skip)
    found: list[Mention] = []
    position = 0
    while position < len(text) - 1:
        mention = _at(text, position, places)
        if mention is None:
            position += 1
            continue
        position = mention.end
        if not any(a < mention.end and mention.start < b for a, b in skipped) and not _elsewhere(text, mention, places):
            found.append(mention)
    return found


def _at(text: str, start: int, places: Gazetteer) -> Mention | None:
    for length in places.lengths.get(text[start : start + 2], ()):
        end = start + length
        name = text[start:end]
        if (towns := places.towns.get(name)) and places.begins_at(text, start):
            return Mention(start, end, towns, True, True)
        full = places.full.get(name)
        if full and name[-1] == "市" and text.startswith("场", end):
            continue
        if full and (len(name) > 2 or places.begins_at(text, start)):
            return Mention(start, end, full, True)
        if short := places.short.get(name):
            return _short(text, start, end, short)
    return None


def _short(text: str, start: int, end: int, places: tuple[Place, ...]) -> Mention | None:
    """A short name: the province, else the capital, else a prefecture; a county's only as the place of an event."""
    name = text[start:end]
    account = text[max(0, start - 2) : start] == "平安" and text[end : end + 1] in "”」』》公微"
    strong = bool(_POLICE.match(text, end)) or account
    if {p.level for p in places} == {3} and not strong:
        return Mention(start, end, places, False) if text[max(0, start - 1) : start] == "在" else None
    return Mention(start, end, meant(name, places), strong)


def _elsewhere(text: str, mention: Mention, places: Gazetteer) -> bool:
    before = text[max(0, mention.start - 6) : mention.start]
    # 城北区 of a city that no table knows is not the one that the table knows.
    stranger = re.search("[\u4e00-\u9fff](?<![全我本该各城都在])[市州盟县]$", before)
    if stranger and mention.places[0].level > 1 and not places.ending(text, mention.start):
        return True
    return bool(
        _BEFORE.search(before)
        or (not mention.town and _AFTER.match(text, mention.end))
        or _VISIT.match(text[mention.end : mention.end + 8])
    )
