"""Scores of a coder against a reference: counts, precision, recall, specificity, F1, agreement, confusion.

Sources: van Rijsbergen (1979), Information Retrieval, chapter 7 (F, here with equal weights); Opitz & Burst
(2019), Macro F1 and Macro F1 (the "averaged F1" of the two in use: mean of the labels' F1, not F1 of mean
precision and recall). The mean goes over the labels that have at least one reference positive OR prediction:
a label that neither has says nothing, and counting it as 0 or 1 would move the mean by convention alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import ClusterBootstrap, estimate
from .estimate import (
    NO_DEFINED_LABEL,
    NO_NEGATIVES,
    NO_POSITIVES,
    NO_PREDICTED,
    NO_REFERENCE,
    NO_UNITS,
    Bools,
    Estimate,
    Floats,
    Ints,
    divide,
    mean_defined,
)

DEFAULT = ClusterBootstrap()
RATES = ("precision", "recall", "specificity", "f1", "agreement")
REASONS = (NO_PREDICTED, NO_REFERENCE, NO_NEGATIVES, NO_POSITIVES, NO_UNITS)


@dataclass(frozen=True)
class Rates:
    """Five rates, 0 to 1 or undefined with a reason; ``agreement`` is percent agreement (accuracy)."""

    precision: Estimate
    recall: Estimate
    specificity: Estimate
    f1: Estimate
    agreement: Estimate


@dataclass(frozen=True)
class BinaryScores:
    """One label: units, prevalence in the reference (None without units), the four counts, the rates."""

    n: int
    prevalence: float | None
    tp: int
    fp: int
    fn: int
    tn: int
    rates: Rates


@dataclass(frozen=True)
class MultiScores:
    """Each label of a variable, macro and micro averages, and the share of units with the same labels."""

    n: int
    labels: tuple[BinaryScores, ...]
    macro: Rates
    micro: Rates
    exact: Estimate


@dataclass(frozen=True)
class CodeScores:
    """Single codes: ``confusion[i][j]`` counts units with code i in the reference and j of the coder.

    ``exact``: share of units with the same code; ``distance``: mean absolute difference of the codes (in
    steps of the scale; meaningful for ordinal codes only).
    """

    n: int
    confusion: tuple[tuple[int, ...], ...]
    exact: Estimate
    distance: Estimate


def rates_of(counts: Floats) -> Floats:
    """(..., 5) rates, in the order of ``RATES``, of (..., 4) counts tp, fp, fn, tn; NaN where undefined."""
    tp, fp, fn, tn = np.moveaxis(counts, -1, 0)
    return np.stack(
        [
            divide(tp, tp + fp),
            divide(tp, tp + fn),
            divide(tn, tn + fp),
            divide(2 * tp, 2 * tp + fp + fn),
            divide(tp + tn, tp + fp + fn + tn),
        ],
        axis=-1,
    )


def outcomes(reference: Bools, coder: Bools) -> Floats:
    """(..., 4) indicators of tp, fp, fn, tn for two arrays of the same shape (...)."""
    return np.stack([reference & coder, ~reference & coder, reference & ~coder, ~reference & ~coder], axis=-1).astype(
        np.float64
    )


def multi_scores(
    reference: Bools, coder: Bools, clusters: Ints | None = None, bootstrap: ClusterBootstrap | None = DEFAULT
) -> MultiScores:
    """Scores of (units, labels) codes against a reference of the same shape, on units that both coded.

    ``clusters``: (units,) reprint group of each unit; None means that every unit is its own. The averages of
    precision, recall, specificity and agreement go over the labels for which each is defined.
    """
    if reference.shape != coder.shape or reference.ndim != 2:
        raise ValueError(f"reference is {reference.shape} and coder {coder.shape}; both must be units x labels")
    n, n_labels = reference.shape
    shown = outcomes(reference, coder)
    same = (reference == coder).all(axis=1).astype(np.float64)
    contributions = np.column_stack([shown.reshape(n, n_labels * 4), same, np.ones(n)])

    def statistic(sums: Floats) -> Floats:
        counts = sums[..., :-2].reshape(*sums.shape[:-1], n_labels, 4)
        by_label = rates_of(counts)
        macro = mean_defined(np.moveaxis(by_label, -1, -2))
        micro = rates_of(counts.sum(axis=-2))
        flat = by_label.reshape(*sums.shape[:-1], n_labels * 5)
        return np.concatenate([flat, macro, micro, divide(sums[..., -2], sums[..., -1])[..., None]], axis=-1)

    def reasons(q: int) -> str:
        if n == 0:
            return NO_UNITS
        block, rate = divmod(q, 5)
        return NO_DEFINED_LABEL if block == n_labels else REASONS[rate]

    groups = np.arange(n) if clusters is None else clusters
    found = estimate(statistic, contributions, groups, bootstrap, n=n, reasons=reasons)
    rates = [Rates(*found[i : i + 5]) for i in range(0, len(found) - 1, 5)]
    totals = shown.sum(axis=0).astype(int)
    labels = tuple(
        BinaryScores(n, (tp + fn) / n if n else None, tp, fp, fn, tn, rates[i])
        for i, (tp, fp, fn, tn) in enumerate(totals.tolist())
    )
    return MultiScores(n, labels, rates[-2], rates[-1], found[-1])


def binary_scores(
    reference: Bools, coder: Bools, clusters: Ints | None = None, bootstrap: ClusterBootstrap | None = DEFAULT
) -> BinaryScores:
    """Scores of (units,) yes-or-no codes against a reference, on units that both coded."""
    return multi_scores(reference[:, None], coder[:, None], clusters, bootstrap).labels[0]


def confusion_matrix(reference: Ints, coder: Ints, n_categories: int) -> Ints:
    """(K, K) counts of units: rows are the reference's code, columns the coder's. Codes are 0 … K - 1."""
    cells = np.bincount(reference * n_categories + coder, minlength=n_categories**2)
    return cells.reshape(n_categories, n_categories).astype(np.int64)


def code_scores(
    reference: Ints,
    coder: Ints,
    n_categories: int,
    clusters: Ints | None = None,
    bootstrap: ClusterBootstrap | None = DEFAULT,
) -> CodeScores:
    """Confusion, exact agreement and mean absolute difference of (units,) codes 0 … K - 1 that both gave."""
    if reference.shape != coder.shape or reference.ndim != 1:
        raise ValueError(f"reference is {reference.shape} and coder {coder.shape}; both must be one code a unit")
    n = len(reference)
    both = np.concatenate([reference, coder])
    if n and not (both.min() >= 0 and both.max() < n_categories):
        raise ValueError(f"a code is not in 0..{n_categories - 1}")
    gap = np.abs(reference - coder).astype(np.float64)
    contributions = np.column_stack([gap == 0, gap, np.ones(n)]).astype(np.float64)
    exact, distance = estimate(
        lambda sums: divide(sums[..., :2], sums[..., 2:]),
        contributions,
        np.arange(n) if clusters is None else clusters,
        bootstrap,
        n=n,
        reasons=lambda _: NO_UNITS,
    )
    confusion = confusion_matrix(reference, coder, n_categories).tolist()
    return CodeScores(n, tuple(tuple(row) for row in confusion), exact, distance)
