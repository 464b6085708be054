"""REFI-QDA projects: ours come back as they were, others' as far as they fit, hostile ones as one line."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from weijing.annotation import qdpx_file
from weijing.annotation.qdpx import ReadProject, read_qdpx, write_qdpx
from weijing.annotation.qdpx_model import source_text, tree
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.configs.load import parse_codebook
from weijing.data.codes import Code, Span, check_each, current
from weijing.data.report import Report

CODEBOOK = parse_codebook("""
name: kinds
version: "1"
title: &w {zh: 各种变量, en: all kinds}
description: *w
unit: *w
variables:
  - {id: relevant, type: binary, name: {zh: 相关, en: Relevance}}
  - id: themes
    type: multi
    name: {zh: 主题, en: Themes}
    labels:
      - id: tips
        name: {zh: 线索, en: Tips}
        definition: {zh: 群众提供线索, en: people give tips}
        examples: [扫码举报]
      - {id: groups, name: {zh: 群组, en: Groups}}
      - {id: other, name: {zh: 其他, en: Other}}
  - id: depth
    type: ordinal
    name: {zh: 深度, en: Depth}
    labels: [{id: none, name: {zh: 无, en: None}}, {id: deep, name: {zh: 深, en: Deep}}]
  - id: kind
    type: nominal
    name: {zh: 文种, en: Kind}
    labels: [{id: news, name: {zh: 新闻, en: News}}, {id: other, name: {zh: 其他, en: Other}}]
  - {id: agency, type: text, name: {zh: 机关, en: Agency}}
""")
TEXT = "警方开通微信号。\n群众扫码举报，𠮷村民警在群里答复。"
AT = "2026-05-01T08:00:00+00:00"


def span(text: str, part: str, label: str | None = None) -> Span:
    start = text.index(part)
    return Span(start, start + len(part), part, label)


def round_trip(
    path: Path, reports: Sequence[Report], codes: Sequence[Code], codebook: Codebook = CODEBOOK, **kwargs: Any
) -> ReadProject:
    written = write_qdpx(path, reports, codes, codebook, force=True)
    assert written.rejected == ()
    return read_qdpx(path, reports, codebook, **kwargs)


# --- our own projects


@pytest.fixture(scope="module")
def demo(bundled: Codebook) -> tuple[Sequence[Report], Sequence[Code]]:
    from weijing.data.codes import read_codes
    from weijing.data.demo import CODES, REPORTS
    from weijing.data.importing import import_reports

    return import_reports([REPORTS]).reports, read_codes(CODES)


@pytest.fixture(scope="module")
def demo_project(demo: Any, bundled: Codebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("qdpx") / "demo.qdpx"
    write_qdpx(path, *demo, bundled)
    return path


def test_the_demonstration_corpus_comes_back_as_it_was(demo: Any, demo_project: Path, bundled: Codebook) -> None:
    reports, codes = demo
    found = read_qdpx(demo_project, reports, bundled)
    assert found.unplaced == ()
    assert {c.code_id: c for c in found.codes} == {c.code_id: c for c in codes}


EVERY_KIND = [
    Code("r1", "a", "relevant", True, (span(TEXT, "微信号"),), unsure=True, note=" 两行\r\n<b>&amp;\t", at=AT, round=2),
    Code("r1", "a", "themes", ["tips", "other"], (span(TEXT, "举报", "tips"), span(TEXT, "𠮷村")), at=AT, round=2),
    Code("r1", "a", "depth", 0, absence=True, round=2),
    Code("r1", "a", "kind", "other", note="a note only", purpose="sealed", saw_codes=True),
    Code("r1", "a", "agency", "", (span(TEXT, "警方"),), round=2),
    Code("r1", "b", "relevant", False, (Span(0, len(TEXT), TEXT),), coder_kind="model", saw_prediction=True),
    Code("r1", "b", "themes", [], unsure=True, note="none", codebook_version="1"),
    Code("r2", "b", "themes", ["tips", "groups", "other"]),
    Code("r2", "b", "agency", "=cmd|'县公安局'\n第二行"),
]  # fmt: skip


def test_every_kind_of_code_comes_back_as_it_was(tmp_path: Path) -> None:
    reports = [Report("r1", TEXT, title="标题"), Report("r2", "短"), Report("r3", "无人编码")]
    found = round_trip(tmp_path / "p.qdpx", reports, EVERY_KIND)
    assert found.unplaced == ()
    assert {c.code_id: c for c in found.codes} == {c.code_id: c for c in EVERY_KIND}


def test_another_codebook_works(tmp_path: Path, strikes: Codebook, toy: Any) -> None:
    found = round_trip(tmp_path / "p.qdpx", toy.reports, toy.codes, strikes)
    assert found.unplaced == ()
    assert {c.code_id for c in found.codes} == {c.code_id for c in toy.codes}


HOSTILE = st.text(st.sampled_from("警a \t\n\r\x00\x0b\x85\u2028\ufeff\ufffe𠮷😀<&\"'"), max_size=12)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, note=HOSTILE, agency=HOSTILE, data=st.data())
def test_offsets_and_words_survive_hostile_characters(
    tmp_path: Path, text: str, note: str, agency: str, data: Any
) -> None:
    reports = [Report("r1", text), Report("r2", "别的")]
    spans = []
    if text:
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        spans = [Span(start, end, text[start:end], "tips")]
    codes = [
        Code("r1", "a", "themes", ["tips"], spans, note=note, lead_time=3.5),
        Code("r1", "a", "agency", agency),
    ]
    themes, words = round_trip(tmp_path / "p.qdpx", reports, codes).codes
    assert (themes.evidence, themes.value) == (codes[0].evidence, ["tips"])
    for came, went in ((themes.note or "", note), (words.value, agency)):
        assert isinstance(came, str)
        assert came == re.sub("[\x00\x0b\ufffe]", "\ufffd", went)
    assert read_qdpx(tmp_path / "p.qdpx", reports, CODEBOOK, known=codes).codes[0] is codes[0]


def test_source_texts_keep_their_length_and_hold_only_line_feeds() -> None:
    text = "a\r\nb\rc\u2028d\x85e\x00\ufeff\ud800𠮷"
    assert len(source_text(text)) == len(text)
    assert not re.search("[\r\u2028\x85\x00\ufeff\ud800]", source_text(text))


def test_codes_that_do_not_fit_are_left_out_with_a_reason(tmp_path: Path) -> None:
    good = Code("r1", "a", "relevant", True)
    bad = [
        Code("r1", "b", "relevant", True, (Span(0, 999, "x"),)),
        Code("gone", "b", "relevant", True),
        Code("r1", "b", "depth", 7),
        Code("r1", "b", "nothing", True),
    ]
    written = write_qdpx(tmp_path / "p.qdpx", [Report("r1", TEXT)], [*bad, good], CODEBOOK)
    assert (written.n_codes, len(written.rejected)) == (1, 4)
    assert read_qdpx(tmp_path / "p.qdpx", [Report("r1", TEXT)], CODEBOOK).codes == (good,)


def test_only_codes_in_force_go_out(tmp_path: Path) -> None:
    old = Code("r1", "a", "relevant", True, code_id="1")
    new = Code("r1", "a", "relevant", False, supersedes="1")
    gone = [Code("r1", "a", "depth", 1, code_id="3"), Code("r1", "a", "depth", None, supersedes="3", deleted=True)]
    history = [old, new, *gone]
    assert round_trip(tmp_path / "p.qdpx", [Report("r1", TEXT)], history, known=history).codes == (new,)


def test_the_same_project_is_the_same_file_and_is_not_overwritten(tmp_path: Path) -> None:
    reports = [Report("r1", TEXT), Report("r2", "短")]
    one, two = tmp_path / "1.qdpx", tmp_path / "2.qdpx"
    write_qdpx(one, reports, EVERY_KIND, CODEBOOK)
    write_qdpx(two, reports, EVERY_KIND, CODEBOOK)
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        write_qdpx(one, reports, [], CODEBOOK)
    assert one.read_bytes() == two.read_bytes()


def test_guids_depend_on_the_codebooks_name_and_ids_alone() -> None:
    renamed = CODEBOOK.model_copy(update={"version": "2", "title": CODEBOOK.description})
    other = CODEBOOK.model_copy(update={"name": "another"})
    guids = [[e.guid for branch in tree(c) for e in branch] for c in (CODEBOOK, renamed, other)]
    assert guids[0] == guids[1]
    assert not set(guids[0]) & set(guids[2])
    assert len(set(guids[0])) == len(guids[0])


# --- the standard's structure

ORDER = {
    "Project": ["Users", "CodeBook", "Sources", "Notes"],
    "Users": ["User"],
    "CodeBook": ["Codes"],
    "Codes": ["Code"],
    "Code": ["Description", "Code"],
    "Sources": ["TextSource"],
    "TextSource": ["PlainTextSelection"],
    "PlainTextSelection": ["Description", "Coding", "NoteRef"],
    "Coding": ["CodeRef"],
    "Notes": ["Note"],
    "Note": ["PlainTextContent"],
}
NOT_EMPTY = {"Users", "CodeBook", "Codes", "Sources", "Notes", "Coding"}
MADE = {"creatingUser", "creationDateTime"}
ATTRIBUTES: dict[str, tuple[set[str], set[str]]] = {  # required, allowed besides
    "Project": ({"name"}, {"origin"}),
    "User": ({"guid"}, {"name", "id"}),
    "Code": ({"guid", "name", "isCodable"}, set()),
    "TextSource": ({"guid"}, {"name", "plainTextPath"}),
    "PlainTextSelection": ({"guid", "startPosition", "endPosition"}, {"name", *MADE}),
    "Coding": ({"guid"}, MADE),
    "CodeRef": ({"targetGUID"}, set()),
    "NoteRef": ({"targetGUID"}, set()),
    "Note": ({"guid"}, {"name", *MADE}),
}
GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SIMPLE = {
    "guid": GUID, "targetGUID": GUID, "creatingUser": GUID, "isCodable": "true|false", "startPosition": r"\d+",
    "endPosition": r"\d+", "plainTextPath": rf"internal://{GUID}\.txt",
    "creationDateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
}  # fmt: skip


def assert_valid(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        root = etree.fromstring(archive.read("project.qde"))
        texts = {name: archive.read(name).decode() for name in names[1:]}
    assert all(re.fullmatch(rf"sources/{GUID}\.txt", name) for name in texts)
    assert root.tag == qdpx_file.q("Project")
    guids = [e.get("guid") for e in root.iter() if e.get("guid")]
    assert len(guids) == len(set(guids))
    for element in root.iter():
        tag = etree.QName(element).localname
        assert etree.QName(element).namespace == "urn:QDA-XML:project:1.0"
        places = [ORDER.get(tag, []).index(etree.QName(child).localname) for child in element]
        assert places == sorted(places), tag
        assert len(element) or tag not in NOT_EMPTY, tag
        required, allowed = ATTRIBUTES.get(tag, (set(), set()))
        assert required <= set(element.attrib) <= required | allowed, tag
        for name, value in element.attrib.items():
            assert re.fullmatch(SIMPLE.get(name, r"(?s).*"), value), (tag, name, value)
        for name in ("targetGUID", "creatingUser"):
            assert element.get(name) in (None, *guids) if name in element.attrib else True
    for source in root.iter(qdpx_file.q("TextSource")):
        text = texts["sources/" + source.get("plainTextPath").removeprefix("internal://")]
        for selection in source:
            start, end = int(selection.get("startPosition")), int(selection.get("endPosition"))
            assert 0 <= start <= end <= len(text)


def test_what_we_write_has_the_standards_structure(tmp_path: Path) -> None:
    path = tmp_path / "p.qdpx"
    odd_times = [
        Code("r3", "a\x00", "relevant", True, at=at, round=n) for n, at in enumerate(("2026-05-01", "20260501T08"))
    ]
    write_qdpx(path, [Report("r1", TEXT), Report("r2", "短"), Report("r3", "")], [*EVERY_KIND, *odd_times], CODEBOOK)
    assert_valid(path)
    write_qdpx(path, [], [], CODEBOOK, force=True)
    assert_valid(path)


def test_the_demonstration_project_has_the_standards_structure(tmp_path: Path, demo: Any, bundled: Codebook) -> None:
    reports = demo[0][:40]
    ids = {report.id for report in reports}
    write_qdpx(tmp_path / "p.qdpx", reports, [c for c in demo[1] if c.report_id in ids], bundled)
    assert_valid(tmp_path / "p.qdpx")


def test_the_codebook_is_a_tree_with_both_languages(tmp_path: Path) -> None:
    write_qdpx(tmp_path / "p.qdpx", [], [], CODEBOOK)
    with zipfile.ZipFile(tmp_path / "p.qdpx") as archive:
        codes = etree.fromstring(archive.read("project.qde")).find(".//{*}Codes")
    assert [code.get("name") for code in codes][:2] == ["相关 / Relevance", "主题 / Themes"]
    tips = codes[1].find("{*}Code")
    assert tips.get("name") == "线索 / Tips"
    assert tips.findtext("{*}Description") == "群众提供线索\npeople give tips\n“扫码举报”"


# --- back into a study


def test_what_nobody_changed_is_the_code_the_study_has(tmp_path: Path) -> None:
    codes = [Code("r1", "a", "relevant", True, lead_time=12.5, code_id="given", note="\x01", at="2026-05-01")]
    found = round_trip(tmp_path / "p.qdpx", [Report("r1", TEXT)], codes, known=codes)
    assert found.codes == tuple(codes)


def test_what_somebody_changed_supersedes(tmp_path: Path) -> None:
    before = Code("r1", "a", "relevant", True, (span(TEXT, "微信号"),), at=AT, lead_time=12.5, round=2)
    reports = [Report("r1", TEXT)]
    path = tmp_path / "p.qdpx"
    write_qdpx(path, reports, [before], CODEBOOK)
    edit(path, 'startPosition="4"', 'startPosition="2"')
    (after,) = read_qdpx(path, reports, CODEBOOK, known=[before]).codes
    assert after.evidence == (span(TEXT, "开通微信号"),)
    assert after.supersedes == before.code_id != after.code_id
    assert current([before, after]) == [after]
    assert read_qdpx(path, reports, CODEBOOK, known=[before, after]).codes == (after,)


# --- projects of others


def edit(path: Path, old: str, new: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in members["project.qde"]
    members["project.qde"] = members["project.qde"].replace(old.encode(), new.encode())
    pack(path, members)


def pack(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


ZEROS = "0000-0000-0000-00000000000"
CODES = """<Code guid="{AAAAAAAA-0000-0000-0000-000000000001}" name="themes" isCodable="true">
<Code guid="AAAAAAAA-0000-0000-0000-000000000002" name="线索" isCodable="true"/>
<Code guid="AAAAAAAA-0000-0000-0000-000000000003" name="OTHER" isCodable="true"/></Code>
<Code guid="AAAAAAAA-0000-0000-0000-000000000004" name="Relevance" isCodable="true"/>
<Code guid="AAAAAAAA-0000-0000-0000-000000000005" name="其他" isCodable="true"/>
<Code guid="AAAAAAAA-0000-0000-0000-000000000006" name="News" isCodable="true"/>
<Code guid="AAAAAAAA-0000-0000-0000-000000000007" name="Deep" isCodable="true"/>
<Code guid="AAAAAAAA-0000-0000-0000-000000000008" name="None" isCodable="true"/>
<Code guid="AAAAAAAA-0000-0000-0000-000000000009" name="Agency" isCodable="true"/>"""


def selection(start: object, end: object, *codes: int, name: str = "", inside: str = "") -> str:
    codings = "".join(
        f'<Coding guid="CCCCCCCC-{ZEROS}0" creatingUser="{{BBBBBBBB-{ZEROS}1}}" '
        f'creationDateTime="2026-06-01T00:00:00Z"><CodeRef targetGUID="AAAAAAAA-{ZEROS}{code}"/></Coding>'
        for code in codes
    )
    return (
        f'<PlainTextSelection guid="DDDDDDDD-0000-0000-0000-000000000000" name={quoteattr(name)} '
        f'startPosition="{start}" endPosition="{end}">{inside}{codings}</PlainTextSelection>'
    )


def foreign(
    path: Path,
    *selections: str,
    text: bytes = TEXT.encode(),
    name: str = "文件一",
    member: str = "Sources/one.txt",
    link: str = "internal://one.txt",
    rest: str = "",
    head: str = "",
) -> Path:
    content = f"""<?xml version="1.0" encoding="utf-8"?>{head}
<Project xmlns="urn:QDA-XML:project:1.0" name="other" origin="Another program 1.0">
<Users><User guid="bbbbbbbb-0000-0000-0000-000000000001" name="researcher"/></Users>
<CodeBook><Codes>{CODES}</Codes></CodeBook>
<Sources><TextSource guid="EEEEEEEE-0000-0000-0000-000000000001" name="{name}" plainTextPath="{link}">
{"".join(selections)}</TextSource>{rest}</Sources></Project>"""
    pack(path, {"project.qde": content.encode(), member: text})
    return path


REPORTS = [Report("r1", TEXT), Report("r2", "别的报道")]


def read_foreign(path: Path, *selections: str, **kwargs: Any) -> ReadProject:
    return read_qdpx(foreign(path, *selections, **kwargs), REPORTS, CODEBOOK, purpose="reliability", round=3)


def test_codes_of_others_are_known_by_name_and_texts_by_their_words(tmp_path: Path) -> None:
    start = TEXT.index("举报")
    found = read_foreign(
        tmp_path / "p.qdpx",
        selection(start, start + 2, 2, name="举报"),
        selection(0, len(TEXT), 3, 4, 6),
        selection(0, 2, 9, inside="<Description>警方</Description>"),
    )
    assert found.unplaced == ()
    facts = {"purpose": "reliability", "round": 3, "at": "2026-06-01T00:00:00Z"}
    assert {c.variable: c for c in found.codes} == {
        "themes": Code("r1", "researcher", "themes", ["tips", "other"], (span(TEXT, "举报", "tips"),), **facts),
        "relevant": Code("r1", "researcher", "relevant", True, **facts),
        "kind": Code("r1", "researcher", "kind", "news", **facts),
        "agency": Code("r1", "researcher", "agency", "警方", (span(TEXT, "警方"),), **facts),
    }
    assert len(found.codes) == 4


def test_a_name_of_several_codes_is_not_guessed(tmp_path: Path) -> None:
    found = read_foreign(tmp_path / "p.qdpx", selection(0, 2, 5), selection(0, 2, 4))
    assert [c.variable for c in found.codes] == ["relevant"]
    assert [str(u) for u in found.unplaced] == [
        "code '其他': 1 codings of a code that the codebook does not have or has several times"
    ]


def test_two_values_of_one_variable_are_left_to_the_coder(tmp_path: Path) -> None:
    found = read_foreign(tmp_path / "p.qdpx", selection(0, 2, 7), selection(3, 5, 8), selection(3, 5, 4))
    assert [c.variable for c in found.codes] == ["relevant"]
    assert "two values" in found.unplaced[0].reason


def offsets(text: str, part: str, unit: str) -> tuple[int, int]:
    width = 2 if unit == "utf-16-le" else 4
    start = len(text[: text.index(part)].encode(unit)) // width
    return start, start + len(part.encode(unit)) // width


@pytest.mark.parametrize("unit", ["utf-32-le", "utf-16-le"])
@pytest.mark.parametrize("counted_as_one", [False, True])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_rare_characters_are_counted_as_the_program_counts(
    tmp_path: Path, unit: str, counted_as_one: bool, mark: bytes
) -> None:
    crlf = TEXT.replace("\n", "\r\n")
    counted = TEXT if counted_as_one else crlf
    chosen = [selection(*offsets(counted, part, unit), 2, name=part) for part in ("举报", "民警", "答复")]
    found = read_foreign(tmp_path / "p.qdpx", *chosen, text=mark + crlf.encode())
    assert found.unplaced == ()
    assert [s.text for s in found.codes[0].evidence] == ["举报", "民警", "答复"]
    assert check_each(found.codes, REPORTS, CODEBOOK) == [[]]


def test_positions_that_no_name_confirms_are_said_to_be_unsure(tmp_path: Path) -> None:
    found = read_foreign(tmp_path / "p.qdpx", selection(*offsets(TEXT, "民警", "utf-32-le"), 2))
    assert [s.text for s in found.codes[0].evidence] == ["民警"]
    assert [u.where for u in found.unplaced] == ["positions"]


def test_another_text_under_the_same_name_gives_only_passages_that_we_have_once(tmp_path: Path) -> None:
    theirs = "（转载）" + TEXT.replace("开通", "注册") + TEXT[:2]
    chosen = [selection(*offsets(theirs, part, "utf-32-le"), 2) for part in ("举报", "注册", "群")]
    found = read_foreign(tmp_path / "p.qdpx", *chosen, text=theirs.encode(), name="r1.txt")
    assert [s.text for s in found.codes[0].evidence] == ["举报"]
    assert [u.reason for u in found.unplaced] == ["our text does not read like that there"] * 2


@pytest.mark.parametrize(
    ("start", "end"), [("-1", "2"), ("3", "2"), ("0", "99999"), ("x", "1"), ("9" * 5000, "1"), ("1e3", "2")]
)
def test_positions_that_are_none_lose_only_their_passage(tmp_path: Path, start: str, end: str) -> None:
    found = read_foreign(tmp_path / "p.qdpx", selection(start, end, 2), selection(0, 2, 4))
    assert [c.variable for c in found.codes] == ["relevant"]
    assert [u.reason for u in found.unplaced] == ["its positions are not within the text"]


def test_a_passage_whose_name_says_otherwise_is_not_taken(tmp_path: Path) -> None:
    found = read_foreign(tmp_path / "p.qdpx", selection(0, 2, 2, name="举报"), selection(0, 2, 4, name="a label"))
    assert [c.variable for c in found.codes] == ["relevant"]
    assert "its name says otherwise" in found.unplaced[0].reason


def test_sources_that_cannot_be_placed_are_named(tmp_path: Path) -> None:
    inline = "<PlainTextContent>x</PlainTextContent>"
    others = (
        f'<PDFSource guid="EEEEEEEE-{ZEROS}2" name="scan\x85.pdf"/>'
        f'<TextSource guid="EEEEEEEE-{ZEROS}3" name="gone" plainTextPath="internal://gone.txt"/>'
        f'<TextSource guid="EEEEEEEE-{ZEROS}4" name="strange">{inline}</TextSource>'
        f'<TextSource guid="EEEEEEEE-{ZEROS}5" name="r1">{inline}</TextSource>'
    )
    found = read_foreign(tmp_path / "p.qdpx", selection(0, 2, 4), rest=others)
    assert len(found.codes) == 1
    assert [u.where for u in found.unplaced] == [
        "source 'scan .pdf'",
        "source 'gone'",
        "source 'strange'",
        "source 'r1'",
    ]


# --- hostile files


@pytest.mark.parametrize(
    "link", ["internal://../../etc/hostname", "absolute:///etc/hostname", "relative:///x", "/etc/hostname"]
)
def test_no_path_of_this_machine_is_read(tmp_path: Path, link: str) -> None:
    found = read_foreign(tmp_path / "p.qdpx", selection(0, 2, 4), link=link, member="sources/../outside.txt")
    assert found.codes == ()
    assert "not in the project" in found.unplaced[0].reason


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "head",
    [
        f'<!DOCTYPE Project [<!ENTITY l0 "haha">{LAUGHS}<!ATTLIST Project name CDATA "&l9;">]>',
        '<!DOCTYPE Project [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Project SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(UserError, match=r"document type|cannot be read"):
        read_foreign(tmp_path / "p.qdpx", selection(0, 2, 4), head=head)


def test_an_entity_is_never_expanded(tmp_path: Path) -> None:
    laughs = f'<!DOCTYPE Project [<!ENTITY l0 "haha">{LAUGHS}]>'
    with pytest.raises(UserError):
        read_foreign(tmp_path / "p.qdpx", selection(0, 2, 4, inside="<Description>&l9;</Description>"), head=laughs)


def test_bombs_are_refused_before_they_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdpx_file, "MOST_BYTES", 2**20)
    with pytest.raises(UserError, match="holds more than 1 MiB"):
        read_foreign(tmp_path / "p.qdpx", text=b"0" * 2**24)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<Project/>",
        b"<Project xmlns='urn:QDA-XML:project:2.0'/>",
        b"<a>" * 100_000,
        b"\xff\xfe\x00",
        b"<Project>&x;",
    ],
)
def test_what_is_no_project_is_one_line(tmp_path: Path, content: bytes) -> None:
    pack(tmp_path / "p.qdpx", {"project.qde": content})
    with pytest.raises(UserError) as caught:
        read_qdpx(tmp_path / "p.qdpx", REPORTS, CODEBOOK)
    assert "\n" not in str(caught.value)


def test_what_is_no_zip_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "p.qdpx").write_bytes(b"PK\x03\x04 and no more")
    pack(tmp_path / "empty.qdpx", {"sources/x.txt": b""})
    for name in ("p.qdpx", "empty.qdpx", "none.qdpx", "."):
        with pytest.raises(UserError):
            read_qdpx(tmp_path / name, REPORTS, CODEBOOK)


def test_a_damaged_source_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "p.qdpx"
    write_qdpx(path, REPORTS, [Code(r.id, "a", "relevant", True) for r in REPORTS], CODEBOOK)
    with zipfile.ZipFile(path) as archive:
        info = archive.infolist()[1]
    content = bytearray(path.read_bytes())
    content[info.header_offset + 30 + len(info.filename) + 3] ^= 0xFF
    path.write_bytes(content)
    found = read_qdpx(path, REPORTS, CODEBOOK)
    assert [c.report_id for c in found.codes] == ["r2"]
    assert [u.where for u in found.unplaced] == ["source 'r1'"]


@pytest.mark.parametrize(
    "number", ["{}", "[1]", '{"coder": 1}', '{"coder": "x", "purpose": "all"}', '{"coder": "\\ud800"}']
)
def test_a_users_id_that_is_not_ours_is_a_name(tmp_path: Path, number: str) -> None:
    path = foreign(tmp_path / "p.qdpx", selection(0, 2, 4))
    edit(path, 'name="researcher"', f"name='researcher' id={quoteattr(number)}")
    (code,) = read_qdpx(path, REPORTS, CODEBOOK).codes
    assert (code.coder, code.purpose) == ("researcher", "train")


def test_flags_and_notes_of_others_come_along(tmp_path: Path) -> None:
    own = Code("r1", "a", "relevant", True, (span(TEXT, "微信号"),), unsure=True, note="想一想")
    path = tmp_path / "p.qdpx"
    write_qdpx(path, REPORTS, [own], CODEBOOK)
    edit(path, " id=", " nothing=")  # as programs do that drop what they do not use
    (code,) = read_qdpx(path, REPORTS, CODEBOOK).codes
    assert code == replace(own, code_id="", note="想一想")


def test_texts_longer_than_any_report_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = foreign(tmp_path / "p.qdpx", text=b"a" * 5000)
    (one, *_) = read_qdpx(path, REPORTS, CODEBOOK).unplaced
    assert "longer than any report" in one.reason
    monkeypatch.setattr(qdpx_file, "MOST_TEXT", 4999)
    assert "at most" in read_qdpx(path, REPORTS, CODEBOOK).unplaced[0].reason
