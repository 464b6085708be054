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
_ROLES = (
    "供应商|供应方|供货方|供货商|供货单位|服务商|服务方|承包人|承包商|承建单位|承建商|承建方|承办单位|承担单位|建设方|建设单位|"
    "开发方|开发商|开发单位|研发方|研发单位|运营方|运营商|运营单位|运维方|运维商|运维单位|合作方|合作单位|技术支持|技术支撑|"
    "技术单位|实施单位|维护单位|制作单位|受托方|卖方|乙方|厂商|原厂"
)
_BIDDERS = "中标人|中标方|中标单位|中标商|中标企业|中标候选人|成交人|成交方|成交单位|成交候选人|中选单位|中选人"
_SURE_CUT = re.compile(
    f"{_ROLES}|{_BIDDERS}|代理机构|采购人|单位|拟由|经由|因由|拟向|就由|交由|转由|改由|均由|委托|聘请|邀请|请来|名为|名称|确定|确认|"
    "选定|选择|选用|指定|授予|授权|引入|引进|外包给|交给|包给|花落|涉案的|一期由|二期由|最终|最后|结果|其中|推荐|签约|采购了|购买|"
    "联合|依托|携手|公布|公司与|评审|候选人|该由|[由向从把被给让与的请归是]|、|；|：|于|了"
)
_CUT = re.compile("[系为和在对同即跟及交现原]")
"""These stand inside names too (系统, 和平, 为): they count only right before a place or where no other cut is."""
_AGENT = re.compile(
    "招标代理|代理(?:有限|机构|公司|费)|工程咨询|招标(?:有限)?公司|拍卖|采购咨询|项目管理|造价咨询|律师|会计师|物业|物流|保险|银行"
)
_LINK = "(?:名称|系|即|为|是|：|，| |名单|公司|拟定为|拟定|拟为|供应商|中标供应商|成交供应商|确定为)*$"
_ROLE_BEFORE = re.compile(f"(?:{_ROLES}|{_BIDDERS}|由|向|从|与|委托|授予|外包给|交给|确定){_LINK}")
_DEED = (
    "承建|承做|承办|承接|承揽|负责|派驻|升级|改造|供应|配套|开发|建设|搭建|运维|运营|提供|中标|成交|签订|签约|采购|购入|购买|承担|交付|编写|研发|制作|维护|供货|"
    "实施|做了|定制|设计|代运营|建成|续签|中选|入围|完成|以[\\d.,]+万?元"
)
_DEED_AFTER = re.compile(
    f"^[^。；\n]{{0,12}}?(?:{_DEED})|^(?:为|给|替)[^，。；\n]{{2,30}}(?:{_DEED})"
    "|^的[^，。；\n]{1,16}(?:嵌入|接入|部署|用于)|^[^。\n]{0,30}公司向[^，。\n]{0,10}(?:公安|警)[^，。\n]{0,6}提供"
)
_DEED_IS_BY = re.compile(f"(?:{_DEED})[^，。；\n]{{0,20}}的(?:是|为|有)$")
_BIDDER_BEFORE = re.compile(
    f"(?:供应商|供应方|供货方|供货商|供货单位|卖方|乙方|承包人|{_BIDDERS}|拟由|拟向|授予|花落|选定|确定|签约){_LINK}"
)
_BIDDER_AFTER = re.compile(
    "^(?:中标|成交|中选|胜出|拿下|(?:最终)?以[^，。；]{2,16}(?:成交|中标|中选|价格|拿下|胜出)|被?(?:确定|推荐|选)?[为成][^，。；]{0,4}"
    "(?:中标|成交|供应商|中选|第一候选))"
)
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
    for match in _SURE_CUT.finditer(text, first, end):
        if end - match.end() >= 3 and text[match.start() : match.end() + 1] not in ("华为", "于都"):
            first = match.end()
    # A firm's name most often begins with its province or city, whatever leads to it.
    for start in range(first, end - 3):
        if _begins_with_place(text, start, end, places) and "（" not in text[first:start]:
            return start if not _NATIONAL.search(text[first:start]) else first
    weak = [m.end() for m in _CUT.finditer(text, first, end) if end - m.end() >= 4 and text[m.end()] not in "统列平为"]
    start = weak[0] if weak and weak[0] - first <= 2 else first
    # Longer than a name without a place is: something before it was taken along, and where it ends is not plain.
    length = len(re.sub("（[^）]*）", "", text[start:end]))
    return start if length <= 9 and not _NO_NAME.search(text[start:end]) else None


_NO_NAME = re.compile("[经已将获得按本其等至后前并也都就仍再又才还没不着过]")
_NATIONAL = re.compile("中国|国网|中国电信|移动|联通|电信|华润|中铁|中建|航天")


def _begins_with_place(text: str, start: int, end: int, places: Gazetteer) -> bool:
    """Provinces and prefectures; short names of counties are everyday words."""
    return any(
        place.level < 3
        for stop in range(start + 2, min(end, start + 6))
        for names in (places.short, places.full)
        for place in names.get(text[start:stop], ())
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
    named = role is not None and (role[0][0] not in "由向从与委授外交确" or _WITH_DEED.match(after) is not None)
    vendor = bidder or named or bool(_DEED_AFTER.match(after) or _DEED_IS_BY.search(before))
    blocked = agent or party
    return Firm(start, end, bidder and not blocked, vendor and not blocked)
