import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weijing.data.importing import import_reports, iter_reports, to_report
from weijing.data.normalize import normalize_text
from weijing.data.readers import Record, Rejected
from weijing.data.report import Report, read_corpus, write_corpus

TEXT = "派出所民警通过微信群向居民发布防骗提醒。"


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_ids(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    write(folder / "sub" / "r.jsonl", {"id": 12, "text": TEXT}, {"text": TEXT})
    (folder / "a.txt").write_text(TEXT, "utf-8")
    ids = [r.id for r in import_reports(folder).reports]
    assert ids == ["news:a.txt", "12", "news:sub/r.jsonl#2"]
    assert [r.id for r in import_reports(folder, "x").reports] == ["x:a.txt", "12", "x:sub/r.jsonl#2"]
    assert [r.id for r in import_reports(folder / "a.txt").reports] == ["news:a.txt"]


def test_duplicates_and_texts_that_are_none(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.jsonl",
        {"id": "1", "text": TEXT},
        {"id": 1, "text": f"\ufeff{TEXT}\r\n"},
        {"id": "1", "text": "别的"},
        {"id": "2", "text": " \u200b\n"},
    )
    result = import_reports(path)
    assert [r.id for r in result.reports] == ["1"]
    assert [r.reason for r in result.rejected] == [
        f"exact duplicate of id 1 at {path}:1",
        f"id 1 is already used at {path}:1, with other content",
        "no text",
    ]
    assert result.counts == {
        "accepted": 1, "rejected": 3, "exact_duplicates": 1, "title_prepended": 0, "mostly_not_chinese": 0
    }  # fmt: skip


def test_a_title_is_put_before_the_text_once() -> None:
    with_title = to_report(Record({"title": "微信 报警", "text": TEXT}, "x", "x.csv", "f", 1))
    assert isinstance(with_title, Report)
    assert with_title.text == f"微信 报警\n{TEXT}"
    assert with_title.title == "微信 报警"
    assert with_title.extra == {"title_prepended": "1"}
    again = to_report(Record({"title": "微信 报警", "text": with_title.text}, "x", "x.csv", "f", 1))
    assert isinstance(again, Report)
    assert again.text == with_title.text
    assert again.extra == {}


def test_fields_extra_and_provenance() -> None:
    fields = {"text": TEXT, "outlet": "公安报\n", "notes": "𠮷\x00", "province": " ", "content_hash": "x"}
    report = to_report(Record(fields, "x", "x.csv", "f", 1, {"encoding": "gb18030"}))
    assert isinstance(report, Report)
    assert (report.outlet, report.province, report.source_id) == ("公安报", None, None)
    assert report.extra == {"notes": "𠮷", "encoding": "gb18030"}
    assert report.provenance == {"outlet": "source"}


def test_a_report_in_another_language_is_only_noted() -> None:
    report = to_report(Record({"text": "Police in Fujian use WeChat 微信."}, "x"))
    assert isinstance(report, Report)
    assert report.extra == {"mostly_not_chinese": "1"}


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60), st.text(max_size=10))
def test_the_stored_text_is_normal_and_storable(text: str, title: str) -> None:
    report = to_report(Record({"text": text, "title": title}, "x", "x.txt", "f"))
    if isinstance(report, Rejected):
        assert report.reason == "no text"
    else:
        assert normalize_text(report.text) == report.text
        report.text.encode()


@pytest.mark.parametrize("name", ["c.parquet"])
def test_a_corpus_that_is_imported_again_is_itself(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "r.jsonl", {"id": 1, "text": TEXT, "title": "题", "url": "http://x", "备注": "x"})
    reports = import_reports(path).reports
    write_corpus(tmp_path / name, reports)
    assert list(iter_reports(tmp_path / name)) == list(reports) == read_corpus(tmp_path / name)
