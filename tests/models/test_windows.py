"""Windows over hostile texts: nothing lost, nothing pooled twice, nothing cut without saying so."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from weijing.configs.errors import UserError
from weijing.data.sentences import sentence_spans
from weijing.models.windows import Reader, ReadReport

PIECES = st.sampled_from(
    [
        "警方", "通过微信", "公安局", "。", "！", "；", "\n", "\n\n", "，", "WeChat", "App 2.0", " ", "　", "5～10",
        "㎡", "①", "﷽", "㌀", "ﷺ", "翀", "禤", "\U00020bb7", "😀", "\u200b", "\ufeff", "\x00", "\x07", "\x85", "<s>",
        "</s>",
        "<pad>", "<unk>", "“", "”", "..", "?!", "e\u0301\u0323", "\u0301", "안녕", "привет", "微" * 60, "a" * 50,
        "½" * 9, "　" * 30, "▁", "##",
    ]
)  # fmt: skip
HOSTILE = st.lists(st.one_of(PIECES, st.text(st.characters(exclude_categories=["Cs"]), max_size=5)), max_size=60).map(
    "".join
)
FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(reader: Reader, text: str, max_tokens: int, read: ReadReport) -> None:
    encoded = reader.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    assert len(read.windows) <= reader.max_windows
    head, tail = len(reader._head), len(reader._tail)
    pooled: dict[int, int] = {}
    bodies: list[list[int]] = []
    for w, window in enumerate(read.windows):
        assert len(window.token_ids) == len(window.sentence_of) <= max_tokens
        assert window.token_ids[:head] == reader._head
        assert window.token_ids[len(window.token_ids) - tail :] == reader._tail
        assert all(s == -1 for s in window.sentence_of[:head])
        assert all(s == -1 for s in window.sentence_of[len(window.sentence_of) - tail :])
        for s in {s for s in window.sentence_of if s >= 0}:
            assert s not in pooled, "a sentence is pooled in two windows"
            pooled[s] = w
        bodies.append(window.token_ids[head : len(window.token_ids) - tail])
    assert set(pooled) == set(range(len(read.sentences))), "a sentence is pooled nowhere"
    # Every sentence's tokens lie together, in order, and together they are all tokens that were read.
    own = [
        [t for window in read.windows for t, o in zip(window.token_ids, window.sentence_of, strict=True) if o == s]
        for s in range(len(read.sentences))
    ]
    joined = [t for tokens in own for t in tokens]
    if len(read.windows) < reader.max_windows or read.chars_unread == 0:
        assert read.chars_unread == 0
        assert joined == (ids if sentence_spans(text) else [])
    else:
        assert joined == ids[: len(joined)]
        assert read.chars_unread == len(text) - read.sentences[-1][1] >= 0
    # Neighbours share whole sentences at their border, within the limit.
    for left, right in pairwise(bodies):
        shared = max(
            (k for k in range(min(len(left), len(right)) + 1) if left[len(left) - k :] == right[:k]), default=0
        )
        assert len(right) > 0
        # Tokens that the text has twice can match by chance.
        assert shared <= reader.overlap or any(ids.count(token) > 1 for token in right[:shared])
    # Spans are offsets, in order, disjoint, and hold the characters of their tokens.
    end = 0
    for first, last in read.sentences:
        assert end <= first <= last <= len(text)
        end = last
    position = 0
    for (first, last), tokens in zip(read.sentences, own, strict=True):
        for start, stop in offsets[position : position + len(tokens)]:
            visible = text[start:stop].strip()
            if visible and stop - start == len(visible):
                assert first <= start, "a token lies before its sentence"
                assert start <= last, "a token begins after its sentence"
        position += len(tokens)


@FEW
@given(text=HOSTILE, max_tokens=st.integers(16, 60), overlap=st.integers(0, 6), max_windows=st.integers(1, 40))
@pytest.mark.parametrize("which", ["embedded", "tiny"])
def test_hostile_texts(
    which: str, text: str, max_tokens: int, overlap: int, max_windows: int, embedded: Any, tiny: Any
) -> None:
    encoder = embedded if which == "embedded" else tiny
    reader = Reader(encoder.tokenizer, encoder.prefix, max_tokens, overlap, max_windows)
    check(reader, text, max_tokens, reader.read([text])[0])


@FEW
@given(
    st.lists(st.integers(1, 20), max_size=60),
    st.integers(0, 19),
)
def test_ranges_cover_all_sentences_with_bounded_overlap(sizes: list[int], overlap: int) -> None:
    reader = object.__new__(Reader)
    reader.budget, reader.overlap = 20, overlap
    ranges = reader._ranges(sizes)
    assert sorted({s for a, b in ranges for s in range(a, b)}) == list(range(len(sizes)))
    assert all(0 < sum(sizes[a:b]) <= 20 for a, b in ranges)
    for (a, b), (c, d) in pairwise(ranges):
        assert a < c <= b < d
        assert sum(sizes[c:b]) <= overlap


def test_a_sentence_is_pooled_where_it_has_most_context() -> None:
    owner = Reader._owners([(0, 4), (2, 6)], [5, 5, 5, 5, 5, 5], 6)
    assert owner == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("line", ["WeChat", "通知", "a", "（一）公安"])
def test_the_first_word_of_a_line_belongs_to_that_line(line: str, embedded: Any) -> None:
    text = f"微信警务。\n{line}\n\n  2019年建群。"
    read = Reader(embedded.tokenizer, embedded.prefix).read([text])[0]
    assert [text[a:b] for a, b in read.sentences] == ["微信警务。", line, "2019年建群。"]
    window = read.windows[0]
    words = [
        embedded.tokenizer.decode(
            [t for t, o in zip(window.token_ids, window.sentence_of, strict=True) if o == s], skip_special_tokens=True
        ).replace(" ", "")
        for s in range(3)
    ]
    assert words == ["微信警务。", line.replace("（", "(").replace("）", ")"), "2019年建群。"]


def test_empty_and_blank_and_control_texts_have_no_windows(embedded: Any) -> None:
    reader = Reader(embedded.tokenizer, embedded.prefix)
    for read in reader.read(["", "  \n\u3000", "\x00\x01\x02\x07", "\u200b\u200b"]):
        assert (read.windows, read.sentences, read.chars_unread, read.unknown_chars) == ([], [], 0, "")
    assert reader.read([]) == []


def test_one_sentence_of_five_thousand_characters(embedded: Any) -> None:
    text = "".join(chr(0x4E00 + i * 7 % 5000) for i in range(5000))
    reader = Reader(embedded.tokenizer, embedded.prefix, 64, 16, 1000)
    read = reader.read([text])[0]
    check(reader, text, 64, read)
    assert read.chars_unread == 0
    assert "".join(text[a:b] for a, b in read.sentences) == text


def test_what_lies_beyond_the_last_window_is_counted(embedded: Any) -> None:
    text = "警方通过微信公众号受理群众举报。" * 100
    reader = Reader(embedded.tokenizer, embedded.prefix, 40, 8, 3)
    read = reader.read([text])[0]
    assert len(read.windows) == 3
    assert read.chars_unread == len(text) - read.sentences[-1][1] > 1000
    whole = Reader(embedded.tokenizer, embedded.prefix, 40, 8, 3000).read([text])[0]
    assert whole.chars_unread == 0
    assert whole.windows[:2] == read.windows[:2]


@pytest.mark.parametrize("text", ["﷽" * 30, "㌀" * 60, "½" * 60, "a﷽b㌀c。" * 20])
def test_expanding_characters_stay_within_the_window(text: str, embedded: Any) -> None:
    reader = Reader(embedded.tokenizer, embedded.prefix, 24, 4, 500)
    check(reader, text, 24, reader.read([text])[0])


def test_unknown_characters_are_reported(embedded: Any) -> None:
    read = Reader(embedded.tokenizer, embedded.prefix).read(["𠮷野家的禤某用微信。"])[0]
    assert "𠮷" in read.unknown_chars
    assert not set(read.unknown_chars) & set("野家的某用微信。")


@pytest.mark.parametrize(("max_tokens", "overlap"), [(10, 0), (64, 64), (32, 29)])
def test_windows_without_room_are_refused(max_tokens: int, overlap: int, embedded: Any) -> None:
    with pytest.raises(UserError, match="max_tokens"):
        Reader(embedded.tokenizer, embedded.prefix, max_tokens, overlap)
