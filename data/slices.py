"""Kinds of reports among which a coder may do better or worse: slice → report → level.

A report of which a thing is not known is in no level of that slice. Everything here reads plain facts and plain
grammar, never a codebook's labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from .code import Span
from .metadata.fold import fold
from .report import Report
from .sentences import sentence_spans

if TYPE_CHECKING:
    from opencc import OpenCC

SLICES = ("length", "genre", "script", "province", "year", "negation")
LENGTHS = (300, 800)
"""Characters up to which a report is short, and middling."""

_NEGATION = re.compile(
    # 不仅, 不断, 不法, 不动产 … negate nothing, nor do 未成年, 未来 and 没收; 无 does where a verb follows.
    "不(?!仅|但|断|少|过|久|同|管|论|时|法|良|止|光|单|只|料|妨|愧|禁|动产|锈)"
    "|未(?!来|成年|必|婚|遂)|没(?!收)|无(?:法|需|须|权|从|人(?!机))|[并绝而]非|[勿毋]"
)


def slices(reports: Iterable[Report], evidence: Mapping[str, Iterable[Span]]) -> dict[str, dict[str, str]]:
    """The level of each report in each of ``SLICES``.

    ``evidence``: report id → spans that say why it is coded as it is, of whichever coder or variable; ``negation`` is
    about reports that have some.
    """
    levels: dict[str, dict[str, str]] = {name: {} for name in SLICES}
    for report in reports:
        spans = list(evidence.get(report.id, ()))
        of_report = {
            "length": length(report.text),
            "genre": report.doc_type,
            "script": script(report.text),
            "province": report.province,
            "year": year(report.date),
            "negation": ("negated" if negated(report.text, spans) else "plain") if spans else None,
        }
        for name, level in of_report.items():
            if level is not None:
                levels[name][report.id] = level
    return levels


def length(text: str) -> str:
    """``1–300``, ``301–800`` or ``801–``: characters, cut points as in ``LENGTHS``."""
    short, middling = LENGTHS
    if len(text) <= short:
        return f"1–{short}"
    return f"{short + 1}–{middling}" if len(text) <= middling else f"{middling + 1}–"


def script(text: str) -> str | None:
    """``traditional`` if more characters are of that script alone than of the other, ``simplified`` if fewer.

    None where it cannot be told: no character, or as many of one as of the other.
    """
    traditional = sum(_differs("t2s", char) for char in text)
    simplified = sum(_differs("s2t", char) for char in text)
    if traditional == simplified:
        return None
    return "traditional" if traditional > simplified else "simplified"


def year(date: str | None) -> str | None:
    """The year of an ISO date, however precise; None if it does not begin with one."""
    found = re.match(r"\d{4}(?!\d)", date or "", re.ASCII)
    return found[0] if found else None


def negated(text: str, spans: Iterable[Span]) -> bool:
    """Whether a sentence that a span touches has a word of negation, in either script."""
    plain = fold(text)
    spans = list(spans)
    return any(
        _NEGATION.search(plain, start, end) is not None
        for start, end in sentence_spans(text)
        if any(span.start < end and start < span.end for span in spans)
    )


@cache
def _differs(way: str, char: str) -> bool:
    """Whether a character is another one in the other script."""
    # The converter cannot take half a character, which is of no script.
    return not "\ud800" <= char <= "\udfff" and bool(_converter(way).convert(char) != char)


@cache
def _converter(way: str) -> OpenCC:
    import opencc  # loads its dictionaries

    return opencc.OpenCC(way)
