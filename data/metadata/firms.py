"""Firms that a text names, and which of them supply, build or run a system."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .gazetteer import Gazetteer

_END = re.compile(
    "(?:股份|集团)?有限(?:责任)?公司|(?<!有限)(?<!分)(?<!子)(?:股份)?公司(?!章)|集团(?!公司|股份|有限)|软件园运营中心"
)
_BRANCH = re.compile("[\u4e00-\u9fff]{2,6}?分公司")
_KNOWN = re.compile(
    "腾讯云|腾讯|阿里云|阿里巴巴|科大讯飞|华为云|华为|中国移动|中国电信|中国联通|海康威视|大华股份|浪潮|新华三"
)
_RUN = re.compile("[\u4e00-\u9fffA-Za-z0-9·&（）]{2,30}$")
_CUT = re.compile(
    "供应商|供应方|供货方|中标人|中标方|中标单位|成交人|成交单位|承建单位|承建商|承建方|开发方|开发商|运营方|运维方|服务商|代理机构|"
    "采购人|单位|拟由|经由|因由|拟向|就由|交由|转由|委托|聘请|邀请|名为|名称|确定|涉案的|一期由|二期由|公司与|由|向|与|从|系|是|为|"
    "的|请|给|和|在|被|把|对|同|让|即|跟|及|、|；|于|了"
)
_AGENT = re.compile(
    "招标代理|代理(?:有限|机构|公司|费)|工程咨询|招标(?:有限)?公司|拍卖|采购咨询|项目管理|造价咨询|律师|会计师|物业|物流|保险|银行"
)
_ROLE_BEFORE = re.compile(
    "(?:供应商|供应方|供货方|中标人|中标方|中标单位|成交人|成交单位|承建单位|承建商|承建方|开发方|开发商|运营方|运维方|服务商|"
    "供货商|卖方|乙方|承办单位|开发单位|由|向|从|与|委托|请|兼容现由|授予|确定)"
    "(?:名称|系|为|是|：|:|，| |名单|拟定|拟为|供应商|中标供应商)*$"
)
_DEED = (
    "承建|承做|承办|承接|开发|建设|搭建|运维|运营|提供|中标|成交|签订|签约|采购|购入|购买|承担|交付|编写|研发|制作|维护|供货|"
    "实施|做了|定制|设计|代运营|建成|续签|中选|入围|完成|以[\\d.,]+万?元"
)
_DEED_AFTER = re.compile(
    f"^[^。；\n]{{0,12}}?(?:{_DEED})|^(?:为|给|替)[^，。；\n]{{2,30}}(?:{_DEED})"
    "|^的[^，。；\n]{1,16}(?:嵌入|接入|部署|用于)|^[^。\n]{0,30}公司向[^，。\n]{0,10}(?:公安|警)[^，。\n]{0,6}提供"
)
_DEED_IS_BY = re.compile(f"(?:{_DEED})[^，。；\n]{{0,20}}的(?:是|为|有)$")
_BIDDER_BEFORE = re.compile(
    "(?:供应商|供应方|供货方|供货商|中标人|中标方|中标单位|成交人|成交单位|卖方|乙方|拟由|拟向|授予|确定)"
    "(?:名称|系|为|是|：|:|，| |名单|拟定|拟为|供应商|中标供应商)*$"
)
_BIDDER_AFTER = re.compile("^(?:中标|成交|中选|以[^，。；]{2,14}(?:成交|中标|中选))")
_BOUGHT = re.compile("^[^，。；\n]{0,16}?(?:购入|购买|采购|签订|签约|单独采购)")
_WITH_DEED = re.compile(f"^[^。；\n]{{0,24}}?(?:{_DEED})")
_PARTY = re.compile(
    "嫌疑|涉案|冒充|假冒|谎称|自称|受害|被骗|员工|职工|辞退|诈骗|原是|赞助|捐赠|罚款|起诉|报案人|认证费|客服|老板|会计|财务|招聘|"
    "资格被取消|应聘|上班|快递|保安"
)
_OUT = re.compile("的?(?:程序员|员工|职员|业务员)|[^。；]{0,3}(?:资格|被取消)")
_UNNAMED = re.compile(
    "^(?:本地|当地|外地|至于|上述|有关|相关|某|该|这|那|另|多|两|三|几|一)|一家|上述|某|\\d年|这家|那家|几家|外面|母公司"
)
_OWN_SERVICE = re.compile("^(?:公司)?(?:客服|微信|视频|会议|新闻|地图|认证|申诉|平台|账号|游戏|大厦|手机|音乐|，除此)")


@dataclass(frozen=True)
class Firm:
    """A firm in a text."""

    start: int
    end: int
    supplier: bool
    """Named as the one that gets this contract: 供应商, 中标人, 以 … 成交."""
    vendor: bool
    """Supplies, builds or runs a system, now or earlier."""


def find_firms(text: str, places: Gazetteer) -> list[Firm]:
    """The firms in a folded text, in order."""
    spans: list[tuple[int, int]] = []
    floor = 0
    for match in _END.finditer(text):
        start = _start(text, match.start(), places, floor)
        if start is None or match.start() - start < 2 or _UNNAMED.search(text[start : match.end()]):
            continue
        branch = _BRANCH.match(text, match.end())
        floor = branch.end() if branch else match.end()
        spans.append((start, floor))
    known = [m.span() for m in _KNOWN.finditer(text)]
    spans += [(a, b) for a, b in known if not any(c <= a < d for c, d in spans)]
    return [_firm(text, a, b) for a, b in sorted(spans)]


def _start(text: str, end: int, places: Gazetteer, floor: int) -> int | None:
    """Where a firm's name starts: at the place it begins with, else after the word that leads to it."""
    run = _RUN.search(text[max(floor, end - 30) : end])
    if run is None:
        return None
    first = end - len(run[0])
    while text.count("（", first, end) < text.count("）", first, end):
        first = text.index("）", first) + 1
    while text.count("（", first, end) > text.count("）", first, end):
        first = text.rindex("（", first, end) + 1
    cuts = [
        m.end()
        for m in _CUT.finditer(text, first, end)
        if end - m.end() >= 2 and text[m.start() : m.end() + 1] != "华为"
    ]
    begins = [c for c in (first, *cuts) if _begins_with_place(text, c, end, places)]
    if begins:
        return begins[-1]
    for cut in reversed(cuts):
        if end - cut >= 4:
            return cut
    return first


def _begins_with_place(text: str, start: int, end: int, places: Gazetteer) -> bool:
    return any(
        text[start:stop] in places.short or text[start:stop] in places.full
        for stop in range(start + 2, min(end, start + 6))
    )


def _firm(text: str, start: int, end: int) -> Firm:
    name, before, after = text[start:end], text[max(0, start - 30) : start], text[end : end + 30]
    clause = re.split("[。；\n]", before)[-1][-14:] + re.split("[。；\n，]", after)[0]
    agent = bool(_AGENT.search(name) or _AGENT.match(after) or re.search("代理机构[^。；]{0,4}$", before))
    party = bool(_PARTY.search(clause) or _OWN_SERVICE.match(after) or _OUT.match(after))
    bidder = bool(
        _BIDDER_BEFORE.search(before)
        or _BIDDER_AFTER.match(after)
        or (re.search("[向从与]$", before) and _BOUGHT.match(after))
    )
    role = _ROLE_BEFORE.search(before)
    # 由 … says nothing yet, 由 … 承建 does.
    named = role is not None and (role[0][0] not in "由向从与请委" or _WITH_DEED.match(after) is not None)
    vendor = bidder or named or bool(_DEED_AFTER.match(after) or _DEED_IS_BY.search(before))
    blocked = agent or party
    return Firm(start, end, bidder and not blocked, vendor and not blocked)
