"""CSV and TSV, as spreadsheets in China write them: any of the encodings, commas, semicolons or tabs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .columns import SYNONYMS, canonical, has_text, no_text, to_fields
from .record import Record, Rejected
from .source import damaged, open_text

SUFFIXES = (".csv", ".tsv", ".tab")
_DELIMITERS = ",;\t"
# A quote that is never closed swallows the rest of the file; reading resumes on the next line, this often.
_RESTARTS = 20


@dataclass
class _State:
    """What outlasts a resumption further down the file."""

    names: list[str] | None = None
    delimiter: str = ","
    row: int = 0
    resume_after: int = 0


def read_table(path: Path, name: str) -> Iterator[Record | Rejected]:
    """A record a row; the first row names the columns."""
    # The default refuses fields over 128 KiB; a long report is larger.
    csv.field_size_limit(2**31 - 1)
    state = _State()
    for _ in range(_RESTARTS):
        skip = state.resume_after
        yield from _rows(path, name, state, skip)
        if state.resume_after == skip:
            return
    where = f"{name}:{state.resume_after + 1}"
    yield Rejected(where, "too many quotes are opened and never closed; the rest was not read")


def _rows(path: Path, name: str, state: _State, skip: int) -> Iterator[Record | Rejected]:
    """Records of the lines after the first ``skip``."""
    file, encoding = open_text(path)
    with file:
        if state.names is None:
            state.delimiter = _delimiter(file.readline(), path)
            file.seek(0)
        for _ in range(skip):
            file.readline()
        lines = (line.replace("\0", "") for line in file)
        # Lenient parsing would take a stray quote for part of the text, or quietly swallow rows.
        reader = csv.reader(lines, delimiter=state.delimiter, strict=True)
        while True:
            first = skip + reader.line_num + 1
            where = f"{name}:{first}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    yield Rejected(where, "a quote is opened here and never closed")
                    state.resume_after = first
                    return
                last = skip + reader.line_num
                where += f"–{last}" if last > first else ""
                yield Rejected(where, f"is not valid CSV ({error}); a quote inside a field is written twice")
                if state.names is None:
                    return
                continue
            if not any(cell.strip() for cell in cells):
                continue
            if state.names is None:
                state.names = _unique(cells)
                if not has_text(state.names):
                    yield Rejected(name, no_text(state.names))
                    return
                continue
            state.row += 1
            yield _record(cells, state, where, encoding)


def _record(cells: list[str], state: _State, where: str, encoding: str) -> Record | Rejected:
    names = state.names or []
    if damaged("".join(cells)):
        return Rejected(where, f"holds bytes that are not {encoding}")
    if any(cells[len(names) :]):
        return Rejected(where, f"has {len(cells)} fields, the header has {len(names)}")
    fields = to_fields(dict(zip(names, cells, strict=False)))
    return Record(fields, where, row=state.row, notes={"encoding": encoding})


def _delimiter(line: str, path: Path) -> str:
    """The one that makes most known columns of the header, then most columns."""
    preferred = "\t," if path.suffix.lower() in (".tsv", ".tab") else ",\t"

    def merit(delimiter: str) -> tuple[int, int, int]:
        names = next(csv.reader([line], delimiter=delimiter), [])
        known = sum(canonical(n) in SYNONYMS for n in names)
        return known, len(names), -(preferred + _DELIMITERS).index(delimiter)

    return max(_DELIMITERS, key=merit)


def _unique(names: list[str]) -> list[str]:
    """Column names with unnamed and repeated ones numbered, so that no cell is lost."""
    unique: list[str] = []
    for position, name in enumerate(names, 1):
        name = name.strip().strip("\ufeff") or f"column {position}"
        unique.append(name if name not in unique else f"{name} ({position})")
    return unique
