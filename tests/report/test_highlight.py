from __future__ import annotations

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st
from weijing.report.clean import clean
from weijing.report.highlight import highlight
from weijing.report.parts import EvidenceSpan

TEXT = st.text(st.one_of(st.sampled_from("微信警<>&\"'\r\n\x00😀\U00020000\ud800"), st.characters()), max_size=40)
KINDS = st.sampled_from(["model", "human", "synthetic"])
SPANS = st.lists(
    st.builds(
        EvidenceSpan, st.sampled_from("ab"), st.sampled_from([None, '"x'], ), st.integers(-2, 45), st.integers(-2, 45),
        st.sampled_from(["ann", "<bob>"]), KINDS, st.sampled_from([None, 0.5]),
    ),
    max_size=8,
)  # fmt: skip


def marked(text: str, spans: list[EvidenceSpan]) -> str:
    return str(highlight(text, spans, lambda s: len(s.variable), lambda s: f'{s.coder} "&<', {"ann": 0, "<bob>": 1}))


@given(TEXT, SPANS)
@example("a\r\nb", [EvidenceSpan("a", None, 0, 2, "ann", "human")])
def test_without_tags_it_is_the_text(text: str, spans: list[EvidenceSpan]) -> None:
    html = marked(text, spans)
    assert html.count("<mark") == html.count("</mark>")
    stripped = re.sub(r"<mark [^<>]*>|</mark>", "", html)
    assert "<" not in stripped
    # html.unescape maps references to controls; there are none, since controls were dropped before escaping.
    assert unescape(stripped) == clean(text)


@given(TEXT.filter(lambda t: clean(t) == t), SPANS)
def test_offsets_are_those_of_the_spans(text: str, spans: list[EvidenceSpan]) -> None:
    covered = [any(0 <= s.start <= i < s.end <= len(text) for s in spans) for i in range(len(text))]
    found, depth = [], 0
    for part in re.split(r"(<mark [^<>]*>|</mark>)", marked(text, spans)):
        if part.startswith("<mark"):
            depth += 1
        elif part == "</mark>":
            depth -= 1
        else:
            found += [depth > 0] * len(unescape(part))
    assert found == covered


def test_astral_characters_count_as_one() -> None:
    html = marked("😀𠀀微信", [EvidenceSpan("a", None, 1, 3, "ann", "human")])
    assert re.sub(r" title=\"[^\"]*\"", "", html) == '😀<mark class="u u0 c1">𠀀微</mark>信'


def test_overlapping_spans_nest_with_the_shade_outside() -> None:
    spans = [EvidenceSpan("a", None, 0, 3, "ann", "human"), EvidenceSpan("bb", None, 1, 4, "net", "model")]
    html = re.sub(r" title=\"[^\"]*\"", "", marked("一二三四", spans))
    assert html == (
        '<mark class="u u0 c1">一</mark><mark class="m c2"><mark class="u u0 c1">二三</mark></mark>'
        '<mark class="m c2">四</mark>'
    )
