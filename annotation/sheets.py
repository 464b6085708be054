"""Coding sheets for teams that code in a spreadsheet: one row a report, with the codebook beside it.

A variable with several labels has a column a label to tick, and its own column for "none of them". Every variable that
asks for evidence has a column for quotes (one a label), for "unsure" and for a note. Sheets come back through
``read_sheet``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.codebook import Codebook, Variable, Words
from ..configs.errors import UserError
from ..data.artifacts import atomic_write
from ..data.cell_text import pieces, to_csv, to_xlsx
from ..data.cells import NO, NONE, TICK, YES, choice, to_cell
from ..data.check import CodeProblem, check_each
from ..data.code_columns import ABOUT, REPORT_ID, Column, columns_of, header
from ..data.codes import Code, current
from ..data.codes_table import read_codes_table as read_sheet
from ..data.grid import SHEET, further
from ..data.quotes import ABSENT, FoldedText
from ..data.report import Report

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["read_sheet", "write_sheet"]

BOOK = "codebook"
WIDTHS = {"id": 16, "title": 26, "date": 11, "outlet": 14, "text": 90, "value": 20, "label": 12, "evidence": 34,
          "unsure": 9, "note": 28}  # fmt: skip
ROW_HEIGHT, HEADER_HEIGHT = 150, 78
"""In points: some ten lines, so that a long report does not fill the screen."""
_BOOK_HEAD = (
    "variable 变量",
    "",
    "enter 填写",
    "中文",
    "English",
    "定义",
    "definition",
    "includes 包括",
    "excludes 不包括",
)
_BOOK_WIDTHS = (20, 10, 30, 26, 26, 60, 60, 50, 50)


@dataclass(frozen=True)
class _Filled:
    """A column of a sheet: what it holds (a string: something about the report), its name, its cells."""

    column: Column | str
    name: str
    cells: Sequence[str]

    @property
    def role(self) -> str:
        return self.column.role if isinstance(self.column, Column) else self.column


def write_sheet(
    path: str | Path, reports: Iterable[Report], codebook: Codebook, codes: Iterable[Code] = (), *, force: bool = False
) -> list[CodeProblem]:
    """Write a coding sheet (.xlsx, or .csv for other programs), empty or with one coder's ``codes`` to go on with.

    Returns what is wrong with these codes; those that do not fit the codebook are not in the sheet. Raises
    ``UserError`` if the file exists, or if the codes are of several coders or rounds.
    """
    path = Path(path)
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise UserError(f"{path}: coding sheets are written as .xlsx or .csv; name such a file")
    if path.exists() and not force:
        raise UserError(f"{path}: exists already, maybe with codes in it; choose another name or add --force")
    reports = list(reports)
    if not reports:
        raise UserError(f"{path}: there are no reports to code")
    given = {report.id for report in reports}
    standing = [code for code in current(codes) if code.report_id in given]
    if len({(code.coder, code.purpose, code.round) for code in standing}) > 1:
        raise UserError(f"{path}: a sheet holds the codes of one coder and round; choose whose")
    found = check_each(standing, reports, codebook)
    unfit = [any(p.kind in ("variable", "value") for p in problems) for problems in found]
    by_report: dict[str, dict[str, Code]] = {report.id: {} for report in reports}
    for code, does_not_fit in zip(standing, unfit, strict=True):
        if not does_not_fit:
            by_report[code.report_id][code.variable] = code
    rows = [_row(report, codebook, by_report[report.id]) for report in reports]
    filled = _widened(rows, _columns(codebook, rows), codebook)
    if path.suffix.lower() == ".csv":
        with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
            table = zip(*((one.name, *one.cells) for one in filled), strict=True)
            csv.writer(file).writerows([to_csv(cell) for cell in row] for row in table)
    else:
        _write_xlsx(path, filled, codebook)
    return [problem for problems in found for problem in problems]


def _row(report: Report, codebook: Codebook, codes: Mapping[str, Code]) -> dict[Column | str, str]:
    """What stands in the row, by column; a string is a column about the report."""
    cells: dict[Column | str, str] = {"id": report.id}
    cells |= {field: getattr(report, field) or "" for field in ABOUT}
    text = FoldedText(report.text) if codes else None
    for name, code in codes.items():
        variable = codebook.variable(name)
        if isinstance(code.value, list) and code.value:
            cells |= {Column("label", name, label): TICK for label in code.value}
        else:
            cells[Column("value", name)] = to_cell(variable, code.value)
        for label in {span.label for span in code.evidence}:
            # A label of a variable that has no labels to tick is not written; reading gives None back.
            spans = [span for span in code.evidence if span.label == label]
            cells[Column("evidence", name, label)] = text.write(spans) if text else ""
        if code.absence and not code.evidence:
            cells[Column("evidence", name)] = ABSENT
        if code.unsure:
            cells[Column("unsure", name)] = TICK
        cells[Column("note", name)] = code.note or ""
    return {column: cell for column, cell in cells.items() if cell}


def _columns(codebook: Codebook, rows: Iterable[Mapping[Column | str, str]]) -> list[Column | str]:
    """All that is coded, with evidence, mark and note where the codebook asks for it or the codes have it."""
    used = {column for row in rows for column in row}
    first = next((variable.id for variable in codebook.coded), None)
    columns: list[Column | str] = ["id", *ABOUT]
    for variable in codebook.variables:
        offered = variable in codebook.coded
        for column in _in_order(variable):
            asked = column.role in ("value", "label") or variable.evidence
            asked = asked or (variable.id == first and column.role in ("unsure", "note"))
            if (offered and asked) or column in used:
                columns.append(column)
    return columns


def _in_order(variable: Variable) -> list[Column]:
    """The value and its labels, each beside its evidence, before the mark and the note."""
    columns = columns_of(variable)
    return sorted(columns, key=lambda column: column.role in ("unsure", "note"))


def _widened(
    rows: Sequence[Mapping[Column | str, str]], columns: Sequence[Column | str], codebook: Codebook
) -> list[_Filled]:
    """What is too long for a cell goes on in the next column."""
    filled: list[_Filled] = []
    for column in columns:
        name = header(codebook, column) if isinstance(column, Column) else ABOUT.get(column, REPORT_ID)
        parts = zip_longest(*(pieces(row.get(column, "")) for row in rows), fillvalue="")
        filled += [_Filled(column, further(name, n), part) for n, part in enumerate(parts, 1)]
    return filled


def _write_xlsx(path: Path, filled: Sequence[_Filled], codebook: Codebook) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet: Any = book.active
    sheet.title = SHEET
    choices = _write_codebook(book.create_sheet(BOOK), codebook)
    n_rows = len(filled[0].cells)
    wrapped, bold = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
    for position, one in enumerate(filled, 1):
        letter = get_column_letter(position)
        sheet.column_dimensions[letter].width = WIDTHS[one.role]
        for row, text in enumerate((one.name, *one.cells), 1):
            cell = _put(sheet, row, position, text)
            cell.alignment = wrapped
            if row == 1:
                cell.font = bold
        offered = choices.get(one.column) or (f'"{TICK}"' if one.role in ("label", "unsure") else None)
        if offered:
            # A warning only: coders may also write what ``read_sheet`` understands.
            rule = DataValidation("list", offered, allow_blank=True, showErrorMessage=True, errorStyle="warning")
            rule.add(f"{letter}2:{letter}{n_rows + 1}")
            sheet.add_data_validation(rule)
    for row in range(n_rows + 1):
        sheet.row_dimensions[row + 1].height = ROW_HEIGHT if row else HEADER_HEIGHT
    sheet.freeze_panes = "C2"
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        book.save(file)


def _put(sheet: Worksheet, row: int, column: int, text: str) -> Any:
    """Write a cell as text, whatever it looks like, that stays text when a coder edits it."""
    cell: Any = sheet.cell(row, column, to_xlsx(text) or None)
    if text:
        cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _write_codebook(sheet: Worksheet, codebook: Codebook) -> dict[Column | str, str]:
    """Write the definitions; returns, by column of the coding sheet, the range of what can be picked there."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    ranges: dict[Column | str, str] = {}
    rows: list[Sequence[str]] = [_BOOK_HEAD]
    for variable in codebook.coded:
        rows.append((variable.id, "", "", *_both(variable.name), *_both(variable.question)))
        rows += [("", rule.id, "", "", "", *_both(rule.text)) for rule in variable.rules]
        start = len(rows) + 1
        if variable.type == "binary":
            rows += [("", "", YES), ("", "", NO)]
        elif variable.type == "multi":
            rows.append(("", "", NONE))
        if variable.type != "text":
            last = len(rows) + (0 if variable.type == "multi" else len(variable.labels))
            ranges[Column("value", variable.id)] = f"{BOOK}!$C${start}:$C${last}"
        for label in variable.labels:
            enter = TICK if variable.type == "multi" else choice(variable, label)
            sides = ("\n".join(f"{w.zh} {w.en}" for w in words) for words in (label.include, label.exclude))
            rows.append((variable.id, label.id, enter, *_both(label.name), *_both(label.definition), *sides))
    for number, row in enumerate(rows, 1):
        for position, text in enumerate(row, 1):
            cell = _put(sheet, number, position, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1 or (position == 1 and not row[1]):
                cell.font = Font(bold=True)
    for position, width in enumerate(_BOOK_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    sheet.freeze_panes = "A2"
    return ranges


def _both(words: Words | None) -> tuple[str, str]:
    return (words.zh, words.en) if words else ("", "")
