"""Which pieces of the multilingual vocabulary a Chinese coder needs, and which hanzi it lacks.

Of 250,002 pieces most serve other scripts. Kept are all pieces made only of ASCII, hanzi, kana, bopomofo, Greek,
punctuation and symbols: Chinese text, also with Latin words in it, is then tokenised exactly as by the full
vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...data.hanzi import is_hanzi

_KEPT = re.compile(
    "[\u0000-\u007f"
    "\u00a0-\u00bf\u00d7\u00f7"  # Latin-1 signs: · × ° ± …
    "\u0370-\u03ff"  # Greek
    "\u2000-\u2bff"  # punctuation, signs, arrows, enclosed numbers, box drawing, ▁
    "\u2e80-\u312f\u3190-\u319f\u31c0-\ua4cf"  # radicals, CJK signs, kana, bopomofo, hanzi
    "\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"  # compatibility hanzi, vertical and full-width forms
    "\U0001f000-\U0001faff\U00020000-\U0003ffff]*"  # pictographs, rare hanzi
)
_ALWAYS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def kept_ids(pieces: Sequence[str]) -> list[int]:
    """Ids of the pieces to keep, ascending; the four leading special tokens keep their ids."""
    return [i for i, piece in enumerate(pieces) if i < 4 or piece in _ALWAYS or _KEPT.fullmatch(piece)]


def standard_hanzi() -> list[str]:
    """The hanzi of GB 2312 (6,763) and Big5 (13,053) together, in code-point order."""
    found = set()
    for codec, leads in (("gb2312", range(0xB0, 0xF8)), ("big5", range(0xA4, 0xFA))):
        for lead in leads:
            for trail in range(0x40, 0xFF):
                try:
                    character = bytes([lead, trail]).decode(codec)
                except UnicodeDecodeError:
                    continue
                if len(character) == 1 and is_hanzi(character):
                    found.add(character)
    return sorted(found)


def missing_hanzi(pieces: Sequence[str]) -> list[str]:
    """Standard hanzi without a piece of their own: these would be read as ``<unk>``."""
    alone = {piece for piece in pieces if len(piece) == 1}
    return [character for character in standard_hanzi() if character not in alone]
