import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from weijing.data.normalize import normalize_line, normalize_text

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=200) | st.text(
    st.sampled_from("警\n\r\t \u3000\xa0\ufeff\u200b\x00\x85\u2028\ud83d\ude00\udc00e\u0301𠮷，Ａ"),
    max_size=60,
)


@given(ANY)
@example("\ud83d\u200b\ude00")
@example("\n \n　开头\n\n")
def test_normalising_twice_is_normalising_once(raw: str) -> None:
    once = normalize_text(raw)
    assert normalize_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")
    assert not {"\r", "\t", "\x00", "\ufeff", "\u200b"} & set(once)
    assert once == once.rstrip()


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1))
def test_hanzi_are_never_touched(text: str) -> None:
    assert normalize_text(text) == text


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("甲\r\n乙\r丙", "甲\n乙\n丙"),
        ("甲\t乙", "甲 乙"),
        ("\ufeff甲\u200b乙\x00", "甲乙"),
        ("\ud83d\ude00好\ud800", "😀好"),
        ("\n\n　　首段\n\n二段 \n\n", "　　首段\n\n二段"),
        ("ＡＢＣ１２３，。臺灣與𠮷", "ＡＢＣ１２３，。臺灣與𠮷"),
        ("cafe\u0301", "café"),
        ("甲\xa0乙", "甲\xa0乙"),
        (" \n\t ", ""),
        ("一页\f二页", "一页\n二页"),
    ],
)
def test_what_becomes_of(raw: str, stored: str) -> None:
    assert normalize_text(raw) == stored


def test_a_title_is_one_line() -> None:
    assert normalize_line(" 微信\n报警 ") == "微信 报警"
