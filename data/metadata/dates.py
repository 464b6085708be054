"""The date of a document: the one it states as its own, else the fullest event that it dates with a year.

A year is never inferred: 去年 and 19年5月 give nothing, 当年十月五日 only where the sentence has the year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .numbers import number

_N = "零一二三四五六七八九十"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CHINESE = re.compile(
    rf"(?<![\d{_N}])(?P<y>(?:19|20)\d\d|[一二][九零][{_N[:10]}]{{2}}) ?年"
    rf"(?: ?(?P<m>\d{{1,2}}|[{_N}]{{1,3}}) ?月(?: ?(?P<d>\d{{1,2}}|[{_N}]{{1,3}}) ?[日号])?)?"
)
_POINTED = re.compile(
    r"(?<![\d.\-/A-Za-z号〔])(?P<y>(?:19|20)\d\d)(?P<s>[-/.])(?P<m>\d{1,2})(?:(?P=s)(?P<d>\d{1,2}))?(?![\d\-/A-Za-z]|\.\d)"
)
_ENGLISH = re.compile(rf"(?P<m>{'|'.join(_MONTHS)})[a-z]*\.? (?P<d>\d{{1,2}}), ?(?P<y>(?:19|20)\d\d)", re.IGNORECASE)
_SAME_YEAR = re.compile(
    rf"(?:当年|同年) ?(?P<m>\d{{1,2}}|[{_N}]{{1,3}}) ?月(?: ?(?P<d>\d{{1,2}}|[{_N}]{{1,3}}) ?[日号])?"
)
_SENTENCE_END = re.compile("[。！？!?\n]")

# What stands right before or after a date and says whose date it is.
_NOT_ITS_OWN_BEFORE = re.compile(
    "(?:今天是|今日|现在是|上一篇|下一篇|上篇|下篇|相关阅读|建于|成立于|生于|版权所有)[^。\n ]{0,20}$"
)
_OWN_BEFORE = re.compile(
    "(?:发布|公告|公示|公布|发文|发稿|更新|刊发|刊登|登出|挂网|更正|终止|落款|收稿|成文|印发|邀请书|公开|发表|本篇|撰文|投稿|日期)"
    "[^，。；;\n]{0,8}?$"
)
_OTHER_BEFORE = re.compile(
    "(?:截止|截标|开标|递交|首次公告|首次|原公告|招标公告|合同签|签约|签订|踏勘|有效期|报价|止|由|改为|交付|评审|成交|之前"
    "|发布会|签于|领取|购买|获取|确认期限)[^，。；;\n]{0,10}?$"
)
_OWN_AFTER = re.compile(r"^(?: ?(?:电|讯|消息|发布|公告|公示|公布|登出|发文|起公示|刊|对外公布|在\S{0,6}发布))")
_OTHER_AFTER = re.compile(r"^[^。；;，\n]{0,8}?(?:前(?:递交|送达|投递|购买|提交|有效)?|止|截止|截标|开标|签订|踏勘)")


@dataclass(frozen=True)
class Dated:
    """A date in a text."""

    start: int
    end: int
    year: int
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str:
        """``2019``, ``2019-05`` or ``2019-05-12``."""
        return "-".join(f"{part:02d}" for part in (self.year, self.month, self.day) if part is not None)

    @property
    def parts(self) -> int:
        """How exact it is: 1 year, 2 month, 3 day."""
        return 1 + (self.month is not None) + (self.day is not None)


def find_dates(text: str) -> list[Dated]:
    """All dates with a year, in order, of a folded text."""
    found = {d.start: d for d in _matches(text)}
    for match in _SAME_YEAR.finditer(text):
        sentence = max((m.end() for m in _SENTENCE_END.finditer(text, 0, match.start())), default=0)
        years = {d.year for d in found.values() if sentence <= d.start < match.start()}
        if len(years) == 1 and (dated := _dated(match, years.pop())):
            found[dated.start] = dated
    return [found[start] for start in sorted(found)]


def document_date(text: str, dates: list[Dated]) -> Dated | None:
    """The date that a document bears, of the dates found in it."""
    own = [d for d in dates if not _NOT_ITS_OWN_BEFORE.search(text[max(0, d.start - 24) : d.start])]
    if not own:
        return None
    best = max(range(len(own)), key=lambda i: (_order(text, own[i]), -i))
    return own[best]


def _order(text: str, dated: Dated) -> tuple[int, int, int]:
    """Its own date first, then the fullest, and an event before a deadline."""
    rank = _rank(text, dated)
    return (rank if rank > 1 else 0, dated.parts, rank)


def _rank(text: str, dated: Dated) -> int:
    """3 said to be the document's own, 2 alone at the end or start, 1 an event, 0 a deadline and the like."""
    before, after = text[max(0, dated.start - 14) : dated.start], text[dated.end : dated.end + 14]
    if _OTHER_AFTER.search(after):
        return 0
    other, own = _OTHER_BEFORE.search(before), _OWN_BEFORE.search(before)
    if _OWN_AFTER.search(after) or (own and not (other and other.end() > own.start() and "首次" in before)):
        return 3
    if other:
        return 0
    if dated.parts >= 2 and (
        ((not after.strip(" 。）") or after[0] in " \n") and re.search(r"[。！？!?；;\n ]\s*$", before))
        or (dated.start < 30 and re.search("[（(]$", before))
    ):
        return 2
    return 1


def _matches(text: str) -> Iterator[Dated]:
    for pattern in (_CHINESE, _POINTED, _ENGLISH):
        for match in pattern.finditer(text):
            if dated := _dated(match, number(match["y"]) or 0):
                yield dated


def _dated(match: re.Match[str], year: int) -> Dated | None:
    """None where it is no day of the calendar; the month's name may be English."""
    month = _number(match["m"])
    day = _number(match["d"]) if month else None
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    return Dated(match.start(), match.end(), year, month, day) if 1980 <= year <= 2100 else None


def _number(part: str | None) -> int | None:
    if part is None:
        return None
    if part.isascii() and part.isalpha():
        return 1 + _MONTHS.index(part.lower())
    return number(part)
