"""How far two categories are apart: (K, K) symmetric matrices, 0 on the diagonal.

``distances`` are those of Krippendorff's alpha (2011, "metric differences") and of label sets; they go into alpha as
they are, squared only where the metric itself is a square. ``disagreements`` are 1 less the agreement weights of
Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 3; every one lies between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..estimate import Floats, Ints, divide
from ..ratings import Category, numbers

FixedMetric = Literal["nominal", "interval", "ratio", "masi", "jaccard"]
Weights = Literal["identity", "linear", "quadratic", "ordinal"]


def distances(metric: FixedMetric, categories: Sequence[Category]) -> Floats:
    """Distances that depend on the categories alone (the ordinal ones depend on how often each occurs).

    nominal: 1 if they differ. interval: (c - k)²; ratio: ((c - k)/(c + k))², of numbers. jaccard, of label sets:
    1 - |A ∩ B|/|A ∪ B|. masi: 1 - |A ∩ B|/|A ∪ B| · M with M = 1 for the same set, 2/3 if one holds the other, 1/3
    if they overlap otherwise, 0 if not (Passonneau 2006, sec. 3). Two empty sets are the same. ValueError for
    categories that the metric cannot take.
    """
    if metric == "nominal":
        return 1.0 - np.eye(len(categories))
    if metric in ("interval", "ratio"):
        values = numbers(categories)
        gap: Floats = values[:, None] - values[None, :]
        if metric == "ratio":
            if (values < 0).any():
                raise ValueError("the ratio metric needs numbers that are not negative")
            gap = divide(gap, values[:, None] + values[None, :])
            gap[np.isnan(gap)] = 0.0  # both categories are 0
        return gap * gap
    if metric in ("masi", "jaccard"):
        return _between_sets(metric, categories)
    raise ValueError(f"unknown metric {metric!r}")


def _between_sets(metric: FixedMetric, categories: Sequence[Category]) -> Floats:
    sets = [c for c in categories if isinstance(c, frozenset)]
    if len(sets) < len(categories):
        raise ValueError(f"the {metric} metric needs categories that are sets of labels")
    labels = {label: j for j, label in enumerate(sorted(frozenset().union(*sets)))}
    member = np.zeros((len(sets), len(labels)))
    for i, labels_of in enumerate(sets):
        member[i, [labels[label] for label in labels_of]] = 1.0
    shared: Floats = member @ member.T
    size = member.sum(axis=1)
    smaller, larger = np.minimum(size[:, None], size), np.maximum(size[:, None], size)
    union = smaller + larger - shared
    same = union == shared
    overlap: Floats = np.where(same, 1.0, shared / np.maximum(union, 1.0))
    if metric == "jaccard":
        return 1.0 - overlap
    monotonicity: Ints = np.where(same, 3, np.where(shared == smaller, 2, 1))  # disjoint sets have no overlap to weigh
    return 1.0 - overlap * monotonicity / 3


def disagreements(weights: Weights, categories: Sequence[Category]) -> Floats:
    """1 - w of Gwet's agreement weights w.

    linear: |c - k| over its greatest value; quadratic: its square. They go by the categories if these are numbers,
    else by their positions. ordinal: C(d + 1, 2) over its greatest value, with d the distance of positions; it is
    not Krippendorff's ordinal metric, which goes by how often the categories occur. ValueError for label sets,
    which have no order.
    """
    if weights == "identity":
        return distances("nominal", categories)
    if weights not in ("linear", "quadratic", "ordinal"):
        raise ValueError(f"unknown weights {weights!r}")
    if any(isinstance(c, frozenset) for c in categories):
        raise ValueError(f"{weights} weights need categories in an order, which sets of labels have not")
    measured = weights != "ordinal" and not any(isinstance(c, str) for c in categories)
    place = numbers(categories) if measured else np.arange(len(categories), dtype=np.float64)
    gap: Floats = np.abs(place[:, None] - place[None, :])
    if weights == "ordinal":
        gap = gap * (gap + 1) / 2
    share: Floats = gap / (gap.max(initial=0.0) or 1.0)
    return share * share if weights == "quadratic" else share
