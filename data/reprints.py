"""Which reports are reprints of one story.

Two reports belong together if their texts share most of their character 5-grams (Jaccard), or if nearly all
of the shorter one is in the longer one (a newspaper's cut version). Script, blanks and punctuation do not
matter. Candidates come from MinHash LSH (rensa), and for cut versions from a sample of shingles; each
candidate is verified exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from rensa import RMinHash, RMinHashLSH

SHINGLE = 5
CONTAINED = 0.85
LEAST_CHARS = 60
"""Below this length containment says nothing: a formula of every second report would chain them."""

_PERMUTATIONS, _BANDS = 256, 64
# With four rows a band, a pair of similarity 0.55 is missed with probability 0.002.
_SAMPLE = 4
# A shingle of a formula is in thousands of reports, so each is compared with few of those that share it: the
# first ones, which gather all of a story, and the ones just before.
_FIRST, _BEFORE = 3, 2
# Of a text that is contained, 0.85 is shared; a sample of it may be well below that.
_PART = 0.4

Shingles = npt.NDArray[np.uint64]


def reprint_groups(texts: Mapping[str, str], threshold: float = 0.55) -> dict[str, str]:
    """Report id → reprint group, which is named after the first of its ids in sorted order.

    The same whatever the order of ``texts``. Texts without any letter or digit are reprints of nothing.
    """
    ids = sorted(texts)
    groups = _Groups(ids)
    bare: dict[str, str] = {}
    first_with: dict[str, str] = {}
    for report_id in ids:
        own = bare_text(texts[report_id])
        first = first_with.setdefault(own, report_id) if own else report_id
        if first == report_id:
            bare[report_id] = own
        groups.join(first, report_id)
    # From here on identical texts count once.
    distinct = sorted(first_with.values())

    @lru_cache(maxsize=4096)
    def shingles(report_id: str) -> Shingles:
        return shingles_of(bare[report_id])

    for finder in (_similar, _containing):
        for one, other in finder(distinct, shingles, threshold):
            # Most candidates of a story with many reprints are in its group already.
            if groups.find(one) != groups.find(other):
                chars = min(len(bare[one]), len(bare[other]))
                if same_story(shingles(one), shingles(other), chars, threshold):
                    groups.join(one, other)
    return {report_id: groups.find(report_id) for report_id in ids}


def extend_groups(
    texts: Mapping[str, str],
    known: Mapping[str, str],
    threshold: float = 0.55,
    rank: Mapping[str, int] | None = None,
) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """Groups of a corpus of which some reports have their group already, and keep it for good.

    Splits and samples were drawn from those groups, so a new report joins one and never merges two. Where its
    story links several, it joins the one of lowest ``rank``, and the linked groups are returned.
    """
    rank = rank or {}
    fresh = reprint_groups(texts, threshold)
    members: dict[str, list[str]] = {}
    for report_id, group in fresh.items():
        members.setdefault(group, []).append(report_id)
    groups = {report_id: known[report_id] for report_id in texts if report_id in known}
    linked: list[tuple[str, ...]] = []
    for group, story in sorted(members.items()):
        there = {known[report_id] for report_id in story if report_id in known}
        new = [report_id for report_id in story if report_id not in known]
        before = sorted(there, key=lambda g: (rank.get(g, len(rank)), g))
        if new and len(before) > 1:
            linked.append(tuple(before))
        groups.update(dict.fromkeys(new, before[0] if before else group))
    return {report_id: groups[report_id] for report_id in texts}, linked


def same_story(one: Shingles, other: Shingles, shorter_chars: int, threshold: float = 0.55) -> bool:
    """The exact test: Jaccard similarity, or containment of the shorter text if it is long enough."""
    least = min(len(one), len(other))
    if not least:
        return False
    shared = len(np.intersect1d(one, other, assume_unique=True))
    if shared >= threshold * (len(one) + len(other) - shared):
        return True
    return shorter_chars >= LEAST_CHARS and shared >= CONTAINED * least


def bare_text(text: str) -> str:
    """Letters and digits only, Traditional characters as Simplified ones."""
    letters = "".join(char for char in text.casefold() if char.isalnum())
    return str(_simplifier().convert(letters))


def shingles_of(bare: str) -> Shingles:
    """Hashes of the distinct character 5-grams (of the whole text if it is shorter), sorted."""
    points: Shingles = np.frombuffer(bare.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if not len(points):
        return points
    width = min(SHINGLE, len(points))
    value: Shingles = np.zeros(len(points) - width + 1, dtype=np.uint64)
    for offset in range(width):
        value = _mixed(value ^ points[offset : len(points) - width + 1 + offset])
    unique: Shingles = np.unique(value)
    return unique


def _mixed(value: Shingles) -> Shingles:
    """One round of splitmix64, so that neighbouring code points give unrelated hashes."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Shingles = value ^ (value >> np.uint64(31))
    return mixed


def _similar(ids: list[str], shingles: Callable[[str], Shingles], threshold: float) -> Iterator[tuple[str, str]]:
    """Pairs whose MinHash signatures share a band."""
    lsh = RMinHashLSH(threshold, _PERMUTATIONS, _BANDS)
    for position, report_id in enumerate(ids):
        minhash = RMinHash(_PERMUTATIONS, 42)
        packed = shingles(report_id).tobytes()
        minhash.update([packed[i : i + 8] for i in range(0, len(packed), 8)])
        for other in sorted(lsh.query(minhash)):
            yield ids[other], report_id
        lsh.insert(position, minhash)


def _containing(ids: list[str], shingles: Callable[[str], Shingles], threshold: float) -> Iterator[tuple[str, str]]:
    """Pairs that share a good part of one's sample: MinHash is blind to a short text in a long one."""
    samples = [own[own % _SAMPLE == 0] for own in map(shingles, ids)]
    sizes = np.array([len(sample) for sample in samples], dtype=np.int64)
    if not sizes.sum():
        return
    n = len(ids)
    values, holders = np.concatenate(samples), np.repeat(np.arange(n), sizes)
    order = np.argsort(values, kind="stable")
    values, holders = values[order], holders[order]
    new = np.r_[True, values[1:] != values[:-1]]
    # Most shingles are in one text only; set aside early, they need no memory below.
    lone = new & np.r_[new[1:], True]
    own = np.bincount(holders[lone], minlength=n)
    new, holders = new[~lone], holders[~lone]
    if not len(holders):
        return
    # A run is one shingle and the texts that have it; of each entry: where its run starts, how long it is.
    first = np.flatnonzero(new)
    lengths = np.diff(np.r_[first, len(holders)])
    start, length = np.repeat(first, lengths), np.repeat(lengths, lengths)
    here = np.arange(len(holders))
    # Only in short runs does every text meet every other. What a text has of formulas is judged apart.
    telling = length <= _FIRST + _BEFORE + 1
    pairs, told = [], []
    for i in range(_FIRST):
        fits = start + i < here
        pairs.append(holders[start[fits] + i] * n + holders[here[fits]])
        told.append(telling[fits])
    for i in range(1, _BEFORE + 1):
        fits = here - i >= start + _FIRST  # the first ones not a second time
        pairs.append(holders[here[fits] - i] * n + holders[here[fits]])
        told.append(telling[fits])
    found, inverse, counts = np.unique(np.concatenate(pairs), return_inverse=True, return_counts=True)
    shared = np.bincount(inverse, weights=np.concatenate(told), minlength=len(found))
    own = own + np.bincount(holders[telling], minlength=n)
    one, other = found // n, found % n
    near = (_PART * np.minimum(sizes[one], sizes[other]) <= counts) | (
        (shared > 0) & (_PART * np.minimum(own[one], own[other]) <= shared)
    )
    for pair in found[near].tolist():
        yield ids[pair // n], ids[pair % n]


class _Groups:
    """Union-find whose groups are named after their first member in sorted order."""

    def __init__(self, ids: list[str]) -> None:
        self._parent = {report_id: report_id for report_id in ids}

    def find(self, report_id: str) -> str:
        while self._parent[report_id] != report_id:
            self._parent[report_id] = self._parent[self._parent[report_id]]
            report_id = self._parent[report_id]
        return report_id

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._parent[high] = low


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    import opencc  # loads its dictionaries

    return opencc.OpenCC("t2s")
