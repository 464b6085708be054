"""Chinese numerals and sums of money."""

from __future__ import annotations

import re

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2} | {
    c: i for i, c in enumerate("壹贰叁肆伍陆柒捌玖", start=1)
}  # fmt: skip
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
NUMERALS = "".join(DIGITS) + "".join(UNITS)


def number(text: str) -> int | None:
    """The value of digits (1998), of numerals read one by one (一九九八) or by units (三十一, 壹拾柒万)."""
    if text.isascii():
        return int(text) if text.isdigit() else None
    if all(c in DIGITS for c in text):
        return int("".join(str(DIGITS[c]) for c in text))
    total = group = digit = 0
    for char in text:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char in UNITS:
            # 十五 means one ten.
            group += (digit or 1) * UNITS[char]
            digit = 0
        elif char in ("万", "亿"):
            total = (total + group + digit) * (10**4 if char == "万" else 10**8)
            group = digit = 0
        else:
            return None
    return total + group + digit


_PLAIN = r"\d+(?:[,，] ?\d{3})+(?:\.\d+)?|\d{1,3}(?: \d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
MONEY = re.compile(
    rf"(?P<yuan>￥|¥|人民币)? ?"
    rf"(?:(?P<plain>{_PLAIN})(?P<unit>[万亿千百]*)(?:(?P<rest>\d)千)?|(?P<words>[{NUMERALS}万亿]+))"
    r" ?(?P<currency>元|圆|港元|港币|美元|澳门元|葡币)?"
)
"""A sum: 68.5万元, ￥865,400.00, 1 350 000.00元, 39万8千元, 壹拾柒万玖仟捌佰元整."""
_FACTOR = {"": 1, "万": 10**4, "亿": 10**8, "千": 1000, "百万": 10**6, "千万": 10**7, "百": 100, "万亿": 10**12}


def yuan(match: re.Match[str]) -> int | float | None:
    """What a match of ``MONEY`` says in yuan; None where it is no sum or in another currency."""
    if match["currency"] not in (None, "元", "圆"):
        return None
    if match["words"]:
        return number(match["words"]) if match["currency"] else None
    if not (match["currency"] or match["yuan"] or "万" in match["unit"]) or match["unit"] not in _FACTOR:
        return None
    # In hundredths, so that 41.7万元 is a whole number of yuan.
    value = round(float(re.sub("[,， ]", "", match["plain"])) * _FACTOR[match["unit"]], 2)
    value += 1000 * int(match["rest"] or 0)
    return int(value) if value == int(value) else value
