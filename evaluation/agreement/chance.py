"""Agreement beyond chance: Cohen, Conger, Fleiss, Brennan-Prediger, Gwet AC1 and AC2, and alpha beside them.

Every coefficient is 1 - observed/expected disagreement, of any number of coders, with missing codes and weights, as
generalised in Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 2-5. Observed disagreement is the mean
over units with two codes (in alpha over their codes); the distribution of codes counts units with a single code too
(not in alpha, nor in Cohen's kappa, which keeps the units that both coders coded).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..bootstrap import ClusterBootstrap, estimate
from ..estimate import NO_PAIRS, NO_VARIATION, Estimate, Floats, Ints, divide
from ..pseudo import pseudo_clusters
from ..ratings import MISSING, Category, Ratings
from .alpha import pair_disagreement
from .distances import Weights, disagreements
from .expected import HARD_UNITS, NOTHING, OWN_DISTRIBUTIONS, SAME_DISTRIBUTION, UNIFORM, Expected

Coefficient = Literal["percent", "cohen", "conger", "fleiss", "brennan_prediger", "gwet", "krippendorff"]

EXPECTED: dict[Coefficient, Expected] = {
    "percent": NOTHING,
    "cohen": OWN_DISTRIBUTIONS,
    "conger": OWN_DISTRIBUTIONS,
    "fleiss": SAME_DISTRIBUTION,
    "brennan_prediger": UNIFORM,
    "gwet": HARD_UNITS,
    "krippendorff": SAME_DISTRIBUTION,
}
DEFAULT = ClusterBootstrap()
FIXED = 4
"""Sums that come before the distribution of codes; see ``_Terms``."""


@dataclass(frozen=True)
class Agreement:
    """A coefficient with what it must be read beside.

    ``standard_error``: Gwet's, linearised, with the units of one cluster taken as one observation. None where the
    coefficient is undefined or all units are of one cluster; 0 under perfect agreement, which is no certainty.
    Units with a single code enlarge it (not alpha's), for Gwet takes their number as given: trust the interval then.
    ``percent``: the raw agreement, without weights: share of a unit's pairs of codes that are the same, mean over
    units with two codes. ``prevalence``: of each of the ``categories``, the share of a unit's codes, mean over the
    units that enter; empty if none does.
    """

    coefficient: Estimate
    standard_error: float | None
    percent: Estimate
    categories: tuple[Category, ...]
    prevalence: tuple[float, ...]


def chance_corrected(
    ratings: Ratings,
    coefficient: Coefficient,
    weights: Weights = "identity",
    bootstrap: ClusterBootstrap | None = DEFAULT,
) -> Agreement:
    """A coefficient of agreement with its standard error and a clustered interval.

    ``n`` of the estimates is the number of units with two codes. Undefined with reason ``no_pairs`` (no such unit)
    or ``no_variation`` (the disagreement expected by chance is 0). Brennan-Prediger and Gwet go by the number of
    ``ratings.categories``. ValueError for ``cohen`` with other than two coders, and for weights that the categories
    cannot take.
    """
    values = ratings.values
    if coefficient == "cohen":
        if len(ratings.coders) != 2:
            raise ValueError(f"Cohen's kappa is for two coders, not {len(ratings.coders)}; conger takes any number")
        both = (values >= 0).all(axis=1, keepdims=True)
        values = np.where(both, values, MISSING)
    k = len(ratings.categories)
    given = values[:, :, None] == np.arange(k)
    counts: Ints = given.sum(axis=1)
    by_coder = None
    if EXPECTED[coefficient] is OWN_DISTRIBUTIONS:
        codes = (values >= 0).any(axis=0)
        by_coder = given[:, codes].astype(np.float64)
    return _agreement(counts, by_coder, coefficient, weights, ratings.categories, ratings.clusters, bootstrap)


def chance_corrected_counts(
    counts: Ints,
    coefficient: Coefficient,
    weights: Weights = "identity",
    bootstrap: ClusterBootstrap | None = DEFAULT,
    *,
    categories: Sequence[Category] | None = None,
    clusters: Ints | None = None,
) -> Agreement:
    """The same from a (units, K) table of how many coders gave each category, whoever they were.

    ``categories``: K of them, ascending, by default 0 … K - 1; ``clusters``: (units,), by default each unit its own.
    ValueError for coefficients that need to know who gave which code (``cohen``, ``conger``), for a table of another
    shape or with numbers that are no counts.
    """
    if EXPECTED[coefficient] is OWN_DISTRIBUTIONS:
        raise ValueError(f"{coefficient} needs to know who gave which code: use chance_corrected")
    if counts.ndim != 2 or not np.issubdtype(counts.dtype, np.integer) or (counts < 0).any():
        raise ValueError("counts are a table of units by categories, of whole numbers not below 0")
    known = tuple(range(counts.shape[1])) if categories is None else tuple(categories)
    groups = np.arange(len(counts)) if clusters is None else clusters
    if len(known) != counts.shape[1] or groups.shape != (len(counts),):
        raise ValueError(f"a table of {counts.shape} needs as many categories and clusters as columns and rows")
    return _agreement(counts, None, coefficient, weights, known, groups, bootstrap)


def _agreement(
    counts: Ints,
    by_coder: Floats | None,
    coefficient: Coefficient,
    weights: Weights,
    categories: tuple[Category, ...],
    clusters: Ints,
    bootstrap: ClusterBootstrap | None,
) -> Agreement:
    m = counts.sum(axis=1)
    enters = m >= (2 if coefficient == "krippendorff" else 1)
    counts, m, clusters = counts[enters], m[enters], clusters[enters]
    shares = counts / m[:, None]
    n = int((m >= 2).sum())
    prevalence = tuple(float(s) for s in shares.mean(axis=0)) if len(shares) else ()
    d = disagreements(weights, categories)
    if not n:
        nothing = Estimate(None, reason=NO_PAIRS)
        return Agreement(nothing, None, nothing, categories, prevalence)
    alpha = coefficient == "krippendorff"
    rows = 1 if by_coder is None else by_coder.shape[1]
    terms = _Terms(EXPECTED[coefficient], d, (rows, len(categories)), alpha)

    def contribute(counts: Ints, by_coder: Floats | None = None) -> Floats:
        m = counts.sum(axis=1)
        pairs = np.maximum(m * (m - 1), 1)
        unlike, apart = (pair_disagreement(counts, x) / pairs for x in (disagreements("identity", categories), d))
        own = counts if alpha else counts / m[:, None]
        distribution = np.tile(own, rows) if by_coder is None else by_coder.reshape(len(counts), -1)
        weighed = [apart * m, m] if alpha else [apart, m >= 2]
        return np.column_stack([*weighed, unlike, m >= 2, distribution]).astype(np.float64)

    contributions = contribute(counts, None if by_coder is None else by_coder[enters])
    found, percent = estimate(
        terms.statistic,
        contributions,
        clusters,
        bootstrap,
        n=n,
        reasons=lambda _: NO_VARIATION,
        pseudo=pseudo_clusters(contribute, counts, counts.sum() / 2 / len(np.unique(clusters))),
    )
    error = standard_error(terms.linearised(contributions), clusters) if found.value is not None else None
    return Agreement(found, error, percent, categories, prevalence)


@dataclass(frozen=True)
class _Terms:
    """A coefficient as a function of sums over units.

    The sums are: weighted disagreement; what it is a mean over (units with two codes, in alpha their codes); plain
    disagreement; units with two codes; and the distribution of codes, ``shape`` (rows, K), before it is normed.
    """

    expected: Expected
    d: Floats
    shape: tuple[int, ...]
    alpha: bool

    def statistic(self, sums: Floats) -> Floats:
        """(..., 2) the coefficient and percent agreement of (..., S) sums; NaN where undefined."""
        observed, expected, _ = self._parts(sums)
        percent = 1 - divide(sums[..., 2], sums[..., 3])
        return np.stack([1 - divide(observed, expected), percent], axis=-1)

    def linearised(self, contributions: Floats) -> Floats:
        """(units,) values whose mean is the coefficient and whose variance is that of its linear part.

        Gwet (2014, ch. 5): kappa*_i = kappa_i - 2 (1 - kappa)(p_e,i - p_e)/(1 - p_e). The last part is the slope of
        chance disagreement times how far the unit moves the distribution. Where codes are missing he takes the
        number of units with two codes as given, but in alpha not the number of their codes. Alpha is linearised
        without its correction for small samples, so that the mean of the values lacks it.
        """
        n = len(contributions)
        sums = contributions.sum(axis=0)
        _, expected, shares = self._parts(sums)
        ratio = sums[0] / sums[1] / expected
        own, base = n / sums[1] * contributions[:, 0] / expected, n / sums[1] * contributions[:, 1]
        near = 1 - own + ratio * (base - 1) if self.alpha else base - own
        given = contributions[:, FIXED:].reshape(n, *self.shape)
        totals = given.sum(axis=(0, 2))[:, None]
        moves = n / totals * (given - shares * given.sum(axis=2, keepdims=True))
        chance: Floats = (moves * self.expected.slope(shares, self.d)).sum(axis=(1, 2)) / expected
        linear: Floats = near + ratio * chance
        return linear

    def _parts(self, sums: Floats) -> tuple[Floats, Floats, Floats]:
        """Observed and expected disagreement (...), and the shares (..., rows, K)."""
        given = sums[..., FIXED:].reshape(*sums.shape[:-1], *self.shape)
        shares = divide(given, given.sum(axis=-1, keepdims=True))
        observed = divide(sums[..., 0], sums[..., 1])
        if self.alpha:  # a code is not paired with itself
            observed = observed * (1 - divide(np.ones_like(observed), sums[..., 1]))
        return observed, self.expected.value(shares, self.d), shares


def standard_error(linearised: Floats, clusters: Ints) -> float | None:
    """Standard error of a mean of (units,) values, whole clusters being independent; None with one cluster.

    With every unit its own cluster it is sqrt(sum (x_i - mean)² / (n (n - 1))).
    """
    _, group = np.unique(clusters, return_inverse=True)
    by_cluster = np.bincount(group, weights=linearised - linearised.mean())
    g = len(by_cluster)
    if g < 2:
        return None
    return float(np.sqrt(g / (g - 1) * np.square(by_cluster).sum()) / len(linearised))
