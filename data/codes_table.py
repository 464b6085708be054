"""Codes made elsewhere, by people or by any model, and coding sheets that come back: a plain table made codes.

Long tables have a code a row (report id, coder, variable, value); wide ones, such as coding sheets, a report a row and
a column a variable or a label. Both may have evidence (quotes), unsure and note. What cannot be placed is listed with
its row and reason. A blank cell is no code, never "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..configs.codebook import Codebook, Value, Variable, ordered
from ..configs.errors import UserError
from .cells import Unreadable, from_cell, tick
from .check import check_each, check_passes, pass_of
from .code import Code, CoderKind, Purpose, Span, current
from .code_columns import Column, match_columns
from .grid import read_grid
from .quotes import FoldedText
from .readers.columns import to_text
from .report import Report


@dataclass(frozen=True)
class Coding:
    """Who coded what a table holds, and under which conditions."""

    coder: str | None = None
    """Where the table has no column that says so."""
    coder_kind: CoderKind = "human"
    purpose: Purpose = "train"
    round: int | None = None
    saw_prediction: bool = False
    saw_codes: bool = False
    at: str | None = None
    """When, in ISO format; without it the same table always gives codes of the same ids."""


@dataclass(frozen=True)
class TableProblem:
    """What could not be placed, or should be looked at."""

    where: str
    message: str
    report_id: str | None = None
    variable: str | None = None

    def __str__(self) -> str:
        about = ", ".join(part for part in (self.report_id, self.variable) if part)
        return f"{self.where}{f' ({about})' if about else ''}: {self.message}"


@dataclass(frozen=True)
class TableCodes:
    """The codes of a table."""

    codes: tuple[Code, ...]
    """To append: codes that are known already as they are known, changed ones as new versions of these."""
    problems: tuple[TableProblem, ...]
    ignored: tuple[str, ...]
    """Columns that mean nothing here."""
    n_rows: int


def read_codes_table(
    path: str | Path, reports: Iterable[Report], codebook: Codebook, coding: Coding, known: Iterable[Code] = ()
) -> TableCodes:
    """Read a coding sheet or any table of codes (csv, tsv, xlsx, jsonl, parquet).

    ``known`` are the codes there are already: a table that was read before then changes nothing, and what changed
    supersedes. A code whose cell was emptied stands (and is listed) unless the gate now says that it is not asked.
    Raises ``UserError`` if the file is no such table, or no coder is named.
    """
    grid = read_grid(path)
    columns, ignored = match_columns(codebook, grid.names)
    is_long = Column("variable") in columns and Column("value") in columns
    about_variables = {column.variable for column in columns if column.role in ("value", "label")} - {None}
    if Column("id") not in columns or not (is_long or about_variables):
        found = ", ".join(map(repr, grid.names[:12]))
        raise UserError(f"{path}: is no table of codes: it needs a column `report id` and codes (found {found})")
    if not coding.coder and Column("coder") not in columns:
        raise UserError(f"{path}: nothing says who coded this; name the coder, or add a column `coder`")
    reports = list(reports)
    texts = {report.id: report.text for report in reports}
    drafts = _Drafts(codebook, coding)
    problems = [TableProblem(rejected.where, rejected.reason) for rejected in grid.rejected]
    for number, row in grid.rows:
        where = f"{path}: row {number}"
        cells = {column: row.get(name) for column, name in columns.items()}
        report_id = to_text(cells[Column("id")]).strip()
        coder = to_text(cells.get(Column("coder"))).strip() or coding.coder
        if report_id not in texts:
            problems.append(TableProblem(where, f"the corpus has no report {report_id!r}"))
        elif not coder:
            problems.append(TableProblem(where, "no coder is named", report_id))
        else:
            add = drafts.add_long if is_long else drafts.add_wide
            told = [(v, m) for v, m in add(where, report_id, coder, cells, FoldedText(texts[report_id]))]
            problems += [TableProblem(where, message, report_id, variable) for variable, message in told]
    known = list(known)
    codes = as_versions(drafts.codes, known, codebook)
    mentioned: set[str | None] = {code.variable for code in codes} if is_long else {*about_variables}
    problems += _checked(codes, known, reports, codebook, mentioned, drafts.rows)
    return TableCodes(tuple(codes), tuple(problems), tuple(ignored), len(grid.rows))


def as_versions(codes: Iterable[Code], known: Iterable[Code], codebook: Codebook) -> list[Code]:
    """The codes as versions of those known: the known one where nothing changed, else one that supersedes it.

    Known codes of a pass that its new codes say are not asked any more are taken back.
    """
    by_id = {code.code_id: code for code in known}
    # Deletions are versions too: what was taken back and is coded again comes after them.
    newest = current(replace(code, deleted=False) for code in by_id.values())
    before = {(pass_of(code), code.variable): by_id[code.code_id] for code in newest}
    versions: list[Code] = []
    values: dict[object, dict[str, Value]] = {}
    for code in codes:
        values.setdefault(pass_of(code), {})[code.variable] = code.value
        old = before.pop((pass_of(code), code.variable), None)
        if old is None:
            versions.append(code)
        elif not old.deleted and _content(old) == _content(code):
            versions.append(old)
        else:
            versions.append(replace(code, supersedes=old.code_id, code_id=""))
    at = {pass_of(code): code.at for code in versions}
    for (its_pass, name), old in before.items():
        coded = values.get(its_pass)
        if coded is None or old.deleted or name not in {v.id for v in codebook.variables}:
            continue
        if any(condition.holds(coded) is False for condition in codebook.variable(name).asked_when):
            versions.append(
                Code(old.report_id, old.coder, name, None, coder_kind=old.coder_kind, at=at[its_pass], round=old.round,
                     purpose=old.purpose, supersedes=old.code_id, deleted=True)
            )  # fmt: skip
    return versions


def _content(code: Code) -> tuple[object, ...]:
    return repr(code.value), frozenset(code.evidence), code.absence, code.unsure, code.note


class _Drafts:
    """The codes of a table as its rows are read; ``add_…`` yield what is wrong: a variable or None, and why."""

    def __init__(self, codebook: Codebook, coding: Coding) -> None:
        self._codebook = codebook
        self._coding = coding
        self._codes: dict[tuple[str, str, str], Code] = {}
        self.rows: dict[tuple[str, str], str] = {}
        """Where each report and coder came first."""

    @property
    def codes(self) -> list[Code]:
        return list(self._codes.values())

    def add_wide(
        self, where: str, report_id: str, coder: str, cells: Mapping[Column, Any], text: FoldedText
    ) -> Iterator[tuple[str | None, str]]:
        if self.rows.setdefault((report_id, coder), where) != where:
            yield None, f"the report came before, in {self.rows[report_id, coder]}; this row was left out"
            return
        nothing = True
        first = next(iter(self._codebook.coded), None)
        for variable in self._codebook.variables:
            own = {column: cell for column, cell in cells.items() if column.variable == variable.id}
            if variable is first:
                for role in ("unsure", "note"):
                    own.setdefault(Column(role, variable.id), cells.get(Column(role)))
            filled = [column for column, cell in own.items() if to_text(cell).strip() or cell == []]
            nothing = nothing and not filled
            try:
                value = _value(variable, own)
            except Unreadable as error:
                yield variable.id, str(error)
                continue
            if value is not None:
                yield from self._take(report_id, coder, variable, value, own, text)
            elif any(column.role in ("evidence", "unsure", "note") for column in filled):
                yield variable.id, "has evidence, a mark or a note, and no code"
        if nothing:
            yield None, "nothing is coded"

    def add_long(
        self, where: str, report_id: str, coder: str, cells: Mapping[Column, Any], text: FoldedText
    ) -> Iterator[tuple[str | None, str]]:
        self.rows.setdefault((report_id, coder), where)
        name = to_text(cells[Column("variable")]).strip()
        meant = next(iter(match_columns(self._codebook, [name])[0]), None)
        if meant is None or meant.role not in ("value", "label") or meant.variable is None:
            yield None, f"the codebook has no variable {name!r}"
            return
        variable = self._codebook.variable(meant.variable)
        try:
            if meant.label:
                ticked = tick(cells[Column("value")])
                value: Value = None if ticked is None else [meant.label] * ticked
            else:
                value = from_cell(variable, cells[Column("value")])
        except Unreadable as error:
            yield variable.id, str(error)
            return
        if value is None:
            yield variable.id, "the value is blank"
            return
        # Evidence of one label is that label's; of several it cannot be told whose it is.
        label = value[0] if isinstance(value, list) and len(value) == 1 else None
        roles = {"evidence": label, "unsure": None, "note": None}
        own = {Column(role, variable.id, of): cells.get(Column(role)) for role, of in roles.items()}  # type: ignore[arg-type]
        yield from self._take(report_id, coder, variable, value, own, text)

    def _take(
        self, report_id: str, coder: str, variable: Variable, value: Value, own: Mapping[Column, Any], text: FoldedText
    ) -> Iterator[tuple[str, str]]:
        """Add a code with its evidence, mark and note; labels of a multi variable may come one a row."""
        spans: list[Span] = []
        absence = False
        for label in (*variable.label_ids, None):
            cell = to_text(own.get(Column("evidence", variable.id, label)))
            if cell.strip():
                read = text.read(cell, label)
                spans += read.spans
                absence = absence or read.absence
                yield from ((variable.id, problem) for problem in read.problems)
        try:
            unsure = bool(tick(own.get(Column("unsure", variable.id))))
        except Unreadable as error:
            unsure = True
            yield variable.id, f"unsure: {error}; taken for yes"
        note = to_text(own.get(Column("note", variable.id)))
        made = self._code(report_id, coder, variable, value, spans, absence and not spans, unsure, note)
        key = (report_id, coder, variable.id)
        before = self._codes.setdefault(key, made)
        if before is made:
            return
        if isinstance(before.value, list) and isinstance(value, list) and before.value and value:
            both = ordered(variable, [*before.value, *value])
            spans = list(dict.fromkeys([*before.evidence, *spans]))
            notes = "\n".join(dict.fromkeys(n for n in (before.note, made.note) if n))
            unsure = before.unsure or unsure
            self._codes[key] = self._code(report_id, coder, variable, both, spans, absence and not spans, unsure, notes)
        elif _content(before) != _content(made):
            yield variable.id, f"was coded {before.value!r} in an earlier row, here {value!r}; this row was left out"

    def _code(
        self, report_id: str, coder: str, variable: Variable, value: Value, spans: list[Span], absence: bool,
        unsure: bool, note: str,
    ) -> Code:  # fmt: skip
        given = self._coding
        return Code(
            report_id, coder, variable.id, value, tuple(spans), absence=absence, coder_kind=given.coder_kind,
            unsure=unsure, note=note if note.strip() else None, at=given.at, round=given.round, purpose=given.purpose,
            saw_prediction=given.saw_prediction, saw_codes=given.saw_codes, codebook_version=self._codebook.version,
        )  # fmt: skip


def _value(variable: Variable, own: Mapping[Column, Any]) -> Value:
    """The value of a row: its own cell and, for a multi variable, the ticks of its labels."""
    listed = from_cell(variable, own.get(Column("value", variable.id)))
    ticks = {c.label: tick(cell) for c, cell in own.items() if c.role == "label" and c.label}
    chosen = ordered(variable, [label for label, ticked in ticks.items() if ticked])
    if isinstance(listed, list):
        if (chosen and chosen != listed) or any(ticks.get(label) is False for label in listed):
            raise Unreadable(f"{'; '.join(listed) or 'none'} is listed, but {'; '.join(chosen) or 'none'} is ticked")
        return listed
    # Only where every label is denied, no tick is an answer.
    denied = len(ticks) == len(variable.labels) and all(ticked is False for ticked in ticks.values())
    return chosen if chosen or (ticks and denied) else listed


def _checked(
    codes: list[Code], known: list[Code], reports: Iterable[Report], codebook: Codebook, mentioned: set[str | None],
    rows: Mapping[tuple[str, str], str],
) -> Iterator[TableProblem]:  # fmt: skip
    """What does not fit together; a variable that the table does not have at all is named once."""
    found = [problem for of_code in check_each(codes, reports, codebook) for problem in of_code]
    lacking: set[str] = set()
    for problem in (*found, *check_passes((*known, *codes), codebook, {pass_of(code) for code in codes})):
        if problem.kind == "missing" and problem.variable not in mentioned:
            lacking.add(problem.variable or "")
        else:
            where = rows.get((problem.report_id, problem.coder), problem.coder)
            yield TableProblem(where, problem.message, problem.report_id, problem.variable)
    for variable in sorted(lacking):
        yield TableProblem("the table", "is asked, and the table does not have it", None, variable)
