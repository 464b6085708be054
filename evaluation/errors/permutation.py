"""Whether a score differs between two sets of reprint groups: a permutation test of a ratio of sums.

Which groups are inside is drawn anew, as many as there are. The test is exact if groups are exchangeable; since it
compares studentised differences, it stays right in large samples where inside and outside differ in anything but the
score, such as how common the label is: Chung & Romano (2013), Exact and asymptotically robust permutation tests,
Annals of Statistics 41. Draws end once enough of them are as extreme: Besag & Clifford (1991), Sequential Monte Carlo
p-values, Biometrika 78.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..estimate import Bools, Floats, Ints, divide

BLOCK = 1000


@dataclass(frozen=True)
class Permutations:
    """At most ``draws``, fewer once ``enough`` of them are as extreme as what was found; p-values go down to 1 / draws.

    A p-value that rests on 100 draws is known to a tenth of itself.
    """

    draws: int = 20_000
    enough: int = 100
    seed: int = 20_240_607

    def __post_init__(self) -> None:
        if not 1 <= self.enough <= self.draws:
            raise ValueError("permutations need at least one draw, and to stop after no more than there are")


def permutation_p(sums: Floats, inside: Bools, permutations: Permutations) -> float:
    """Two-sided p-value that sum of numerators / sum of denominators is the same inside and outside.

    ``sums``: (groups, 2) numerators and denominators, not negative; ``inside``: (groups,). Groups with the same sums
    are interchangeable, so a draw is how many of each kind are inside: multivariate hypergeometric.
    """
    kinds, kind = np.unique(sums, axis=0, return_inverse=True)
    everything = np.bincount(kind.ravel(), minlength=len(kinds))
    here = np.bincount(kind.ravel()[inside], minlength=len(kinds))
    found = _statistic(here[None].astype(np.float64), everything, kinds)[0]
    rng = np.random.default_rng(permutations.seed)
    extreme = 0
    for start in range(0, permutations.draws - 1, BLOCK):
        rows = min(BLOCK, permutations.draws - 1 - start)
        drawn = rng.multivariate_hypergeometric(everything, int(here.sum()), size=rows, method="marginals")
        # Sums that differ by rounding alone are the same.
        hits = np.flatnonzero(_statistic(drawn.astype(np.float64), everything, kinds) >= found * (1 - 1e-9))
        if extreme + len(hits) >= permutations.enough:
            last = start + int(hits[permutations.enough - extreme - 1]) + 1
            return permutations.enough / last
        extreme += len(hits)
    return (extreme + 1) / permutations.draws


def _statistic(inside: Floats, everything: Ints, kinds: Floats) -> Floats:
    """(draws,) squared difference of the ratios over its variance, from (draws, kinds) numbers of groups inside.

    0 where a ratio is undefined. The variance of a ratio r of sums of a and b: sum of (a - r b)² / (sum of b)².
    """
    a, b = kinds.T
    products = np.stack([a, b, a * a, a * b, b * b], axis=1)
    ratios, variances = [], []
    for counts in (inside, everything - inside):
        sums = counts @ products
        ratio = divide(sums[:, 0], sums[:, 1])
        spread = np.maximum(sums[:, 2] - 2 * ratio * sums[:, 3] + ratio**2 * sums[:, 4], 0)
        ratios.append(ratio)
        variances.append(divide(spread, sums[:, 1] ** 2))
    squared, variance = (ratios[0] - ratios[1]) ** 2, variances[0] + variances[1]
    certain = np.where(squared > 1e-18, np.inf, 0.0)
    statistic: Floats = np.where(variance > 1e-18, divide(squared, variance), certain)
    return np.where(np.isnan(squared), 0.0, statistic)
