"""The designs by which intervals of agreement are judged. Written before the intervals; not to be fitted to them.

A coder knows the truth with probability sqrt(a) and guesses from its distribution otherwise, independently of the
others: two codes of a unit then differ, by any distance, by 1 - a times the disagreement expected by chance, and the
true alpha is a. Reprints of a story share its truth, and most of them copy the codes of its first report, so that
stories and not reports are independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
COPIED = 0.8


@dataclass(frozen=True)
class Design:
    """One cell: reports, coders, the distribution of the truth over categories, the true alpha.

    ``shares``: of the categories 0 … K - 1. ``metric``: nominal, ordinal or interval; ``sets``: of label sets (MASI),
    whose category is the number with the set's bits. ``missing``: share of codes that are not there. ``stories``:
    reports come in stories of one to four.
    """

    units: int
    coders: int
    shares: tuple[float, ...]
    metric: str
    alpha: float
    missing: float = 0.0
    stories: bool = False

    @property
    def positives(self) -> float:
        """Reports expected to have the rarest category."""
        return self.units * min(self.shares)

    @property
    def held_to(self) -> bool:
        """Whether the interval must cover in 93 to 97 of 100; elsewhere in at least 93, or be refused."""
        return self.units >= 200 and self.positives >= 10

    def draw(self, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """(units, coders) categories, -1 missing, and the (units,) stories."""
        sizes = rng.integers(1, 5, size=self.units) if self.stories else np.ones(self.units, dtype=np.int64)
        story = np.repeat(np.arange(self.units), sizes)[: self.units]
        truth = rng.choice(len(self.shares), p=self.shares, size=story[-1] + 1)
        values = self._codes(truth[story], rng)
        if self.stories:
            copied = rng.random((self.units, 1)) < COPIED
            values = np.where(copied, self._codes(truth, rng)[story], values)
        values[rng.random(values.shape) < self.missing] = -1
        return values, story

    def _codes(self, truth: Ints, rng: np.random.Generator) -> Ints:
        shape = (len(truth), self.coders)
        knows = rng.random(shape) < np.sqrt(self.alpha)
        guess = rng.choice(len(self.shares), p=self.shares, size=shape)
        return np.where(knows, truth[:, None], guess)


def designs() -> Iterator[Design]:
    """All cells."""
    for n, p, alpha in product((200, 500), (0.5, 0.2, 0.1, 0.05), (0.5, 0.7, 0.8, 0.9)):
        yield Design(n, 2, (1 - p, p), "nominal", alpha)
    yield Design(500, 2, (0.98, 0.02), "nominal", 0.7)
    yield Design(500, 2, (0.98, 0.02), "nominal", 0.9)
    for p, alpha in product((0.3, 0.1, 0.05), (0.6, 0.8)):
        yield Design(200, 3, (1 - p, p), "nominal", alpha, missing=0.1)
        yield Design(200, 5, (1 - p, p), "nominal", alpha, missing=0.3)
        yield Design(400, 2, (1 - p, p), "nominal", alpha, stories=True)
        yield Design(400, 3, (1 - p, p), "nominal", alpha, missing=0.1, stories=True)
    for coders, alpha in product((2, 3), (0.5, 0.8)):
        yield Design(200, coders, (0.4, 0.3, 0.2, 0.1), "nominal", alpha)
        yield Design(200, coders, (0.3, 0.3, 0.2, 0.1, 0.1), "ordinal", alpha, missing=0.1)
        yield Design(200, coders, (0.3, 0.3, 0.2, 0.1, 0.1), "interval", alpha)
        yield Design(400, coders, (0.3, 0.3, 0.2, 0.1, 0.1), "ordinal", alpha, stories=True)
        yield Design(200, coders, (0.2, 0.3, 0.2, 0.1, 0.1, 0.1), "sets", alpha)
    # Fewer than is asked for: a conservative interval, or a refusal with its reason.
    for n, p, alpha in product((30, 50, 100), (0.5, 0.2, 0.05), (0.5, 0.8)):
        yield Design(n, 2, (1 - p, p), "nominal", alpha)
    for n, p, alpha in product((200, 500), (0.02, 0.01), (0.5, 0.8)):
        yield Design(n, 2, (1 - p, p), "nominal", alpha)
    for n in (30, 100):
        yield Design(n, 3, (0.3, 0.3, 0.2, 0.1, 0.1), "ordinal", 0.7, missing=0.1)
        yield Design(n, 3, (0.9, 0.1), "nominal", 0.7, missing=0.1, stories=True)
