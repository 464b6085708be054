"""What a procurement document states: method, number, sums, buyer, supplier, deadline and date of the notice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .agencies import Agency
from .dates import Dated
from .firms import Firm
from .numbers import MONEY, yuan

_SIGNS = re.compile(
    "采购(?:人|单位|方式|公告|编号|预算|项目|意向|结果|活动|任务|取消|内容|金额|需求|文件|服务|合同)|(?:询价|拟|单独|公开|来源|集中)采购|"
    "招标|中标|成交(?!量)|磋商|询价|谈判公告|竞争性谈判|单一来源|投标|标书|更正公告|终止公告|废标|流标|供应商|最高限价|购入"
)
_METHODS = (
    ("公开招标", "公开招标"),
    ("邀请招标", "邀请招标|邀请书|邀标"),
    ("竞争性磋商", "竞争性磋商|竞争磋商|磋商(?:公告|文件|采购|小组|响应|邀请)|采购方式：磋商"),
    ("竞争性谈判", "竞争性谈判|竞争谈判|竞谈|谈判(?:公告|文件|采购|小组|邀请)"),
    ("单一来源", "单一来源|单一采购来源|单源采购"),
    ("询价", "询价|采询"),
)
_LABEL = (
    "(?:项目|采购|招标|标书|询价单|询价|磋商|谈判|单一来源|合同|登记|公告|采购项目|标段)?"
    "(?:编号|编码|代码|文号|单号|登记号|项目号|招标号|采购号|计划号|标号|包号)"
)
_NUMBER = r"(?=[^，。；、\s]*\d)[A-Za-z\u4e00-\u9fff\d\[【〔（][A-Za-z\u4e00-\u9fff\d\-—_/\[\]【】〔〕（）#.]{3,40}"
_PROJECT = re.compile(
    rf"{_LABEL}(?:误作[^，。；]+，现更为|不变，|仍为|更正为|改为|仍为|为|是|：|:| )*(?P<no>{_NUMBER})"
)
_BARE = re.compile(
    r"(?:见|：|，|。|^|\s)(?P<no>[\u4e00-\u9fff]{2,8}[（〔\[](?:19|20)\d\d[）〕\]]第?\d+号)"
    r"|(?:^|\s)(?P<no2>[A-Za-z]{2,}[A-Za-z\d\-]*\d号?)(?:号)?(?=中标|成交|招标|采购|项目|公告|结果)"
    r"|(?:函|公告|项目|文件|采购|招标|磋商|谈判)（(?P<no3>[A-Za-z]{2,}[A-Za-z\d\-]*\d)[，）]"
    r"|(?<![A-Za-z\d\-])(?P<no4>[A-Z]{2,}[A-Z\d]*[\-—]?(?:19|20)\d\d(?:[\-—][A-Z\d\-]+|\d{2,}))(?![A-Za-z\d])"
)
_BUDGET = re.compile(
    "预算|最高限价|限价|控制价|控制金额|拦标价|采购上限|拟采购金额|采购金额|采购限额|限额|估算价|概算|经费|总投资"
)
_AWARD = re.compile("中标|成交|合同总?价|合同额|合同金额|总价|价款|签订|签约|中选|作价|报价")
_SUM = re.compile("(?:金额|总金额|人民币|服务费|总价)(?:为|是|：)?$")
_VOID = re.compile("(?:结果|中标|成交)[^。；，]{0,6}(?:无效|作废)|资格被取消|终止公告|取消中标|废标|流标")
_NOT_A_SUM = re.compile(
    "代理(?:服务)?费|保证金|服务费标准|单价|每块|每年|每户|工本费|硬件$|软件$|押金|约|重复投入|认证费|奖金|被骗|损失|涉案|涉款"
)
_BUYER = re.compile(
    "(?:采购(?:人|单位)信息\\s{0,3}名 ?称|采购人|采购单位|招标人|采购方|甲方|需方|买方)"
    "(?:名称|信息|（[^）]{1,8}）)?(?:：|为|是| )+"
)
_BUYER_END = re.compile("[，。；、\\s：（]|$")


@dataclass(frozen=True)
class Fact:
    """A value and the offsets it was read from."""

    value: str | int | float
    start: int
    end: int


def is_procurement(text: str) -> bool:
    """Whether a folded text deals with a purchase at all."""
    return bool(_SIGNS.search(text))


def method(text: str) -> Fact | None:
    """The method; after a correction the new one; None where two are named."""
    corrected = re.search("更正后(?:为|：)?", text)
    found = [
        Fact(name, match.start(), match.end())
        for name, pattern in _METHODS
        if (match := re.compile(pattern).search(text, corrected.end() if corrected else 0))
    ]
    if len(found) > 1:
        # 磋商文件 and 邀请书 give way to a method by its full name.
        found = [f for f in found if text[f.start : f.end] == f.value and f.value != "询价"]
    return found[0] if len(found) == 1 else None


def project_no(text: str) -> Fact | None:
    """The number of the project as it is written."""
    for match in _PROJECT.finditer(text):
        if not re.search(
            "备案|备$|身份证|统一社会信用代码|公网安$|电话", text[max(0, match.start() - 8) : match.start() + 4]
        ):
            return Fact(match["no"], match.start("no"), match.end("no"))
    if bare := _BARE.search(text):
        name = bare.lastgroup or ""
        return Fact(bare[name], bare.start(name), bare.end(name))
    return None


def sums(text: str) -> tuple[Fact | None, Fact | None]:
    """Budget and award in yuan."""
    budgets: list[tuple[str, Fact]] = []
    limits: list[tuple[str, Fact]] = []
    awards: list[tuple[str, Fact]] = []
    awarded = bool(re.search("中标|成交", text))
    for match in MONEY.finditer(text):
        value = yuan(match) or _with_unit_apart(text, match)
        if value is None or value < 100:
            continue
        sentence = re.split("[。；;\n]", text[max(0, match.start() - 80) : match.start()])[-1]
        clause = sentence[-24:]
        near = re.split("[，,（、]", re.sub("（[^（）]*）", "", clause))[-1]
        label = max((*_BUDGET.finditer(clause), *_AWARD.finditer(clause)), key=lambda m: m.end(), default=None)
        if _NOT_A_SUM.search(near[-12:] if label else near) or "其中" in sentence:
            continue
        fact = Fact(value, match.start(), match.end())
        after = re.match(" ?(?:成交|中标|中选)", text[match.end() : match.end() + 3])
        generic = _SUM.search(near) and not (label and label[0] in near)
        said = match["currency"] and re.search("中标|成交|中选|签约|签订", sentence)
        if after or (generic and awarded) or (label is None and awarded and said):
            awards.append((clause, fact))
        elif generic or (label and label[0] == "预算"):
            budgets.append((clause, fact))
        elif label:
            (limits if _BUDGET.fullmatch(label[0]) else awards).append((clause, fact))
    return _one(budgets) or (None if budgets else _one(limits)), None if _VOID.search(text) else _one(awards)


def _with_unit_apart(text: str, match: re.Match[str]) -> int | float | None:
    """Forms put the unit into brackets: 预算金额（万元）：68.5, or 68.5（万元）."""
    unit = re.search("（(万?元)）[：: ]*$", text[: match.start()][-8:]) or re.match(
        " ?（(万?元)）", text[match.end() :]
    )
    if unit is None or not match["plain"] or match["unit"] or match["currency"]:
        return None
    plain = MONEY.fullmatch(match["plain"] + unit[1])
    return yuan(plain) if plain else None


def _one(found: list[tuple[str, Fact]]) -> Fact | None:
    """The only sum, or the one called the total; of several totals the last."""
    totals = [f for clause, f in found if re.search("总|共|合计", clause[-8:])]
    facts = totals or [f for _, f in found]
    return facts[-1] if facts and (len({f.value for f in facts}) == 1 or totals) else None


def buyer(text: str) -> Fact | None:
    """The buyer where it is labelled."""
    match = _BUYER.search(text)
    if match is None:
        return None
    stop = _BUYER_END.search(text, match.end())
    end = stop.start() if stop else len(text)
    name = text[match.end() : end]
    known = 3 <= len(name) <= 40 and re.search("局|厅|部|处|队|中心|所|委|院|府", name)
    return Fact(name, match.end(), end) if known else None


_OTHER_BUYER = re.compile(
    "^[^，。；：]{0,12}?([\u4e00-\u9fff]{4,24}?(?:管理局|政务服务局|保障中心|委员会|人民政府|财政局|街道办事处))"
)


def read(text: str, agency: Agency | None, firms: Sequence[Firm], dates: Sequence[Dated]) -> dict[str, Fact]:
    """Field to fact, of a folded text that deals with a purchase."""
    facts: dict[str, Fact | None] = {"method": method(text), "project_no": project_no(text)}
    facts["budget_yuan"], facts["award_yuan"] = sums(text)
    facts["supplier"] = supplier(firms, text)
    facts["buyer"] = buyer(text)
    if facts["buyer"] is None:
        # A notice of the police's own seldom says 采购人.
        if agency:
            facts["buyer"] = Fact(agency.name, agency.start, agency.end)
        elif other := _OTHER_BUYER.match(text):
            facts["buyer"] = Fact(other[1], other.start(1), other.end(1))
    if any(facts[n] for n in ("method", "project_no", "budget_yuan", "award_yuan")) or facts["buyer"]:
        facts["announced"] = _day(announced(text, dates))
    facts["deadline"] = _day(deadline(text, dates))
    return {name: fact for name, fact in facts.items() if fact}


def _day(dated: Dated | None) -> Fact | None:
    return Fact(dated.iso, dated.start, dated.end) if dated else None


def supplier(firms: Sequence[Firm], text: str) -> Fact | None:
    """The one firm in the supplier's role."""
    if _VOID.search(text):
        return None
    found = {text[f.start : f.end]: f for f in firms if f.supplier}
    vendors = {text[f.start : f.end]: f for f in firms if f.vendor}
    award = "单一来源" in text or (re.search("中标|成交|结果|签约|签订", text) and not _EARLIER.search(text))
    if not found and award and len(vendors) == 1:
        found = vendors
    if len(found) != 1:
        return None
    name, firm = found.popitem()
    return Fact(name, firm.start, firm.end)


_EARLIER = re.compile("一期|原系统|现由|此前|已建|原有|旧系统")
_DEADLINE_BEFORE = re.compile(
    "(?:截止|截标|截至|报价收取至|止收|最迟|不晚于|不迟于|逾|开标)[^。；;\n，]{0,10}$|(?:改为|不变，)$|须(?:于|在)?$|必须(?:于|在)$"
)
_DEADLINE_AFTER = re.compile(
    "^[^。；;，\n]{0,18}?(?:(?:前|以前|之前)[^。；;，\n]{0,8}?(?:递交|送达|投递|有效|提交|交|报|密封|寄|上传|投|完成)|止收|停止接收|截止|截标|止$|止[，。；])"
)
_NO_DEADLINE = re.compile("公告|公示|发布|文件|回函|踏勘|领取|购买|获取")
_ANNOUNCED_BEFORE = re.compile(
    "(?:发布|公告|公示|落款|终止|更正|通告|公开|邀请书|挂网|挂出|发出|贴出|刊登|刊发|刊出|日期|时间|公布|登出|披露)[^。；;，\n]{0,9}$"
)
_ANNOUNCED_AFTER = re.compile(
    "^ ?[日起]*(?:在?[^，。；0-9]{0,6}?"
    "(?:公告|公示|发布|登出|挂网|挂出|贴出|刊登|刊发|刊出|发出|对外公布|公布|公开|披露|下发))"
)
_NOT_ANNOUNCED = re.compile(
    "截止|截标|首次|评审|合同|签约|签订|回函|招标公告|原公告|截至|开标|交货|服务期|报名|递交|响应"
)


def deadline(text: str, dates: Sequence[Dated]) -> Dated | None:
    """Until when bids are taken; the last one said, since corrections come last."""
    found = []
    for dated in dates:
        before, after = text[max(0, dated.start - 16) : dated.start], text[dated.end : dated.end + 26]
        clause = re.split("[。；;\n]", before)[-1]
        if re.search("意见|反馈|异议|质疑", clause):
            continue
        if (_DEADLINE_BEFORE.search(clause) and not _NO_DEADLINE.search(re.split("[，,]", clause)[-1])) or (
            _DEADLINE_AFTER.match(after) and not re.search("购买|领取|获取", after)
        ):
            found.append(dated)
    return found[-1] if found else None


def announced(text: str, dates: Sequence[Dated]) -> Dated | None:
    """When this notice appeared, where a date is said to be that."""
    for dated in dates:
        before, after = text[max(0, dated.start - 14) : dated.start], text[dated.end : dated.end + 10]
        clause = re.split("[。；;，\n]", before)[-1]
        if _ANNOUNCED_AFTER.match(after) or (_ANNOUNCED_BEFORE.search(clause) and not _NOT_ANNOUNCED.search(clause)):
            return dated
    return None
