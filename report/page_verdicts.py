"""The section on whether models may stand beside the coders, ready for the template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ..configs.codebook import Words
from ..evaluation.model_coder.consensus import Consensus
from ..evaluation.model_coder.judge import Judged, Judgement
from ..evaluation.model_coder.verdict import Verdict
from ..evaluation.model_coder.words import of_coders
from .charts import Point, Row, Series, forest_plot, key_mark
from .clean import line
from .page_agreement import panels, two, written
from .parts import ReportContent, VariableView
from .row_charts import MACHINES, ends
from .words import WORDS, filled, plain, reason

ANSWERS = {"yes": "✓", "no": "✕", "cannot_say": "?"}
"""A verdict is told by word and sign as well as by colour."""


@dataclass(frozen=True)
class VerdictCell:
    """One candidate's verdict. ``brief``: the reason that decides first; ``needed``: reports, or why no number."""

    judged: Judged
    answer: Words
    sign: str
    brief: Words
    needed: Words


@dataclass(frozen=True)
class VerdictLine:
    """A variable as a whole or a label, with one cell a candidate."""

    name: Words
    strong: bool
    cells: tuple[VerdictCell, ...]


@dataclass(frozen=True)
class VerdictTable:
    """One variable where all were asked; ``rest``: all reports, those not asked counting as absent."""

    variable: VariableView
    lines: tuple[VerdictLine, ...]
    rest: tuple[VerdictLine, ...]


@dataclass(frozen=True)
class Tally:
    """How often a candidate got each answer, where all were asked."""

    mark: str
    name: Words
    kind: Words
    counts: tuple[tuple[str, str, Words, int], ...]


class Verdicts:
    """Everything the section shows."""

    def __init__(self, content: ReportContent) -> None:
        self.content = content
        self.judgement: Judgement | None = content.findings.judgement
        self.rows = self.judgement.rows if self.judgement else ()
        judged = {row.candidate for row in self.rows}
        self.candidates = [c for c in self.judgement.candidates if c in judged] if self.judgement else []
        self.series = [Series(plain(c), *MACHINES[min(i, 3)]) for i, c in enumerate(self.candidates)]
        self.kind = (self.judgement.panel_kind if self.judgement else None) or "synthetic"

    def about(self) -> list[Words]:
        """Against whom, and what so few coders or made-up ones cannot show."""
        assert self.judgement is not None, "asked of a judgement only"
        panel = self.judgement.panel
        if not panel:
            return [WORDS["verdicts_no_panel"]]
        who = of_coders(len(panel), self.kind)
        told, names = WORDS["verdicts_panel"], [line(coder) for coder in panel]
        said = [
            Words(
                zh=told.zh.format(who=who.zh, names="、".join(names)),
                en=told.en.format(who=who.en, names=", ".join(names)),
            )
        ]
        if len(panel) < 3:
            said.append(WORDS["verdicts_one_coder" if len(panel) == 1 else "verdicts_two_coders"])
        if self.kind == "synthetic":
            said.append(WORDS["verdicts_synthetic"])
        return said

    def among(self) -> Words:
        """Heading of the agreement among the coders, whose kind it says."""
        return WORDS[f"among_{self.kind}"]

    def note(self) -> Words:
        """What the figures of the test are."""
        assert self.judgement is not None, "asked of a judgement only"
        return filled("verdicts_table_note", epsilon=f"{self.judgement.epsilon:g}", level=f"{self.judgement.level:g}")

    def plot_lead(self) -> Words:
        """What the drawing shows."""
        assert self.judgement is not None, "asked of a judgement only"
        return filled("verdicts_plot", margin=two(-self.judgement.margin))

    def legend(self) -> list[tuple[str, Words]]:
        """A mark and name of each candidate."""
        return [(key_mark(one), one.name) for one in self.series]

    def tallies(self) -> list[Tally]:
        """Verdicts counted, candidate by candidate."""
        found = []
        for candidate, series in zip(self.candidates, self.series, strict=True):
            answers = Counter(r.verdict.answer for r in self.rows if r.candidate == candidate and r.scope == "asked")
            counts = tuple((a, sign, WORDS[f"answer_{a}"], answers[a]) for a, sign in ANSWERS.items())  # type: ignore[index]
            kind = self.content.study.kind(candidate)
            found.append(Tally(key_mark(series), series.name, WORDS[f"kind_{kind or 'model'}"], counts))
        return found

    def plots(self) -> list[str]:
        """Differences of learned variables and their labels that have one, divided into panels with one axis."""
        rows = []
        for variable in self.content.variables:
            for name, own in self._grouped(variable, "asked") if variable.learned else ():
                points = tuple(_point(name, own.get(c)) for c in self.candidates)
                if any(points):
                    rows.append(Row(name, points, all(r.label is None for r in own.values())))
        if not rows or self.judgement is None:
            return []
        span = ends(rows)
        return [
            forest_plot(panel, self.series, WORDS["difference"], span, self.judgement.margin) for panel in panels(rows)
        ]

    def tables(self) -> list[VerdictTable]:
        """A table a variable."""
        made = []
        for variable in self.content.variables:
            asked, everything = (self._lines(variable, scope) for scope in ("asked", "all"))
            if asked or everything:
                made.append(VerdictTable(variable, asked, everything))
        return made

    def consensus(self) -> list[tuple[Words, Consensus]]:
        """What coders say together, variable by variable and label by label, where all were asked."""
        names = {(v.id, label): name for v in self.content.variables for label, name in _names(v)}
        return [
            (names[one.variable, one.label], one)
            for one in (self.judgement.consensus if self.judgement else ())
            if one.scope == "asked" and one.n
        ]

    def _grouped(self, variable: VariableView, scope: str) -> list[tuple[Words, Mapping[str, Judged]]]:
        """Names of the variable and its labels, each with the rows of the candidates."""
        found: list[tuple[Words, Mapping[str, Judged]]] = []
        for label, name in _names(variable):
            own = {r.candidate: r for r in self.rows if (r.variable, r.label, r.scope) == (variable.id, label, scope)}
            if own:
                found.append((name, own))
        return found

    def _lines(self, variable: VariableView, scope: str) -> tuple[VerdictLine, ...]:
        return tuple(
            VerdictLine(
                name,
                all(r.label is None for r in own.values()),
                tuple(_cell(own[c]) for c in self.candidates if c in own),
            )
            for name, own in self._grouped(variable, scope)
        )


def still_needed(verdict: Verdict) -> Words:
    """Reports that would probably settle what is open, or why no number can be given; a dash where nothing is open."""
    said = []
    if verdict.third_coder is not None:
        n = verdict.third_coder.reports
        said.append(WORDS["needed_third_unknown"] if n is None else filled("needed_third", n=f"{n:,}"))
    if verdict.needed.reports:
        said.append(filled("needed_n", n=f"{verdict.needed.reports:,}"))
    elif verdict.needed.reports is None:
        said.append(reason(verdict.needed.reason))
    if not said:
        return plain("–")
    return Words(zh="；".join(w.zh for w in said), en="; ".join(w.en for w in said))


def _cell(judged: Judged) -> VerdictCell:
    verdict = judged.verdict
    return VerdictCell(
        judged,
        WORDS[f"answer_{verdict.answer}"],
        ANSWERS[verdict.answer],
        WORDS[f"reason_{verdict.reasons[0].code}"],
        still_needed(verdict),
    )


def _names(variable: VariableView) -> list[tuple[str | None, Words]]:
    return [(None, variable.name), *((label.id, label.name) for label in variable.labels)]


def _point(name: Words, row: Judged | None) -> Point | None:
    """None where there is no difference: the table says why."""
    if row is None or row.beside.difference.value is None:
        return None
    found = row.beside.difference
    figure, who = written(found), f"{line(row.candidate)}, n = {row.beside.n}"
    about = Words(zh=f"{name.zh}：{figure}（{who}）", en=f"{name.en}: {figure} ({who})")
    return Point(found.value, found.low, found.high, about)
