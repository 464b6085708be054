"""Pseudo-clusters: what few clusters have not shown, but more would.

Where a label is rare or coders never differed, draws of the clusters there are show too little: none has a
disagreement that none of the clusters had. So a little agreement on every category and a little disagreement are put
beside them, as half an observation of each kind is put beside counts: see Rubin (1981), The Bayesian bootstrap, on
prior weight; Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, on Jeffreys' half; Kerman
(2011), Neutral noninformative and informative conjugate beta and gamma prior distributions, on a third. Of
disagreement there is a little less than half: with half, intervals of nearly perfect agreement on rare labels cover
more than they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .estimate import Floats, Ints

AGREEMENT = 1.0
"""Clusters of agreement for a choice between two, shared evenly among the categories that occur."""
DISAGREEMENT = 0.4
"""Clusters of disagreement for a choice between two."""
CHOICES = 3.0
"""Choices between two that count at most: with a hundred categories, more would lift a low alpha that is well known."""


@dataclass(frozen=True, eq=False)
class Pseudo:
    """``sums``: (P, S), as of real clusters; ``mass``: (P,) how many clusters each counts for, of any size above 0."""

    sums: Floats
    mass: Floats


def pseudo_clusters(contribute: Callable[[Ints], Floats], counts: Ints | Floats, pairs: float) -> Pseudo:
    """Pseudo-clusters of two codes for a statistic of (units, K) counts of codes.

    ``contribute``: (units, S) contributions of (units, K) counts. ``counts``: those of the units that enter, at
    least one. ``pairs``: how many units of two codes make a cluster of the usual size. Disagreement goes to pairs of
    categories as chance would have it. There is more of both the more categories occur: as many times as much as a
    choice among them takes choices between two, as far as ``CHOICES``. A single
    category has agreement alone.
    """
    shares = counts.sum(axis=0) / counts.sum()
    occurs = np.flatnonzero(shares)
    one = np.eye(len(shares), dtype=np.int64)
    agreed = contribute(2 * one[occurs])
    choices = min(np.log2(max(len(occurs), 2)), CHOICES)
    mass = choices * np.append(np.full(len(occurs), AGREEMENT / len(occurs)), DISAGREEMENT)
    if len(occurs) < 2:
        return Pseudo(pairs * agreed, mass[:-1])
    apart = (
        sum(  # a category at a time: of hundreds, all pairs at once would fill the memory
            shares[category] * shares[others] @ contribute(one[category] + one[others])
            for category, others in ((occurs[i], occurs[i + 1 :]) for i in range(len(occurs) - 1))
        )
        * (2 / (1 - np.square(shares).sum()))
    )
    return Pseudo(pairs * np.concatenate([agreed, apart[None]]), mass)


def side_by_side(parts: list[Pseudo]) -> Pseudo:
    """Pseudo-clusters of statistics whose contributions stand side by side, each of which shows in its own alone."""
    widths = np.cumsum([0, *(part.sums.shape[1] for part in parts)])
    rows = [
        np.pad(p.sums, ((0, 0), (left, widths[-1] - left - p.sums.shape[1])))
        for p, left in zip(parts, widths[:-1], strict=True)
    ]
    return Pseudo(np.concatenate(rows), np.concatenate([part.mass for part in parts]))
