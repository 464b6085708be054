"""A table as CSV: every part of a figure in a column of its own, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from pathlib import Path

from ..configs.codebook import Words
from ..data.artifacts import atomic_write
from ..data.cell_text import to_csv
from ..evaluation.estimate import Estimate
from .clean import line
from .table import Cell, Table

Plain = str | int | float | None

STATISTIC = ("", "_low", "_high", "_n", "_note")
LANGUAGES = ("_zh", "_en")


def write_csv(table: Table, path: Path) -> None:
    """Write the table in UTF-8 with a byte order mark, by which spreadsheets know it."""
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([_safe(cell) for cell in row] for row in csv_rows(table))


def csv_rows(table: Table) -> list[list[Plain]]:
    """Heading and rows. A statistic takes five columns (value, low, high, n, and the reason why a part of it is
    missing), words in two languages take two."""
    forms = [_form(table.column(i)) for i in range(len(table.columns))]
    heading: list[Plain] = [f"{c.key}{part}" for c, form in zip(table.columns, forms, strict=True) for part in form]
    rows = [
        [part for cell, form in zip(row, forms, strict=True) for part in _parts(cell, len(form))] for row in table.rows
    ]
    return [heading, *rows]


def _form(cells: tuple[Cell, ...]) -> tuple[str, ...]:
    if any(isinstance(cell, Estimate) for cell in cells):
        return STATISTIC
    return LANGUAGES if any(isinstance(cell, Words) for cell in cells) else ("",)


def _parts(cell: Cell, n: int) -> list[Plain]:
    if isinstance(cell, Estimate):
        return [cell.value, cell.low, cell.high, cell.n, cell.reason or cell.interval_note]
    if isinstance(cell, Words):
        return [cell.zh, cell.en]
    # A name that is the same in both languages.
    return [cell] * n if n == len(LANGUAGES) else [cell, *[None] * (n - 1)]


def _safe(cell: Plain) -> Plain:
    # Numbers stay numbers: a minus sign before a digit is no formula.
    return to_csv(line(cell)) if isinstance(cell, str) else cell
