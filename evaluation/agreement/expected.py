"""Disagreement that each coefficient expects by chance, and its slope.

Both are functions of ``shares`` (..., rows, K) that sum to 1 over the K categories and of the (K, K) disagreement
``d`` = 1 - w. There is one row for all coders together, or one for each coder (Conger). ``value`` gives (...), 1 - p_e
in Gwet's words; ``slope``, its derivative by each share, (..., rows, K), is what the linearised standard error needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..estimate import Floats


@dataclass(frozen=True)
class Expected:
    """A chance disagreement and its derivative."""

    value: Callable[[Floats, Floats], Floats]
    slope: Callable[[Floats, Floats], Floats]


def _constant(level: Callable[[Floats], float]) -> Expected:
    return Expected(
        lambda shares, d: np.full(shares.shape[:-2], level(d)),
        lambda shares, d: np.zeros_like(shares),
    )


def _two_of_one(shares: Floats, d: Floats) -> Floats:
    total: Floats = ((shares @ d) * shares).sum(axis=(-2, -1))
    return total


def _two_coders(shares: Floats, d: Floats) -> Floats:
    total: Floats = (_of_others(shares) @ d * shares).sum(axis=(-2, -1))
    return total / _ordered_pairs(shares)


def _of_others(shares: Floats) -> Floats:
    others: Floats = shares.sum(axis=-2, keepdims=True) - shares
    return others


def _ordered_pairs(shares: Floats) -> int:
    coders: int = shares.shape[-2]
    return max(coders * (coders - 1), 1)


def _hard_units(shares: Floats, d: Floats) -> Floats:
    if len(d) < 2:  # one category leaves nothing to chance
        return np.zeros(shares.shape[:-2])
    mixed: Floats = (shares * (1 - shares)).sum(axis=(-2, -1))
    return 1 - _same_by_chance(d) * mixed


def _same_by_chance(d: Floats) -> float:
    k = len(d)
    return float((1 - d).sum()) / (k * (k - 1))


NOTHING = _constant(lambda d: 1.0)
"""Percent agreement: nothing agrees by chance."""

UNIFORM = _constant(lambda d: float(d.mean()))
"""Two draws from the categories in equal shares (Brennan & Prediger 1981)."""

SAME_DISTRIBUTION = Expected(_two_of_one, lambda shares, d: 2 * shares @ d)
"""Two draws from the one distribution of all coders (Fleiss 1971; Krippendorff 2011)."""

OWN_DISTRIBUTIONS = Expected(_two_coders, lambda shares, d: 2 * _of_others(shares) @ d / _ordered_pairs(shares))
"""A draw from each of two coders' own distributions, over all pairs of coders (Cohen 1960; Conger 1980)."""

HARD_UNITS = Expected(_hard_units, lambda shares, d: -_same_by_chance(d) * (1 - 2 * shares))
"""A random code of a unit that is hard, as often as the categories are mixed (Gwet 2008)."""
