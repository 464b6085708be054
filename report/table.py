"""A table for an appendix: plain data that the writers of LaTeX and CSV both take."""

from __future__ import annotations

from dataclasses import dataclass

from ..configs.codebook import Words
from ..evaluation.estimate import Estimate

Cell = Words | str | int | float | Estimate | None
"""Words of page or codebook, names that come from outside, counts, shares, or statistics. None: does not apply."""


@dataclass(frozen=True)
class Column:
    """``key`` heads the column in CSV, ``name`` on paper."""

    key: str
    name: Words


@dataclass(frozen=True)
class Table:
    """``name`` is the stem of its files. ``note`` stands below it."""

    name: str
    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Words | None = None

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.name}: every row needs {len(self.columns)} cells")

    def column(self, i: int) -> tuple[Cell, ...]:
        """The cells of a column, from the top."""
        return tuple(row[i] for row in self.rows)
