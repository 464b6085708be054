"""Coefficients of all coders together, and their agreement on evidence, ready for the template."""

from __future__ import annotations

from dataclasses import dataclass

from ..configs.codebook import Words
from ..evaluation.agreement.spans import SpanRow
from ..evaluation.agreement.together import Measured, Together
from .clean import line
from .page_agreement import two
from .parts import ReportContent, VariableView
from .words import WORDS, filled, plain


@dataclass(frozen=True)
class MeasureCell:
    """A coefficient and its standard error in words, None without one."""

    measured: Measured
    error: Words | None


@dataclass(frozen=True)
class TogetherLine:
    """A variable or label; cells in the order of the table's columns (None: does not apply)."""

    name: Words
    row: Together
    prevalence: tuple[tuple[Words | None, float], ...]
    cells: tuple[MeasureCell | None, ...]


@dataclass(frozen=True)
class TogetherTable:
    """All coefficients of one variable; ``note`` says who the coders are, by kind."""

    columns: tuple[Words, ...]
    lines: tuple[TogetherLine, ...]
    notes: tuple[Words, ...]


@dataclass(frozen=True)
class SpanLine:
    """A variable or label, with a row for every two coders."""

    name: Words
    strong: bool
    rows: tuple[SpanRow, ...]


def measure_name(measured: Measured, n_coders: int) -> Words:
    """What a coefficient is called: of two coders Fleiss' is Scott's, and with weights AC1 is AC2."""
    if measured.name == "fleiss" and n_coders == 2:
        return WORDS["measure_fleiss_two"]
    weighted = measured.name == "gwet" and measured.weights != "identity"
    return WORDS["measure_gwet_weighted" if weighted else f"measure_{measured.name}"]


class AllCoders:
    """Everything of these tables."""

    def __init__(self, content: ReportContent) -> None:
        self.content = content

    def table(self, variable_id: str) -> TogetherTable | None:
        """The coefficients of a variable, or None where no two coders have codes of it."""
        rows = [row for row in self.content.findings.together if row.variable == variable_id]
        if not rows:
            return None
        variable = self.content.variable(variable_id)
        names = _names(variable)
        columns: dict[Words, None] = {}
        cells = []
        for row in rows:
            by_name = {measure_name(m, len(row.coders)): m for m in row.measured}
            columns |= dict.fromkeys(by_name)
            cells.append(by_name)
        coders = dict.fromkeys(coder for row in rows for coder in row.coders)
        notes = [self._coders(tuple(coders))]
        if any(m.weights != "identity" for row in rows for m in row.measured):
            notes.append(WORDS["coefficients_weighted"])
        lines = [
            TogetherLine(names[row.label], row, _prevalence(variable, row), tuple(_cell(own.get(c)) for c in columns))
            for row, own in zip(rows, cells, strict=True)
        ]
        return TogetherTable(tuple(columns), tuple(lines), tuple(notes))

    def evidence(self) -> list[tuple[VariableView, list[SpanLine]]]:
        """Agreement on evidence, variable by variable."""
        found = []
        for variable in self.content.variables:
            own: dict[str | None, list[SpanRow]] = {}
            for row in self.content.findings.evidence:
                if row.variable == variable.id:
                    own.setdefault(row.label, []).append(row)
            names = _names(variable)
            if own:
                lines = [SpanLine(names[label], label is None, tuple(rows)) for label, rows in own.items()]
                found.append((variable, lines))
        return found

    def _coders(self, coders: tuple[str, ...]) -> Words:
        """Who the coders are, each with what kind of coder it is."""
        kinds = [(line(c), WORDS[f"kind_{self.content.study.kind(c) or 'synthetic'}"]) for c in coders]
        told = WORDS["coefficients_note"]
        return Words(
            zh=told.zh.format(names="、".join(f"{c}（{kind.zh}）" for c, kind in kinds)),
            en=told.en.format(names=", ".join(f"{c} ({kind.en})" for c, kind in kinds)),
        )


def _names(variable: VariableView) -> dict[str | None, Words]:
    return {None: WORDS["whole"], **{label.id: label.name for label in variable.labels}}


def _cell(measured: Measured | None) -> MeasureCell | None:
    if measured is None:
        return None
    # Under perfect agreement the error is 0, which is no certainty; the mark beside the figure says so.
    error = None if measured.estimate.interval_note else measured.standard_error
    return MeasureCell(measured, None if error is None else filled("se", value=two(error)))


def _prevalence(variable: VariableView, row: Together) -> tuple[tuple[Words | None, float], ...]:
    """The share of "yes", or of each code by its name or step."""
    shares = dict(zip(row.categories, row.prevalence, strict=True))
    if True in shares and len(shares) == 2 and all(isinstance(c, bool) for c in shares):
        return ((None, shares[True]),)
    names = {label.id: label.name for label in variable.labels}
    return tuple((names.get(str(c)) or plain(c), share) for c, share in shares.items() if share)
