"""Long reports as windows of whole sentences; nothing is cut silently."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from ..configs.errors import UserError
from ..data.sentences import sentence_spans
from .encoders.unigram import UNLEARNED


@dataclass(frozen=True)
class Window:
    """Token ids of one window (special tokens and prefix included) and, for each, its sentence or -1.

    A token counts for a sentence only in the window that gives the sentence most context, so that every sentence
    is pooled once.
    """

    token_ids: list[int]
    sentence_of: list[int]


@dataclass(frozen=True)
class ReadReport:
    """A report as the encoder sees it. ``sentences`` are code-point offsets into the report's text."""

    windows: list[Window]
    sentences: list[tuple[int, int]]
    chars_unread: int
    unknown_chars: str

    @property
    def n_tokens(self) -> int:
        """Tokens over all windows."""
        return sum(len(w.token_ids) for w in self.windows)


class Reader:
    """Turns texts into windows for one tokenizer.

    ``max_tokens`` bounds a window with its special tokens; ``overlap`` is how many tokens neighbouring windows
    share at most, in whole sentences; ``max_windows`` bounds the work for one report (what lies beyond is counted
    in ``chars_unread``).
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        prefix: str = "",
        max_tokens: int = 384,
        overlap: int = 64,
        max_windows: int = 256,
    ) -> None:
        self.tokenizer = tokenizer
        self.overlap = overlap
        self._unlearned = frozenset(tokenizer.init_kwargs.get(UNLEARNED) or "")
        self.max_windows = max_windows
        with_specials = tokenizer("", add_special_tokens=True)["input_ids"]
        self._head = list(with_specials[:1])
        self._tail = list(with_specials[1:])
        if prefix:
            self._head += tokenizer(prefix, add_special_tokens=False)["input_ids"]
        self.budget = max_tokens - len(self._head) - len(self._tail)
        if self.budget < 8 or overlap >= self.budget:
            raise UserError(
                f"encoder: max_tokens {max_tokens} leaves no room for text beside the prefix and an overlap of "
                f"{overlap}; raise max_tokens or lower overlap"
            )

    def read(self, texts: Sequence[str]) -> list[ReadReport]:
        """Tokenise texts and divide them into windows."""
        if not texts:
            return []
        encoded = self.tokenizer(
            list(texts),
            add_special_tokens=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            truncation=False,
            verbose=False,
        )
        return [
            self._windows(text, ids, offsets)
            for text, ids, offsets in zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
        ]

    def _windows(self, text: str, ids: list[int], offsets: list[tuple[int, int]]) -> ReadReport:
        bounds, spans = self._sentences(text, offsets)
        sizes = [last - first for first, last in bounds]
        ranges = self._ranges(sizes)
        unread = 0
        if len(ranges) > self.max_windows:
            ranges = ranges[: self.max_windows]
            spans, bounds = spans[: ranges[-1][1]], bounds[: ranges[-1][1]]
            unread = len(text) - (spans[-1][1] if spans else 0)
        owner = self._owners(ranges, sizes, len(spans))
        windows = []
        for w, (first, last) in enumerate(ranges):
            token_ids, sentence_of = list(self._head), [-1] * len(self._head)
            for s in range(first, last):
                begin, end = bounds[s]
                token_ids += ids[begin:end]
                sentence_of += [s if owner[s] == w else -1] * (end - begin)
            windows.append(Window(token_ids + self._tail, sentence_of + [-1] * len(self._tail)))
        lost = "".join(
            text[a:b]
            for i, (a, b) in zip(ids, offsets, strict=True)
            if i == self.tokenizer.unk_token_id or text[a:b] in self._unlearned
        )
        return ReadReport(windows, spans, unread, lost)

    def _sentences(
        self, text: str, offsets: list[tuple[int, int]]
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Token ranges and character spans of the sentences; each has 1..budget tokens."""
        spans = sentence_spans(text)
        if not spans:
            return [], []
        starts = [start for start, _ in spans]
        bounds: list[tuple[int, int]] = []
        kept: list[tuple[int, int]] = []
        last_sentence = -1
        for t, (start, _) in enumerate(offsets):
            # A token with the space before its word belongs to the word's sentence.
            while start < len(text) and text[start].isspace():
                start += 1
            s = max(bisect_right(starts, start) - 1, 0)
            full = bounds and bounds[-1][1] - bounds[-1][0] >= self.budget
            if s > last_sentence or full:
                # A sentence that fills a window goes on as another one, from here.
                begin = spans[s][0] if s > last_sentence else start
                if kept and s == last_sentence:
                    kept[-1] = (kept[-1][0], max(start, kept[-1][0]))
                bounds.append((t, t + 1))
                kept.append((begin, max(spans[s][1], begin)))
                last_sentence = s
            else:
                bounds[-1] = (bounds[-1][0], t + 1)
        return bounds, kept

    def _ranges(self, sizes: list[int]) -> list[tuple[int, int]]:
        """Which sentences [first, last) each window holds."""
        ranges: list[tuple[int, int]] = []
        first = 0
        while first < len(sizes):
            last, used = first, 0
            while last < len(sizes) and used + sizes[last] <= self.budget:
                used += sizes[last]
                last += 1
            ranges.append((first, last))
            if last == len(sizes):
                break
            back, shared = last, 0
            # The next window must still have room for a sentence that this one has not.
            room = min(self.overlap, self.budget - sizes[last])
            while back - 1 > first and shared + sizes[back - 1] <= room:
                back -= 1
                shared += sizes[back]
            first = back
        return ranges

    @staticmethod
    def _owners(ranges: list[tuple[int, int]], sizes: list[int], n: int) -> list[int]:
        owner, best = [0] * n, [-1] * n
        for w, (first, last) in enumerate(ranges):
            before, total = 0, sum(sizes[first:last])
            for s in range(first, last):
                context = min(before, total - before - sizes[s])
                if context > best[s]:
                    best[s], owner[s] = context, w
                before += sizes[s]
        return owner
