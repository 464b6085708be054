"""Which reports are reprints of one story.

Two reports belong together if their texts share most of their character 5-grams (Jaccard), or if nearly all of the
shorter one is in the longer one (a newspaper's cut version). Script, blanks and punctuation do not matter. Candidates
come from MinHash LSH (rensa), and for cut versions from a sample of shingles; each candidate is verified exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt
import opencc
from rensa import RMinHash, RMinHashLSH

SHINGLE = 5
CONTAINED = 0.85
LEAST_CHARS = 60
"""Below this length containment says nothing: a formula of every second report would chain them."""

_PERMUTATIONS, _BANDS = 128, 32
# With four rows a band, a pair of similarity 0.7 is missed with probability 0.0002.
_SAMPLE = 8
# A shingle of a formula is in thousands of reports; comparing with the first few that have it is enough.
_POSTINGS = 30

Shingles = npt.NDArray[np.uint64]


def reprint_groups(texts: Mapping[str, str], threshold: float = 0.7) -> dict[str, str]:
    """Report id → reprint group, which is named after the first of its ids in sorted order.

    The same whatever the order of ``texts``. Texts without any letter or digit are reprints of nothing.
    """
    ids = sorted(texts)
    bare = {report_id: bare_text(texts[report_id]) for report_id in ids}
    groups = _Groups(ids)
    first_with: dict[str, str] = {}
    for report_id in ids:
        if bare[report_id]:
            groups.join(first_with.setdefault(bare[report_id], report_id), report_id)
    # From here on identical texts count once.
    distinct = sorted(first_with.values())

    @lru_cache(maxsize=4096)
    def shingles(report_id: str) -> Shingles:
        return shingles_of(bare[report_id])

    lsh = RMinHashLSH(threshold, _PERMUTATIONS, _BANDS)
    postings: dict[int, list[int]] = {}
    for position, report_id in enumerate(distinct):
        own = shingles(report_id)
        minhash = RMinHash(_PERMUTATIONS, 42)
        packed = own.tobytes()
        minhash.update([packed[i : i + 8] for i in range(0, len(packed), 8)])
        candidates = set(lsh.query(minhash)) | _sharing(own, postings, position)
        lsh.insert(position, minhash)
        for other in sorted(candidates):
            other_id = distinct[other]
            # Most candidates of a story with many reprints are in its group already.
            if groups.find(other_id) != groups.find(report_id) and same_story(
                own, shingles(other_id), min(len(bare[report_id]), len(bare[other_id])), threshold
            ):
                groups.join(other_id, report_id)
    return {report_id: groups.find(report_id) for report_id in ids}


def extend_groups(
    texts: Mapping[str, str],
    known: Mapping[str, str],
    threshold: float = 0.7,
    rank: Mapping[str, int] | None = None,
) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """Groups of a corpus of which some reports have their group already, and keep it for good.

    Splits and samples were drawn from those groups, so a new report joins one and never merges two. Where its story
    links several, it joins the one of lowest ``rank`` (sealed groups come first), and the linked groups are returned.
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


def same_story(one: Shingles, other: Shingles, shorter_chars: int, threshold: float = 0.7) -> bool:
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
    points = np.frombuffer(bare.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if not len(points):
        return points
    width = min(SHINGLE, len(points))
    value = np.zeros(len(points) - width + 1, dtype=np.uint64)
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


def _sharing(own: Shingles, postings: dict[int, list[int]], position: int) -> set[int]:
    """Earlier texts with which much of the sample of one of the two is shared; notes the own sample."""
    sample = own[own % _SAMPLE == 0].tolist()
    common: dict[int, int] = {}
    for shingle in sample:
        holders = postings.setdefault(shingle, [])
        for other in holders:
            common[other] = common.get(other, 0) + 1
        if len(holders) < _POSTINGS:
            holders.append(position)
    # Five of a sample are about 40 characters in common; two of the shortest texts share about seven.
    least = min(3, ceil(len(sample) / 2))
    return {other for other, count in common.items() if count >= least}


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
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
