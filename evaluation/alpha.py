"""Krippendorff's alpha for any number of coders and missing codes.

Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, the parts on missing data and on all
metrics. Values agree with the worked example of that text; see docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from .bootstrap import ClusterBootstrap, estimate
from .estimate import NO_PAIRS, NO_VARIATION, Estimate, Floats, Ints, divide
from .pseudo import pseudo_clusters
from .ratings import Ratings

Metric = Literal["nominal", "ordinal", "interval", "ratio"]
Difference = Callable[[Floats], Floats]
"""From marginals (..., K) to squared differences between categories, (K, K) or (..., K, K)."""


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


def differences(metric: Metric, marginals: Floats, numbers: Floats | None = None) -> Floats:
    """Squared differences (..., K, K) between categories; the ordinal ones depend on the (..., K) marginals.

    ``numbers``: (K,) values of the categories, for the interval and ratio metrics.
    """
    k = marginals.shape[-1]
    if metric == "nominal":
        return 1.0 - np.eye(k)
    if metric == "ordinal":  # sum of n_g from c to k less half of both ends = difference of mid-ranks
        middle = np.cumsum(marginals, axis=-1) - marginals / 2
        return np.square(middle[..., :, None] - middle[..., None, :])
    if metric not in ("interval", "ratio"):
        raise ValueError(f"unknown metric {metric!r}")
    if numbers is None:
        raise ValueError(f"the {metric} metric needs the categories' numbers")
    gap: Floats = numbers[:, None] - numbers[None, :]
    if metric == "ratio":
        if (numbers < 0).any():
            raise ValueError("the ratio metric needs numbers that are not negative")
        gap = divide(gap, numbers[:, None] + numbers[None, :])
        gap[np.isnan(gap)] = 0.0  # both categories are 0
    return gap * gap


NOMINAL: Difference = partial(differences, "nominal")


def alpha_of(observed: Floats, metric: Metric, numbers: Floats | None = None) -> Floats:
    """Alpha (...) of coincidence matrices (..., K, K); NaN where undefined."""
    return alpha_by(observed, partial(differences, metric, numbers=numbers))


def alpha_by(observed: Floats, difference: Difference) -> Floats:
    """Alpha (...) of coincidence matrices (..., K, K) by any squared difference; NaN where undefined.

    alpha = 1 - (n - 1) sum_ck o_ck d_ck / sum_ck n_c n_k d_ck, with n_c = sum_k o_ck and n = sum_c n_c.
    """
    marginals = observed.sum(axis=-1)
    n: Floats = marginals.sum(axis=-1)
    d = difference(marginals)
    disagreement = (observed * d).sum(axis=(-2, -1))
    chance = (marginals[..., :, None] * marginals[..., None, :] * d).sum(axis=(-2, -1))
    return 1.0 - (n - 1) * divide(disagreement, chance)


def krippendorff_alpha(
    ratings: Ratings,
    metric: Metric = "nominal",
    bootstrap: ClusterBootstrap | None = ClusterBootstrap(),  # noqa: B008  (frozen)
) -> Estimate:
    """Krippendorff's alpha with a clustered interval.

    ``n`` of the result is the number of units with at least two codes. Undefined with reason ``no_pairs`` (no
    such unit) or ``no_variation`` (those units have one category only). Memory grows with the square of the
    number of categories that occur: meant for codes, not for measurements with hundreds of values.
    """
    counts = ratings.counts()
    counts[counts.sum(axis=1) < 2] = 0
    occurs = counts.sum(axis=0) > 0
    numbers = ratings.numbers()[occurs] if metric in ("interval", "ratio") else None
    difference = partial(differences, metric, numbers=numbers)
    return counts_alpha(counts[:, occurs], ratings.clusters, bootstrap, difference)


def counts_alpha(
    counts: Ints, clusters: Ints, bootstrap: ClusterBootstrap | None, difference: Difference = NOMINAL
) -> Estimate:
    """Alpha of (units, K) counts of codes in (units,) clusters, as ``krippendorff_alpha``, by any difference."""
    pairable = counts.sum(axis=1) >= 2
    counts, clusters = counts[pairable], clusters[pairable]
    if not len(counts):
        return Estimate(None, reason=NO_PAIRS)
    k = counts.shape[1]

    def contribute(counts: Ints) -> Floats:
        return coincidences(counts).reshape(len(counts), k * k)

    def statistic(sums: Floats) -> Floats:
        return alpha_by(sums.reshape(*sums.shape[:-1], k, k), difference)[..., None]

    return estimate(
        statistic,
        contribute(counts),
        clusters,
        bootstrap,
        n=len(counts),
        reasons=lambda _: NO_VARIATION,
        pseudo=pseudo_clusters(contribute, counts, counts.sum() / 2 / len(np.unique(clusters))),
    )[0]
