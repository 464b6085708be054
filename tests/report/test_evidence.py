"""The evidence browser: quotations with their sentences, and what the page's script is told of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_study import HOSTILE, codebook, study
from test_page import check_safe
from weijing.data.sentences import sentence_spans
from weijing.report.clean import clean
from weijing.report.evidence import on_page, quotations, surroundings
from weijing.report.page_documents import Documents
from weijing.report.page_evidence import FIRST, Evidence
from weijing.report.parts import ReportContent
from weijing.report.render import render

TEXT = "甲局开通公众号。群众可以报警。民警在群里答复。收到三条线索。"


def island(content: ReportContent) -> Any:
    return json.loads(check_safe(render(content)).inside["json"])


@given(st.text("甲乙。！\n，", max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_surroundings_hold_the_quotation_and_whole_sentences(text: str, start: int, end: int) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    sentences = sentence_spans(text)
    first, last = surroundings(sentences, start, end)
    assert 0 <= first <= start
    assert end <= last <= len(text)
    assert first == start or first in {a for a, _ in sentences}
    assert last == end or last in {b for _, b in sentences}


def test_one_sentence_more_on_each_side() -> None:
    at = TEXT.index("民警")
    first, last = surroundings(sentence_spans(TEXT), at, at + 2)
    assert TEXT[first:last] == "群众可以报警。民警在群里答复。收到三条线索。"


@given(st.text(st.sampled_from("字\r\n\x00\ud800😀"), max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_offsets_on_the_page_cut_out_what_the_text_has_there(text: str, start: int, end: int) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
        return  # a break cut in two is one break on the page
    assert clean(text)[on_page(text, start) : on_page(text, end)] == clean(text[start:end])


def test_every_span_is_in_a_quotation_once() -> None:
    content = study(codebook(), texts=(TEXT,))
    found = [(q.number, q.start, q.end, m.variable, m.coder, m.kind) for q in quotations(content) for m in q.marks]
    spans = {
        (i, s.start, s.end, s.variable, s.coder, s.kind)
        for i, view in enumerate(content.documents, 1)
        for s in view.spans
    }
    assert len(found) == len(set(found))
    assert set(found) == spans


def test_a_mark_says_whether_its_code_is_the_settled_one() -> None:
    content = study(codebook(), texts=(TEXT,))
    seen = set()
    for q in quotations(content):
        view = content.documents[q.number - 1]
        for m in q.marks:
            gold = view.gold.get(m.variable)
            expected = (
                None if gold is None or m.code is None else m.code in gold if isinstance(gold, list) else m.code == gold
            )
            assert m.settled is expected
            seen.add(m.settled)
    assert False in seen


def test_the_island_names_offsets_of_the_original_text() -> None:
    content = study(codebook(), texts=("前\x00言。" + TEXT,))
    data = island(content)
    for number, start, end, first, shown, stop, last, marks in data["quotations"]:
        text = content.documents[number].text
        assert clean(text)[shown:stop] == clean(text[start:end])
        assert first <= shown < stop <= last
        assert marks
        assert data["documents"][number]["content_hash"] == content.documents[number].content_hash


@pytest.mark.parametrize("kind", ["human", "synthetic"])
def test_synthetic_coders_are_never_shown_as_people(kind: str) -> None:
    content = study(codebook(), kind=kind, texts=(TEXT,))
    data = island(content)
    assert {c["kind"] for c in data["coders"]} == {kind, "model"}
    section = re.search('<section id="evidence">.*?</section>', render(content), re.DOTALL)
    assert section is not None
    assert ('<span class="en" lang="en">human</span>' in section[0]) == (kind == "human")


def test_the_menu_has_the_labels_with_evidence_in_the_order_of_the_codebook() -> None:
    content = study(codebook(12, gate=False, ordinal=False), texts=(TEXT,))
    documents = Documents(content)
    evidence = Evidence(content, [documents.make(view, i) for i, view in enumerate(content.documents, 1)])
    ((_, variable, codes),) = evidence.about_menu()
    assert (variable, [value for value, _ in codes]) == ("topics", ["topics=l0", "topics=l1"])
    assert [value for value, _ in evidence.kinds()] == ["model", "synthetic"]


def test_ordinal_variables_have_a_menu_each() -> None:
    page = render(study(codebook(), texts=(TEXT,)))
    (menu,) = re.findall(r'<select name="document">.*?</select>', page)
    assert re.findall('value="([^"]+)"', menu) == ["grade=0", "grade=1", "grade=2", "grade=3"]


def test_without_a_script_the_first_quotations_are_there_and_texts_are_not_said_twice() -> None:
    body = "又及。" + "某某某" * 400
    content = study(codebook(), texts=(TEXT + body,), n=20)
    content = replace(content, documents=tuple(replace(view, title="题", outlet=None) for view in content.documents))
    page = check_safe(render(content))
    assert page.count("li", "quote") == FIRST
    assert body not in page.inside["json"]
    assert "noscript" in {tag for tag, _ in page.tags}


def test_without_evidence_there_is_no_section() -> None:
    page = check_safe(render(study(codebook(), n=0)))
    assert "json" not in page.inside
    assert ("section", {"id": "evidence"}) not in page.tags


def test_no_text_ends_the_data() -> None:
    data = island(study(codebook(name="</script><!--<script>\u2028&"), texts=HOSTILE, coders=("</script>", "<!--")))
    assert {c["name"] for c in data["coders"]} == {"</script>", "<!--", "net"}
