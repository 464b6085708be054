"""Mark evidence in a text: one element a stretch and span, nested where spans overlap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from .clean import clean
from .parts import EvidenceSpan

LINES = 4
"""How many styles of underline there are."""


def highlight(
    text: str,
    spans: Sequence[EvidenceSpan],
    colour: Callable[[EvidenceSpan], int],
    describe: Callable[[EvidenceSpan], str],
    styles: Mapping[str, int],
) -> Markup:
    """The text as HTML with a ``mark`` for each span; predicted spans are shaded, coders' underlined.

    Offsets count code points of ``text`` as it is, before characters that no page can show are dropped. Spans
    that are empty or outside the text are left out. A span cut by another one keeps its words in each piece.
    ``styles``: number of the underline of each coder.
    """
    fitting = sorted(
        {s for s in spans if 0 <= s.start < s.end <= len(text)},
        key=lambda s: (s.kind != "model", s.start, -s.end, s.variable, s.label or "", s.coder),
    )
    cuts = sorted({0, len(text), *(s.start for s in fitting), *(s.end for s in fitting)})
    pieces = []
    for start, end in pairwise(cuts):
        piece = escape(clean_piece(text, start, end))
        for span in reversed([s for s in fitting if s.start <= start and end <= s.end]):
            kind = "m" if span.kind == "model" else f"u u{styles.get(span.coder, 0) % LINES}"
            piece = Markup('<mark class="{} c{}" title="{}">{}</mark>').format(
                kind, colour(span), clean(describe(span)), piece
            )
        pieces.append(piece)
    return Markup("").join(pieces)


def clean_piece(text: str, start: int, end: int) -> str:
    """Part of a text, clean; CR LF cut in two gives one line feed all the same."""
    piece = text[start:end]
    if start and text[start - 1] == "\r" and piece.startswith("\n"):
        piece = piece[1:]
    return clean(piece)
