"""Bytes of a file as text, whole or line by line."""

from __future__ import annotations

from io import TextIOWrapper
from pathlib import Path

from ..encodings import Unreadable, decode

SAMPLE = 1 << 20
MOST_FOR_ONE = 64 << 20
"""No single report is larger; a file that is was not meant as one."""


def whole_text(path: Path) -> tuple[str, str]:
    """The text of a file that is read at once, and its encoding."""
    if path.stat().st_size > MOST_FOR_ONE:
        raise Unreadable(f"is larger than {MOST_FOR_ONE >> 20} MiB; split it, or use JSON lines, CSV or Parquet")
    return decode(path.read_bytes())


def open_text(path: Path, newline: str = "") -> tuple[TextIOWrapper, str]:
    """A file opened for reading line by line in the encoding of its beginning.

    Bytes that do not fit the encoding become lone surrogates, so that the reader can reject that line alone.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
        more = bool(file.read(1))
    encoding = decode(sample, partial=more)[1].split(" ")[0]
    codec = {"big5": "cp950", "utf-8": "utf-8-sig"}.get(encoding, encoding)
    if encoding.startswith(("utf-16", "utf-32")) and sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe")):
        codec = encoding[:6]  # the codec without an order reads the mark and drops it
    return path.open(encoding=codec, errors="surrogateescape", newline=newline), encoding


def damaged(text: str) -> bool:
    """Whether a line of ``open_text`` holds bytes that could not be decoded."""
    return not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text)
