"""Weights of a bootstrap, drawn for clusters that are interchangeable as one.

How often the clusters of one kind are drawn in all is multinomial over kinds, and a sum of Dirichlet weights is
Dirichlet again: nothing is lost, and a hundred thousand clusters of three kinds cost as much as three.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .estimate import Floats, Ints

CELLS_AT_ONCE = 4_000_000
"""Numbers in a block of weights or of what they are multiplied by."""
SAME = 1e-9
"""Sums this near, relative to the largest, differ by the order of addition only."""
MOST = 2**62
"""Combinations of columns' values that an integer can number."""
WORTH_WHILE = 4
"""Clusters a kind there must be on average: with fewer, drawing clusters one by one is the faster way."""


class Kinds(NamedTuple):
    """``sums``: (kinds, S) of a cluster of each kind; ``counts``: (kinds,) clusters of that kind."""

    sums: Floats
    counts: Ints


def interchangeable(sums: Floats) -> Kinds:
    """The kinds of clusters with (clusters, S) sums, in ascending order of the sums.

    Where hardly any clusters are alike, each is its own kind, and they keep their order.
    """
    alone = Kinds(sums, np.ones(len(sums), dtype=np.int64))
    if not sums.size:
        return alone
    steps = np.rint(sums / (SAME * max(float(np.abs(sums).max()), 1.0)))
    kind: Ints = np.zeros(len(sums), dtype=np.int64)
    kinds = 1
    for column in steps.T:
        values, place = np.unique(column, return_inverse=True)
        if kinds * len(values) > MOST:
            found, kind = np.unique(kind, return_inverse=True)
            kinds = len(found)
        kind = kind * len(values) + place
        kinds *= len(values)
    _, first, counts = np.unique(kind, return_index=True, return_counts=True)
    return Kinds(sums[first], counts) if len(first) * WORTH_WHILE <= len(sums) else alone


def multinomial(rng: np.random.Generator, counts: Ints, draws: int, width: int = 1) -> Iterator[Floats]:
    """How often each kind is drawn, ``counts`` saying how many clusters are of that kind, as many drawn as there are.

    In blocks of (some draws, kinds); every row sums to the number of clusters. ``width``: columns that the caller
    will multiply by, which bounds the size of a block. The blocks' size does not change the draws.
    """
    n, kinds = int(counts.sum()), len(counts)
    for rows in _blocks(draws, max(kinds, width)):
        if kinds < n:
            yield rng.multinomial(n, counts / n, size=rows).astype(np.float64)
        else:
            drawn = rng.integers(0, n, size=(rows, n))
            drawn += np.arange(rows)[:, None] * n
            yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def dirichlet(rng: np.random.Generator, mass: Floats, total: float, draws: int, width: int = 1) -> Iterator[Floats]:
    """Dirichlet weights with parameters ``mass`` (kinds,), times ``total``, in blocks as of ``multinomial``."""
    for rows in _blocks(draws, max(len(mass), width)):
        weights: Floats = rng.standard_gamma(mass, size=(rows, len(mass)))
        weights *= total / weights.sum(axis=1, keepdims=True)
        yield weights


def _blocks(draws: int, cells: int) -> Iterator[int]:
    block = max(1, CELLS_AT_ONCE // cells)
    for start in range(0, draws, block):
        yield min(block, draws - start)
