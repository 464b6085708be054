"""From bytes to text: which encoding is it, or why it is no text at all.

UTF-8 and byte order marks settle most files. The rest is a contest of GB18030, Big5 (as Windows writes it,
and with the Hong Kong extension) and UTF-16: each reading that decodes is scored by how common its characters
are in Chinese, since a wrong reading gives rare ones. chardet, restricted to the same candidates, has the
word where scores are close.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache

import chardet

from .hanzi import FREQUENT_SIMPLIFIED, FREQUENT_TRADITIONAL, PUNCTUATION, is_hanzi

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MAGIC = (
    (b"%PDF-", "a PDF document; convert it to text first"),
    (b"PK\x03\x04", "a ZIP archive or an Office document (docx, xlsx); save it as text or CSV first"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (doc, xls); save it as text or CSV first"),
    (b"{\\rtf", "an RTF document; save it as text first"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x1f\x8b\x08", "a gzip archive; unpack it first"),
    (b"BZh91AY&SY", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it first"),
    (b"PAR1", "a Parquet table; name it .parquet"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"ID3\x03", "an MP3 file"),
)
_CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\x0b\x0c\r\x1a") + b"\x7f"
# One control character in a hundred is dirt, more is no text.
_MOST_CONTROLS = 0.01
# Of the characters, how many may be unreadable before a file is given up.
_MOST_DAMAGED = 0.005
# Most wrong readings score below 0.5, Chinese prose above 1.
_LEAST_SCORE = 0.6
# So common are the characters of a legacy reading that overrules valid UTF-8.
_SURE_SCORE = 1.5
_CLOSE = 0.25
_SCORED = 20_000
_LEGACY = ("gb18030", "big5hkscs", "cp950", "big5")


class Unreadable(Exception):  # noqa: N818 - it says what the file is
    """Bytes that are no text weijing can read; ``reason`` is plain English."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class _Reading:
    encoding: str
    text: str
    score: float


def decode(data: bytes, *, partial: bool = False) -> tuple[str, str]:
    """The text of some bytes and the encoding they are in. Raises ``Unreadable``.

    ``partial`` says that the bytes are only the beginning of a file and may end in the middle of a character.
    A file with a few damaged characters is read with U+FFFD in their place, and its encoding says how many.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise Unreadable("is empty" if not data else "holds nothing but blanks")
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Unreadable(f"is {what}")
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = _decoded(data[len(bom) :], encoding, partial)
            if text is None:
                text, encoding = _damaged(data[len(bom) :], encoding)
            if not text.strip("\x00 \t\r\n"):
                raise Unreadable("holds nothing but blanks")
            return text, encoding
    dirty = sum(data.count(bytes([control])) for control in _CONTROLS)
    clean = dirty <= _MOST_CONTROLS * len(data)
    utf8 = _decoded(data, "utf-8", partial) if clean else None
    if utf8 is not None and not _only_two_byte_letters(utf8):
        return utf8, "utf-8"
    if clean and utf8 is None and _nearly_utf8(data):
        return _damaged(data, "utf-8")
    best = _contest(data, clean, partial)
    if utf8 is not None and (best is None or best.score < _SURE_SCORE):
        return utf8, "utf-8"
    if best is not None and best.score >= _LEAST_SCORE:
        return best.text, best.encoding
    if not clean:
        what = "NUL and other control bytes" if b"\x00" in data else "control bytes"
        raise Unreadable(f"is no text: {dirty} of {len(data)} bytes are {what}")
    if best is None:
        return _least_damaged(data)
    raise Unreadable(f"is in no encoding known here (read as {best.encoding} it makes no sense); save it as UTF-8")


def _decoded(data: bytes, encoding: str, partial: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data, final=not partial)
    except UnicodeDecodeError:
        return None


def _damaged(data: bytes, encoding: str) -> tuple[str, str]:
    """Read with replacement characters, if only few are needed."""
    text = data.decode(encoding, "replace")
    lost = text.count("�")
    if lost > max(1, _MOST_DAMAGED * len(text)):
        raise Unreadable(f"is not quite {encoding}: {lost} of {len(text)} characters cannot be decoded")
    return text, f"{encoding} ({lost} damaged)"


def _least_damaged(data: bytes) -> tuple[str, str]:
    readings: list[_Reading] = []
    for codec in ("gb18030", "cp950"):
        try:
            text, encoding = _damaged(data, codec)
        except Unreadable:
            continue
        readings.append(_Reading(encoding.replace("cp950", "big5"), text, _score(text, codec)))
    best = max(readings, key=lambda r: r.score, default=None)
    if best is None or best.score < _LEAST_SCORE:
        raise Unreadable("is in none of UTF-8, UTF-16, GB18030 and Big5, or is no text at all; save it as UTF-8")
    return best.text, best.encoding


def _nearly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    lost = text.count("�")
    # In a text of a legacy encoding nearly every character fails as UTF-8.
    return lost <= max(1, _MOST_DAMAGED * len(text)) and sum(map(is_hanzi, text)) > 4 * lost


def _only_two_byte_letters(text: str) -> bool:
    """Short GB18030 texts can be valid UTF-8 by chance, and then read as Latin, Greek or Arabic letters."""
    beyond = [char for char in text[:_SCORED] if char > "\x7f"]
    return bool(beyond) and all(char < "\u0800" for char in beyond)


def _contest(data: bytes, clean: bool, partial: bool) -> _Reading | None:
    readings: list[_Reading] = []
    # Legacy encodings write controls as one byte too, so bytes full of them can only be UTF-16 or 32.
    tries = [["gb18030"], ["cp950", "big5hkscs"]] if clean else []
    tries += [[e] for e in ("utf-16-le", "utf-16-be") if partial or len(data) % 2 == 0]
    for codecs_of_one in tries:
        for codec in codecs_of_one:
            text = _decoded(data, codec, partial)
            if text is not None and not _has_controls(text):
                # Windows' Big5 is what "Big5" means in practice.
                name = "big5" if codec == "cp950" else codec
                readings.append(_Reading(name, text, _score(text, codec)))
                break
    readings.sort(key=lambda r: -r.score)
    if len(readings) > 1 and readings[0].score - readings[1].score < _CLOSE:
        guess = chardet.detect(data, include_encodings=_LEGACY, no_match_encoding="gb18030")["encoding"]
        family = (guess or "").lower()[:2]
        readings[:2] = sorted(readings[:2], key=lambda r: r.encoding[:2] != family)
    return readings[0] if readings else None


def _has_controls(text: str) -> bool:
    return sum(text.count(chr(control)) for control in _CONTROLS) > _MOST_CONTROLS * len(text)


def _score(text: str, codec: str = "") -> float:
    """Mean weight of the characters beyond ASCII: Chinese prose has about 1.5, a wrong reading under 0.5."""
    beyond = [char for char in text[:_SCORED] if char > "\x7f" and char != "�"]
    return sum(_weight(char, codec) for char in beyond) / len(beyond) if beyond else 0.0


@cache
def _weight(char: str, codec: str) -> float:
    if char in PUNCTUATION:
        return 2.0
    if char in (FREQUENT_TRADITIONAL if codec in ("cp950", "big5hkscs") else FREQUENT_SIMPLIFIED):
        return 2.0
    if char in FREQUENT_SIMPLIFIED or char in FREQUENT_TRADITIONAL:
        # Big5 has most characters that both scripts share, but a frequent Simplified one it lacks.
        return 2.0 if _level_one(char, codec) else 1.0
    if is_hanzi(char):
        return 1.0 if _level_one(char, codec) else 0.0
    if "\uff01" <= char <= "\uff5e" or "\u3001" <= char <= "\u3017" or "\u2010" <= char <= "\u2027":
        return 0.5
    if "\ue000" <= char <= "\uf8ff" or char >= "\U000f0000" or not char.isprintable():
        return -2.0
    return -0.5


def _level_one(char: str, codec: str) -> bool:
    """Whether a standard counts the character among the common ones (GB 2312 level 1, Big5 level 1)."""
    gb = _bytes(char, "gb2312")
    if codec not in ("cp950", "big5hkscs") and b"\xb0\xa1" <= gb <= b"\xd7\xf9":
        return True
    if codec == "gb18030":
        # Traditional text in GB18030 is rare; were its characters common, Big5 read wrongly would score.
        return False
    return b"\xa4\x40" <= _bytes(char, "big5") <= b"\xc6\x7e"


def _bytes(char: str, codec: str) -> bytes:
    try:
        return char.encode(codec)
    except UnicodeEncodeError:
        return b""
