from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.data.sentences import sentence_spans

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("。！？!?；;…，,、：: 　\n\t”’」』）)】》\"'.aZ9警微信\u200b\ufeff\x00\u2028﷽㌀😀翀\U00020bb7"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(HOSTILE, st.integers(1, 40))
def test_spans_are_in_order_disjoint_and_leave_out_only_space(text: str, longest: int) -> None:
    spans = sentence_spans(text, longest)
    end = 0
    for first, last in spans:
        assert end <= first < last <= first + longest
        assert not text[end:first].strip()
        assert not text[first].isspace()
        assert not text[last - 1].isspace()
        end = last
    assert not text[end:].strip()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n\u3000\n", []),
        ("他说：“我报警了。”警察来了！", ["他说：“我报警了。”", "警察来了！"]),
        ("第一行\n第二行\n\n  第三行", ["第一行", "第二行", "第三行"]),
        ("占3.5%。WeChat is used. 完", ["占3.5%。", "WeChat is used.", "完"]),
        ("真的吗？！……是；对;好", ["真的吗？！……", "是；", "对;", "好"]),
    ],
)
def test_sentences_by_hand(text: str, sentences: list[str]) -> None:
    assert [text[a:b] for a, b in sentence_spans(text)] == sentences


def test_a_long_stretch_is_divided_at_its_commas() -> None:
    text = "警方使用微信，" * 100
    pieces = [text[a:b] for a, b in sentence_spans(text)]
    assert "".join(pieces) == text
    assert all(p.endswith("，") and 80 <= len(p) <= 160 for p in pieces[:-1])
    assert [b - a for a, b in sentence_spans("微" * 5000)] == [160] * 31 + [40]
