"""The table that agreement statistics work on: units x coders, one variable."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .estimate import Floats, Ints, numbered

MISSING = -1

Category = bool | int | float | str | frozenset[str]
"""A code of a single-valued variable, or all labels that a coder gave of a multi variable (maybe none)."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """Codes of one variable.

    ``values`` is a (units, coders) integer matrix: the position of the code in ``categories``, -1 if missing.
    ``categories`` are in ascending order, which is what the ordinal metric goes by; label sets (frozensets) have
    none. Coefficients that expect disagreement from the number of categories (Brennan-Prediger, Gwet) count all
    of ``categories``, whether they occur or not. ``clusters`` is a (units,) integer vector: units of one cluster
    (reprints of one story) are resampled together. Raises ValueError if the shapes do not fit or a code lies
    outside the categories.
    """

    unit_ids: tuple[str, ...]
    coders: tuple[str, ...]
    values: Ints
    categories: tuple[Category, ...]
    clusters: Ints

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.unit_ids), len(self.coders)):
            raise ValueError(
                f"values are {self.values.shape}, not {len(self.unit_ids)} units x {len(self.coders)} coders"
            )
        if self.clusters.shape != (len(self.unit_ids),):
            raise ValueError(f"{len(self.unit_ids)} units need as many clusters, not {self.clusters.shape}")
        if len(set(self.categories)) < len(self.categories):
            raise ValueError("a category occurs twice")
        if self.values.size and not (self.values.min() >= MISSING and self.values.max() < len(self.categories)):
            raise ValueError(f"a code is not in -1..{len(self.categories) - 1}")

    @classmethod
    def from_codes(
        cls,
        codes: Mapping[tuple[str, str], Category | None],
        *,
        categories: Sequence[Category] | None = None,
        clusters: Mapping[str, Hashable] | None = None,
    ) -> Ratings:
        """Ratings of a single-valued variable from {(unit, coder): code}; None and absent keys are missing.

        ``categories``: all that may occur, ascending; by default those that do occur, sorted. ``clusters``:
        cluster of each unit; a unit that is not in it is a cluster of its own.
        """
        if categories is None:
            categories = ascending({v for v in codes.values() if v is not None})
        position = {category: i for i, category in enumerate(categories)}
        unknown = [v for v in codes.values() if v is not None and v not in position]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is none of the categories")
        units = tuple(dict.fromkeys(unit for unit, _ in codes))
        coders = tuple(dict.fromkeys(coder for _, coder in codes))
        row, column = {u: i for i, u in enumerate(units)}, {c: i for i, c in enumerate(coders)}
        values = np.full((len(units), len(coders)), MISSING, dtype=np.int64)
        for (unit, coder), value in codes.items():
            if value is not None:
                values[row[unit], column[coder]] = position[value]
        return cls(units, coders, values, tuple(categories), cluster_vector(units, clusters))

    @classmethod
    def from_label(
        cls,
        codes: Mapping[tuple[str, str], Sequence[str] | None],
        label: str,
        *,
        clusters: Mapping[str, Hashable] | None = None,
    ) -> Ratings:
        """Whether one label of a multi variable is present, from {(unit, coder): labels}; None is missing."""
        present = {key: None if labels is None else label in labels for key, labels in codes.items()}
        return cls.from_codes(present, categories=(False, True), clusters=clusters)

    @classmethod
    def from_label_sets(
        cls,
        codes: Mapping[tuple[str, str], Collection[str] | None],
        *,
        clusters: Mapping[str, Hashable] | None = None,
    ) -> Ratings:
        """All labels of a multi variable at once, from {(unit, coder): labels}; None is missing, no label is not.

        The categories are the distinct sets that occur, for the metrics of label sets (MASI, Jaccard).
        """
        sets = {key: None if labels is None else frozenset(labels) for key, labels in codes.items()}
        return cls.from_codes(sets, clusters=clusters)

    def counts(self) -> Ints:
        """(units, categories): how many coders gave the unit that category."""
        counts = np.zeros((len(self.unit_ids), len(self.categories)), dtype=np.int64)
        for k in range(len(self.categories)):
            counts[:, k] = (self.values == k).sum(axis=1)
        return counts


def ascending(categories: Iterable[Category]) -> list[Category]:
    """Categories in their own order; label sets, which have none, by size and then by label."""

    def key(category: Any) -> Any:
        return (len(category), sorted(category)) if isinstance(category, frozenset) else category

    return sorted(categories, key=key)


def numbers(categories: Sequence[Category]) -> Floats:
    """(K,) the categories as numbers; ValueError if they are words or label sets."""
    try:
        return np.array([float(c) for c in categories])  # type: ignore[arg-type]  # what is no number is refused
    except (TypeError, ValueError):
        raise ValueError("interval and ratio metrics need categories that are numbers") from None


def cluster_vector(units: Sequence[str], clusters: Mapping[str, Hashable] | None) -> Ints:
    """(units,) cluster numbers; a unit that is not in ``clusters`` is a cluster of its own."""
    known = clusters or {}
    return numbered((0, known[unit]) if unit in known else (1, unit) for unit in units)
