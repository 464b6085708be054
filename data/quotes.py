"""Quotes of a report as coders paste them, located in its text, and spans written so that they can be found again.

A cell of evidence holds a quote a line. Blanks, line ends, width, case and the kind of quotation marks and dashes do
not count. A quote that stands more than once is followed by its place, in characters: ``民警在群里〔172–177〕``; for a
coder the first number is enough.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .code import Span

ABSENT = "未提及 absent"
_ABSENT = frozenset(("未提及absent", "未提及", "没有写", "未写", "无", "absent", "absence", "none"))
_PLACE = re.compile(r"[〔【\[［(（]\s*(\d{1,15})\s*(?:[-–—~至]\s*(\d{1,15})\s*)?[〕】\]］)）]\s*$")
_ALIKE = str.maketrans({**dict.fromkeys("“”„「」『』", '"'), **dict.fromkeys("‘’`", "'"), **dict.fromkeys("—–―‐", "-")})
_AROUND = "\"'“”‘’「」『』 \t·•●"


@dataclass(frozen=True)
class Evidence:
    """What a cell of evidence says; ``problems`` are the quotes that were not located, and why."""

    spans: tuple[Span, ...] = ()
    absence: bool = False
    problems: tuple[str, ...] = ()


class FoldedText:
    """A text in which quotes are looked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        kept = list(_folded(text))
        self._chars = "".join(char for char, _ in kept)
        self._places = [place for _, place in kept]

    def find(self, quote: str) -> list[tuple[int, int]]:
        """Where the quote stands, start and end in code points; as it is where it does so anywhere, else folded."""
        exact = [(start, start + len(quote)) for start in _starts(self.text, quote)] if quote.strip() else []
        if exact:
            return exact
        needle = "".join(char for char, _ in _folded(unicodedata.normalize("NFC", quote)))
        last = len(needle) - 1
        found = [(self._places[s], self._places[s + last] + 1) for s in _starts(self._chars, needle)] if needle else []
        return list(dict.fromkeys(found))

    def read(self, cell: str, label: str | None = None) -> Evidence:
        """The spans of a cell, all of ``label``."""
        if "".join(c for c, _ in _folded(cell)).strip("()") in _ABSENT:
            return Evidence(absence=True)
        lines = [line for line in re.split("[\r\n]+", cell) if line.strip()]
        located = [self._locate(line) for line in lines]
        if any(isinstance(one, str) for one in located) and len(lines) > 1:
            # One quote over several paragraphs.
            whole = self._locate(cell)
            located = located if isinstance(whole, str) else [whole]
        places = dict.fromkeys(one for one in located if not isinstance(one, str))
        spans = tuple(Span(start, end, self.text[start:end], label) for start, end in places)
        return Evidence(spans, problems=tuple(one for one in located if isinstance(one, str)))

    def write(self, spans: Sequence[Span]) -> str:
        """A cell that ``read`` makes the same spans of."""
        return "\n".join(self._line(span) for span in spans)

    def _line(self, span: Span) -> str:
        plain = re.sub("[\r\n]", " ", span.text)
        read = self.read(plain, span.label)
        return plain if read.spans == (span,) and not read.problems else f"{plain}〔{span.start}–{span.end}〕"

    def _locate(self, line: str) -> tuple[int, int] | str:
        """The one place of a quote, or why there is none."""
        found = self.find(line) or self.find(line.strip(_AROUND))
        if len(found) == 1:
            return found[0]
        place = _PLACE.search(line)
        if place:
            start, end, quote = int(place[1]), place[2], line[: place.start()]
            if end is not None and _same(self.text[start : int(end)], quote) and start < int(end) <= len(self.text):
                return start, int(end)
            inner = self.find(quote) or self.find(quote.strip(_AROUND))
            found_there = [one for one in inner if one[0] == start]
            if len(found_there) == 1:
                return found_there[0]
        shown = repr(line.strip()[:40])
        if not found:
            return f"the quote {shown} does not stand in the text; copy it again"
        starts = "、".join(f"〔{start}〕" for start, _ in found[:10])
        return f"the quote {shown} stands {len(found)} times; copy more of it, or write its place after it: {starts}"


def _folded(text: str) -> Iterator[tuple[str, int]]:
    """The characters that count, each with the place of the one it comes from."""
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKC", char).translate(_ALIKE).casefold():
            if not part.isspace() and unicodedata.category(part) not in ("Cc", "Cf"):
                yield part, place


def _same(one: str, other: str) -> bool:
    return [char for char, _ in _folded(one)] == [char for char, _ in _folded(other)]


def _starts(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)
