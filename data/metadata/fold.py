"""A text as the rules read it: same length, so that offsets in it are offsets in the report."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ..hanzi import FREQUENT_TRADITIONAL

if TYPE_CHECKING:
    from opencc import OpenCC

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_KEPT = {ord(c) for c in "，；：？！（）"}
"""Full-width marks that Chinese sentences use; the rules name them as they are."""
_FOLDED = {code: to for code, to in _HALF_WIDTH.items() if code not in _KEPT} | {
    ord("("): "（", ord(")"): "）", ord(":"): "：", ord(";"): "；", ord("〇"): "零", ord("○"): "零", ord("Ｏ"): "O"
}  # fmt: skip


def fold(text: str) -> str:
    """Simplified characters, half-width letters and digits, Chinese brackets and colons; as long as ``text``."""
    folded = text.translate(_FOLDED)
    if FREQUENT_TRADITIONAL.isdisjoint(folded):
        return folded
    converter = _simplifier()
    simplified = converter.convert(folded)
    # Whole words first (they decide between 乾 and 干); character by character should a word change its length.
    return simplified if len(simplified) == len(text) else "".join(map(_one, folded))


@cache
def _one(char: str) -> str:
    simplified = str(_simplifier().convert(char))
    return simplified if len(simplified) == 1 else char


@cache
def _simplifier() -> OpenCC:
    import opencc  # loads its dictionaries

    return opencc.OpenCC("t2s")
