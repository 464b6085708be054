import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.codes import (
    Code,
    Span,
    append_codes,
    by_coder,
    check_codes,
    current,
    read_codes,
    write_codes,
)
from weijing.data.report import Report

HOSTILE = st.sampled_from(
    ["𠮷\U00020bb7", "=1+1", "<img src=x onerror=alert(1)>", "半\ud800", "a\u2028b", "\0", "\r\n"]
)
TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20) | HOSTILE
NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
SPANS = st.lists(
    st.builds(
        lambda start, text, label: Span(start, start + len(text), text, label),
        st.integers(0, 10**6),
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
        st.none() | NAME,
    ),
    max_size=3,
).map(tuple)
CODES = st.builds(
    Code,
    report_id=NAME,
    coder=NAME,
    variable=NAME,
    value=st.none() | st.booleans() | st.integers(0, 9) | TEXT | st.lists(NAME, max_size=3),
    evidence=SPANS,
    absence=st.booleans(),
    unsure=st.booleans(),
    note=st.none() | TEXT,
    at=st.none() | st.datetimes().map(lambda t: t.isoformat()),
    lead_time=st.none() | st.floats(0, 1e6),
    round=st.none() | st.integers(0, 9),
    deleted=st.booleans(),
)
QUICK = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=60,
)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
@given(batches=st.lists(st.lists(CODES, max_size=4), max_size=3))
@QUICK
def test_appending_keeps_all_that_was_there(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, batches: list[list[Code]]
) -> None:
    path = tmp_path_factory.mktemp("codes") / f"codes.{suffix}"
    expected: dict[str, Code] = {}
    for batch in batches:
        new = {c.code_id: c for c in batch if c.code_id not in expected}
        assert append_codes(path, batch) == len(new)
        assert append_codes(path, batch) == 0
        expected |= new
        assert read_codes(path) == list(expected.values())


def test_a_known_code_cannot_change(tmp_path: Path) -> None:
    for name in ("c.parquet", "c.jsonl"):
        path = tmp_path / name
        code = Code("r", "anna", "relevant", True)
        write_codes(path, [code])
        before = path.read_bytes()
        with pytest.raises(UserError, match="supersedes"):
            append_codes(path, [Code("r", "anna", "depth", 1), replace(code, value=False)])
        assert path.read_bytes() == before
        with pytest.raises(UserError, match="only ever appended"):
            write_codes(path, [code])


def test_true_is_not_one_and_an_empty_list_is_not_none(tmp_path: Path) -> None:
    codes = [Code("r", "a", v, value) for v, value in (("x", True), ("y", 1), ("z", []), ("w", None))]
    for name in ("c.parquet", "c.jsonl"):
        append_codes(tmp_path / name, codes)
        values = [c.value for c in read_codes(tmp_path / name)]
        assert [type(v) for v in values] == [bool, int, list, type(None)]
    assert len({c.code_id for c in codes}) == 4
    assert Code("r", "a", "x", True).code_id != Code("r", "a", "x", 1).code_id


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r":2: is not valid JSON"),
        ('{"coder": "a"}', r":2: a code needs"),
        ('{"report_id":"r","coder":"a","variable":"v"}', r":2: a code needs"),
        (
            '{"report_id":"r","coder":"a","variable":"v","value":1,"evidence":[{"start":1}]}',
            ":2: evidence: a span needs",
        ),
        (
            '{"report_id":"r","coder":"a","variable":"v","value":1,"purpose":"fun"}',
            ":2: purpose 'fun' is none of",
        ),
        ("[]", ":2: a code needs"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"report_id": "r", "coder": "a", "variable": "v", "value": 1}) + "\n" + line)
    with pytest.raises(UserError, match=message):
        read_codes(path)


GOOD = {"report_id": "r", "coder": "a", "variable": "v", "value": 1}
SPAN = {"start": 0, "end": 2, "text": "派出"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"report_id": ["r"]}, r"report_id should be text \(found \['r'\]\)"),
        ({"coder": {"a": 1}}, "coder should be text"),
        ({"variable": 5}, "variable should be text"),
        ({"code_id": 5}, "code_id should be text"),
        ({"supersedes": ["x"]}, "supersedes should be text"),
        ({"at": 5}, "at should be text"),
        ({"coder": "c\ud800"}, "coder holds half a character"),
        ({"purpose": ["train"]}, "purpose should be text"),
        ({"deleted": "yes"}, "deleted should be true or false"),
        ({"round": 1.5}, r"round should be a whole number \(found 1.5\)"),
        ({"round": 10**30}, "round should be a whole number"),
        ({"round": True}, "round should be a whole number"),
        ({"lead_time": "x"}, "lead_time should be a number"),
        ({"lead_time": float("inf")}, "lead_time should be a number"),
        ({"eviedence": [SPAN]}, "no field is called 'eviedence'"),
        ({"evidence": "abc"}, "evidence should be a list"),
        ({"evidence": [{**SPAN, "start": 0.9}]}, "start should be a whole number"),
        ({"evidence": [{**SPAN, "end": float("inf")}]}, "end should be a whole number"),
        ({"evidence": [{**SPAN, "end": 10**30}]}, "end should be a whole number"),
        ({"evidence": [{**SPAN, "label": ["a"]}]}, "label should be text"),
        ({"evidence": [{**SPAN, "lable": "a"}]}, "no field is called 'lable'"),
    ],
)
def test_a_field_of_another_kind_is_refused_with_its_line(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, **changes}))
    with pytest.raises(UserError, match=rf"c\.jsonl:2: .*{message}"):
        read_codes(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[" * 100_000, "is not valid JSON"),
        ('{"report_id":"r","coder":"a","variable":"v","value":1,"value":2}', "key 'value' occurs twice"),
        ('{"report_id":"r","coder":"a","variable":"v","value":' + "9" * 5000 + "}", "is not valid JSON"),
    ],
)
def test_a_line_that_json_does_not_settle_is_refused(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(line)
    with pytest.raises(UserError, match=f":1: {message}"):
        read_codes(path)


def test_whole_numbers_with_a_point_and_nan_are_as_tables_write_them(tmp_path: Path) -> None:
    path = tmp_path / "c.JSONL"
    path.write_text(json.dumps({**GOOD, "round": 1.0, "lead_time": float("nan")}))
    (code,) = read_codes(path)
    assert (code.round, type(code.round), code.lead_time) == (1, int, None)


def test_unknown_columns_of_parquet_are_refused_too(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = {"report_id": "r", "coder": "a", "variable": "v", "value": "1", "__index_level_0__": 7}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    assert len(read_codes(tmp_path / "a.parquet")) == 1
    pq.write_table(pa.Table.from_pylist([{**row, "eviedence": "x"}]), tmp_path / "b.parquet")
    with pytest.raises(UserError, match="no field is called 'eviedence'"):
        read_codes(tmp_path / "b.parquet")


def test_files_that_are_no_codes_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("report_id,coder\n")
    with pytest.raises(UserError, match=r"c\.csv: codes are kept as \.jsonl .* or \.parquet"):
        read_codes(tmp_path / "c.csv")
    (tmp_path / "c.jsonl").write_bytes("李".encode("gb18030"))
    with pytest.raises(UserError, match="save the file as UTF-8"):
        read_codes(tmp_path / "c.jsonl")
    with pytest.raises(UserError, match="No such file"):
        read_codes(tmp_path / "none.jsonl")


def test_lines_written_by_hand_may_lack_a_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"report_id": "r", "coder": "a", "variable": "v", "value": 1}))
    assert append_codes(path, [Code("r", "b", "v", 1)]) == 1
    assert [c.coder for c in read_codes(path)] == ["a", "b"]


def test_what_is_in_force() -> None:
    first = Code("r", "anna", "depth", 1, at="2024-01-01T10:00:00")
    second = Code("r", "anna", "depth", 2, supersedes=first.code_id)
    assert current([first, second]) == [second]
    assert current([second, first]) == [second]
    gone = Code("r", "anna", "depth", 2, supersedes=second.code_id, deleted=True)
    assert current([first, second, gone]) == []
    later = Code("r", "anna", "depth", 3, at="2024-01-01T11:00:00+08:00")
    assert current([later, first]) == [first], "11:00 in China is before 10:00 UTC"
    other_pass = replace(first, value=0, round=2, code_id="")
    assert len(current([first, other_pass])) == 2
    assert current([first, replace(first, value=0, code_id="", at=None)]) == [first]


def test_by_coder() -> None:
    codes = [
        Code("r", "anna", "depth", 1, round=1),
        Code("r", "anna", "depth", 2, round=2),
        Code("r", "anna", "depth", 0, purpose="adjudication"),
        Code("r", "ben", "depth", 3, purpose="reliability"),
    ]
    assert by_coder(codes) == {"anna": {"r": {"depth": 2}}, "ben": {"r": {"depth": 3}}}
    assert by_coder(codes, {"reliability"}) == {"ben": {"r": {"depth": 3}}}
    assert by_coder(codes, set()) == {}


REPORT = Report("r", "派出所𠮷建微信群。")


@pytest.fixture
def kinds(codebook: Codebook) -> Callable[..., list[str]]:
    def find(**values: object) -> list[str]:
        codes = [v if isinstance(v, Code) else Code("r", "a", n, v) for n, v in values.items()]  # type: ignore[arg-type]
        return [p.kind for p in check_codes(codes, [REPORT], codebook)]

    return find


def test_complete_codes_have_no_problem(kinds: Callable[..., list[str]]) -> None:
    evidence = (Span(3, 4, "𠮷"),)
    assert kinds(relevant=False) == []
    relevant = Code("r", "a", "relevant", True, evidence)
    tips = Code("r", "a", "functions", ["tips"], (Span(5, 8, "微信群", "tips"),))
    assert kinds(relevant=relevant, functions=tips, depth=0, kind="news", agency="某所") == []


def test_problems(kinds: Callable[..., list[str]]) -> None:
    assert kinds(relevant=True) == ["missing"] * 3
    assert kinds(relevant=False, depth=1) == ["not_asked"]
    assert kinds(depth=1) == ["missing", "not_asked"]
    assert kinds(relevant=True, functions=[], depth=1, kind="news") == ["constraint"]
    assert kinds(relevant=1) == ["value"]
    assert kinds(relevant=False, colour="red") == ["variable"]
    assert kinds(relevant=Code("r", "a", "relevant", False, at="yesterday")) == ["time"]
    assert kinds(relevant=Code("x", "a", "relevant", False)) == ["report"]
    for span in (
        Span(3, 5, "𠮷"),
        Span(-1, 2, "派"),
        Span(2, 2, ""),
        Span(5, 99, "x"),
        Span(0, 1, "派", "tips"),
    ):
        assert kinds(relevant=Code("r", "a", "relevant", False, (span,))) == ["span"]
    assert kinds(relevant=Code("r", "a", "relevant", False, (Span(0, 1, "派"),), absence=True)) == ["span"]
    assert kinds(depth=Code("r", "boss", "depth", 1, purpose="adjudication")) == []


@pytest.mark.parametrize("name", ["c.jsonl", "c.parquet"])
def test_nothing_is_appended_that_could_not_be_read_back(tmp_path: Path, name: str) -> None:
    good = Code("r", "anna", "depth", 1)
    append_codes(tmp_path / name, [good])
    with pytest.raises(UserError, match="lead_time"):
        append_codes(tmp_path / name, [Code("s", "anna", "depth", 1, lead_time=float("inf"))])
    assert read_codes(tmp_path / name) == [good]
