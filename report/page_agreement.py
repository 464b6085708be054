"""The section on agreement, and the summary, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from ..configs.codebook import Words
from ..evaluation.estimate import Estimate
from ..evaluation.rows import PairRow
from .charts import Point, Row, Series, agreement_plot, key_mark
from .clean import line
from .parts import ReportContent, VariableView
from .row_charts import MACHINES, PEOPLE, lowest
from .words import WORDS, reason

PANEL_ROWS = 12
MOST_PAIRS = 6


@dataclass(frozen=True)
class Pair:
    """Two coders that the reader wants compared, and how they are drawn."""

    a: str
    b: str
    series: Series
    model: bool


@dataclass(frozen=True)
class AgreementLine:
    """A row of a table: the variable or a label, and a cell a pair (None: not compared)."""

    name: Words
    strong: bool
    cells: tuple[PairRow | None, ...]


@dataclass(frozen=True)
class AgreementTable:
    """The table of one variable; ``rest``: all pairs and scopes, in long form."""

    variable: VariableView
    lines: tuple[AgreementLine, ...]
    rest: tuple[tuple[Words, PairRow], ...]


@dataclass(frozen=True)
class Summary:
    """A learned variable in short."""

    name: Words
    mean: bool
    coders: tuple[Estimate, ...]
    model: Estimate | None


def headline_pairs(content: ReportContent) -> list[Pair]:
    """Coders among themselves, the model and each baseline with the reference (or with each coder)."""
    study = content.study
    people = study.of_kind("human", "synthetic")
    compared = {frozenset((row.coder_a, row.coder_b)) for row in content.comparison.pairs if row.n}
    pairs = [
        Pair(a, b, Series(_both(a, b), *look), False)
        for (a, b), look in zip((p for p in combinations(people, 2) if frozenset(p) in compared), PEOPLE, strict=False)
    ]
    others = (study.reference,) if study.reference else people[:2]
    models = [study.model] if study.model else []
    machines = [*models, *(c for c in study.of_kind("model", "baseline") if c not in models)]
    for i, coder in enumerate(machines[: len(MACHINES)]):
        pairs += [
            Pair(coder, other, Series(_both(coder, other), *MACHINES[i]), True)
            for other in others
            if other and frozenset((coder, other)) in compared
        ]
    return pairs[: MOST_PAIRS + 1]


def _both(a: str, b: str) -> Words:
    one, two = line(a), line(b)
    return Words(zh=f"{one} 与 {two}", en=f"{one} – {two}")


class Agreement:
    """Everything the section shows."""

    def __init__(self, content: ReportContent) -> None:
        self.content = content
        self.pairs = headline_pairs(content)
        self._rows = {
            (row.variable, row.scope, row.label, frozenset((row.coder_a, row.coder_b))): row
            for row in content.comparison.pairs
        }
        self.variables = [
            v for v in content.variables if any(row.variable == v.id and row.n for row in content.comparison.pairs)
        ]

    def row(self, variable: str, label: str | None, pair: Pair) -> PairRow | None:
        """Agreement of the pair where both were asked."""
        return self._rows.get((variable, "asked", label, frozenset((pair.a, pair.b))))

    def legend(self) -> list[tuple[str, Words]]:
        """A mark and name of each pair."""
        return [(key_mark(pair.series), pair.series.name) for pair in self.pairs]

    def plots(self) -> list[str]:
        """The rows of all variables, divided into panels with one common axis."""
        rows = [row for variable in self.variables for row in self._plot_rows(variable)]
        rows = [row for row in rows if any(row.points)]
        start = lowest(rows)
        series = [pair.series for pair in self.pairs]
        return [agreement_plot(panel, series, WORDS["agreement"], start) for panel in panels(rows)]

    def _plot_rows(self, variable: VariableView) -> list[Row]:
        labels = variable.labels if variable.learned and variable.type != "ordinal" else ()
        names: list[tuple[str | None, Words]] = [(None, variable.name), *((la.id, la.name) for la in labels)]
        return [
            Row(name, tuple(_point(name, self.row(variable.id, label, p)) for p in self.pairs), label is None)
            for label, name in names
        ]

    def tables(self) -> list[AgreementTable]:
        """A table a variable."""
        made = []
        for variable in self.variables:
            names: list[tuple[str | None, Words]] = [(None, WORDS["whole"])]
            names += [(label.id, label.name) for label in variable.labels]
            lines = [
                AgreementLine(name, label is None, tuple(self.row(variable.id, label, p) for p in self.pairs))
                for label, name in names
            ]
            by_label = dict(names)
            rest = [
                (by_label.get(row.label, WORDS["whole"]), row)
                for row in self.content.comparison.pairs
                if row.variable == variable.id
            ]
            made.append(AgreementTable(variable, tuple(x for x in lines if any(x.cells)), tuple(rest)))
        return made

    def summaries(self) -> list[Summary]:
        """Each learned variable as a whole."""
        found = []
        for variable in self.content.variables:
            rows = [(pair, self.row(variable.id, None, pair)) for pair in self.pairs]
            between = tuple(row.alpha for pair, row in rows if row and not pair.model)
            own = [row.alpha for p, row in rows if row and p.model and p.a == self.content.study.model]
            if variable.learned and (between or own):
                found.append(Summary(variable.name, variable.type == "multi", between, own[0] if own else None))
        return found


def _point(name: Words, row: PairRow | None) -> Point | None:
    if row is None:
        return None
    alpha, who = row.alpha, f"{line(row.coder_a)} – {line(row.coder_b)}, n = {row.n}"
    if alpha.value is None:
        why = reason(alpha.reason)
        missing = Words(zh=f"{WORDS['undefined'].zh}：{why.zh}", en=f"{WORDS['undefined'].en}: {why.en}")
        return Point(None, None, None, Words(zh=f"{name.zh}：{why.zh}", en=f"{why.en} ({who})"), missing)
    number = f"α {written(alpha)}"
    return Point(
        alpha.value,
        alpha.low,
        alpha.high,
        Words(zh=f"{name.zh}：{number}", en=f"{name.en}: {number} ({who})"),
    )


def written(estimate: Estimate) -> str:
    """Number and interval, "0.71 [0.58, 0.82]"."""
    if estimate.value is None:
        return "–"
    interval = "" if estimate.low is None or estimate.high is None else f" [{two(estimate.low)}, {two(estimate.high)}]"
    return two(estimate.value) + interval


def two(value: float) -> str:
    """Two decimals and a real minus sign; no negative zero."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


def panels(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Rows divided evenly, so that the panels stand side by side."""
    count = max(1, ceil(len(rows) / PANEL_ROWS))
    size = max(1, ceil(len(rows) / count))
    return [rows[i : i + size] for i in range(0, len(rows), size)]
