"""Labels confused, kinds of reports coded otherwise, and codes in doubt, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..configs.codebook import Words
from ..evaluation.errors.confusions import Confusion, Confusions
from ..evaluation.errors.slices import SliceRow, SliceScores
from ..evaluation.errors.suspects import Suspect
from .clean import line
from .page_documents import Document
from .parts import ReportContent
from .words import WORDS, filled, plain

MOST_SUSPECTS = 20


@dataclass(frozen=True)
class ConfusedPair:
    """Two labels by name, and their figures."""

    a: Words
    b: Words
    pair: Confusion


@dataclass(frozen=True)
class ConfusedTable:
    """Of one variable and coder the pairs found, or named and confused at all; ``never``: named and never confused.

    ``more``: how many others there are. ``advice``: what to do about pairs found that are not named.
    """

    name: Words
    coder: str
    found: Confusions
    pairs: tuple[ConfusedPair, ...]
    never: tuple[ConfusedPair, ...]
    more: Words | None
    advice: tuple[Words, ...]


@dataclass(frozen=True)
class SliceLine:
    """A kind of report, the score, and its figures."""

    kind: Words
    measure: Words
    row: SliceRow


@dataclass(frozen=True)
class SliceTable:
    """Of one variable and coder: what is flagged, and the same code kind by kind."""

    name: Words
    coder: str
    scores: SliceScores
    flagged: tuple[SliceLine, ...]
    every: tuple[SliceLine, ...]


@dataclass(frozen=True)
class SuspectCard:
    """A code in doubt. ``document`` is None if the report is not among those shown."""

    about: Words
    title: str
    document: Document | None
    source: Words
    said: Words
    by: Words


class Errors:
    """Everything these parts show. ``documents``: as they stand in the reader."""

    def __init__(self, content: ReportContent, documents: Sequence[Document]) -> None:
        self.content = content
        self.documents = {d.view.id: d for d in documents}

    def __bool__(self) -> bool:
        return bool(self.confused() or self.sliced() or self.content.findings.suspects)

    def confused(self) -> list[ConfusedTable]:
        """Pairs of labels, variable by variable."""
        made = []
        for one in self.content.findings.confusions:
            if not one.n or not one.pairs:
                continue
            variable = self.content.variable(one.variable)
            names = {label.id: label.name for label in variable.labels}
            told = [ConfusedPair(names[p.a], names[p.b], p) for p in one.pairs if p.named or p.found]
            happened = tuple(x for x in told if x.pair.a_to_b or x.pair.b_to_a)
            rest = len(one.pairs) - len(told)
            made.append(
                ConfusedTable(
                    variable.name,
                    one.coder,
                    one,
                    happened,
                    tuple(x for x in told if x not in happened),
                    filled("confused_more", n=str(rest)) if rest else None,
                    tuple(Words(zh=s.zh, en=s.en) for s in one.unnamed),
                )
            )
        return made

    def sliced(self) -> list[SliceTable]:
        """Scores by kind of report, variable by variable."""
        made = []
        for one in self.content.findings.slices:
            if not one.n:
                continue
            lines = [SliceLine(slice_name(row), self._measure(one.variable, row), row) for row in one.rows]
            made.append(
                SliceTable(
                    self.content.variable(one.variable).name,
                    one.coder,
                    one,
                    tuple(sorted((x for x in lines if x.row.flagged), key=lambda x: x.row.p_adjusted or 0.0)),
                    tuple(x for x in lines if x.row.measure == "agreement"),
                )
            )
        return made

    def sliced_lead(self) -> Words:
        """What the tables are, with the number of tests."""
        return filled("sliced_lead", n_tests=f"{sum(one.n_tests for one in self.content.findings.slices):,}")

    def suspects_lead(self) -> Words:
        """How many codes are in doubt."""
        return filled("suspects_lead", n=f"{len(self.content.findings.suspects):,}")

    def suspects(self) -> list[SuspectCard]:
        """The most doubtful codes."""
        return [self._card(one) for one in self.content.findings.suspects[:MOST_SUSPECTS]]

    def suspects_more(self) -> Words | None:
        """How many are not listed."""
        rest = len(self.content.findings.suspects) - MOST_SUSPECTS
        return filled("suspects_more", n=f"{rest:,}") if rest > 0 else None

    def _card(self, one: Suspect) -> SuspectCard:
        document = self.documents.get(one.report_id)
        by = filled("suspects_by", names=line(", ".join(one.coders))) if one.coders else WORDS["suspects_by_nobody"]
        return SuspectCard(
            self.content.variable(one.variable).name,
            document.title if document else line(one.report_id),
            document,
            WORDS[f"source_{one.source}"],
            Words(zh=one.zh, en=one.en),
            by,
        )

    def _measure(self, variable_id: str, row: SliceRow) -> Words:
        return measure_words(self.content, variable_id, row)


def measure_words(content: ReportContent, variable_id: str, row: SliceRow) -> Words:
    """What a score by kind of report is of."""
    if row.measure != "f1":
        return WORDS[f"slice_{row.measure}"]
    variable = content.variable(variable_id)
    if row.label is None:
        return WORDS["f1"]
    names = {label.id: label.name for label in variable.labels}
    name, told = names.get(row.label) or plain(row.label), WORDS["slice_f1"]
    return Words(zh=told.zh.format(label=name.zh), en=told.en.format(label=name.en))


def slice_name(row: SliceRow) -> Words:
    """A division of the reports and one of its kinds."""
    level = WORDS.get(f"level_{row.level}") or plain(row.level)
    of = WORDS.get(f"slice_{row.slice}") or plain(row.slice)
    return Words(zh=f"{of.zh}：{level.zh}", en=f"{of.en}: {level.en}")
