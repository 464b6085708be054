"""The tables of ``weijing annotate status``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..report.clean import line
from ..report.words import reason

if TYPE_CHECKING:
    from ..annotation.drift import Drift
    from ..annotation.progress import Progress, Work
    from ..evaluation.estimate import Estimate
    from ..evaluation.rows import PairRow


def lines(found: Progress) -> Iterator[str]:
    """What is known of the coding, as lines; labels one by one in the latest round only."""
    yield f"{found.reports} reports, {found.codes} codes of coders; {found.undecided} reports to adjudicate" + (
        f", {found.changed} of them decided before their codes changed" if found.changed else ""
    )
    if not found.work:
        yield "nothing is planned or coded yet"
        return
    yield ""
    yield from _work(found.work)
    for one in found.agreement:
        if one.reason:
            yield from ("", f"{_round(one.round)}: {one.reason}")
        pairs = dict.fromkeys((row.coder_a, row.coder_b) for row in one.pairs)
        for a, b in pairs:
            rows = [row for row in one.pairs if (row.coder_a, row.coder_b) == (a, b) and row.scope == "asked"]
            last = one is found.agreement[-1]
            yield ""
            yield from _agreement(f"{_round(one.round)}: {line(a)} – {line(b)}", rows, last)
    if found.not_independent:
        yield f"{found.not_independent} codes were given with sight of others or of predictions and are left out here"
    yield ""
    if found.drift_reason:
        yield found.drift_reason
    else:
        yield from _drift(found.drift)


def _work(work: Sequence[Work]) -> Iterator[str]:
    yield f"{'round':>8}  {'coder':20}{'assigned':>9}{'coded':>7}{'open':>6}{'problems':>10}{'s a report':>12}"
    for w in work:
        time = "–" if w.lead_time is None else f"{w.lead_time:.0f}"
        number = "–" if w.round is None else w.round
        yield f"{number:>8}  {line(w.coder):20}{w.assigned:9}{w.coded:7}{w.open:6}{w.problems:10}{time:>12}"


def _agreement(title: str, rows: Sequence[PairRow], labels: bool) -> Iterator[str]:
    yield f"{title:44}{'n':>5}{'same':>6}{'shares':>12}  alpha"
    for row in rows:
        if row.label is None or labels:
            mean = " (mean of its labels)" if row.alpha_kind == "mean_label_alpha" else ""
            name = f"    {row.label}" if row.label else f"  {row.variable}{mean}"
            yield f"{name:44}{row.n:5}{_two(row.percent):>6}{_shares(row):>12}  {_estimate(row.alpha)}"


def _drift(rows: Sequence[Drift]) -> Iterator[str]:
    judged = [row for row in rows if row.change.low is not None]
    flagged = [row for row in rows if row.flagged]
    yield (
        f"drift, the latest round less those before: {len(flagged)} of {len(judged)} changes have an interval "
        f"without 0 (not adjusted: about {len(judged) * 0.05:.0f} would by chance)"
    )
    if len(judged) < len(rows):
        yield f"  {len(rows) - len(judged)} changes rest on too few reports, or reports of one story, to be judged"
    if any(row.what == "share" for row in flagged):
        yield "  a share also changes where the reports of the rounds differ"
    for row in flagged:
        values = " → ".join(f"{value:.2f} (round {n}, {of})" for n, (value, of) in row.values.items())
        name = f"{row.variable} {row.label or ''}".strip()
        yield f"  {line(row.coder)}, {name}, {row.what}: {values}; change {_estimate(row.change)}"


def _round(number: int | None) -> str:
    return "no round" if number is None else f"round {number}"


def _shares(row: PairRow) -> str:
    if row.prevalence_a is None or row.prevalence_b is None:
        return ""
    return f"{row.prevalence_a:.2f} {row.prevalence_b:.2f}"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _estimate(found: Estimate) -> str:
    if found.value is None:
        return reason(found.reason).en
    # An interval that is a point says nothing.
    point = found.low is None or found.interval_note is not None
    written = f"{found.value:.2f}" if point else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
    return written.replace("-0.00", "0.00")
