"""Whether predicted probabilities mean what they say: reliability bins, calibration error, Brier score.

Sources: Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning,
and Guo et al. (2017), On calibration of modern neural networks, equation 3 (ECE; here of the positive class);
Brier (1950), Verification of forecasts expressed in terms of probability (here the binary form, 0 to 1);
Wilson (1927), Probable inference (interval), as in Brown, Cai & DasGupta (2001), equation 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from .bootstrap import ClusterBootstrap, estimate
from .estimate import NO_UNITS, Bools, Estimate, Floats, Ints, divide

Binning = Literal["width", "adaptive"]


@dataclass(frozen=True)
class Bin:
    """Predictions from ``low`` to ``high``: how many, their mean, and the share of positives among them.

    Means and the 95% (or other level) Wilson interval of the observed share are None in an empty bin. The
    interval takes reports as independent: with many reprints it is too narrow.
    """

    low: float
    high: float
    count: int
    mean_predicted: float | None
    observed: float | None
    observed_low: float | None
    observed_high: float | None


@dataclass(frozen=True)
class Calibration:
    """Bins of the reliability diagram; ECE and Brier score (0 to 1, less is better; None without units)."""

    n: int
    bins: tuple[Bin, ...]
    ece: float | None
    brier: float | None
    reason: str | None


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion; (0, 1) if ``n`` is 0."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, 1.0 if successes == n else min(1.0, centre + half)


def bin_edges(predicted: Floats, bins: int, binning: Binning) -> Floats:
    """Ascending edges from 0 to 1: equal widths, or quantiles of the predictions (ties make fewer bins)."""
    edges: Floats = np.linspace(0.0, 1.0, bins + 1, dtype=np.float64)
    if binning == "adaptive":
        inner = np.quantile(predicted, np.arange(1, bins) / bins, method="inverted_cdf")
        edges = np.unique(np.concatenate([[0.0], inner, [1.0]]))
    return edges


def calibration(
    predicted: Floats, outcome: Bools, bins: int = 10, binning: Binning = "width", level: float = 0.95
) -> Calibration:
    """Calibration of (units,) probabilities of "yes" against the (units,) truth.

    A bin holds the predictions above its low edge up to its high edge; the first one 0 too. Adaptive bins
    hold about as many units each; equal predictions always share a bin. ValueError for a prediction outside 0
    to 1.
    """
    if predicted.shape != outcome.shape or predicted.ndim != 1:
        raise ValueError(f"predicted is {predicted.shape} and outcome {outcome.shape}; both must be one a unit")
    if bins < 1:
        raise ValueError("at least one bin is needed")
    n = len(predicted)
    if n == 0:
        return Calibration(0, (), None, None, NO_UNITS)
    if not ((predicted >= 0) & (predicted <= 1)).all():
        raise ValueError("a predicted probability is not between 0 and 1")
    truth = outcome.astype(np.float64)
    edges = bin_edges(predicted, bins, binning)
    where = np.clip(np.searchsorted(edges, predicted, side="left") - 1, 0, len(edges) - 2)
    made = tuple(_bin(edges, b, predicted[where == b], truth[where == b], level) for b in range(len(edges) - 1))
    ece = sum(b.count / n * abs(b.observed - b.mean_predicted) for b in made if b.count)  # type: ignore[operator]
    return Calibration(n, made, float(ece), float(np.mean((predicted - truth) ** 2)), None)


def calibration_error(
    predicted: Floats,
    outcome: Bools,
    clusters: Ints | None = None,
    bootstrap: ClusterBootstrap | None = None,
    bins: int = 10,
) -> Estimate:
    """The expected calibration error of ``calibration`` (bins of equal width), with its interval.

    The error is a mean of absolute differences and so never below 0, nor quite 0 by chance: a calibrated coder shows
    some too, the more the fewer the reports.
    """
    n = len(predicted)
    edges = bin_edges(predicted, bins, "width")
    where = np.clip(np.searchsorted(edges, predicted, side="left") - 1, 0, bins - 1)
    gaps = np.zeros((n, bins + 1))
    gaps[np.arange(n), where] = outcome - predicted
    gaps[:, bins] = 1
    return estimate(
        lambda sums: divide(np.abs(sums[..., :bins]).sum(-1), sums[..., bins])[..., None],
        gaps,
        np.arange(n) if clusters is None else clusters,
        bootstrap,
        n=n,
        reasons=lambda _: NO_UNITS,
    )[0]


def _bin(edges: Floats, b: int, predicted: Floats, truth: Floats, level: float) -> Bin:
    low, high, count = float(edges[b]), float(edges[b + 1]), len(predicted)
    if not count:
        return Bin(low, high, 0, None, None, None, None)
    positives = int(truth.sum())
    return Bin(
        low,
        high,
        count,
        float(predicted.mean()),
        positives / count,
        *wilson_interval(positives, count, level),
    )
