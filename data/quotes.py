"""Quotes of a report as coders paste them, located in its text, and spans written so that they can be found again.

A cell of evidence holds a quote a line. Blanks, line ends, width, case and the kind of quotation marks and dashes do
not count. A quote that stands more than once is followed by its place, in characters: ``民警在群里〔172–177〕``; for a
coder the first number is enough.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .code import Span

ABSENT = "未提及 absent"
_ABSENT = frozenset(("未提及absent", "未提及", "没有写", "未写", "无", "absent", "absence", "none"))
_PLACE = re.compile(r"[〔【\[［(（]\s*(\d{1,15})\s*(?:[-–—~至]\s*(\d{1,15})\s*)?[〕】\]］)）]\s*$")
_ALIKE = str.maketrans({**dict.fromkeys("“”„「」『』", '"'), **dict.fromkeys("‘’`", "'"), **dict.fromkeys("—–―‐", "-")})
_MOST = 20
"""Places of one quote that are looked at: enough to say that it is none's own."""
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
        """The first places of the quote, start and end in code points; as it is where it stands so, else folded."""
        if exact := [(start, start + len(quote)) for start in _starts(self.text, quote)] if quote.strip() else []:
            return exact
        needle = _key(quote)
        return list(dict.fromkeys(self._place(s, needle) for s in _starts(self._chars, needle))) if needle else []

    def find_at(self, start: int, quote: str) -> tuple[int, int] | None:
        """The place of the quote that starts there, if it does."""
        if quote.strip() and self.text.startswith(quote, start):
            return start, start + len(quote)
        first, needle = bisect_left(self._places, start), _key(quote)
        if needle and self._chars.startswith(needle, first) and self._places[first] == start:
            return self._place(first, needle)
        return None

    def _place(self, first: int, needle: str) -> tuple[int, int]:
        return self._places[first], self._places[first + len(needle) - 1] + 1

    def read(self, cell: str, label: str | None = None) -> Evidence:
        """The spans of a cell, all of ``label``."""
        if _key(cell).strip("()") in _ABSENT:
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
        start, end, quote = 0, 0, ""
        if place := _PLACE.search(line):
            start, end, quote = int(place[1]), int(place[2] or 0), line[: place.start()]
            # Before the line itself is looked for: a text may hold what looks like a quote with its place.
            if start < end <= len(self.text) and _key(self.text[start:end]) == _key(quote):
                return start, end
        found = self.find(line) or self.find(line.strip(_AROUND))
        if len(found) == 1:
            return found[0]
        if quote and not end and (there := self.find_at(start, quote) or self.find_at(start, quote.strip(_AROUND))):
            return there
        shown = repr(line.strip()[:40])
        if not found:
            return f"the quote {shown} does not stand in the text; copy it again"
        starts = "、".join(f"〔{start}〕" for start, _ in found)
        times = f"{_MOST} times or more" if len(found) == _MOST else f"{len(found)} times"
        return f"the quote {shown} stands {times}; copy more of it, or write its place after it: {starts}"


def _folded(text: str) -> Iterator[tuple[str, int]]:
    """The characters that count, each with the place of the one it comes from."""
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKC", char).translate(_ALIKE).casefold():
            if not part.isspace() and unicodedata.category(part) not in ("Cc", "Cf"):
                yield part, place


def _key(quote: str) -> str:
    return "".join(char for char, _ in _folded(unicodedata.normalize("NFC", quote)))


def _starts(text: str, part: str) -> Iterator[int]:
    start = -1
    for _ in range(_MOST):
        start = text.find(part, start + 1)
        if start < 0:
            return
        yield start
