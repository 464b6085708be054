from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from weijing.configs.errors import UserError
from weijing.data.normalize import normalize_text
from weijing.data.report import DESCRIPTIVE, Report, iter_corpus, merge, read_corpus, write_corpus

HOSTILE = st.sampled_from(
    [
        "𠮷野家𪚥",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>&amp;",
        "\ud83d",
        '"\n,;\t',
        "NULL",
        "{}",
        " ",
    ]
)
TEXT = st.text(max_size=80) | HOSTILE
FIELD = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
REPORTS = st.lists(
    st.builds(
        lambda id, text, extra, fields: Report(id=id, text=normalize_text(text), extra=extra, **fields),
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
        TEXT,
        st.dictionaries(st.text(max_size=5), TEXT, max_size=3),
        st.fixed_dictionaries(dict.fromkeys(DESCRIPTIVE, FIELD)),
    ),
    unique_by=lambda r: r.id,
    max_size=6,
)


@given(REPORTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_round_trip(tmp_path: Path, reports: list[Report]) -> None:
    write_corpus(tmp_path / "c.parquet", reports)
    assert read_corpus(tmp_path / "c.parquet") == reports


def test_what_is_missing_is_none_and_the_hash_is_of_the_text() -> None:
    report = Report("a", "正文", title="", content_hash="wrong")
    assert report.title is None
    assert report.content_hash == Report("b", "正文").content_hash
    assert replace(report, text="别的").content_hash != report.content_hash


def test_a_corpus_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    with pytest.raises(UserError, match="id a occurs twice"):
        write_corpus(path, [Report("a", "1"), Report("a", "2")])
    with pytest.raises(UserError, match="lone surrogate"):
        write_corpus(path, [Report("a", "半\ud800")])
    assert not path.exists()
    with pytest.raises(UserError, match="no such file"):
        read_corpus(path)
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        read_corpus(path)
    pq.write_table(pa.table({"id": ["a"]}), path)
    with pytest.raises(UserError, match="missing: text"):
        read_corpus(path)
    write_corpus(path, [Report("a", "原文")])
    table = pq.read_table(path)
    changed = table.set_column(table.schema.get_field_index("text"), "text", pa.array(["改过"]))
    pq.write_table(changed, path)
    with pytest.raises(UserError, match="outside weijing"):
        read_corpus(path)


def test_a_foreign_table_with_id_and_text_will_do(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"], "text": ["正文"], "other": [1]}), tmp_path / "c.parquet")
    assert list(iter_corpus(tmp_path / "c.parquet")) == [Report("a", "正文")]


def test_merge() -> None:
    old = [
        Report("a", "甲", reprint_group="a", province="福建", provenance={"province": "places"}),
        Report("b", "乙", reprint_group="b", vendor="腾讯"),
    ]
    new = [
        Report("b", "乙二"),
        Report("a", "甲", outlet="报", provenance={"outlet": "source"}),
        Report("c", "丙"),
    ]
    merged = merge(old, new)
    assert (merged.added, merged.unchanged, merged.changed, merged.updated) == (("c",), (), ("b",), ("a",))
    assert [r.id for r in merged.reports] == ["a", "b", "c"]
    first, second, _ = merged.reports
    assert (first.province, first.outlet, first.reprint_group) == ("福建", "报", "a")
    assert first.provenance == {"province": "places", "outlet": "source"}
    assert second == Report("b", "乙二")
    assert merged.replaced == (old[1],)
    again = merge(merged.reports, new)
    assert again.unchanged == ("b", "a", "c")
    assert again.reports == merged.reports
