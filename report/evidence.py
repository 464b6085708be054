"""Every span of evidence in the documents as a quotation, with the sentences around it and who marked it for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..configs.codebook import Value
from ..data.sentences import sentence_spans
from .clean import clean
from .parts import EvidenceSpan, Kind, ReportContent, ReportView


@dataclass(frozen=True)
class Mark:
    """Who rests what on a quotation.

    ``code``: the label of a multi variable, of others the coder's own code, None if not known. ``settled``: whether
    that is the settled code, None if there is none to compare with.
    """

    variable: str
    code: bool | int | str | None
    coder: str
    kind: Kind
    settled: bool | None
    weight: float | None


@dataclass(frozen=True)
class Quotation:
    """Code points ``start`` to ``end`` of the text of document ``number`` (from 1), inside the sentences ``before``
    to ``after``, and all who marked just these."""

    number: int
    start: int
    end: int
    before: int
    after: int
    marks: tuple[Mark, ...]


def quotations(content: ReportContent) -> tuple[Quotation, ...]:
    """Quotations in the order of the documents and of their texts."""
    found = []
    for number, view in enumerate(content.documents, 1):
        sentences = sentence_spans(view.text)
        places: dict[tuple[int, int], list[EvidenceSpan]] = {}
        for span in view.spans:
            places.setdefault((span.start, span.end), []).append(span)
        for (start, end), spans in sorted(places.items()):
            before, after = surroundings(sentences, start, end)
            # Marks are not told apart by weight: a model that names a sentence twice means it once.
            marks = {(m.variable, m.code, m.coder, m.kind): m for m in (_mark(view, s) for s in spans)}
            found.append(Quotation(number, start, end, before, after, tuple(marks.values())))
    return tuple(found)


def surroundings(sentences: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """From where to where the sentences go that a span touches, with one more on each side."""
    touched = [i for i, (first, last) in enumerate(sentences) if first < end and start < last]
    if not touched:
        return start, end
    first, last = max(touched[0] - 1, 0), min(touched[-1] + 1, len(sentences) - 1)
    return min(start, sentences[first][0]), max(end, sentences[last][1])


def on_page(text: str, offset: int) -> int:
    """The offset in the text as the page shows it, without characters that no page can show."""
    return len(clean(text[:offset]))


def _mark(view: ReportView, span: EvidenceSpan) -> Mark:
    own = view.codes.get(span.coder, {}).get(span.variable)
    code = span.label if span.label is not None else None if isinstance(own, list) else own
    return Mark(span.variable, code, span.coder, span.kind, _settled(view.gold.get(span.variable), code), span.weight)


def _settled(gold: Value, code: bool | int | str | None) -> bool | None:
    if gold is None or code is None:
        return None
    return code in gold if isinstance(gold, list) else code == gold
