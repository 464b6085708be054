"""The cluster bootstrap: whole reprint groups are drawn with replacement.

Every statistic here is a function of sums over units, so a draw is a weighted sum: draws x clusters weights
times clusters x sums contributions. Source: Field & Welsh (2007), Bootstrapping clustered data, J. R.
Statist. Soc. B 69 ("cluster bootstrap"); percentile interval: Efron & Tibshirani (1993), An Introduction to
the Bootstrap, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .estimate import ALL_DRAWS_UNDEFINED, NO_SPREAD, ONE_CLUSTER, Estimate, Floats, Ints

Statistic = Callable[[Floats], Floats]
"""From sums (..., S) to Q statistics (..., Q), NaN where undefined."""

CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class ClusterBootstrap:
    """How intervals are made: draws, seed, level (0.95: from the 2.5th to the 97.5th percentile)."""

    draws: int = 2000
    seed: int = 20_240_607
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.draws < 1 or not 0 < self.level < 1:
            raise ValueError("a bootstrap needs at least one draw and a level between 0 and 1")

    def weights(self, n_clusters: int, width: int = 1) -> Iterator[Floats]:
        """Multinomial weights, in blocks of (some draws, n_clusters); every row sums to ``n_clusters``.

        The same seed gives the same draws for the same number of clusters. ``width``: columns that the caller
        will multiply by, which bounds the size of a block.
        """
        rng = np.random.default_rng(self.seed)
        block = max(1, CELLS_AT_ONCE // max(n_clusters, width))
        for start in range(0, self.draws, block):
            rows = min(block, self.draws - start)
            drawn = rng.integers(0, n_clusters, size=(rows, n_clusters))
            drawn += np.arange(rows)[:, None] * n_clusters
            counts = np.bincount(drawn.ravel(), minlength=rows * n_clusters)
            yield counts.reshape(rows, n_clusters).astype(np.float64)

    def interval(self, draws: Floats) -> tuple[float | None, float | None, float, str | None]:
        """Low, high, share of undefined draws and note from the (draws,) values of a statistic."""
        defined = draws[~np.isnan(draws)]
        share = 1 - len(defined) / len(draws)
        if not len(defined):
            return None, None, share, ALL_DRAWS_UNDEFINED
        tail = (1 - self.level) / 2
        low, high = (float(q) for q in np.quantile(defined, [tail, 1 - tail]))
        return low, high, share, NO_SPREAD if defined.min() == defined.max() else None


def cluster_sums(contributions: Floats, clusters: Ints) -> Floats:
    """(clusters present, S) sums of the (units, S) contributions by cluster."""
    if not len(clusters):
        return contributions[:0]
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(clusters[order]) != 0])
    sums: Floats = np.add.reduceat(contributions[order], starts, axis=0)
    return sums


def estimate(
    statistic: Statistic,
    contributions: Floats,
    clusters: Ints,
    bootstrap: ClusterBootstrap | None,
    *,
    n: int,
    reasons: Callable[[int], str],
) -> list[Estimate]:
    """Estimates of the Q statistics, all from the same draws.

    ``contributions``: (units, S), of the units that enter only, for clusters are drawn among those present.
    ``clusters``: (units,). ``bootstrap`` None gives no intervals. ``reasons(q)`` says why statistic q is
    undefined.
    """
    point = statistic(contributions.sum(axis=0))
    sums = cluster_sums(contributions, clusters)
    drawn = None
    if bootstrap is not None and len(sums) >= 2 and not np.isnan(point).all():
        blocks = bootstrap.weights(len(sums), max(contributions.shape[1], len(point)))
        drawn = np.concatenate([statistic(weights @ sums) for weights in blocks])
    results = []
    for q, value in enumerate(point):
        if np.isnan(value):
            results.append(Estimate(None, reason=reasons(q), n=n))
        elif drawn is None or bootstrap is None:
            note = ONE_CLUSTER if bootstrap is not None else None
            results.append(Estimate(float(value), n=n, interval_note=note))
        else:
            low, high, share, note = bootstrap.interval(drawn[:, q])
            results.append(Estimate(float(value), low, high, None, n, share, note))
    return results
