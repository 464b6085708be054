"""Krippendorff's alpha for any number of coders and missing codes.

Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, the parts on missing data and on all
metrics. Values agree with the worked example of that text; see docs/methods.md.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..bootstrap import ClusterBootstrap, estimate
from ..estimate import NO_PAIRS, NO_VARIATION, Estimate, Floats, Ints, divide
from ..pseudo import pseudo_clusters
from ..ratings import Ratings
from .distances import distances

PlainMetric = Literal["nominal", "ordinal"]
Metric = Literal["nominal", "ordinal", "interval", "ratio", "masi", "jaccard"]


def coincidences(counts: Ints) -> Floats:
    """(units, K, K) coincidence contributions of (units, K) counts of codes.

    A unit with m >= 2 codes gives each ordered pair of its codes 1/(m - 1), so that it contributes m in all
    (Krippendorff 2011, "observed coincidences"); a unit with fewer gives nothing.
    """
    n = counts.astype(np.float64)
    m = n.sum(axis=1)
    pairs = n[:, :, None] * n[:, None, :]
    diagonal = np.arange(n.shape[1])
    pairs[:, diagonal, diagonal] -= n
    shared: Floats = pairs / np.maximum(m - 1, 1)[:, None, None]
    return shared


def pair_disagreement(counts: Ints, distance: Floats) -> Floats:
    """(units,) sum of the distances of all ordered pairs of a unit's codes, from (units, K) counts."""
    n = counts.astype(np.float64)
    total: Floats = ((n @ distance) * n).sum(axis=1)  # a code is at no distance from itself: no pair to leave out
    return total


def ordinal_distances(marginals: Floats) -> Floats:
    """(..., K, K) squared sums of n_g from c to k less half of both ends (differences of mid-ranks); n_g: (..., K)."""
    middle = np.cumsum(marginals, axis=-1) - marginals / 2
    return np.square(middle[..., :, None] - middle[..., None, :])


def alpha_of(observed: Floats, metric: PlainMetric) -> Floats:
    """Alpha (...) of coincidence matrices (..., K, K), by a metric that needs no more; NaN where undefined."""
    marginals = observed.sum(axis=-1)
    k = marginals.shape[-1]
    distance = ordinal_distances(marginals) if metric == "ordinal" else distances("nominal", range(k))
    return alpha_of_sums((observed * distance).sum(axis=(-2, -1)), marginals, distance)


def alpha_of_sums(disagreement: Floats, marginals: Floats, distance: Floats) -> Floats:
    """Alpha (...); NaN where undefined.

    alpha = 1 - (n - 1) sum_ck o_ck d_ck / sum_ck n_c n_k d_ck. ``disagreement``: (...) the first sum; ``marginals``:
    (..., K) n_c, how many pairable codes are c, n in all; ``distance``: (K, K) or (..., K, K) d_ck.
    """
    n: Floats = marginals.sum(axis=-1)
    expected = ((marginals[..., None, :] @ distance)[..., 0, :] * marginals).sum(axis=-1)
    return 1.0 - (n - 1) * divide(disagreement, expected)


def krippendorff_alpha(
    ratings: Ratings,
    metric: Metric = "nominal",
    bootstrap: ClusterBootstrap | None = ClusterBootstrap(),  # noqa: B008  (frozen)
) -> Estimate:
    """Krippendorff's alpha with a clustered interval.

    ``n`` of the result is the number of units with at least two codes. Undefined with reason ``no_pairs`` (no
    such unit) or ``no_variation`` (those units have one category only). ``masi`` and ``jaccard`` are for label sets
    (``Ratings.from_label_sets``). ValueError for categories that the metric cannot take.
    """
    counts = ratings.counts()
    counts[counts.sum(axis=1) < 2] = 0
    occurs = counts.sum(axis=0) > 0
    own = [c for c, found in zip(ratings.categories, occurs, strict=True) if found]
    distance = None if metric == "ordinal" else distances(metric, own)
    return counts_alpha(counts[:, occurs], ratings.clusters, bootstrap, distance)


def counts_alpha(counts: Ints, clusters: Ints, bootstrap: ClusterBootstrap | None, distance: Floats | None) -> Estimate:
    """Alpha of (units, K) counts of codes in (units,) clusters, as ``krippendorff_alpha``.

    ``distance``: (K, K) between categories; None: the ordinal ones, which depend on how often each occurs. A unit
    contributes its disagreement and its counts, K + 1 numbers, so that hundreds of distinct sets do no harm; by the
    ordinal metric K².
    """
    pairable = counts.sum(axis=1) >= 2
    counts, clusters = counts[pairable], clusters[pairable]
    if not len(counts):
        return Estimate(None, reason=NO_PAIRS)
    k = counts.shape[1]

    def contribute(counts: Ints) -> Floats:
        if distance is None:
            return coincidences(counts).reshape(len(counts), k * k)
        return np.column_stack([pair_disagreement(counts, distance) / (counts.sum(axis=1) - 1), counts])

    def statistic(sums: Floats) -> Floats:
        if distance is None:
            return alpha_of(sums.reshape(*sums.shape[:-1], k, k), "ordinal")[..., None]
        return alpha_of_sums(sums[..., 0], sums[..., 1:], distance)[..., None]

    return estimate(
        statistic,
        contribute(counts),
        clusters,
        bootstrap,
        n=len(counts),
        reasons=lambda _: NO_VARIATION,
        pseudo=pseudo_clusters(contribute, counts, counts.sum() / 2 / len(np.unique(clusters))),
    )[0]
