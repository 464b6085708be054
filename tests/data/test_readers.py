import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from weijing.data.readers import Record, Rejected, read

TEXT = "派出所民警通过微信群向居民发布防骗提醒。"


def sorted_out(path: Path | list[Path]) -> tuple[list[Record], list[Rejected]]:
    items = list(read(path))
    records = [i for i in items if isinstance(i, Record)]
    return records, [i for i in items if isinstance(i, Rejected)]


def test_a_folder_in_sorted_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a/x.txt",
        ".hidden.txt",
        "a/.git/y.txt",
        "c.MD",
        "d.text",
        "m.parquet.manifest.json",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{TEXT}{name}", "utf-8")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "old.doc").write_bytes(b"x")
    records, rejected = sorted_out(tmp_path)
    assert [r.relative for r in records] == ["a/x.txt", "b.txt", "c.MD", "d.text"]
    assert {r.folder for r in records} == {tmp_path.name}
    known = ".txt, .text, .md, .jsonl, .ndjson, .json, .csv, .tsv, .tab, .parquet"
    assert [r.reason for r in rejected] == [f"files of type .doc cannot be read; known are {known}"]
    assert len([i for i in read(tmp_path, recursive=False) if isinstance(i, Record)]) == 3


def test_what_cannot_be_read_is_rejected_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b.txt").write_bytes(b"%PDF-1.7")
    (tmp_path / "c.txt").write_text(TEXT, "gb18030")
    (tmp_path / "d.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "e.txt")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "loop").symlink_to(tmp_path)
    records, rejected = sorted_out([tmp_path, tmp_path / "missing.txt"])
    assert [r.fields["text"] for r in records] == [TEXT]
    assert records[0].notes == {"encoding": "gb18030"}
    assert [(Path(r.where).name, r.reason) for r in rejected] == [
        ("a.txt", "is empty"),
        ("b.txt", "is a PDF document; convert it to text first"),
        ("d.txt", "is a link to nothing"),
        ("e.txt", "is no regular file"),
        ("loop", "is a link to a folder that is read already"),
        ("missing.txt", "there is no such file or folder"),
    ]


@contextmanager
def no_superuser() -> Iterator[None]:
    """Root may read everything, so as root the test goes on as somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_without_rights() -> None:
    # Not tmp_path, whose parents only their owner may enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a.txt").write_text(TEXT)
        (folder / "a.txt").chmod(0)
        with no_superuser():
            rejected = sorted_out(folder)[1]
    assert [r.reason for r in rejected] == ["cannot be read (Permission denied)"]


def test_a_file_name_that_is_no_unicode(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.txt", "w", encoding="utf-8") as file:
        file.write(TEXT)
    records, _ = sorted_out(tmp_path)
    records[0].relative.encode()


def test_control_characters_in_names_are_written_out(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[31m"
    folder.mkdir()
    (folder / "b\nc\u202e\u3000.txt").write_text(TEXT)
    (folder / "d\r.doc").write_text("x")
    (record,), (rejected,) = sorted_out(folder)
    assert (record.folder, record.relative) == ("a\\x1b[31m", "b\\nc\\u202e\u3000.txt")
    assert (record.where + rejected.where).isprintable() or "\u3000" in record.where
    assert rejected.where.endswith("a\\x1b[31m/d\\r.doc")


def test_linked_folders_are_read_once(tmp_path: Path) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    (top / "z").mkdir(parents=True)
    outside.mkdir()
    (top / "z" / "x.txt").write_text(TEXT)
    (outside / "y.txt").write_text(TEXT)
    (top / "a").symlink_to(top / "z")
    (top / "b").symlink_to(outside)
    (top / "c").symlink_to(outside)
    folder = top
    for level in range(22):
        (folder / f"one{level}").mkdir()
        (folder / f"two{level}").symlink_to(folder / f"one{level}")
        (folder / f"three{level}").symlink_to(folder / f"one{level}")
        folder = folder / f"one{level}"
    records, rejected = sorted_out(top)
    assert [r.relative for r in records] == ["z/x.txt", "b/y.txt"]
    assert len(rejected) == 2 + 44
    assert {r.reason for r in rejected} == {"is a link to a folder that is read already"}


def test_what_is_left_out(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEXT)
    out = [tmp_path / "b.txt", tmp_path / "c", tmp_path / "none"]
    found = list(read([tmp_path, tmp_path / "b.txt"], leave_out=out))
    assert [i.relative for i in found if isinstance(i, Record)] == ["a.txt"]
    assert [str(i) for i in found if isinstance(i, Rejected)] == [
        f"{tmp_path / 'b.txt'}: is a file or folder of the study itself"
    ]


def test_nan_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = ['{"text": NaN}', '{"id": NaN, "text": "甲乙", "province": NaN}', '{"id": NaN, "text": "丙"}']
    path.write_text("\n".join(lines), "utf-8")
    records, _ = sorted_out(path)
    assert [r.fields for r in records] == [{}, {"text": "甲乙"}, {"text": "丙"}]


def test_a_repeated_key_rejects_its_record_alone(tmp_path: Path) -> None:
    twice, nested = '{"text": "甲", "text": "乙"}', '{"text": "甲", "more": {"a": 1, "a": 2}}'
    (tmp_path / "a.jsonl").write_text("\n".join((twice, '{"text": "丙"}', nested)), "utf-8")
    (tmp_path / "b.json").write_text(f'{{"n": 1, "n": 2, "all": [{twice}, {{"text": "丙"}}, {nested}]}}', "utf-8")
    records, rejected = sorted_out(tmp_path)
    assert [r.fields["text"] for r in records] == ["丙", "丙"]
    assert [r.reason for r in rejected] == [
        f"key {key!r} occurs twice; keep one of them" for key in ("text", "a", "text", "a")
    ]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lines = [
        json.dumps({"ID": 7, "正文": TEXT, "标题": "微信\u2028报警", "n": 3.0, "tags": {"a": 1}, "none": None}),
        "",
        "{broken",
        "[1, 2]",
        json.dumps({"id": "x", "words": TEXT}),
        json.dumps({"content": ["一段", "二段"]}, ensure_ascii=False),
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b'\n{"text": "\xff\xfe"}\n')
    records, rejected = sorted_out(path)
    assert records[0].fields == {
        "id": "7",
        "text": TEXT,
        "title": "微信\u2028报警",
        "n": "3",
        "tags": '{"a": 1}',
    }
    assert (records[0].row, records[0].where) == (1, f"{path}:1")
    assert records[1].fields["text"] == "一段\n二段"
    assert [int(r.where.rsplit(":", 1)[1]) for r in rejected] == [3, 4, 5, 7]
    assert "is not valid JSON" in rejected[0].reason
    assert "no column holds the text (found 'id', 'words'); name one of them text" in rejected[2].reason
    assert rejected[3].reason == "holds bytes that are not utf-8"


@pytest.mark.parametrize(
    "content",
    [
        [{"text": TEXT}, {"text": TEXT}],
        {"total": 2, "data": [{"text": TEXT}, {"text": TEXT}]},
    ],
)
def test_a_json_array(tmp_path: Path, content: object) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(content), "utf-8")
    records, rejected = sorted_out(path)
    assert [(r.row, r.where) for r in records] == [(1, f"{path}#1"), (2, f"{path}#2")]
    assert not rejected


def test_other_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": TEXT}))
    (tmp_path / "b.json").write_text('{"text": "一"}\n{"text": "二"}\n', "utf-8")
    (tmp_path / "c.json").write_text("[" * 100_000)
    (tmp_path / "d.json").write_text("3")
    records, rejected = sorted_out(tmp_path)
    assert [(Path(r.where).name, r.row) for r in records] == [
        ("a.json", None),
        ("b.json:1", 1),
        ("b.json:2", 2),
    ]
    assert [Path(r.where).name for r in rejected] == ["c.json", "d.json"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_tables(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "r.csv"
    rows = [
        ["编号", "标题", "正文", "来源", "备注"],
        ["1", "微信,报警;", f'"{TEXT}""引""\n第二行"', "公安报", ""],
        ["", "", "", "", ""],
        ["2", "二", "短文", "", "注"],
    ]
    rows[1][1] = '"微信,报警;"'
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    records, rejected = sorted_out(path)
    assert not rejected
    assert records[0].fields == {
        "id": "1",
        "title": "微信,报警;",
        "text": f'{TEXT}"引"\n第二行',
        "outlet": "公安报",
    }
    assert records[1].fields["备注"] == "注"
    assert [(r.row, r.where) for r in records] == [(1, f"{path}:2"), (2, f"{path}:5")]


def test_a_big5_table(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("標題,內容\n警方,派出所民警透過微信群組發佈防騙提醒\n".encode("big5"))
    assert sorted_out(path)[0][0].fields["text"] == "派出所民警透過微信群組發佈防騙提醒"


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(
        'id,text\n1,好\n2,多,了,一\n3,"他说"好"的"\n4,又好\n5,N\0UL\n'.encode()
        + b'6,\xff\xfe\n7,"open\n8,later\n9,'
        + "长".encode() * 200_000
        + b"\n"
    )
    records, rejected = sorted_out(path)
    assert [r.fields["id"] for r in records] == ["1", "4", "5", "8", "9"]
    assert records[2].fields["text"] == "NUL"
    assert len(records[-1].fields["text"]) == 200_000
    assert [r.where.rsplit(":", 1)[1] for r in rejected] == ["3", "4", "7", "8"]
    assert rejected[0].reason == "has 4 fields, the header has 2"
    assert "a quote inside a field is written twice" in rejected[1].reason
    assert rejected[3].reason == "a quote is opened here and never closed"


def test_a_table_without_texts_and_one_with_columns_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,words\n1,x\n")
    (tmp_path / "b.csv").write_text("content,text,note,note,\n次,主,一,二,三\n", "utf-8")
    records, rejected = sorted_out(tmp_path)
    assert len(rejected) == 1
    assert "found 'id', 'words'" in rejected[0].reason
    assert records[0].fields == {
        "content": "次",
        "text": "主",
        "note": "一",
        "note (4)": "二",
        "column 5": "三",
    }


def test_many_open_quotes_do_not_take_forever(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("text\n" + 'x,"open\n' * 501)
    assert len(sorted_out(path)[1]) >= 1


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "content": [TEXT, None], "date": [date(2020, 1, 2), None]})
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"id": [1]}), tmp_path / "c.parquet")
    records, rejected = sorted_out(tmp_path)
    assert records[0].fields == {"id": "1", "text": TEXT, "date": "2020-01-02"}
    assert records[1].fields == {"id": "2"}
    assert [Path(r.where).name for r in rejected] == ["b.parquet", "c.parquet"]


def test_a_large_table_is_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with path.open("w", encoding="gb18030") as file:
        for n in range(20_000):
            file.write(json.dumps({"id": n, "text": TEXT * 3}, ensure_ascii=False) + "\n")
    stream = read(path)
    first = next(stream)
    assert isinstance(first, Record)
    assert first.fields["text"] == TEXT * 3
    assert sum(1 for _ in stream) == 19_999
