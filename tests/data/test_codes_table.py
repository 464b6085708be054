"""Codes made elsewhere, from plain tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.codes_table import Coding, TableCodes, read_codes_table
from weijing.data.report import Report

REPORTS = [Report("r1", "工人讨薪，工厂停工。"), Report("r2", "天气晴朗。")]
LONG: list[dict[str, Any]] = [
    {"report_id": "r1", "coder": "m", "variable": "is_protest", "value": "是", "evidence": "工人讨薪"},
    {"report_id": "r1", "coder": "m", "variable": "claims", "value": "欠薪", "evidence": "讨薪"},
    {"report_id": "r1", "coder": "m", "variable": "诉求", "value": "pay_rise", "evidence": None},
    {"report_id": "r1", "coder": "m", "variable": "intensity", "value": "1", "evidence": "停工了"},
    {"report_id": "r2", "coder": "m", "variable": "is_protest", "value": "0.83", "evidence": None},
    {"report_id": "r3", "coder": "m", "variable": "is_protest", "value": "否", "evidence": None},
    {"report_id": "r2", "coder": "m", "variable": "mood", "value": "1", "evidence": None},
]


def save(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    cells = [[("" if row[n] is None else row[n]) for n in names] for row in rows]
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".xlsx":
        book = Workbook()
        for row in (names, *cells):
            book.worksheets[0].append(row)
        book.save(path)
    else:
        mark = "\t" if path.suffix == ".tsv" else ","
        path.write_text("".join(mark.join(map(str, row)) + "\n" for row in (names, *cells)), encoding="utf-8")


def values(found: TableCodes) -> dict[tuple[str, str, str], Any]:
    return {(c.report_id, c.coder, c.variable): c.value for c in found.codes}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".jsonl", ".parquet"])
def test_a_code_a_row(strikes: Codebook, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    save(path, LONG)
    found = read_codes_table(path, REPORTS, strikes, Coding(coder_kind="model", round=2))
    claims = ["wage_arrears", "pay_rise"]
    assert values(found) == {
        ("r1", "m", "is_protest"): True,
        ("r1", "m", "claims"): claims,
        ("r1", "m", "intensity"): 1,
    }
    assert {(c.coder_kind, c.round) for c in found.codes} == {("model", 2)}
    assert [(s.start, s.end, s.label) for c in found.codes for s in c.evidence] == [
        (0, 4, None),
        (2, 4, "wage_arrears"),
    ]
    head = 0 if suffix in (".jsonl", ".parquet") else 1
    rows = {p.where.split("row ")[-1]: p.message for p in found.problems if p.message != "is asked and has no code"}
    assert {int(row) for row in rows if row.isdigit()} == {row + head for row in (4, 5, 6, 7)}
    again = read_codes_table(path, REPORTS, strikes, Coding(coder_kind="model", round=2, at="2030-01-01"), found.codes)
    assert again.codes == found.codes


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".jsonl", ".parquet"])
def test_a_column_a_variable(strikes: Codebook, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    rows = [
        {"id": "r1", "编码员": "b", "Labour protest": "1", "claims": "欠薪；涨薪", "extra": "x"},
        {"id": "r1", "编码员": "c", "Labour protest": "no", "claims": None, "extra": "x"},
        {"id": "r2", "编码员": None, "Labour protest": "perhaps", "claims": None, "extra": "x"},
    ]
    save(path, rows)
    found = read_codes_table(path, REPORTS, strikes, Coding("d"))
    assert values(found) == {
        ("r1", "b", "is_protest"): True,
        ("r1", "b", "claims"): ["wage_arrears", "pay_rise"],
        ("r1", "c", "is_protest"): False,
    }
    assert found.ignored == ("extra",)
    assert any("'perhaps' is neither yes nor no" in str(p) for p in found.problems)


def test_lists_and_booleans_of_tables_that_have_them(strikes: Codebook, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"id": ["r1", "r2"], "is_protest": [True, False], "claims": [["pay_rise", "wage_arrears"], []]}), path
    )
    found = read_codes_table(path, REPORTS, strikes, Coding("m"))
    assert values(found)["r1", "m", "claims"] == ["wage_arrears", "pay_rise"]
    assert values(found)["r2", "m", "claims"] == []


def test_someone_must_have_coded_it(strikes: Codebook, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,is_protest\nr1,1\n", encoding="utf-8")
    with pytest.raises(UserError, match="name the coder"):
        read_codes_table(tmp_path / "t.csv", REPORTS, strikes, Coding())
