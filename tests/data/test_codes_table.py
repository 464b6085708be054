"""Codes made elsewhere, from plain tables."""

from __future__ import annotations

import json
import zipfile
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


def read(path: Path, codebook: Codebook, rows: list[dict[str, Any]], known: Any = ()) -> TableCodes:
    save(path, rows)
    return read_codes_table(path, REPORTS, codebook, Coding("a"), known)


def test_what_a_table_has_no_column_for_stays_as_it_stands(strikes: Codebook, tmp_path: Path) -> None:
    first = {"id": "r1", "is_protest": 1, "evidence: is_protest": "工人讨薪", "note": "见备忘", "unsure": 1}
    more = {"claims": "欠薪", "evidence: claims: wage_arrears": "讨薪"}
    known = read(tmp_path / "1.csv", strikes, [first | more]).codes
    bare = {"id": "r1", "is_protest": 1, "claims": "欠薪"}
    assert read(tmp_path / "2.csv", strikes, [bare], known).codes == known
    other_label = {**bare, "evidence: claims: pay_rise": ""}
    assert read(tmp_path / "3.csv", strikes, [other_label], known).codes == known
    long = [{"id": "r1", "variable": "is_protest", "value": 1}]
    assert read(tmp_path / "4.csv", strikes, long, known).codes == known[:1]

    emptied = {**bare, "evidence: is_protest": ""}
    protest, _ = read(tmp_path / "5.csv", strikes, [emptied], known).codes
    assert (protest.evidence, protest.note, protest.unsure) == ((), "见备忘", True)
    changed = read(tmp_path / "6.csv", strikes, [{**bare, "is_protest": 0, "claims": None}], known).codes
    assert [(c.variable, c.evidence, c.note) for c in changed if not c.deleted] == [("is_protest", (), None)]


def test_absence_stays_with_the_evidence(strikes: Codebook, tmp_path: Path) -> None:
    known = read(tmp_path / "1.csv", strikes, [{"id": "r1", "is_protest": 0, "evidence: is_protest": "未提及"}]).codes
    assert known[0].absence
    assert read(tmp_path / "2.csv", strikes, [{"id": "r1", "is_protest": 0}], known).codes == known


def test_a_label_denied_in_a_long_table_says_nothing_of_the_others(strikes: Codebook, tmp_path: Path) -> None:
    every = [label.id for label in strikes.variable("claims").labels]
    ticks = {"r1": {"pay_rise": 0}, "r2": {"pay_rise": 0, "wage_arrears": 1}}
    rows = [{"id": i, "variable": f"claims: {label}", "value": v} for i, of in ticks.items() for label, v in of.items()]
    alone = read(tmp_path / "0.csv", strikes, [{"id": "r1", "variable": "is_protest", "value": 1}, *rows[:1]])
    assert not any("does not have it" in p.message and p.variable == "claims" for p in alone.problems)
    found = read(tmp_path / "1.csv", strikes, rows)
    assert values(found) == {("r2", "a", "claims"): ["wage_arrears"]}
    (told,) = (p for p in found.problems if p.report_id == "r1")
    assert "neither given nor denied" in told.message
    denied = [{"id": "r1", "variable": f"claims: {label}", "value": "否"} for label in every]
    assert values(read(tmp_path / "2.csv", strikes, denied)) == {("r1", "a", "claims"): []}
    none = {"id": "r1", "variable": "claims", "value": "none"}
    found = read(tmp_path / "3.csv", strikes, [none, {**none, "variable": "claims: pay_rise", "value": 1}])
    assert values(found) == {("r1", "a", "claims"): []}
    assert any("an earlier row says otherwise" in p.message for p in found.problems)


def test_columns_that_a_form_has_no_use_for_are_named(strikes: Codebook, tmp_path: Path) -> None:
    wide = {"id": "r1", "is_protest": 1, "evidence": "工人讨薪", "value": 1, "note": "见备忘"}
    found = read(tmp_path / "1.csv", strikes, [wide])
    assert found.ignored == ("evidence", "value")
    assert [c.note for c in found.codes] == ["见备忘"]
    both = {**wide, "note: is_protest": "另一条"}
    assert read(tmp_path / "2.csv", strikes, [both]).ignored == ("evidence", "value", "note")
    long = {"id": "r1", "variable": "is_protest", "value": 1, "sector": "building"}
    assert read(tmp_path / "3.csv", strikes, [long]).ignored == ("sector",)


def test_rows_that_cannot_be_stored_or_decoded_are_left_out(strikes: Codebook, tmp_path: Path) -> None:
    rows = [{"id": "r1", "coder": name, "is_protest": 1} for name in ("x\ud800", "b")]
    found = read(tmp_path / "1.jsonl", strikes, rows)
    assert [c.coder for c in found.codes] == ["b"]
    assert [str(p).split("1.jsonl: ")[1] for p in found.problems if "half" in p.message] == [
        "row 1 (r1): the coder's name holds half a character: 'x\\ud800'"
    ]
    table = {"id": [b"\xff\xfe", b"r1"], "is_protest": [1, 1], "other": [b"\xff", b"\xff"]}
    pq.write_table(pa.table(table), tmp_path / "2.parquet")
    found = read_codes_table(tmp_path / "2.parquet", REPORTS, strikes, Coding("a"))
    assert [c.report_id for c in found.codes] == ["r1"]
    assert any("row 1: holds bytes that are not UTF-8" in str(p) for p in found.problems)


# Workbooks that did not come from here -------------------------------------------------------------------------------


def test_formulas_without_a_value_and_further_worksheets_are_named(strikes: Codebook, tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "is_protest", "sector"], ["r1", 1, '="build"&"ing"'], ["=A2", "=1", None]):
        book.worksheets[0].append(row)
    for title in ("codebook", "more"):
        book.create_sheet(title).append(["id"])
    book.save(tmp_path / "t.xlsx")
    found = read_codes_table(tmp_path / "t.xlsx", REPORTS, strikes, Coding("a"))
    assert values(found) == {("r1", "a", "is_protest"): True}
    told = [p.message.split(":")[0] for p in found.problems if p.variable is None]
    assert told == ["only the worksheet 'Sheet' was read, not 'more'", "C2", "A3, B3"]


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as parts:
        part = parts.getinfo("xl/worksheets/sheet1.xml")
    if how == "flipped":
        start = part.header_offset + 30 + len(part.filename)
        content[start + 40 : start + 60] = bytes(byte ^ 0x5A for byte in content[start + 40 : start + 60])
    else:
        place = content.find(b"PK\x01\x02")
        while place >= 0:
            if how == "encrypted":
                content[place + 8] |= 1
            else:
                content[place + 10] = 97  # a way of packing that nobody unpacks
            place = content.find(b"PK\x01\x02", place + 4)
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["flipped", "encrypted", "packed otherwise"])
def test_damaged_workbooks_are_refused_in_one_line(strikes: Codebook, tmp_path: Path, how: str) -> None:
    path = tmp_path / "t.xlsx"
    save(path, [{"id": f"r{number}", "is_protest": 1} for number in range(30)])
    damage(path, how)
    with pytest.raises(UserError, match="is no workbook that can be read"):
        read_codes_table(path, REPORTS, strikes, Coding("a"))


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_ROWS", "MOST_CELLS"])
def test_workbooks_that_unpack_to_too_much_are_refused(
    strikes: Codebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    path = tmp_path / "t.xlsx"
    save(path, [{"id": "r1", "is_protest": 1}])
    assert read_codes_table(path, REPORTS, strikes, Coding("a")).codes
    monkeypatch.setattr(f"weijing.data.grid.{limit}", 1)
    with pytest.raises(UserError, match="too large"):
        read_codes_table(path, REPORTS, strikes, Coding("a"))
