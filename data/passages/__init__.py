"""Coded passages, written for the project, that teach an encoder and a coder the codebook's distinctions.

They are training material: sentences, short passages and briefs, none of them a report of the demonstration corpus, and
nothing is ever judged on them. See the README beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...configs.codebook import Value

PASSAGES = Path(__file__).parent / "passages.jsonl"


@dataclass(frozen=True)
class Passage:
    """A text with its codes. ``quotes``: by variable and label the words that show it, in the text as they stand.

    ``pair``: passages that differ in what decides a code share it. ``kind``: a clause is one sentence, seldom two, and
    all of it is the evidence of whatever is coded; a passage has a few, a brief is a small report.
    """

    id: str
    kind: str
    pair: str
    text: str
    codes: Mapping[str, Value]
    quotes: Mapping[str, Mapping[str, str]]


def read_passages(path: Path = PASSAGES) -> Sequence[Passage]:
    """All passages, in the file's order."""
    with path.open(encoding="utf-8") as lines:
        return [Passage(**json.loads(line)) for line in lines]
