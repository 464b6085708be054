"""The difference of two codebooks, as a list of typed changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .codebook import Codebook, Condition, Floors, Implication, Label, Variable
from .decisions import Correspondence, Decisions, correspond

Kind = Literal[
    "variable_added", "variable_dropped", "variable_renamed", "variable_retyped",
    "label_added", "label_dropped", "label_renamed", "labels_merged", "label_split", "labels_reordered",
    "meaning_changed", "gate_changed", "constraint_added", "constraint_dropped", "constraint_changed",
]  # fmt: skip
DOUBTFUL: frozenset[Kind] = frozenset({"meaning_changed", "gate_changed", "label_added"})
"""Codes stand after these, but a coder might code differently now."""
_RENAMING: frozenset[Kind] = frozenset({"label_dropped", "label_renamed", "labels_merged", "label_split"})
_WORDS = {
    Codebook: ("unit", "coding_order", "rules", "difficulties", "clarifications"),
    Variable: ("name", "question", "rules"),
    Label: ("name", "definition", "include", "exclude", "examples"),
}


@dataclass(frozen=True)
class Change:
    """One change. ``variable`` is the old id; None where the old codebook has none, or for the whole codebook."""

    kind: Kind
    variable: str | None
    old: tuple[str, ...] = ()
    """Old labels (or the old constraint) that it is about; empty if it is about the variable as a whole."""
    new: tuple[str, ...] = ()
    """What they became; after a reordering, all labels."""
    at: int | None = None
    """Where a label was added."""
    what: tuple[str, ...] = ()
    """Fields that say something else now; types before and after."""

    def touches(self, variable: str, labels: Collection[str]) -> bool:
        """Whether it bears on a code of this (old) variable with these labels."""
        return self.variable == variable and (not self.old or any(label in self.old for label in labels))

    def __str__(self) -> str:
        old = ", ".join(f"{self.variable}.{i}" if self.variable else i for i in self.old) or self.variable
        sides = " → ".join(filter(None, (old, ", ".join(self.new)))) or "the codebook"
        return f"{self.kind.replace('_', ' ')}: {sides}" + (f" ({', '.join(self.what)})" if self.what else "")


def diff_codebooks(old: Codebook, new: Codebook, decisions: Decisions | None = None) -> list[Change]:
    """All changes from ``old`` to ``new``, variable by variable; of a codebook with itself none.

    Names that are gone count as dropped unless ``decisions`` says what they became.
    """
    names = correspond(old, new, decisions)
    changes: list[Change] = []
    for variable in old.variables:
        changes += _of_variable(variable, names)
    kept = {v.id for v in names.variables.values() if v}
    changes += [Change("variable_added", None, new=(v.id,)) for v in new.variables if v.id not in kept]
    changes += _of_constraints(names)
    changes += _of_words(None, (), old, new)
    return changes


def apply_changes(labels: Sequence[str], changes: Iterable[Change]) -> list[str]:
    """The labels of a variable after its changes."""
    changes = list(changes)
    became = {label: c.new for c in changes if c.kind in _RENAMING for label in c.old}
    result = list(dict.fromkeys(to for label in labels for to in became.get(label, (label,))))
    for change in changes:
        if change.kind == "label_added" and change.at is not None:
            result[change.at : change.at] = change.new
        elif change.kind == "labels_reordered":
            result = list(change.new)
    return result


def _of_variable(old: Variable, names: Correspondence) -> Iterator[Change]:
    new = names.variables[old.id]
    if new is None:
        yield Change("variable_dropped", old.id)
        return
    if new.id != old.id:
        yield Change("variable_renamed", old.id, new=(new.id,))
    yield from _of_words(old.id, (), old, new)
    if [names.condition(c) for c in old.asked_when] != new.asked_when:
        yield Change("gate_changed", old.id)
    if new.type != old.type:
        yield Change("variable_retyped", old.id, what=(old.type, new.type))
        return
    yield from _of_labels(old, new, names.labels[old.id])


def _of_labels(old: Variable, new: Variable, became: Mapping[str, tuple[str, ...]]) -> Iterator[Change]:
    changes: list[Change] = []
    for label, to in became.items():
        sources = tuple(other for other, its in became.items() if its == to)
        if not to:
            changes.append(Change("label_dropped", old.id, (label,)))
        elif len(to) > 1:
            changes.append(Change("label_split", old.id, (label,), to))
        elif len(sources) > 1:
            if label == sources[0]:
                changes.append(Change("labels_merged", old.id, sources, to))
        else:
            if to != (label,):
                changes.append(Change("label_renamed", old.id, (label,), to))
            changes += _of_words(old.id, (label,), old.label(label), new.label(to[0]))
    known = {label for to in became.values() for label in to}
    changes += [
        Change("label_added", old.id, new=(label,), at=place)
        for place, label in enumerate(new.label_ids)
        if label not in known
    ]
    if apply_changes(old.label_ids, changes) != new.label_ids:
        changes.append(Change("labels_reordered", old.id, new=tuple(new.label_ids)))
    yield from changes


def _of_words(
    variable: str | None, labels: tuple[str, ...], old: Codebook | Variable | Label, new: Codebook | Variable | Label
) -> Iterator[Change]:
    fields = tuple(field for field in _WORDS[type(old)] if getattr(old, field) != getattr(new, field))
    if fields:
        yield Change("meaning_changed", variable, labels, what=fields)


def _of_constraints(names: Correspondence) -> Iterator[Change]:
    new = {c.id: c for c in names.new.constraints}
    for constraint in names.old.constraints:
        after = new.pop(constraint.id, None)
        if after is None:
            yield Change("constraint_dropped", None, (constraint.id,))
        elif _rule(constraint, names) != _rule(after) or constraint.message != after.message:
            yield Change("constraint_changed", None, (constraint.id,))
    yield from (Change("constraint_added", None, new=(identifier,)) for identifier in new)


def _rule(
    constraint: Implication | Floors, names: Correspondence | None = None
) -> list[tuple[list[Condition | None], list[Condition | None]]]:
    """What a constraint demands, in the names of the new codebook."""

    def moved(conditions: list[Condition]) -> list[Condition | None]:
        return [names.condition(c) if names else c for c in conditions]

    return [(moved(i.when), moved(i.then)) for i in constraint.implications()]
