"""Plain tables, whatever they hold: CSV, TSV, XLSX, JSON lines or Parquet as rows of named cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..configs.errors import UserError
from .cell_text import from_csv, from_xlsx
from .encodings import Unreadable
from .json_text import RepeatedKey, read_json_text
from .readers.columns import to_text
from .readers.record import Rejected
from .readers.source import damaged, open_text
from .tables import first_line

SUFFIXES = (".csv", ".tsv", ".xlsx", ".jsonl", ".parquet")
SHEET = "coding"
"""The worksheet that is read, if a workbook has it; else its first."""
BESIDE = "codebook"
"""The worksheet that weijing writes beside it, for coders to read."""
MOST_BYTES, MOST_ROWS, MOST_CELLS = 256 * 2**20, 200_000, 5_000_000
"""Of a workbook: a small file can unpack to more than any memory holds."""
_FURTHER = re.compile(r"^(.*\S) \((\d{1,4})\)$", re.DOTALL)
Cells = tuple[int, list[Any]]


@dataclass(frozen=True)
class Grid:
    """A table as read; cells of strings are as they were before ``cell_text`` made them safe."""

    names: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, Any]], ...]
    """Number of the row as a spreadsheet shows it (of the record in JSON and Parquet), and its cells by name."""
    rejected: tuple[Rejected, ...] = ()


def further(name: str, number: int) -> str:
    """The name of the column in which a cell that is too long goes on; 1 is the column itself."""
    return name if number == 1 else f"{name} ({number})"


def read_grid(path: str | Path) -> Grid:
    """The rows of a table that are not blank; what cannot be read is ``rejected``, each with its place and reason.

    Columns named ``x (2)``, ``x (3)`` go on with the cells of ``x``. Raises ``UserError`` if the file cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    try:
        if suffix in (".csv", ".tsv"):
            return _from_cells(path, _csv(path))
        if suffix == ".xlsx":
            return _from_cells(path, _xlsx(path))
        if suffix == ".jsonl":
            return _from_records(_json_lines(path))
        if suffix == ".parquet":
            return _from_records(_parquet(path))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except Unreadable as error:
        raise UserError(f"{path}: {error.reason}") from None
    except (OSError, UnicodeError) as error:
        raise UserError(f"{path}: cannot be read ({first_line(error)})") from None
    raise UserError(f"{path}: tables are read from {', '.join(SUFFIXES)}; save it as one of these")


def _csv(path: Path) -> Iterator[Cells | Rejected]:
    csv.field_size_limit(2**31 - 1)
    file, encoding = open_text(path)
    with file:
        text = file.read()

    def rows(delimiter: str) -> Any:
        # Lenient parsing would quietly take rows for part of a cell.
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def width(delimiter: str) -> int:
        try:
            return len(next(rows(delimiter), []))
        except csv.Error:
            return 0

    reader = rows(max("\t,;" if path.suffix.lower() == ".tsv" else ",;\t", key=width))
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = "a quote is opened here and never closed; what follows was not read"
            unclosed = "unexpected end of data" in str(error)
            yield Rejected(f"{path}: row {number}", reason if unclosed else f"is not valid CSV ({error})")
            continue
        if damaged("".join(cells)):
            yield Rejected(f"{path}: row {number}", f"holds bytes that are not {encoding}")
        else:
            yield number, [from_csv(cell) for cell in cells]


def _xlsx(path: Path) -> Iterator[Cells | Rejected]:
    from zipfile import ZipFile

    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    too_large = UserError(f"{path}: is too large for a workbook that is read whole; save it as .csv, or in parts")
    try:
        with ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                raise too_large
        # Values and formulas cannot be had at once, and a formula that was never calculated has no value.
        books = [load_workbook(path, read_only=True, data_only=data_only) for data_only in (True, False)]
        titles = [sheet.title for sheet in books[0].worksheets]
        title = SHEET if SHEET in titles else titles[0]
        others = [repr(other) for other in titles if other not in (title, BESIDE)]
        if others:
            listed = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
            yield Rejected(str(path), f"only the worksheet {title!r} was read, not {listed}")
        sheets: list[Any] = [book[title] for book in books]
        for sheet in sheets:
            sheet.reset_dimensions()  # what the file says of its size may be wrong
        n_cells = 0
        for number, (row, formulas) in enumerate(
            zip(*(sheet.iter_rows(values_only=True) for sheet in sheets), strict=True), 1
        ):
            n_cells += len(row)
            if number > MOST_ROWS or n_cells > MOST_CELLS:
                raise too_large
            empty = [p for p, cell in enumerate(row) if cell is None and formulas[p] is not None]
            if empty:
                cells = ", ".join(f"{get_column_letter(p + 1)}{number}" for p in empty[:5])
                reason = "a formula without a value; calculate and save the workbook in a spreadsheet program"
                yield Rejected(f"{path}: row {number}", f"{cells}{' …' if len(empty) > 5 else ''}: {reason}")
            yield number, [from_xlsx(cell) if isinstance(cell, str) else cell for cell in row]
        for book in books:
            book.close()
    except (UserError, OSError):
        raise
    except Exception as error:  # a damaged workbook may raise anything, from zlib's errors to XML's
        raise UserError(f"{path}: is no workbook that can be read ({first_line(error)}); save it as .xlsx") from None


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]] | Rejected]:
    file, _ = open_text(path, newline="\n")
    with file:
        for number, line in enumerate(file, 1):
            where = f"{path}: row {number}"
            if not line.strip():
                continue
            try:
                record = read_json_text(line)
            except (ValueError, RecursionError) as error:
                yield Rejected(where, f"is not valid JSON ({error})")
                continue
            if isinstance(record, RepeatedKey):
                yield Rejected(where, f"key {record.key!r} occurs twice; keep one of them")
            elif not isinstance(record, dict):
                yield Rejected(where, f"is no JSON object but a {type(record).__name__}")
            else:
                yield number, record


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        yield from enumerate(pq.read_table(path).to_pylist(), 1)
    except pa.ArrowException as error:
        raise UserError(f"{path}: cannot be read as Parquet ({first_line(error)})") from None


def _from_records(items: Iterable[tuple[int, dict[str, Any]] | Rejected]) -> Grid:
    items = list(items)
    rows = [item for item in items if not isinstance(item, Rejected)]
    names = dict.fromkeys(name for _, row in rows for name in row)
    return Grid(tuple(names), tuple(rows), tuple(item for item in items if isinstance(item, Rejected)))


def _from_cells(path: Path, items: Iterable[Cells | Rejected]) -> Grid:
    names: list[str] = []
    rows: list[tuple[int, dict[str, Any]]] = []
    rejected: list[Rejected] = []
    for item in items:
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        number, cells = item
        if not any(to_text(cell).strip() for cell in cells):
            continue
        if not names:
            names = _named(cells)
        elif any(to_text(cell).strip() for cell in cells[len(names) :]):
            rejected.append(Rejected(f"{path}: row {number}", f"has more cells than the header ({len(names)})"))
        else:
            rows.append((number, _joined(dict(zip_longest(names, cells[: len(names)])))))
    kept = tuple(name for name in names if _base(name, names) is None)
    return Grid(kept, tuple(rows), tuple(rejected))


def _named(cells: Sequence[Any]) -> list[str]:
    """Names of columns; one without a name, or with the name of another, is called by its position."""
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        name = to_text(cell).strip().strip("\ufeff")
        names.append(name if name and name not in names else f"{name} [column {position}]".strip())
    return names


def _base(name: str, names: Container[str]) -> str | None:
    found = _FURTHER.match(name)
    return found[1] if found and found[1] in names else None


def _joined(row: dict[str, Any]) -> dict[str, Any]:
    """Cells that go on in further columns put together, wherever these stand."""
    joined = {name: cell for name, cell in row.items() if _base(name, row) is None}
    for base in joined:
        number = 2
        while to_text(row.get(further(base, number))):
            joined[base] = to_text(joined[base]) + to_text(row[further(base, number)])
            number += 1
    return joined
