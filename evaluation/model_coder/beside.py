"""How far coders agree with each other, beside how far the candidate agrees with them, on the same reports.

Agreement is Krippendorff's alpha of the variable: nominal, ordinal, and for label sets the mean of the labels'
alphas. Among coders it goes over all pairs of coders, with the candidate over all pairs of a coder and the candidate;
a report coded by m coders counts m in both. All figures of a comparison come from the same draws of stories, so that
their difference has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..agreement.alpha import PlainMetric, alpha_of, coincidences
from ..bootstrap import ClusterBootstrap, estimate
from ..estimate import NO_DEFINED_LABEL, NO_PAIRS, NO_VARIATION, Bools, Estimate, Floats, Ints, mean_defined
from ..pseudo import Pseudo, pseudo_clusters, side_by_side
from .codings import Codings

Agreement = Literal["nominal", "ordinal", "mean_label_alpha"]


@dataclass(frozen=True)
class Replaced:
    """The candidate in the place of one coder, on the ``n`` reports that this coder, another and the candidate coded.

    ``together``: alpha of all coders; ``replaced``: with the candidate's codes instead of this coder's;
    ``difference``: the second less the first; ``without``: alpha of the coders who remain (None with fewer than two).
    """

    coder: str
    n: int
    together: Estimate
    replaced: Estimate
    difference: Estimate
    without: Estimate


@dataclass(frozen=True)
class Beside:
    """Agreement on the ``n`` reports (``n_clusters`` stories) that the candidate and at least two coders coded.

    ``difference``: ``with_candidate`` less ``among_coders``; below 0 the candidate agrees less. ``n_varied``: stories
    where a coder gave another code than the commonest, on which every figure here rests. ``n_passed_over``: reports
    that two coders coded and the candidate did not.
    """

    candidate: str
    measure: Agreement
    n: int
    n_clusters: int
    n_varied: int
    n_passed_over: int
    among_coders: Estimate
    with_candidate: Estimate
    difference: Estimate
    left_out: tuple[Replaced, ...]


def beside(
    codings: Codings, panel: Sequence[str], candidate: str, clusters: Ints, bootstrap: ClusterBootstrap | None
) -> Beside:
    """Compare. ``clusters``: (units,) story of each report. ValueError if the candidate has no codes."""
    rows, c = codings.rows(panel), codings.row(candidate)
    shared: Bools = codings.coded[rows].sum(axis=0) >= 2
    both: Bools = shared & codings.coded[c]
    people, its = codings.counts(rows)[both], codings.counts([c])[both]
    among, with_it, difference = _compared(
        codings, [_coincidences(people), _crossed(people, its)], clusters[both], bootstrap
    )
    return Beside(
        candidate=candidate,
        measure="mean_label_alpha" if codings.measure == "sets" else codings.measure,
        n=int(both.sum()),
        n_clusters=len(np.unique(clusters[both])),
        n_varied=_varied(codings, rows, both, clusters),
        n_passed_over=int((shared & ~codings.coded[c]).sum()),
        among_coders=among,
        with_candidate=with_it,
        difference=difference,
        left_out=tuple(_replaced(codings, rows, j, c, clusters, bootstrap) for j in rows) if len(rows) > 1 else (),
    )


def _replaced(
    codings: Codings, rows: list[int], j: int, candidate: int, clusters: Ints, bootstrap: ClusterBootstrap | None
) -> Replaced:
    others = [k for k in rows if k != j]
    coded = codings.coded
    used: Bools = coded[j] & coded[candidate] & coded[others].any(axis=0)
    rest, own, its = (codings.counts(of)[used] for of in (others, [j], [candidate]))
    matrices = [_coincidences(rest + own), _coincidences(rest + its)]
    together, replaced, difference = _compared(codings, matrices, clusters[used], bootstrap)
    two: Bools = rest[:, 0].sum(axis=-1) >= 2
    without = _compared(codings, [_coincidences(rest[two])], clusters[used][two], bootstrap)[0]
    return Replaced(codings.coders[j], int(used.sum()), together, replaced, difference, without)


def _compared(
    codings: Codings, matrices: list[Floats], clusters: Ints, bootstrap: ClusterBootstrap | None
) -> list[Estimate]:
    """Alphas of (units, features, K, K) coincidences, then the second less the first if there are two.

    Over several features each is a mean over those where both are defined.
    """
    n, features, k, _ = matrices[0].shape
    metric: PlainMetric = "ordinal" if codings.measure == "ordinal" else "nominal"
    contributions = np.stack(matrices, axis=1).reshape(n, len(matrices) * features * k * k)

    def statistic(sums: Floats) -> Floats:
        alphas = alpha_of(sums.reshape(*sums.shape[:-1], len(matrices), features, k, k), metric)
        everywhere = ~np.isnan(alphas).any(axis=-2, keepdims=True)
        if features > 1:
            alphas = np.where(everywhere, alphas, np.nan)
        means = mean_defined(alphas)
        return np.concatenate([means, means[..., 1:2] - means[..., :1]], axis=-1) if len(matrices) > 1 else means

    undefined = NO_DEFINED_LABEL if features > 1 else NO_VARIATION
    return estimate(
        statistic,
        contributions,
        clusters,
        bootstrap,
        n=n,
        reasons=lambda _: undefined if n else NO_PAIRS,
        pseudo=side_by_side([_pseudo(m[:, f], clusters) for m in matrices for f in range(features)]) if n else None,
    )


def _pseudo(matrices: Floats, clusters: Ints) -> Pseudo:
    """Pseudo-clusters of (units, K, K) coincidences; none where alpha is undefined, and remains so in every draw."""
    k = matrices.shape[-1]
    marginals = matrices.sum(axis=-1)
    if (marginals.sum(axis=0) > 0).sum() < 2:
        return Pseudo(np.zeros((0, k * k)), np.zeros(0))
    pairs = marginals.sum() / 2 / len(np.unique(clusters))
    return pseudo_clusters(lambda counts: coincidences(counts).reshape(len(counts), k * k), marginals, pairs)


def _coincidences(counts: Ints) -> Floats:
    """(units, features, K, K) of (units, features, K) counts."""
    n, features, k = counts.shape
    return coincidences(counts.reshape(n * features, k)).reshape(n, features, k, k)


def _crossed(people: Ints, its: Ints) -> Floats:
    """Coincidences of coders with the candidate, half in each order: a unit of m coders gives m in all."""
    pairs = people[..., :, None] * its[..., None, :]
    crossed: Floats = (pairs + np.swapaxes(pairs, -1, -2)) / 2
    return crossed


def _varied(codings: Codings, rows: list[int], both: Bools, clusters: Ints) -> int:
    """Stories where a coder gave another code than the commonest code of the coders."""
    given = codings.coded[rows] & both
    if not given.any():
        return 0
    _, code, times = np.unique(codings.values[rows][given], axis=0, return_inverse=True, return_counts=True)
    unit = np.nonzero(given)[1]
    return len(np.unique(clusters[unit[code.reshape(-1) != times.argmax()]]))
