"""Scores of a coder by kinds of reports (slices), and whether a kind is coded better or worse than the rest.

Scores are ratios of sums, which every slice can be compared by: agreement (the very same code or labels), F1 of each
label, and for a multi variable micro-F1. Not macro-F1: it averages the labels that occur, and slices differ in those.

Many levels of many slices are compared, so p-values are adjusted over all tests of a variable (``multiplicity.py``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...configs.codebook import Codebook
from ..bootstrap import ClusterBootstrap, estimate
from ..classification import outcomes
from ..estimate import NO_POSITIVES, NO_UNITS, Estimate, Floats, Ints, divide
from ..tables import CodesByCoder
from .against import Against, against
from .multiplicity import adjusted
from .permutation import Permutations, permutation_p

Measure = Literal["agreement", "micro_f1", "f1"]
Slices = Mapping[str, Mapping[str, str]]
"""slice → report id → level; a report without a level is left out of that slice."""

DEFAULT = ClusterBootstrap()
LEAST_GROUPS = 10
"""Reprint groups that must bear on a score, within the level and without, for an interval and a test."""
FALSE_DISCOVERIES = 0.05
CELLS_AT_ONCE = 20_000_000

TOO_FEW_GROUPS = "too_few_groups"
"""Fewer than ``LEAST_GROUPS`` reprint groups bear on the score, in the level or in the rest."""
ONE_LEVEL = "one_level"
"""All reports are of this level: there is no rest."""


@dataclass(frozen=True)
class SliceRow:
    """A coder's score on the reports of one level of a slice, beside the rest of the slice.

    ``n`` reports of ``n_clusters`` reprint groups are of the level; ``n_bearing`` groups bear on the score (for F1,
    the label is in reference or coder), ``n_bearing_rest`` of those outside. ``difference``: score less rest. ``p`` is
    of the permutation test, ``p_adjusted`` accounts for all tests of the variable, ``flagged``: it is at most
    ``FALSE_DISCOVERIES``. ``reason`` says why there is no test. In a slice of two levels both rows show one test.
    """

    slice: str
    level: str
    measure: Measure
    label: str | None
    n: int
    n_clusters: int
    n_bearing: int
    n_bearing_rest: int
    score: Estimate
    rest: Estimate
    difference: Estimate
    p: float | None = None
    p_adjusted: float | None = None
    flagged: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class SliceScores:
    """All slices of a variable and coder, on ``n`` reports that reference and coder coded; ``n_tests`` were made."""

    variable: str
    coder: str
    reference: str
    n: int
    n_clusters: int
    n_tests: int
    rows: tuple[SliceRow, ...]


def slice_scores(
    codebook: Codebook,
    codes: CodesByCoder,
    clusters: Mapping[str, Hashable],
    slices: Slices,
    *,
    reference: str,
    bootstrap: ClusterBootstrap | None = DEFAULT,
    permutations: Permutations = Permutations(),  # noqa: B008  (frozen)
) -> list[SliceScores]:
    """Scores by slices of every coder but the reference, of each learned variable, where both were asked it.

    ``clusters``: reprint group of each report; one that is not in it is a group of its own. UserError for an unknown
    reference or a value that the codebook does not allow.
    """
    found = []
    for one in against(codebook, codebook.learned, codes, clusters, reference):
        scores, parts = _ratios(one)
        n_tests, rows = _adjusted(
            [
                row
                for name, levels in slices.items()
                for row in _rows(name, levels, one, scores, parts, bootstrap, permutations)
            ]
        )
        n_clusters = len(np.unique(one.clusters))
        found.append(
            SliceScores(one.variable.id, one.coder, reference, len(one.report_ids), n_clusters, n_tests, tuple(rows))
        )
    return found


def _ratios(one: Against) -> tuple[list[tuple[Measure, str | None]], Floats]:
    """The scores of a variable, and what each unit adds to their numerators and denominators, (units, scores, 2)."""
    has, gave = one.has, one.gave
    tp, fp, fn, _ = np.moveaxis(outcomes(has, gave), -1, 0)
    f1 = np.stack([2 * tp, 2 * tp + fp + fn], axis=-1)
    same = np.stack([(has == gave).all(axis=1), np.ones(len(has))], axis=-1)
    scores: list[tuple[Measure, str | None]] = [("agreement", None)]
    parts = [same[:, None]]
    if one.variable.type == "multi":
        scores.append(("micro_f1", None))
        parts.append(f1.sum(axis=1)[:, None])
    labels: Sequence[str | None] = one.variable.label_ids or [None]
    scores += [("f1", label) for label in labels]
    return scores, np.concatenate([*parts, f1], axis=1)


def _rows(
    name: str,
    levels: Mapping[str, str],
    one: Against,
    scores: Sequence[tuple[Measure, str | None]],
    parts: Floats,
    bootstrap: ClusterBootstrap | None,
    permutations: Permutations,
) -> Iterator[SliceRow]:
    """Rows of one slice, level by level in sorted order, with p-values that are not adjusted."""
    known = np.array([report in levels for report in one.report_ids], dtype=np.bool_)
    if not known.any():
        return
    parts, clusters = parts[known], one.clusters[known]
    names, position = np.unique([levels[r] for r in one.report_ids if r in levels], return_inverse=True)
    _, group = np.unique(clusters, return_inverse=True)
    n_groups = int(group.max()) + 1
    sums = np.zeros((n_groups, len(scores), 2))
    np.add.at(sums, group, parts)
    # A story whose reprints are of several levels is tested as one of the level that most of them are of.
    members = np.zeros((n_groups, len(names)))
    np.add.at(members, (group, position), 1)
    home = members.argmax(axis=1)
    first: list[float | None] = []
    bears = sums[..., 1] > 0
    estimates = _estimates(parts, position, len(names), clusters, bootstrap)
    for k, (level, found) in enumerate(zip(names.tolist(), estimates, strict=True)):
        here, inside = position == k, home == k
        enough = [bears[side].sum(axis=0) >= LEAST_GROUPS for side in (inside, ~inside)]
        allowed = (enough[0], enough[1], enough[0] & enough[1])
        tested: list[float | None] = []
        for q, (measure, label) in enumerate(scores):
            score, rest, difference = (
                _without_interval(side[q], bool(is_so[q])) for side, is_so in zip(found, allowed, strict=True)
            )
            reason = ONE_LEVEL if len(names) == 1 else difference.reason
            p = None
            if reason is None and not allowed[2][q]:
                reason = TOO_FEW_GROUPS
            if reason is None:
                # Of two levels, either is the rest of the other.
                p = first[q] if k and len(names) == 2 else permutation_p(sums[:, q], inside, permutations)
            tested.append(p)
            yield SliceRow(
                name,
                level,
                measure,
                label,
                n=int(here.sum()),
                n_clusters=len(np.unique(clusters[here])),
                n_bearing=int(bears[inside, q].sum()),
                n_bearing_rest=int(bears[~inside, q].sum()),
                score=score,
                rest=rest,
                difference=difference,
                p=p,
                reason=reason,
            )
        first = first or tested


def _estimates(
    parts: Floats, position: Ints, n_levels: int, clusters: Ints, bootstrap: ClusterBootstrap | None
) -> Iterator[list[list[Estimate]]]:
    """Level by level: score, rest and difference (3) of each score, [3][scores]."""
    n, n_scores, _ = parts.shape
    # Levels share their draws, as many at a time as memory holds.
    at_once = max(1, CELLS_AT_ONCE // (n * n_scores * 2))
    sizes = np.bincount(position, minlength=n_levels)
    for start in range(0, n_levels, at_once):
        levels = range(start, min(start + at_once, n_levels))
        k = len(levels)
        of_level = parts[:, None] * (position[:, None] == np.array(levels))[..., None, None]

        def statistic(totals: Floats, k: int = k) -> Floats:
            sums = totals.reshape(*totals.shape[:-1], k + 1, n_scores, 2)
            here = sums[..., :k, :, :]
            rest = sums[..., k:, :, :] - here
            scores = [divide(side[..., 0], side[..., 1]) for side in (here, rest)]
            together = np.stack([*scores, scores[0] - scores[1]], axis=-2)
            return together.reshape(*totals.shape[:-1], k * 3 * n_scores)

        found = estimate(
            statistic,
            np.concatenate([of_level, parts[:, None]], axis=1).reshape(n, -1),
            clusters,
            bootstrap,
            n=n,
            reasons=lambda q: NO_UNITS if n_levels == 1 and q >= n_scores else NO_POSITIVES,
        )
        for i, level in enumerate(levels):
            counts = (int(sizes[level]), n - int(sizes[level]), n)
            own = found[i * 3 * n_scores : (i + 1) * 3 * n_scores]
            yield [
                [replace(e, n=counts[side]) for e in own[side * n_scores : (side + 1) * n_scores]] for side in range(3)
            ]


def _without_interval(found: Estimate, enough: bool) -> Estimate:
    if enough or found.value is None:
        return found
    return replace(found, low=None, high=None, undefined_share=None, interval_note=TOO_FEW_GROUPS)


def _adjusted(rows: Sequence[SliceRow]) -> tuple[int, list[SliceRow]]:
    """The number of tests, and the rows with p-values adjusted over them; a slice of two levels has one test."""
    two = {name for name in {r.slice for r in rows} if len({r.level for r in rows if r.slice == name}) == 2}
    keys = [(r.slice, None if r.slice in two else r.level, r.measure, r.label) for r in rows]
    tests = {key: r.p for key, r in zip(keys, rows, strict=True) if r.p is not None}
    over_all = adjusted(tests)
    return len(tests), [
        r if r.p is None else replace(r, p_adjusted=over_all[key], flagged=over_all[key] <= FALSE_DISCOVERIES)
        for key, r in zip(keys, rows, strict=True)
    ]
