"""The cluster bootstrap: whole reprint groups are drawn with replacement, or weighed at random.

Every statistic here is a function of sums over units, so a draw is a weighted sum of the clusters' sums. Clusters
with the same sums are interchangeable: what is drawn is how often each distinct sum occurs (``draws.py``).

Sources: Field & Welsh (2007), Bootstrapping clustered data, J. R. Statist. Soc. B 69 ("cluster bootstrap");
percentile interval: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; weights from a Dirichlet
distribution: Rubin (1981), The Bayesian bootstrap, Ann. Statist. 9; percentiles moved outward for small samples:
Hesterberg (2015), What teachers should know about the bootstrap, Am. Statist. 69, "expanded percentile interval".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from .draws import Kinds, dirichlet, interchangeable, multinomial
from .estimate import ALL_DRAWS_UNDEFINED, NO_SPREAD, ONE_CLUSTER, Estimate, Floats, Ints, divide
from .pseudo import Pseudo

Statistic = Callable[[Floats], Floats]
"""From sums (..., S) to Q statistics (..., Q), NaN where undefined."""

STEP = 1e-3
"""Share of a cluster that is taken away to find the slope of a statistic."""


@dataclass(frozen=True)
class ClusterBootstrap:
    """How intervals are made: draws, seed, level (0.95: from the 2.5th to the 97.5th percentile)."""

    draws: int = 2000
    seed: int = 20_240_607
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.draws < 1 or not 0 < self.level < 1:
            raise ValueError("a bootstrap needs at least one draw and a level between 0 and 1")

    def values(self, statistic: Statistic, kinds: Kinds, pseudo: Pseudo | None = None) -> Floats:
        """(draws, Q) values of the statistic over draws of clusters.

        With pseudo-clusters, the weights of clusters are Dirichlet with one for each, and the pseudo-clusters' mass
        for them. The same seed gives the same draws for the same kinds of clusters.
        """
        rng = np.random.default_rng(self.seed)
        if pseudo is None:
            sums, weights = kinds.sums, multinomial(rng, kinds.counts, self.draws, kinds.sums.shape[1])
        else:
            sums, mass = np.concatenate([kinds.sums, pseudo.sums]), np.concatenate([kinds.counts, pseudo.mass])
            weights = dirichlet(rng, mass, kinds.counts.sum(), self.draws, sums.shape[1])
        return np.concatenate([statistic(block @ sums) for block in weights])

    def interval(self, values: Floats, stretch: float = 1.0) -> tuple[float | None, float | None, float, str | None]:
        """Low, high, share of undefined draws and note from the (draws,) values of a statistic.

        ``stretch`` moves the percentiles outward, to those that a normal distribution has so many times as far from
        its middle.
        """
        defined = values[~np.isnan(values)]
        share = 1 - len(defined) / len(values)
        if not len(defined):
            return None, None, share, ALL_DRAWS_UNDEFINED
        tail = (1 - self.level) / 2
        if stretch != 1:
            tail = float(ndtr(stretch * ndtri(tail)))
        low, high = (float(q) for q in np.quantile(defined, [tail, 1 - tail]))
        note = NO_SPREAD if defined.min() == defined.max() else None
        return low, high, share, note


def cluster_sums(contributions: Floats, clusters: Ints) -> Floats:
    """(clusters present, S) sums of the (units, S) contributions by cluster."""
    if not len(clusters):
        return contributions[:0]
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(clusters[order]) != 0])
    sums: Floats = np.add.reduceat(contributions[order], starts, axis=0)
    return sums


def stretches(statistic: Statistic, kinds: Kinds, pseudo: Pseudo, level: float) -> Floats:
    """(Q,) how many times as far out the percentiles of a ``level`` belong, for draws vary too little; at least 1.

    As Hesterberg (2015): quantiles of t with a degree of freedom less than there are clusters, times the square root
    of how far draws fall short of the variance. That is n/(n - 1) for a mean of n clusters, and more where few clusters
    make the statistic. Taken is the middle (geometric) of the jackknife's variance, which is too great, and the
    infinitesimal jackknife's, which is that of draws (Efron & Stein 1981, The jackknife estimate of variance, Ann.
    Statist. 9; Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6).
    """
    counts = kinds.counts.astype(np.float64)
    total = counts @ kinds.sums + pseudo.mass @ pseudo.sums
    whole = statistic(total)
    without = statistic(total - kinds.sums) - whole
    slope = (statistic(total - STEP * kinds.sums) - whole) / STEP
    short = np.fmax(divide(counts @ np.square(without), counts @ np.square(slope)), 1.0)
    outer = (1 + level) / 2
    wider: Floats = short**0.25 * stdtrit(counts.sum() - 1, outer) / ndtri(outer)
    return wider


def estimate(
    statistic: Statistic,
    contributions: Floats,
    clusters: Ints,
    bootstrap: ClusterBootstrap | None,
    *,
    n: int,
    reasons: Callable[[int], str],
    pseudo: Pseudo | None = None,
) -> list[Estimate]:
    """Estimates of the Q statistics, all from the same draws.

    ``contributions``: (units, S), of the units that enter only, for clusters are drawn among those present.
    ``clusters``: (units,). ``bootstrap`` None gives no intervals. ``reasons(q)`` says why statistic q is
    undefined. ``pseudo``: pseudo-clusters that keep the interval honest where few clusters say anything; the
    statistic must have a value for the real and the pseudo-clusters together.
    """
    point = statistic(contributions.sum(axis=0))
    sums = cluster_sums(contributions, clusters)
    drawn, stretch = None, np.ones_like(point)
    if bootstrap is not None and len(sums) >= 2 and not np.isnan(point).all():
        kinds = interchangeable(sums)
        drawn = bootstrap.values(statistic, kinds, pseudo)
        if pseudo is not None:
            stretch = stretches(statistic, kinds, pseudo, bootstrap.level)
    results = []
    for q, value in enumerate(point):
        if np.isnan(value):
            results.append(Estimate(None, reason=reasons(q), n=n))
        elif drawn is None or bootstrap is None:
            note = ONE_CLUSTER if bootstrap is not None else None
            results.append(Estimate(float(value), n=n, interval_note=note))
        else:
            low, high, share, note = bootstrap.interval(drawn[:, q], float(stretch[q]))
            if pseudo is not None and low is not None and high is not None:  # perfect agreement is above all draws
                low, high = min(low, float(value)), max(high, float(value))
            results.append(Estimate(float(value), low, high, None, n, share, note))
    return results
