"""The parts of a police body's name: the places before it, the units inside it, a station's own name."""

from __future__ import annotations

import re

from .gazetteer import Gazetteer, Place, meant

_PARTICLES = (
    "的为在向对与同及把将从给让由经请本该这那所辖已又都是有称说要求联会拟获或等各某我他她它你们个到被于和以自也就因并"
    "使用名两每据仅无即时日年月"
)
PART = f"[^{_PARTICLES}，。：；、！？“”‘’（）《》「」『』【】〔〕·—…｜|/了着进飞前后跟\\s\\d]"
UNIT = (
    "(?:交警|交通警察|交管|交巡警|公安交通管理|交通管理|网安|网警|网监|网络安全保卫|网络安全|刑侦|刑警|刑事侦查|刑事警察|"
    "禁毒|缉毒|治安管理|治安|特警|巡特警|巡警|巡逻|经侦|经济犯罪侦查|出入境管理|铁骑|反诈|户政管理|边境管理|水上|机场|森林)"
)
_INNER_OFFICE = re.compile(f"(?:{PART}{{1,8}}?(?:分局|公安处))?")
_INSIDE = re.compile(
    f"(?:{UNIT}(?:总队|支队|大队|局)|{PART}{{1,4}}(?:线队|侦队|警队|护队))?"
    f"(?:{PART}{{1,4}}大队)?(?:{PART}{{1,4}}中队)?"
    f"(?:(?!微信|网上|互联网|智慧|移动){PART}{{1,8}}?(?:派出所|警务室|警务站))?"
)
_BOUNDARY = re.compile(
    r"(?:^|[\s，。：；、！？“”‘’（）《》「」『』【】\d—…·|｜]|[的在由向对与和给到为被从据经是请让使随])$"
)
_GENERAL = re.compile(
    "^(?:[省市县区州旗]|全|某|该|本|各|我|当地|辖区|基层|附近|社区|乡镇|属地|城区|市区|镇上|村里|街上|老家|多个|车站|水上|铁路|新的|老|新|小|两|三|几|多|就近|边境|城乡|农村|所在|原籍|户籍|公安|微信|网上|互联网|掌上|智慧|[a-zA-Z])"
)


def left(text: str, end: int, places: Gazetteer, floor: int, kind: str) -> tuple[tuple[tuple[Place, ...], ...], int]:
    """The chain of names that ends at ``end``, and where it starts. A short name may only stand next to the body."""
    chain: list[tuple[Place, ...]] = []
    start = end
    short = kind in ("short", "branch", "border") or text.startswith(("公安分局", "公安厅"), end)
    while found := places.ending(text, start, short):
        if found[0] < floor:
            break
        candidates = found[1]
        if not chain and (kind == "branch" or text.startswith("公安分局", end)):
            candidates = tuple(p for p in candidates if p.level == 3) or candidates
        elif not chain and text[found[0] : start] not in places.full:
            candidates = meant(text[found[0] : start], candidates)
        chain.insert(0, candidates)
        # 江苏省昆山市公安局 is written, 昆山市公安局 is its name; but 上海市公安局嘉定分局.
        if len(chain) > 1 and text[found[0] : start].endswith(("省", "自治区")):
            break
        start = found[0]
        short = False
    corps = re.search(r"第[一二三四五六七八九十]{1,3}师$", text[floor:start]) if chain else None
    return tuple(chain), start - (len(corps[0]) if corps else 0)


def inner(text: str, end: int, places: Gazetteer) -> tuple[int, tuple[tuple[Place, ...], ...]]:
    """Where the units inside a body end, and the places in their names (鼓楼分局, 路桥大队)."""
    chain = []
    stop = _office_end(text, end, places)
    match = _INSIDE.match(text, stop)
    last = match.end() if match else stop
    for unit in re.finditer("分局|大队|中队|派出所", text[end:last]):
        if unit[0] == "派出所":
            break
        found = places.ending(text, end + unit.start(), short=True)
        if found and found[0] >= end:
            chain.append(tuple(p for p in found[1] if p.level == 3))
    return last, tuple(c for c in chain if c)


def _office_end(text: str, start: int, places: Gazetteer) -> int:
    """The end of 分局 or 公安处 after the bureau: a county's name (和平, 乐都), else a word without particles."""
    for stop in range(start + 2, min(start + 12, len(text))):
        if text.startswith("分局", stop) and (text[start:stop] in places.short or text[start:stop] in places.full):
            return stop + 2
    match = _INNER_OFFICE.match(text, start)
    return match.end() if match else start


def unknown(text: str, end: int, floor: int, places: Gazetteer) -> int | None:
    """Where the name of a place that no table knows starts (漳林县公安局), if its start is plain to see."""
    for length in range(3, 6):
        start = end - length
        if start < floor or not re.fullmatch(f"{PART}{{2,4}}[市县区旗州盟]", text[start:end]):
            break
        if _GENERAL.match(text[start:end]) or re.search("[一二三四五六七八九十几]个?.$", text[start:end]):
            continue
        if start == floor or _BOUNDARY.search(text[start - 1 : start]) or places.ending(text, start, short=True):
            return start
    return None


_SITE = "路街镇乡村湾岛站港桥山河江湖滩庄里坊园城门口场坪峰溪井泉寺塔楼关岭沟坝堡巷苑"
"""What a station's own name often ends with."""


def named(text: str, end: int, places: Gazetteer, floor: int, kind: str) -> int | None:
    """Where the own name of a station or check point starts, if that is plain to see."""
    for length in range(6, 1, -1):
        start = end - length
        name = text[start:end]
        if start < floor or not re.fullmatch(f"{PART}{{2,6}}", name):
            continue
        if kind != "border" and (name in places.town_shorts or name in places.towns):
            return start
        if _GENERAL.match(name) or not _BOUNDARY.search(text[max(0, start - 1) : start]):
            continue
        if kind == "border" or (length <= 5 and name[-1] in _SITE):
            return start
        # At the start of a clause a short word without particles is a name.
        if length <= 3 and not re.search("[\u4e00-\u9fff]$", text[:start]):
            return start
    return None
