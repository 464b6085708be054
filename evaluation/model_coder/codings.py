"""What is judged: the codes of one variable, or of one label of it, by coder and report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..estimate import Bools, Floats, Ints
from ..ratings import MISSING
from ..tables import Scope, Table

Measure = Literal["nominal", "ordinal", "sets"]
"""How codes are compared: same or not; by steps of a scale; label sets by what they share."""

Category = bool | int | str

ABSENT_PRESENT: tuple[Category, ...] = (False, True)


@dataclass(frozen=True, eq=False)
class Codings:
    """Codes of one variable (``label`` None) or of one of its labels, present or absent.

    ``values``: (coders, units, features) positions in ``categories``; one feature, but for label sets one a label.
    ``coded``: (coders, units), whether there is a code; values are of no account where there is none. ValueError if
    the shapes do not fit.
    """

    variable: str
    label: str | None
    scope: Scope
    measure: Measure
    coders: tuple[str, ...]
    categories: tuple[Category, ...]
    values: Ints
    coded: Bools

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[:2] != self.coded.shape:
            raise ValueError(f"values are {self.values.shape} and coded is {self.coded.shape}")
        if len(self.coders) != len(self.coded):
            raise ValueError(f"{len(self.coders)} coders, but codes of {len(self.coded)}")

    @classmethod
    def from_codes(
        cls,
        codes: Mapping[str, Mapping[str, Category]],
        units: Sequence[str],
        *,
        measure: Literal["nominal", "ordinal"] = "nominal",
        categories: Sequence[Category] | None = None,
        variable: str = "",
    ) -> Codings:
        """Codings of a single-valued variable from {coder: {unit: code}}; a unit that is not there is missing.

        ``categories``: ascending; by default those that occur, sorted. KeyError for a code that is none of them.
        """
        if categories is None:
            categories = sorted({code for by_unit in codes.values() for code in by_unit.values()})
        position = {category: i for i, category in enumerate(categories)}
        rows = [[position[of[u]] if u in of else MISSING for u in units] for of in codes.values()]
        values = np.array(rows, dtype=np.int64).reshape(len(codes), len(units), 1)
        coded: Bools = values[..., 0] != MISSING
        return cls(variable, None, "asked", measure, tuple(codes), tuple(categories), values, coded)

    def row(self, coder: str) -> int:
        """Position of a coder; ValueError if they have no codes here."""
        if coder not in self.coders:
            raise ValueError(f"{coder!r} has no codes of {self.label or self.variable}")
        return self.coders.index(coder)

    def rows(self, coders: Sequence[str]) -> list[int]:
        """Positions of those of the coders who have codes here."""
        return [self.coders.index(coder) for coder in coders if coder in self.coders]

    def counts(self, rows: Sequence[int]) -> Ints:
        """(units, features, categories): how many of these coders gave the unit that category."""
        values, coded = self.values[rows], self.coded[rows][..., None]
        found = [((values == k) & coded).sum(axis=0) for k in range(len(self.categories))]
        return np.stack(found, axis=-1).astype(np.int64)

    def likeness(self, one: int, other: int) -> Floats:
        """(units,): how alike two coders' codes are; meaningless where one of them is missing.

        Nominal: 1 if the same. Ordinal: the squared difference in steps, negative. Sets: Jaccard, 1 if both are empty.
        """
        a, b = self.values[one], self.values[other]
        if self.measure == "nominal":
            alike: Floats = (a == b).all(axis=1).astype(np.float64)
        elif self.measure == "ordinal":
            alike = -np.square(a - b).sum(axis=1).astype(np.float64)
        else:
            shared, either = ((a == 1) & (b == 1)).sum(axis=1), ((a == 1) | (b == 1)).sum(axis=1)
            alike = np.where(either > 0, shared / np.maximum(either, 1), 1.0)
        return alike


def codings_of(table: Table) -> Iterator[Codings]:
    """The variable as a whole, then its labels if it is a multi or nominal one."""
    variable = table.variable

    def made(label: str | None, measure: Measure, categories: tuple[Category, ...], values: Ints) -> Codings:
        return Codings(variable.id, label, table.scope, measure, table.coders, categories, values, table.coded)

    if table.codes is not None:
        measure: Measure = "ordinal" if variable.type == "ordinal" else "nominal"
        yield made(None, measure, table.categories, table.codes[..., None])
    if table.present is not None:
        present = table.present.astype(np.int64)
        if variable.type == "multi":
            yield made(None, "sets", ABSENT_PRESENT, present)
        for i, label in enumerate(table.labels or (None,)):
            yield made(label, "nominal", ABSENT_PRESENT, present[..., i : i + 1])
