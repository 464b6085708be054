"""The project's coded passages as examples: what a coder can learn beside the reports of a study."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ..configs.codebook import Codebook, Variable
from ..configs.load import load_codebook
from ..data.passages import Passage, read_passages
from ..models.heads import Slots
from .targets import Example, vector


def taught_by_passages(codebook: Codebook) -> frozenset[str]:
    """Learned variables of a codebook that the passages were coded by, to the letter.

    A variable whose labels, definitions, rules or constraints were changed means something else, and so does one that
    hangs on such a variable, and all of them under other general rules: passages say nothing of it.
    """
    bundled = load_codebook()
    if codebook.rules != bundled.rules:
        return frozenset()
    ours = {v.id: _meaning(v, bundled) for v in bundled.learned}
    taught: set[str] = set()
    for variable in codebook.learned:  # gates come first
        gates = {c.variable for c in variable.asked_when}
        if gates <= taught and _meaning(variable, codebook) == ours.get(variable.id):
            taught.add(variable.id)
    return frozenset(taught)


def _meaning(variable: Variable, codebook: Codebook) -> tuple[object, ...]:
    """What decides how a variable is coded; how it is shown, and how reliable it shall be, does not."""
    shown = {"name", "reliability_target", "evidence"}
    about = [i for i in codebook.implications if variable.id in {c.variable for c in (*i.when, *i.then)}]
    return variable.model_dump(exclude=shown), [i.model_dump(exclude={"id", "message"}) for i in about]


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
