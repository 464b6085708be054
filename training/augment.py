"""Altered copies of coded reports, for reading one in place of the other while learning.

Each copy keeps its codes and carries its evidence spans along. An excerpt says the same in fewer sentences, as a brief
does; a converted copy says it in the other script; a noisy one as a web page does, with the lines of a page around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.sentences import sentence_spans
from .targets import Example

PAGE_BEFORE = ("首页 > 新闻 > 正文", "当前位置：首页 政务公开", "字号：大 中 小 打印", "分享到：", "责任编辑：")
PAGE_AFTER = ("上一篇：没有了", "下一篇：", "相关阅读", "【关闭窗口】", "版权所有 未经许可不得转载", "返回顶部")
EXCERPT_KEEPS = 0.35
"""Share of the sentences that are no evidence which an excerpt keeps of a report in scope."""

Edit = tuple[int, int, str]
"""Replace text[start:end] by another string."""


def copies(example: Example, seed: int) -> list[Example]:
    """An excerpt and a converted or noisy copy of an example; none that would equal it."""
    rng = np.random.default_rng([seed, *example.report_id.encode()])
    made = [excerpt(example, rng), converted(example) if rng.random() < 0.5 else noisy(example, rng)]
    return [copy for copy in made if copy.text != example.text and copy.text.strip()]


@dataclass(frozen=True)
class Versions:
    """Examples and their copies in one list; ``rows[i]``: where the versions of the i-th report stand, itself first.

    ``beside``: where those stand of which each epoch reads only a share, ``share_beside``.
    """

    examples: list[Example]
    rows: list[list[int]]
    beside: range = range(0)
    share_beside: float = 0.0

    @classmethod
    def of(cls, examples: Sequence[Example], share: float, seed: int) -> Versions:
        """Examples with their copies; without any where ``share``, the chance of reading one, is 0."""
        every, rows = list(examples), [[i] for i in range(len(examples))]
        for i, example in enumerate(examples if share else ()):
            made = copies(example, seed)
            rows[i] += range(len(every), len(every) + len(made))
            every += made
        return cls(every, rows)

    def subset(self, reports: Sequence[int]) -> tuple[Versions, list[int]]:
        """The versions of some reports, and where their examples stood."""
        origin = [row for i in reports for row in self.rows[i]]
        at = {row: new for new, row in enumerate(origin)}
        own = [[at[row] for row in self.rows[i]] for i in reports]
        return Versions([self.examples[row] for row in origin], own), origin

    def with_beside(self, others: Sequence[Example], share: float) -> Versions:
        """With other examples, each in one version, of which an epoch reads a share."""
        first = len(self.examples)
        return Versions([*self.examples, *others], self.rows, range(first, first + len(others)), share)

    @property
    def an_epoch(self) -> int:
        """How many examples an epoch reads."""
        beside = max(round(self.share_beside * len(self.beside)), 1) if self.share_beside and self.beside else 0
        return len(self.rows) + beside

    def draw(self, share: float, rng: np.random.Generator) -> npt.NDArray[Any]:
        """One version of each report, with the chance ``share`` one of its copies; and some of those beside."""
        own = [rng.choice(own[1:]) if own[1:] and rng.random() < share else own[0] for own in self.rows]
        others = rng.choice(self.beside, self.an_epoch - len(own), replace=False) if self.beside else ()
        return np.array([*own, *others])


def excerpt(example: Example, rng: np.random.Generator) -> Example:
    """Without some of the sentences that nothing rests on.

    Where no evidence is given (a report out of scope) most of the report stays, in one piece: what makes it so may
    stand anywhere.
    """
    spans = sentence_spans(example.text)
    decisive = {
        i
        for i, (start, end) in enumerate(spans)
        for own in example.evidence.values()
        if any(first < end and start < last for first, last in own)
    }
    if decisive:
        kept = decisive | {i for i in range(len(spans)) if rng.random() < EXCERPT_KEEPS}
    else:
        size = max(round(len(spans) * rng.uniform(0.6, 1)), min(len(spans), 2))
        first = int(rng.integers(0, len(spans) - size + 1))
        kept = set(range(first, first + size))
    bounds = [start for start, _ in spans[1:]] + [len(example.text)]
    dropped = [(spans[i][0], bounds[i], "") for i in range(len(spans)) if i not in kept]
    return edited(example, dropped)


def converted(example: Example) -> Example:
    """In Traditional characters if it is in Simplified ones, and the other way round; character by character."""
    to_other = _converter("t2s")(example.text)
    if to_other == example.text or sum(a != b for a, b in zip(to_other, example.text, strict=False)) < 5:
        to_other = _converter("s2t")(example.text)
    # A phrase that changes its length would move the evidence; such a report is left as it is.
    return replace(example, text=to_other) if len(to_other) == len(example.text) else example


def noisy(example: Example, rng: np.random.Generator) -> Example:
    """With a page's lines around it, and digits in full width now and then."""
    before, after = rng.choice(PAGE_BEFORE, 2, replace=False), rng.choice(PAGE_AFTER, 2, replace=False)
    edits: list[Edit] = [(0, 0, "".join(f"{line}\n" for line in before))]
    if rng.random() < 0.5:
        edits += [(i, i + 1, chr(ord(c) + 0xFEE0)) for i, c in enumerate(example.text) if c in "0123456789"]
    end = len(example.text)
    return edited(example, [*edits, (end, end, "".join(f"\n{line}" for line in after))])


def edited(example: Example, edits: Sequence[Edit]) -> Example:
    """The example with its text edited (edits in ascending order, apart from each other) and its spans moved along.

    A span that an edit cuts into keeps what is left of it; one that is left empty goes.
    """
    parts, at = [], 0
    for start, end, new in edits:
        parts += [example.text[at:start], new]
        at = end
    text = "".join([*parts, example.text[at:]])

    def moved(position: int, is_end: bool) -> int:
        shift = 0
        for start, end, new in edits:
            if end < position or (end == position and (not is_end or start < end)):
                shift += len(new) - (end - start)
            elif start < position:
                return start + shift + (len(new) if is_end else 0)
            else:
                break
        return position + shift

    evidence = {
        slot: tuple((a, b) for a, b in ((moved(s, False), moved(e, True)) for s, e in spans) if a < b)
        for slot, spans in example.evidence.items()
    }
    return replace(example, text=text, evidence={slot: spans for slot, spans in evidence.items() if spans})


@cache
def _converter(direction: str) -> Callable[[str], str]:
    from opencc import OpenCC  # loads its dictionaries

    convert: Callable[[str], str] = OpenCC(direction).convert
    return convert
