"""Agreement on evidence: which characters of a report two coders marked.

Two views. F1 of the characters marked, averaged over reports, says how much of one coder's evidence the other marked
too. The unitizing coefficient |uα corrects for chance: Krippendorff, Mathet, Bouvry & Widlöcher (2016), On the
reliability of unitizing textual continua, Quality & Quantity 50, the binary member of the family, which tells marked
from unmarked matter and nothing else; Krippendorff (2019), Content Analysis, 4th ed., section 12.6, equations 32, 33
and 35. The continuum is all reports that both coders coded, one after the other; no span reaches into the next report.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...configs.errors import UserError
from ..bootstrap import ClusterBootstrap, estimate
from ..estimate import NO_UNITS, NO_VARIATION, Bools, Estimate, Floats, Ints, divide
from ..ratings import cluster_vector

DEFAULT = ClusterBootstrap()

NO_SPANS = "no_spans"
"""Neither coder marked anything."""
NO_COMMON_REPORT = "no_common_report"
"""In no report did both coders mark something."""

Segment = tuple[int, int]
"""Characters ``start`` to ``end``, ``end`` not included, counted in code points."""

Marked = Mapping[str, Mapping[str | None, Sequence[Segment]]]
"""report id → label (None for a variable without labels) → what was marked; coded but nothing marked: no labels."""


@dataclass(frozen=True)
class SpanRow:
    """Agreement of two coders on the evidence of a variable (``label`` None: whatever the label) or of one label.

    Of ``n`` reports that both coded, of ``n_clusters`` reprint groups, both marked something in ``n_both``, one of
    them alone in ``n_one``, neither in ``n_neither``. ``f1``: mean over ``n_both`` and ``n_one`` (where it is 0, so
    that disagreement about the code counts too); ``f1_both``: mean over ``n_both``, whether coders who see the same
    thing see it in the same words. ``alpha``: |uα over the ``n`` reports; ``alpha_both``: over those ``n_both``.
    """

    variable: str
    label: str | None
    coder_a: str
    coder_b: str
    n: int
    n_clusters: int
    n_both: int
    n_one: int
    n_neither: int
    f1: Estimate
    f1_both: Estimate
    alpha: Estimate
    alpha_both: Estimate


def span_rows(
    variable: str,
    marked: Mapping[str, Marked],
    lengths: Mapping[str, int],
    clusters: Mapping[str, Hashable],
    *,
    labels: Sequence[str] = (),
    bootstrap: ClusterBootstrap | None = DEFAULT,
) -> list[SpanRow]:
    """Rows of every pair of coders: the variable as a whole first, then each of ``labels``.

    ``marked``: coder → what the coder marked in each report coded. ``lengths``: characters of each report's text.
    ``clusters``: reprint group of each report; one that is not in it is a group of its own. UserError for a span that
    does not lie in its report.
    """
    rows = []
    for a, b in combinations(marked, 2):
        reports = [report for report in marked[a] if report in marked[b]]
        groups = cluster_vector(reports, clusters)
        for label in (None, *labels):
            pairs = [
                tuple(_segments(marked[coder][report], label, lengths, report, coder) for coder in (a, b))
                for report in reports
            ]
            sums = np.array([unitizing_sums(p, lengths[r]) for p, r in zip(pairs, reports, strict=True)])
            sizes = np.array([[sum(e - s for s, e in one) for one in pair] for pair in pairs], dtype=np.float64)
            rows.append(
                _row(variable, label, a, b, sums.reshape(-1, 4), sizes.reshape(-1, 2), groups, bootstrap=bootstrap)
            )
    return rows


def merged(segments: Iterable[Segment]) -> list[Segment]:
    """Segments in order, those that overlap made one. Those that only touch stay two: they are two units."""
    done: list[Segment] = []
    for start, end in sorted(segments):
        if done and start < done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return done


def unitizing_sums(coders: Sequence[Sequence[Segment]], length: int) -> Floats:
    """(4,) what a continuum of ``length`` characters adds to |uα, from the ``merged`` segments of its m >= 2 coders.

    The lengths on which two coders differ, over all pairs and divided by m - 1 (ℓ between marked and unmarked, equation
    32); what was marked, over all coders; m times the length; and what would pair with itself (equation 33): the
    square of each segment's length, and of unmarked matter, which has no units, its length.
    """
    m = len(coders)
    sizes = [sum(end - start for start, end in segments) for segments in coders]
    differ = sum(sizes[i] + sizes[j] - 2 * _common(coders[i], coders[j]) for i, j in combinations(range(m), 2))
    squares = sum((end - start) ** 2 for segments in coders for start, end in segments)
    return np.array([differ / (m - 1), sum(sizes), m * length, squares + m * length - sum(sizes)], dtype=np.float64)


def unitizing_alpha(sums: Floats) -> Floats:
    """|uα (...) of summed ``unitizing_sums`` (..., 4); NaN where all is marked, or nothing.

    1 - D_o / D_e, with D_o = 2ℓ_mu and D_e = 2ℓ_m ℓ_u / (ℓ - s/ℓ): ℓ_mu is marked by one and unmarked by another, ℓ_m
    marked, ℓ_u unmarked, ℓ all, s what would pair with itself. Were every character a segment of its own, s would be
    ℓ, and this Krippendorff's nominal alpha of characters.
    """
    differ, marked, total, itself = np.moveaxis(sums, -1, 0)
    return 1 - divide(differ * (total - divide(itself, total)), marked * (total - marked))


def _common(a: Sequence[Segment], b: Sequence[Segment]) -> int:
    """Characters in segments of both."""
    common, i, j = 0, 0, 0
    while i < len(a) and j < len(b):
        common += max(0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return common


def _segments(
    own: Mapping[str | None, Sequence[Segment]],
    label: str | None,
    lengths: Mapping[str, int],
    report: str,
    by: str,
) -> list[Segment]:
    spans = [s for spans in own.values() for s in spans] if label is None else own.get(label, ())
    for start, end in spans:
        if not 0 <= start < end <= lengths[report]:
            raise UserError(
                f"report {report}, coder {by}: the evidence from {start} to {end} does not lie in the text, which has "
                f"{lengths[report]} characters; mark it anew"
            )
    return merged(spans)


def _row(
    variable: str,
    label: str | None,
    a: str,
    b: str,
    sums: Floats,
    sizes: Floats,
    groups: Ints,
    *,
    bootstrap: ClusterBootstrap | None,
) -> SpanRow:
    """``sums``: (reports, 4); ``sizes``: (reports, 2) characters that each coder marked."""
    marks = (sizes > 0).sum(axis=1)
    both: Bools = np.equal(marks, 2)
    either: Bools = np.greater(marks, 0)
    # Of two coders, 2 |A and B| = |A| + |B| - the characters on which they differ.
    f1 = 1 - divide(sums[:, 0], sizes.sum(axis=1))
    n, n_both = len(groups), int(both.sum())

    def mean(chosen: Bools, reason: str) -> Estimate:
        values = np.column_stack([f1[chosen], np.ones(chosen.sum())])
        return estimate(
            lambda s: divide(s[..., :1], s[..., 1:]),
            values,
            groups[chosen],
            bootstrap,
            n=len(values),
            reasons=lambda _: reason if n else NO_UNITS,
        )[0]

    def alpha(chosen: Bools, reason: str) -> Estimate:
        return estimate(
            lambda s: unitizing_alpha(s)[..., None],
            sums[chosen],
            groups[chosen],
            bootstrap,
            n=int(chosen.sum()),
            reasons=lambda _: reason if n else NO_UNITS,
        )[0]

    return SpanRow(
        variable,
        label,
        a,
        b,
        n=n,
        n_clusters=len(np.unique(groups)),
        n_both=n_both,
        n_one=int(either.sum()) - n_both,
        n_neither=n - int(either.sum()),
        f1=mean(either, NO_SPANS),
        f1_both=mean(both, NO_COMMON_REPORT),
        alpha=alpha(np.ones(n, dtype=np.bool_), NO_VARIATION if either.any() else NO_SPANS),
        alpha_both=alpha(both, NO_VARIATION if n_both else NO_COMMON_REPORT),
    )
