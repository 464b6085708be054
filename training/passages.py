"""The project's coded passages as examples: what a coder can learn beside the reports of a study."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ..configs.codebook import Codebook
from ..configs.load import load_codebook
from ..data.passages import Passage, read_passages
from ..models.heads import Slots
from .targets import Example, vector


def taught_by_passages(codebook: Codebook) -> frozenset[str]:
    """Learned variables of a codebook that the passages were coded by, to the letter.

    A variable whose labels, definitions or rules were changed means something else; passages say nothing of it.
    """
    ours = {v.id: v for v in load_codebook().learned}
    return frozenset(v.id for v in codebook.learned if v == ours.get(v.id))


def passage_examples(codebook: Codebook) -> list[Example]:
    """The passages as examples of the variables they teach; none where they teach nothing."""
    taught = taught_by_passages(codebook)
    if not taught:
        return []
    return [_example(p, codebook, taught) for p in _passages() if taught & set(p.codes)]


@cache
def _passages() -> Sequence[Passage]:
    return read_passages()


def _example(passage: Passage, codebook: Codebook, taught: frozenset[str]) -> Example:
    slots = Slots.of(codebook)
    codes = {name: value for name, value in passage.codes.items() if name in taught}
    evidence: dict[int, tuple[tuple[int, int], ...]] = {}
    known: set[int] = set()
    whole = ((0, len(passage.text)),)
    for name, value in codes.items():
        variable, first = codebook.variable(name), slots.of_variable(name).start
        if variable.type in ("multi", "nominal"):
            chosen = value if isinstance(value, list) else [value]
            quotes = passage.quotes.get(name, {})
            for slot, label in enumerate(variable.label_ids, first):
                known.add(slot)
                if label in chosen:
                    start = passage.text.index(quotes[label])
                    evidence[slot] = ((start, start + len(quotes[label])),)
        elif value is False:
            known.add(first)
        elif passage.kind == "clause":
            known.add(first)
            evidence[first] = whole
    targets = {name: vector(codebook.variable(name), value) for name, value in codes.items()}
    return Example(passage.id, passage.pair, passage.text, dict(codes), targets, evidence, frozenset(known))
