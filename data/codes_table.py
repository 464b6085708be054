"""Codes made elsewhere, by people or by any model, and coding sheets that come back: a plain table made codes.

Long tables have a code a row (report id, coder, variable, value); wide ones, such as coding sheets, a report a row and
a column a variable or a label. Both may have evidence (quotes), unsure and note. What cannot be placed is listed with
its row and reason. A blank cell is no code, never "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..configs.codebook import Codebook, Value, Variable, ordered
from ..configs.errors import UserError
from .cells import Unreadable, from_cell, tick
from .check import check_each, check_passes, pass_of
from .code import Code, CoderKind, Purpose, Span, current
from .code_columns import Column, Role, match_columns
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
    """Columns that mean nothing here, or nothing in a table of this form."""
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
    matched, ignored = match_columns(codebook, grid.names)
    is_long = Column("variable") in matched and Column("value") in matched
    columns = _consumed(matched, codebook, is_long)
    ignored += [name for name in matched.values() if name not in columns.values()]
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
        try:
            cells = {k: cell.decode() if isinstance(cell := row.get(n), bytes) else cell for k, n in columns.items()}
        except UnicodeDecodeError:
            problems.append(TableProblem(where, "holds bytes that are not UTF-8"))
            continue
        report_id = to_text(cells[Column("id")]).strip()
        coder = to_text(cells.get(Column("coder"))).strip() or coding.coder
        if report_id not in texts:
            problems.append(TableProblem(where, f"the corpus has no report {report_id!r}"))
        elif not coder:
            problems.append(TableProblem(where, "no coder is named", report_id))
        elif any("\ud800" <= char <= "\udfff" for char in coder):
            problems.append(TableProblem(where, f"the coder's name holds half a character: {coder!a}", report_id))
        else:
            add = drafts.add_long if is_long else drafts.add_wide
            told = [(v, m) for v, m in add(where, report_id, coder, cells, FoldedText(texts[report_id]))]
            problems += [TableProblem(where, message, report_id, variable) for variable, message in told]
    mentioned: set[str | None] = {code.variable for code in drafts.codes} if is_long else {*about_variables}
    problems += drafts.drop_half_denied()
    known = list(known)
    codes = as_versions(drafts.codes, known, codebook, columns.keys())
    problems += _checked(codes, known, reports, codebook, mentioned, drafts.rows)
    return TableCodes(tuple(codes), tuple(problems), tuple(ignored), len(grid.rows))


def _consumed(matched: Mapping[Column, str], codebook: Codebook, is_long: bool) -> dict[Column, str]:
    """The columns that a table of this form has a use for.

    Long rows have those about a row, wide ones those about a variable; there, mark and note of the row are the first
    variable's.
    """
    if is_long:
        return {column: name for column, name in matched.items() if not column.variable}
    columns = {column: name for column, name in matched.items() if column.variable or column.role in ("id", "coder")}
    roles: tuple[Role, ...] = ("unsure", "note")
    for variable in codebook.coded[:1]:
        for role in roles:
            if Column(role) in matched:
                columns.setdefault(Column(role, variable.id), matched[Column(role)])
    return columns


def as_versions(
    codes: Iterable[Code], known: Iterable[Code], codebook: Codebook, columns: Set[Column] | None = None
) -> list[Code]:
    """The codes as versions of those known: the known one where nothing changed, else one that supersedes it.

    Known codes of a pass that its new codes say are not asked any more are taken back. If ``columns`` are all that the
    codes were read from, evidence, mark and note that these have no place for stay while the value does.
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
        if old and columns is not None and not old.deleted and repr(old.value) == repr(code.value):
            code = _with_what_stood(code, old, codebook.variable(code.variable), columns)
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


def _with_what_stood(code: Code, old: Code, variable: Variable, columns: Set[Column]) -> Code:
    """A column that the table does not have is no answer, unlike a blank cell."""

    def lacks(role: Role, label: str | None = None) -> bool:
        own = Column(role, variable.id, label if variable.type == "multi" else None)
        return columns.isdisjoint((Column(role), own))

    evidence = (*code.evidence, *(span for span in old.evidence if lacks("evidence", span.label)))
    return replace(
        code,
        evidence=evidence,
        absence=not evidence and (old.absence if lacks("evidence") else code.absence),
        unsure=old.unsure if lacks("unsure") else code.unsure,
        note=old.note if lacks("note") else code.note,
        code_id="",
    )


def _content(code: Code) -> tuple[object, ...]:
    return repr(code.value), frozenset(code.evidence), code.absence, code.unsure, code.note


class _Drafts:
    """The codes of a table as its rows are read; ``add_…`` yield what is wrong: a variable or None, and why."""

    def __init__(self, codebook: Codebook, coding: Coding) -> None:
        self._codebook = codebook
        self._coding = coding
        self._codes: dict[tuple[str, str, str], Code] = {}
        self._ticks: dict[tuple[str, str, str], dict[str, bool]] = {}
        """What the rows of a long table say of each label of a multi variable."""
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
        for variable in self._codebook.variables:
            own = {column: cell for column, cell in cells.items() if column.variable == variable.id}
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
        if isinstance(value, list):
            # One label denied says nothing of the others; "none of them" denies all.
            denied = [meant.label] if meant.label else variable.label_ids
            said = dict.fromkeys(value, True) if value else dict.fromkeys(denied, False)
            ticks = self._ticks.setdefault((report_id, coder, variable.id), {})
            if any(ticks.get(label, ticked) != ticked for label, ticked in said.items()):
                yield variable.id, f"{'; '.join(said)}: an earlier row says otherwise; this row was left out"
                return
            ticks |= said
        # Evidence of one label is that label's; of several it cannot be told whose it is.
        label = value[0] if isinstance(value, list) and len(value) == 1 else None
        roles = {"evidence": label, "unsure": None, "note": None}
        own = {Column(role, variable.id, of): cells.get(Column(role)) for role, of in roles.items()}  # type: ignore[arg-type]
        yield from self._take(report_id, coder, variable, value, own, text)

    def drop_half_denied(self) -> Iterator[TableProblem]:
        """Leave out what only denies some of the labels, as ``_value`` does in a wide table."""
        for key, ticks in self._ticks.items():
            report_id, coder, name = key
            if not any(ticks.values()) and len(ticks) < len(self._codebook.variable(name).labels):
                del self._codes[key]
                message = f"{'; '.join(ticks)}: denied, and the other labels are neither given nor denied; no code"
                yield TableProblem(self.rows[report_id, coder], message, report_id, name)

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
        if isinstance(before.value, list) and isinstance(value, list):
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
