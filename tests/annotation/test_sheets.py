"""Coding sheets: out and back without loss, and back from what people make of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from weijing.annotation.sheets import read_sheet, write_sheet
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.codes import Code, Span, append_codes, current
from weijing.data.codes_table import Coding
from weijing.data.demo.corpus import DemoCorpus, read_demo
from weijing.data.quotes import FoldedText
from weijing.data.report import Report

SUFFIXES = [".csv", ".xlsx"]
TEXT = "工人上街。\n　　三十多名工人讨要欠薪，工人说“拖了半年”。\n最后，工厂停工(ABC)。"
QUICK = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=40
)


@pytest.fixture(scope="module")
def demo(bundled: Codebook) -> DemoCorpus:
    return read_demo(bundled)


def content(codes: Iterable[Code]) -> list[tuple[Any, ...]]:
    return sorted(
        (c.report_id, c.coder, c.variable, repr(c.value), c.evidence, c.absence, c.unsure, c.note or "") for c in codes
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("coder", ["author", "coder_a", "coder_b", "adjudicator"])
def test_codes_of_the_demonstration_come_back_as_they_were(
    demo: DemoCorpus, bundled: Codebook, tmp_path: Path, coder: str, suffix: str
) -> None:
    codes = [code for code in demo.codes if code.coder == coder]
    ids = {code.report_id for code in codes}
    reports = [report for report in demo.reports if report.id in ids]
    path = tmp_path / f"sheet{suffix}"
    assert write_sheet(path, reports, bundled, codes) == []
    coding = Coding(coder, codes[0].coder_kind, codes[0].purpose, codes[0].round, at=codes[0].at)
    back = read_sheet(path, reports, bundled, coding)
    assert content(back.codes) == content(codes)
    assert back.ignored == ()
    assert {c.code_id for c in read_sheet(path, reports, bundled, coding).codes} == {c.code_id for c in back.codes}
    again = read_sheet(path, reports, bundled, replace(coding, at="2031-01-01"), known=demo.codes)
    assert sorted(again.codes, key=lambda c: c.code_id) == sorted(codes, key=lambda c: c.code_id)


# Hostile cells -------------------------------------------------------------------------------------------------------

HOSTILE = st.sampled_from(
    ["=1+1", "'=1", "''@x", " =1", "＝1", "-1", "\t+1", "_x0041_", "_x005F_x0041_", "a\rb", "a\r\nb", "\x00\x0b",
     "\ufeff=1", "<b>&amp;", '"', "'", "\u2028", "𠮷\uffff", "未提及", "无", "〔3〕", "x〔1–2〕", "n/a", "#REF!", "[]",
     "1e5"]
)  # fmt: skip
ANY = st.text(st.characters(codec="utf-8"), max_size=30) | HOSTILE | st.lists(HOSTILE, max_size=3).map("".join)
FILLED = ANY.filter(lambda text: bool(text.strip()))
REPORT_TEXT = st.lists(ANY | st.sampled_from(["民警", "微信", "民 警", "\n", "“报警”"]), min_size=1).map("".join)


@st.composite
def reports_with_codes(draw: Any) -> tuple[list[Report], list[Code]]:
    reports, codes = [], []
    for report_id in draw(st.lists(st.sampled_from(["r1", "=r2", "01", "1e3", "编号 3"]), min_size=1, unique=True)):
        text = draw(REPORT_TEXT.filter(bool))
        reports.append(Report(report_id, text, title=draw(st.none() | ANY), outlet=draw(st.none() | ANY)))

        def spans(label: str | None, text: str = text) -> list[Span]:
            cuts = draw(
                st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=2, unique=True)
            )
            places = dict.fromkeys((min(c), max(c)) for c in cuts if c[0] != c[1])
            return [Span(start, end, text[start:end], label) for start, end in places]

        claims = draw(st.lists(st.sampled_from(["wage_arrears", "pay_rise", "plant_occupation"]), unique=True))
        claims = [c for c in ("wage_arrears", "pay_rise", "plant_occupation") if c in claims]
        values: dict[str, Any] = {
            "is_protest": draw(st.booleans()),
            "claims": claims,
            "sector": draw(st.sampled_from(["building", "services"])),
            "intensity": draw(st.integers(0, 2)),
            "place": draw(FILLED),
        }
        for name in draw(st.lists(st.sampled_from(list(values)), unique=True)):
            value = values[name]
            found = [s for label in value for s in spans(label)] if name == "claims" else []
            found += spans(None)
            codes.append(
                Code(report_id, "a", name, value, tuple(found), absence=not found and draw(st.booleans()),
                     unsure=draw(st.booleans()), note=draw(st.none() | FILLED))
            )  # fmt: skip
    return reports, codes


@pytest.mark.parametrize("span", [(0, 1), (1, 2), (0, 2), (1, 7), (2, 7)])
def test_a_text_may_hold_what_looks_like_a_quote_with_its_place(span: tuple[int, int]) -> None:
    text = FoldedText("00〔1‐2〕")
    found = text.read(text.write([Span(*span, text.text[slice(*span)])]))
    assert [(s.start, s.end) for s in found.spans] == [span]


@pytest.mark.parametrize("suffix", SUFFIXES)
@QUICK
@given(made=reports_with_codes())
def test_hostile_cells_come_back(
    made: tuple[list[Report], list[Code]], strikes: Codebook, tmp_path: Path, suffix: str
) -> None:
    reports, codes = made
    path = tmp_path / f"sheet{suffix}"
    write_sheet(path, reports, strikes, codes, force=True)
    assert content(read_sheet(path, reports, strikes, Coding("a")).codes) == content(codes)


@QUICK
@given(text=FILLED)
@example(text="=cmd|' /C calc'!A0")
def test_nothing_is_a_formula(text: str, strikes: Codebook, tmp_path: Path) -> None:
    report = Report("=1", f"a{text}", title=text, outlet=text)
    codes = [Code("=1", "a", "is_protest", True, (Span(1, 1 + len(text), text),), note=text)]
    write_sheet(tmp_path / "s.csv", [report], strikes, codes, force=True)
    with open(tmp_path / "s.csv", encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row if cell]
    assert [cell for cell in cells if cell.strip("\ufeff").lstrip()[:1] in [*"=+-@＝＋－＠"]] == []
    write_sheet(tmp_path / "s.xlsx", [report], strikes, codes, force=True)
    for sheet in openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets:
        assert {cell.data_type for row in sheet for cell in row} <= {"s", "n"}
        assert [cell.value for row in sheet for cell in row if cell.data_type == "n" and cell.value is not None] == []


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("unit", ["字", "𠮷", "_x0041_", "a\x07", "=1\n"])
def test_long_texts_are_whole(strikes: Codebook, tmp_path: Path, suffix: str, unit: str) -> None:
    text = unit * (70_000 // len(unit))
    reports = [Report("r1", text), Report("r2", "短")]
    codes = [Code("r1", "a", "is_protest", True, (Span(3, 60_000, text[3:60_000]),), note=text[:40_000])]
    path = tmp_path / f"s{suffix}"
    write_sheet(path, reports, strikes, codes)
    rows = rows_of(path)
    assert max(len(cell.encode("utf-16-le")) // 2 for row in rows for cell in row) <= 32_767
    columns = [i for i, name in enumerate(rows[0]) if name.startswith("report text")]
    assert len(columns) > 2
    from weijing.data.cell_text import from_csv, from_xlsx

    plain = from_csv if suffix == ".csv" else from_xlsx
    assert "".join(plain(rows[1][i]) for i in columns) == text
    assert content(read_sheet(path, reports, strikes, Coding("a")).codes) == content(codes)


# What coders see -----------------------------------------------------------------------------------------------------


def test_workbook_is_ready_to_code(bundled: Codebook, tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    write_sheet(path, [Report("r1", "文", title="题", date="2019", outlet="报")], bundled)
    book = openpyxl.load_workbook(path)
    sheet, definitions = book["coding"], book["codebook"]
    assert sheet.freeze_panes == "C2"
    names = [cell.value for cell in sheet[1]]
    assert len(set(names)) == len(names)
    for variable in bundled.coded:
        assert any(name.startswith(f"{variable.id} {variable.name.zh}") for name in names)
    assert all(cell.alignment.wrap_text and cell.number_format == "@" for cell in sheet[2])
    offered: dict[str, list[str]] = {}
    for rule in sheet.data_validations.dataValidation:
        name = sheet.cell(1, next(iter(rule.sqref.ranges)).min_col).value
        if "!" in rule.formula1:
            cells = definitions[rule.formula1.split("!")[1].replace("$", "")]
            cells = cells if isinstance(cells, tuple) else ((cells,),)
            offered[name.split()[0]] = [cell.value for (cell,) in cells]
        else:
            assert rule.formula1 == '"√"'
    assert offered["relevant"] == ["是 yes", "否 no"]
    assert offered["functions"] == ["都不选 none"]
    assert offered["depth"] == [f"{i} {label.name.zh}" for i, label in enumerate(bundled.variable("depth").labels)]
    assert set(offered) == {v.id for v in bundled.coded if v.type != "text"}
    words = [cell.value for row in definitions for cell in row if cell.value]
    for label in bundled.variable("functions").labels:
        assert label.definition is not None
        assert {label.definition.zh, label.definition.en} <= set(words)


def test_a_sheet_with_codes_in_it_is_not_overwritten(strikes: Codebook, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    write_sheet(path, [Report("r1", "文")], strikes)
    before = path.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        write_sheet(path, [Report("r2", "文")], strikes)
    assert path.read_bytes() == before


def test_codes_of_two_coders_need_two_sheets(strikes: Codebook, tmp_path: Path) -> None:
    codes = [Code("r1", coder, "is_protest", True) for coder in "ab"]
    with pytest.raises(UserError, match="one coder"):
        write_sheet(tmp_path / "s.csv", [Report("r1", "文")], strikes, codes)


def test_codes_that_fit_no_codebook_are_told_and_the_rest_is_written(strikes: Codebook, tmp_path: Path) -> None:
    codes = [Code("r1", "a", "is_protest", True), Code("r1", "a", "claims", ["x"]), Code("r1", "a", "nosuch", 1)]
    told = write_sheet(tmp_path / "s.csv", [Report("r1", "文")], strikes, codes)
    assert [p.variable for p in told] == ["claims", "nosuch"]
    assert [c.variable for c in read_sheet(tmp_path / "s.csv", [Report("r1", "文")], strikes, Coding("a")).codes] == [
        "is_protest"
    ]


# What people make of a sheet -----------------------------------------------------------------------------------------


def rows_of(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with open(path, encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    sheet = openpyxl.load_workbook(path)["coding"]
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]  # type: ignore[misc]


def filled(path: Path, codebook: Codebook, change: Callable[[list[str], list[list[str]]], Any]) -> None:
    """A blank sheet of two reports, after ``change`` did something to its header and its rows."""
    write_sheet(path, [Report("r1", TEXT), Report("r2", "别的")], codebook)
    head, *rows = rows_of(path)
    change(head, rows)
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def put(head: Sequence[str], row: list[str], **cells: str) -> None:
    """``evidence_claims`` stands for the column that begins with ``evidence: claims``."""
    for name, cell in cells.items():
        start = name.replace("__", ": ")
        row[next(i for i, one in enumerate(head) if one.startswith(f"{start} "))] = cell


def read(path: Path, codebook: Codebook, known: Iterable[Code] = (), at: str | None = None) -> Any:
    reports = [Report("r1", TEXT), Report("r2", "别的")]
    return read_sheet(path, reports, codebook, Coding("a", at=at), known)


def values(result: Any, report_id: str = "r1") -> dict[str, Any]:
    return {code.variable: code.value for code in result.codes if code.report_id == report_id}


@pytest.mark.parametrize("yes", ["是", "yes", "YES", "1", "１", "x", "√", " 是 yes", "ＴＲＵＥ", "Y"])
@pytest.mark.parametrize("level", ["2", "２", "2.0", "clash", "冲突", "Clash", "2 冲突", "２　冲突"])
def test_values_as_people_write_them(strikes: Codebook, tmp_path: Path, yes: str, level: str) -> None:
    def change(head: list[str], rows: list[list[str]]) -> None:
        put(head, rows[0], is_protest=yes, claims__pay_rise=yes, sector="制造业", intensity=level)

    filled(tmp_path / "s.csv", strikes, change)
    result = read(tmp_path / "s.csv", strikes)
    assert values(result) == {"is_protest": True, "claims": ["pay_rise"], "sector": "factory", "intensity": 2}


@pytest.mark.parametrize(
    ("listed", "ticks", "expected"),
    [
        ("涨薪；欠薪", {}, ["wage_arrears", "pay_rise"]),
        ("pay_rise, 欠薪", {}, ["wage_arrears", "pay_rise"]),
        ('["pay_rise"]', {}, ["pay_rise"]),
        ("Pay Rise", {"pay_rise": "√"}, ["pay_rise"]),
        ("都不选 none", {}, []),
        ("无", {"pay_rise": "否"}, []),
        ("", {"pay_rise": "否"}, None),
        ("", dict.fromkeys(("wage_arrears", "pay_rise", "layoff_terms", "plant_occupation"), "0"), []),
        ("无", {"pay_rise": "√"}, None),
        ("涨薪", {"pay_rise": "否"}, None),
        ("涨工资", {}, None),
        ("", {"pay_rise": "也许"}, None),
    ],
)
def test_labels_listed_or_ticked(
    strikes: Codebook, tmp_path: Path, listed: str, ticks: dict[str, str], expected: list[str] | None
) -> None:
    def change(head: list[str], rows: list[list[str]]) -> None:
        put(head, rows[0], is_protest="是", claims=listed, **{f"claims__{label}": v for label, v in ticks.items()})

    filled(tmp_path / "s.csv", strikes, change)
    result = read(tmp_path / "s.csv", strikes)
    assert values(result).get("claims") == expected
    if expected is None:
        assert any(p.variable == "claims" and p.report_id == "r1" for p in result.problems)


def test_a_blank_cell_is_no_code_and_is_listed(strikes: Codebook, tmp_path: Path) -> None:
    filled(tmp_path / "s.csv", strikes, lambda head, rows: put(head, rows[0], is_protest="是", intensity=" "))
    result = read(tmp_path / "s.csv", strikes)
    assert values(result) == {"is_protest": True}
    missing = {p.variable for p in result.problems if p.message == "is asked and has no code"}
    assert missing == {"claims", "sector", "intensity"}
    assert [(p.where.endswith("row 3"), p.message) for p in result.problems if p.report_id == "r2"] == [
        (True, "nothing is coded")
    ]


def test_columns_moved_renamed_missing_and_added(strikes: Codebook, tmp_path: Path) -> None:
    def change(head: list[str], rows: list[list[str]]) -> None:
        put(head, rows[0], is_protest="是", intensity="1", evidence__intensity="工厂停工", sector="factory")
        names = {"is_protest": "劳工抗议", "intensity": "Ｉｎｔｅｎｓｉｔｙ", "evidence: intensity": "激烈程度 证据"}
        for i, name in enumerate(head):
            head[i] = next((new for old, new in names.items() if name.startswith(f"{old} ")), name)
        gone = next(i for i, name in enumerate(head) if name.startswith("sector "))
        for row in (head, *rows):
            del row[gone]
            row.append("见附件" if row is not head else "我的列")
            row.reverse()
        rows.insert(0, [""] * len(head))
        rows.append([" "] * len(head))

    filled(tmp_path / "s.csv", strikes, change)
    result = read(tmp_path / "s.csv", strikes)
    assert values(result) == {"is_protest": True, "intensity": 1}
    assert next(c for c in result.codes if c.variable == "intensity").evidence[0].text == "工厂停工"
    assert result.ignored == ("我的列",)
    assert [str(p) for p in result.problems if p.variable == "sector"] == [
        "the table (sector): is asked, and the table does not have it"
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("三十多名工人讨要欠薪", ["三十多名工人讨要欠薪"]),
        ("三十多名\n工人讨要欠薪", ["三十多名", "工人讨要欠薪"]),
        ("三十多名 工人 讨要欠薪", ["三十多名工人讨要欠薪"]),
        ("“三十多名工人讨要欠薪”", ["三十多名工人讨要欠薪"]),
        ('工人说"拖了半年"', ["工人说“拖了半年”"]),
        ("工厂停工（ａｂｃ）", ["工厂停工(ABC)"]),
        ("工人上街。三十多名工人", ["工人上街。\n　　三十多名工人"]),
        ("工人上\n街。三十多名\n工", ["工人上街。\n　　三十多名工"]),
        ("工人〔12〕", ["工人"]),
        ("工人[12-14]", ["工人"]),
        ("工厂停工\n三十多名工人", ["工厂停工", "三十多名工人"]),
    ],
)
def test_quotes_are_located(strikes: Codebook, tmp_path: Path, cell: str, expected: list[str]) -> None:
    filled(
        tmp_path / "s.csv", strikes, lambda head, rows: put(head, rows[0], is_protest="是", evidence__is_protest=cell)
    )
    result = read(tmp_path / "s.csv", strikes)
    (code,) = result.codes
    assert [span.text for span in code.evidence] == expected
    assert all(TEXT[span.start : span.end] == span.text for span in code.evidence)
    assert not any(p.message.startswith("the quote") for p in result.problems)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("工人", "stands 3 times; copy more of it, or write its place after it: 〔0〕、〔12〕、〔19〕"),
        ("农民工讨薪", "does not stand in the text"),
        ("工人〔13〕", "does not stand in the text"),
        ("工人〔12–15〕", "does not stand in the text"),
        ("工", "stands 5 times"),
    ],
)
def test_quotes_that_cannot_be_located_are_listed_and_the_code_stays(
    strikes: Codebook, tmp_path: Path, cell: str, message: str
) -> None:
    def change(head: list[str], rows: list[list[str]]) -> None:
        put(head, rows[0], is_protest="是", evidence__is_protest=f"工厂停工\n{cell}")

    filled(tmp_path / "s.csv", strikes, change)
    result = read(tmp_path / "s.csv", strikes)
    assert [span.text for span in result.codes[0].evidence] == ["工厂停工"]
    assert any(message in p.message for p in result.problems if p.variable == "is_protest")


def test_what_has_no_code_to_belong_to_is_listed(strikes: Codebook, tmp_path: Path) -> None:
    def change(head: list[str], rows: list[list[str]]) -> None:
        put(head, rows[0], evidence__intensity="工厂停工", is_protest="大概")
        rows.append([*rows[1]])
        put(head, rows[2], is_protest="否")
        rows.append(["r9", *rows[1][1:]])

    filled(tmp_path / "s.csv", strikes, change)
    result = read(tmp_path / "s.csv", strikes)
    assert result.codes == ()
    assert [(p.where[-1], p.report_id, p.variable, p.message[:27]) for p in result.problems] == [
        ("2", "r1", "is_protest", "'大概' is neither yes nor no (是 / 否)"[:27]),
        ("2", "r1", "intensity", "has evidence, a mark or a n"),
        ("3", "r2", None, "nothing is coded"),
        ("4", "r2", None, "the report came before, in "),
        ("5", None, None, "the corpus has no report 'r"),
    ]


def test_changes_supersede_and_the_gate_takes_back(strikes: Codebook, tmp_path: Path) -> None:
    path, file = tmp_path / "s.csv", tmp_path / "codes.jsonl"
    filled(path, strikes, lambda head, rows: put(head, rows[0], is_protest="是", claims="涨薪", intensity="1"))
    first = read(path, strikes).codes
    assert append_codes(file, first) == 3
    assert append_codes(file, read(path, strikes, first, at="2030-01-01").codes) == 0
    path.unlink()
    # A cell emptied under the same gate does not take the code back.
    filled(path, strikes, lambda head, rows: put(head, rows[0], is_protest="是", claims="欠薪"))
    second = [*first, *(c for c in read(path, strikes, first).codes if c not in first)]
    assert {c.variable: c.value for c in current(second)} == {
        "is_protest": True, "claims": ["wage_arrears"], "intensity": 1,
    }  # fmt: skip
    path.unlink()
    filled(path, strikes, lambda head, rows: put(head, rows[0], is_protest="否"))
    third = [*second, *read(path, strikes, second).codes]
    assert {c.variable: c.value for c in current(third)} == {"is_protest": False}
    path.unlink()
    filled(path, strikes, lambda head, rows: put(head, rows[0], is_protest="是", claims="涨薪"))
    fourth = [*third, *read(path, strikes, third).codes]
    assert {c.variable: c.value for c in current(fourth)} == {"is_protest": True, "claims": ["pay_rise"]}
    assert len({c.code_id for c in fourth}) == len(fourth)
    assert append_codes(file, fourth) == len(fourth) - 3


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sheets_saved_by_other_programs(strikes: Codebook, tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "s.csv"
    filled(path, strikes, lambda head, rows: put(head, rows[0], is_protest="是", note__is_protest="见第二段"))
    rows = rows_of(path)
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    (code,) = read(path, strikes).codes
    assert (code.value, code.note) == (True, "见第二段")


@pytest.mark.parametrize("encoding", ["big5", "cp950", "big5hkscs", "utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("note", ["見第二段，工人罷工要求加薪", "罷工"])
def test_sheets_in_traditional_characters(strikes: Codebook, tmp_path: Path, encoding: str, note: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(f"報告編號,is_protest,note: is_protest\r\nr1,是,{note}\r\n".encode(encoding))
    (code,) = read(path, strikes).codes
    assert (code.report_id, code.value, code.note) == ("r1", True, note)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    "head",
    [
        "ＲＥＰＯＲＴ　ＩＤ,ｉｓ＿ｐｒｏｔｅｓｔ,ｅｖｉｄｅｎｃｅ：　ｉｓ＿ｐｒｏｔｅｓｔ",
        "report id（报告编号）,ＩＳ＿ＰＲＯＴＥＳＴ（劳工抗议／Labour protest）,证据：劳工抗议",
        " 报告编号 ,《is_protest》,【is_protest】 evidence",
    ],
)
def test_full_width_letters_and_punctuation_in_headers(
    strikes: Codebook, tmp_path: Path, encoding: str, head: str
) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(f"{head}\r\nr1,是,工厂停工\r\n".encode(encoding))
    result = read(path, strikes)
    (code,) = result.codes
    assert (code.report_id, code.value, [s.text for s in code.evidence]) == ("r1", True, ["工厂停工"])
    assert result.ignored == ()


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize(
    "content",
    [
        "report id，is_protest\r\nr1，是\r\n".encode(),  # commas that no program takes for delimiters
        "report id,is_protest\r\nr1,是\r\n".encode("shift_jis", "replace"),
        "report id,is_protest\r\nr1,是\r\n".encode("utf-16-le")[:-1],
        "report id,is_protest\r\nr1,是\r\n".encode("utf-32-le"),
    ],
)
def test_what_cannot_be_read_right_is_refused_in_one_line(
    strikes: Codebook, tmp_path: Path, content: bytes, suffix: str
) -> None:
    path = tmp_path / f"s{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read(path, strikes)
    assert str(error.value).startswith(f"{path}: is ")
    assert "\n" not in str(error.value)


def test_numbers_and_booleans_of_excel(strikes: Codebook, tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    write_sheet(path, [Report("12", TEXT)], strikes)
    book = openpyxl.load_workbook(path)
    sheet = book["coding"]
    for column, name in enumerate([cell.value for cell in sheet[1]], 1):
        cell = next((v for k, v in {"report id": 12, "is_protest ": True, "intensity ": 2.0, "claims: pay_rise": 1,
                                    "sector": "=1+1"}.items() if name.startswith(k)), None)  # fmt: skip
        if cell is not None:
            sheet.cell(2, column, cell)
    book.save(path)
    result = read_sheet(path, [Report("12", TEXT)], strikes, Coding("a"))
    assert {c.variable: c.value for c in result.codes} == {"is_protest": True, "claims": ["pay_rise"], "intensity": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"title,text\r\na,b\r\n", "is no table of codes"),
        (b"report id,title\r\na,b\r\n", "is no table of codes"),
        (b"", "is empty"),
        (b"\x00\x01\x02\x03" * 100, "is"),
    ],
)
def test_what_is_no_sheet_is_said_in_one_line(strikes: Codebook, tmp_path: Path, content: bytes, message: str) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"s{suffix}"
        path.write_bytes(content)
        with pytest.raises(UserError, match=message if suffix == ".csv" else "is no workbook") as error:
            read(path, strikes)
        assert "\n" not in str(error.value)


@QUICK
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_codes_problems_or_one_line(data: bytes, strikes: Codebook, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes("report id,is_protest,claims,evidence: is_protest\r\nr1,是,,工厂停工\r\n".encode() + data)
    try:
        result = read(path, strikes)
    except UserError:
        return
    assert all(code.report_id in ("r1", "r2") for code in result.codes)
