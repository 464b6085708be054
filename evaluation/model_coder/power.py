"""How many reports a comparison still needs, by the normal approximation from what was observed.

The power of a one-sided test at level a of an effect d with standard error s is Phi(d / s - z_(1 - a)), and s falls
with the square root of the number of reports (Cohen 1988, Statistical Power Analysis, chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, log1p
from statistics import NormalDist

from ..estimate import Estimate

WANTED = 0.8
"""Power that a comparison should have."""

WRONG_SIDE = "wrong_side"
"""What was observed speaks against the candidate: more of the same would not help."""
NO_CODES = "no_codes"
"""Nothing was observed to judge from."""
NO_INTERVAL = "no_interval"
"""There is no interval to judge from."""

NORMAL = NormalDist()


@dataclass(frozen=True)
class Needed:
    """Reports still needed for 80% power; None with the reason why no number can be given."""

    reports: int | None
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.reports is None) != (self.reason is not None):
            raise ValueError("a number of reports, or a reason why there is none")


def power(effect: float, se: float, level: float) -> float:
    """Power of a one-sided test at ``level``; ``se`` > 0."""
    return NORMAL.cdf(effect / se + NORMAL.inv_cdf(level))


def factor(effect: float, se: float, level: float) -> float:
    """How many times the reports that gave ``se`` are needed for the power wanted; ``effect`` > 0."""
    return ((NORMAL.inv_cdf(WANTED) - NORMAL.inv_cdf(level)) * se / effect) ** 2


def without_loss(epsilon: float, level: float) -> float:
    """How many stories without a loss show, at ``level``, that it is below ``epsilon``: (1 - epsilon)^n <= level."""
    return log(level) / log1p(-epsilon) if epsilon > 0 else float("inf")


def times_needed(loss: float, se: float, n_clusters: int, epsilon: float, level: float) -> float | None:
    """How many times the present reports show a loss below ``epsilon``; None where the loss is not below it."""
    if loss >= epsilon:
        return None
    return factor(epsilon - loss, se, level) if se > 0 else without_loss(epsilon, level) / n_clusters


def more(n: int, times: float) -> int:
    """Reports to add to ``n`` so that there are ``times`` as many; 0 if there are enough."""
    return max(0, ceil(n * times - 1e-9) - n)


def reports_for_margin(difference: Estimate, margin: float, level: float) -> Needed:
    """Reports still needed so that the ``level`` interval of a difference lies above ``-margin``."""
    if difference.value is None or difference.low is None or difference.interval_note is not None:
        return Needed(None, NO_INTERVAL)
    if difference.low > -margin:
        return Needed(0)
    if difference.value <= -margin:
        return Needed(None, WRONG_SIDE)
    tail = (1 - level) / 2
    se = (difference.value - difference.low) / -NORMAL.inv_cdf(tail)
    return Needed(more(difference.n, factor(difference.value + margin, se, tail)))
