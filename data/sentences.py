"""Sentences of a Chinese report, as offsets."""

from __future__ import annotations

import re

# A sentence ends after closing marks, with the quotes and brackets that close on them, or at a line's end.
_END = re.compile(r"[。！？!?；;…]+[”’」』）)】》\"']*|\n+|(?<=[A-Za-z])\.(?=\s)")
_CLAUSE = re.compile(r"[，,、：:\s]+")


def sentence_spans(text: str, longest: int = 160) -> list[tuple[int, int]]:
    """Offsets (start, end) of the sentences of ``text``, in order.

    The spans do not overlap and leave out nothing but white space between sentences. A stretch longer than
    ``longest`` characters (tables, lists without full stops) is divided at its commas, and where it has none,
    after ``longest`` characters.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in [*_END.finditer(text), None]:
        end = match.end() if match else len(text)
        first, last = _stripped(text, start, end)
        if first < last:
            spans.extend(_divided(text, first, last, longest))
        start = end
    return spans


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _divided(text: str, start: int, end: int, longest: int) -> list[tuple[int, int]]:
    pieces = []
    while end - start > longest:
        cuts = [m.end() for m in _CLAUSE.finditer(text, start + longest // 2, start + longest)]
        cut = cuts[-1] if cuts else start + longest
        first, last = _stripped(text, start, cut)
        if first < last:
            pieces.append((first, last))
        start = cut
    first, last = _stripped(text, start, end)
    return [*pieces, (first, last)] if first < last else pieces
