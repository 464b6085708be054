"""How often the candidate, and a coder left out, agree at least as well with the coders who remain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bootstrap import cluster_sums
from ..estimate import Bools, Floats, Ints
from .codings import Codings
from .power import times_needed

ENOUGH = 30
"""Reports, and stories, that a coder must share with the candidate and another coder."""
TIE = 1e-9


@dataclass(frozen=True)
class Observed:
    """What one coder and the candidate showed before the coders who remain; names as in ``alternative.CoderTest``."""

    coder: str
    n: int
    n_clusters: int
    advantage: float
    coder_advantage: float
    loss: float
    se: float

    @property
    def enough(self) -> bool:
        """Whether there are stories enough for a test."""
        return self.n_clusters >= ENOUGH  # no more stories than reports

    def t(self, epsilon: float) -> float | None:
        """Of the loss, were it epsilon; None without spread."""
        return (self.loss - epsilon) / self.se if self.se > 0 else None

    def p(self, epsilon: float) -> float:
        """Of so small a loss, were it epsilon."""
        t = self.t(epsilon)
        if t is None:
            return float((1 - epsilon) ** self.n_clusters) if self.loss <= 0 else 1.0
        return _t_below(t, self.n_clusters - 1)

    def p_worse(self, epsilon: float) -> float:
        """Of so great a loss, were it epsilon."""
        t = self.t(epsilon)
        if t is None:  # at a mean loss of epsilon, between -1 and 1, at most (1 + epsilon) / 2 of the stories are lost
            return float(((1 + epsilon) / 2) ** self.n_clusters) if self.loss == 1 else 1.0
        return _t_below(-t, self.n_clusters - 1)

    def times_needed(self, epsilon: float, level: float) -> float | None:
        """How many times the present reports the test needs; None on the wrong side."""
        if not self.enough:  # too few to be held to what they show
            return ENOUGH / self.n_clusters
        times = times_needed(self.loss, self.se, self.n_clusters, epsilon, level)
        return None if times is None else max(times, ENOUGH / self.n_clusters)


def _advantages(codings: Codings, j: int, others: list[int], candidate: int) -> tuple[Bools, Bools, Bools]:
    """(units,): who is scored, where the candidate does at least as well as ``j``, and ``j`` as the candidate.

    Both are scored by the same coders, so that sums compare as means (and roots of means) do.
    """
    theirs, its = np.zeros(codings.coded.shape[1]), np.zeros(codings.coded.shape[1])
    remain: Bools = np.zeros(codings.coded.shape[1], dtype=np.bool_)
    for k in others:
        coded = codings.coded[k]
        remain |= coded
        theirs += np.where(coded, codings.likeness(j, k), 0.0)
        its += np.where(coded, codings.likeness(candidate, k), 0.0)
    scored: Bools = remain & codings.coded[j] & codings.coded[candidate]
    return scored, its >= theirs - TIE, theirs >= its - TIE


def observe(codings: Codings, j: int, others: list[int], candidate: int, clusters: Ints) -> Observed:
    """Coder ``j`` and the candidate before ``others``. ``clusters``: (units,) story of each report."""
    coder = codings.coders[j]
    scored, candidate_wins, coder_wins = _advantages(codings, j, others, candidate)
    n = int(scored.sum())
    if n == 0:
        return Observed(coder, 0, 0, 0.0, 0.0, 0.0, 0.0)
    wins, lost = candidate_wins[scored].astype(np.float64), coder_wins[scored].astype(np.float64)
    losses = lost - wins
    loss, se, n_clusters = clustered_mean(losses, clusters[scored])
    return Observed(coder, n, n_clusters, float(wins.mean()), float(lost.mean()), loss, se)


def clustered_mean(values: Floats, clusters: Ints) -> tuple[float, float, int]:
    """Mean of (units,) values, its cluster-robust standard error (0 with one cluster), the number of clusters.

    Variance: G / (G - 1) sum_g (sum_{i in g} (x_i - mean))^2 / n^2; with one unit a cluster that is s^2 / n.
    """
    mean = float(values.mean())
    sums = cluster_sums((values - mean)[:, None], clusters)[:, 0]
    g = len(sums)
    spread = values.min() < values.max()
    variance = g / (g - 1) * float((sums**2).sum()) / len(values) ** 2 if g > 1 and spread else 0.0
    return mean, variance**0.5, g


def _t_below(t: float, df: int) -> float:
    from scipy.stats import t as student

    return float(student.cdf(t, df))
