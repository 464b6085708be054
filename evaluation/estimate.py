"""A statistic with its interval, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_UNITS = "no_units"
"""No unit has a code of everybody concerned."""
NO_PAIRS = "no_pairs"
"""No unit has two codes."""
NO_VARIATION = "no_variation"
"""One category is all that occurs, so no disagreement is expected by chance."""
NO_PREDICTED = "no_predicted"
"""The coder never gave the label."""
NO_REFERENCE = "no_reference"
"""The reference never has the label."""
NO_NEGATIVES = "no_negatives"
"""The reference always has the label."""
NO_POSITIVES = "no_positives"
"""Neither reference nor coder has the label."""
NO_DEFINED_LABEL = "no_defined_label"
"""The statistic is undefined for every label that would be averaged."""

ONE_CLUSTER = "one_cluster"
"""No interval: all units are of one cluster."""
ALL_DRAWS_UNDEFINED = "all_draws_undefined"
"""No interval: the statistic is undefined in every draw."""
NO_SPREAD = "no_spread"
"""The interval is a point because every draw gives the same value: it says nothing about uncertainty."""


@dataclass(frozen=True)
class Estimate:
    """A statistic and its bootstrap interval.

    ``value`` is None where the statistic is undefined and ``reason`` says why; it is never NaN. ``low`` and
    ``high`` are None where there is no value or no interval; ``interval_note`` says why, or warns of an
    interval that is a mere point. ``n`` is the number of units the statistic rests on. ``undefined_share`` is
    the share of the bootstrap draws that were dropped since the statistic is undefined in them (None without
    draws).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    n: int = 0
    undefined_share: float | None = None
    interval_note: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("an estimate has either a value or a reason why it has none")


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient; NaN (inside computations only: "undefined") where the denominator is 0."""
    out = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def mean_defined(values: Floats) -> Floats:
    """Mean over the last axis of the entries that are defined; NaN where none is."""
    defined = ~np.isnan(values)
    return divide(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(np.float64))


def numbered(ids: Iterable[Hashable]) -> Ints:
    """Number cluster ids 0, 1, … in an order that does not depend on the order of the units."""
    ids = list(ids)
    order = {c: i for i, c in enumerate(sorted(set(ids), key=lambda c: (type(c).__name__, str(c))))}
    return np.array([order[c] for c in ids], dtype=np.int64)
