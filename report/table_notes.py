"""What stands below a table for an appendix."""

from __future__ import annotations

from collections.abc import Iterable

from ..configs.codebook import Words
from .clean import line
from .parts import ReportContent
from .words import WORDS, filled


def note(content: ReportContent, coders: Iterable[str], *more: str) -> Words | None:
    """How intervals were made, and what kind of coder each is: nobody is taken for a person."""
    study, comparison = content.study, content.comparison
    notes = [WORDS[key] for key in more]
    if comparison.draws and comparison.level:
        level, draws = f"{comparison.level:.0%}", f"{comparison.draws:,}"
        notes.append(filled("table_intervals", level=level, draws=draws, seed=str(comparison.seed)))
    kinds = [(line(c), kind) for c in dict.fromkeys(coders) if (kind := study.kind(c))]
    if kinds:
        zh = "、".join(f"{c}（{WORDS[f'kind_{kind}'].zh}）" for c, kind in kinds)
        en = ", ".join(f"{c} ({WORDS[f'kind_{kind}'].en})" for c, kind in kinds)
        notes.append(Words(zh=f"编码者：{zh}。", en=f"Coders: {en}."))
    return Words(zh="".join(n.zh for n in notes), en=" ".join(n.en for n in notes)) if notes else None
