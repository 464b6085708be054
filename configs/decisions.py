"""What became of the names of an old codebook in a new one, as a person decided it, and what follows for values.

Whether a label that is gone was renamed, merged, split or dropped cannot be seen from ids, so it stands in a small
YAML file. All names in it are ``variable`` or ``variable.label`` with the OLD id of the variable; what follows a
colon are ids of the new codebook, except under ``merge``, which says from which old labels a new one comes::

    rename: {functions.old: new, old_variable: new_variable}
    merge: {functions.new: [old_a, old_b]}
    split: {functions.old: [new_a, new_b]}
    drop: [functions.old, old_variable]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field

from .codebook import Codebook, Condition, Label, Value, Variable
from .errors import UserError
from .load import CodebookError, parse_model, read_yaml_text

Named = TypeVar("Named", Variable, Label)
Several = Annotated[list[str], Field(min_length=2)]


class Decisions(BaseModel):
    """A migration file. Ids that both codebooks have stay what they are unless it says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confirmed: bool = True
    """False in a template of guesses, until a person has read it."""
    rename: dict[str, str] = {}
    merge: dict[str, Several] = {}
    split: dict[str, Several] = {}
    drop: list[str] = []

    def fates(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each old name with the new ids that it became; none if it was dropped."""
        yield from ((name, (to,)) for name, to in self.rename.items())
        for target, sources in self.merge.items():
            variable, _, label = target.partition(".")
            yield from ((f"{variable}.{source}", (label,)) for source in sources)
        yield from ((name, tuple(to)) for name, to in self.split.items())
        yield from ((name, ()) for name in self.drop)


@dataclass(frozen=True)
class Correspondence:
    """Which names of the new codebook stand for which of the old one."""

    old: Codebook
    new: Codebook
    variables: Mapping[str, Variable | None]
    """Old variable id → new variable; None if there is none."""
    labels: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Old variable id → old label id → new label ids: none if dropped, several if split. Of variables that kept
    their type; empty for those without labels."""
    unnamed: tuple[str, ...]
    """Old names that are gone and of which the decisions say nothing; they are treated as dropped."""

    def value(self, variable_id: str, value: Value) -> Value:
        """The value in the new codebook; None where that is a coder's to say (split, dropped, retyped).

        Of a multi variable a dropped label leaves the others standing, unless it was the only one: that nothing
        applies was never said.
        """
        old, new = self.old.variable(variable_id), self.variables[variable_id]
        if new is None or new.type != old.type or old.check(value) is not None:
            return None
        labels = self.labels[variable_id]
        if isinstance(value, list):
            became = [labels[label] for label in value]
            moved = list(dict.fromkeys(label for to in became for label in to))
            return None if any(len(to) > 1 for to in became) or (value and not moved) else moved
        if not labels:
            return value
        to = labels[old.label_ids[value] if isinstance(value, int) else str(value)]
        if len(to) != 1:
            return None
        return new.label_ids.index(to[0]) if old.type == "ordinal" else to[0]

    def condition(self, condition: Condition) -> Condition | None:
        """The same condition in the new codebook's names; None if it has no such."""
        variable = self.variables[condition.variable]
        if variable is None:
            return None
        changed: dict[str, Value] = {"variable": variable.id}
        for field in ("equals", "at_least", "has"):
            given = getattr(condition, field)
            if given is not None:
                moved = self.value(condition.variable, [given] if field == "has" else given)
                changed[field] = moved[0] if isinstance(moved, list) and moved else moved
                if moved is None:
                    return None
        return condition.model_copy(update=changed)


def correspond(old: Codebook, new: Codebook, decisions: Decisions | None = None) -> Correspondence:
    """What the old names became. Raises ``UserError`` where decisions do not fit the codebooks or each other."""
    decisions = decisions or Decisions()
    fates: dict[str, tuple[str, ...]] = {}
    for name, to in decisions.fates():
        if name in fates:
            raise UserError(f"migration file: {name} is named twice; decide once what became of it")
        fates[name] = to
    new_variables = {v.id: v for v in new.variables}
    unnamed: list[str] = []

    def fate(name: str, own_id: str, known: Iterable[str]) -> tuple[str, ...]:
        if name not in fates:
            if own_id not in known:
                unnamed.append(name)
                return ()
            return (own_id,)
        to = fates.pop(name)
        for target in to:
            if target not in known:
                raise UserError(f"migration file: {name}: the new codebook has no {target} there; correct the id")
        return to

    variables: dict[str, Variable | None] = {}
    labels: dict[str, dict[str, tuple[str, ...]]] = {}
    for variable in old.variables:
        to = fate(variable.id, variable.id, new_variables)
        if len(to) > 1:
            raise UserError(f"migration file: {variable.id} is a variable; only labels can be split")
        target = variables[variable.id] = new_variables[to[0]] if to else None
        if target is not None and target.type == variable.type:
            labels[variable.id] = {
                label: fate(f"{variable.id}.{label}", label, target.label_ids) for label in variable.label_ids
            }
            sources = Counter(became[0] for became in labels[variable.id].values() if len(became) == 1)
            for label, n in sources.items():
                if n > 1 and f"{variable.id}.{label}" not in decisions.merge:
                    raise UserError(
                        f"migration file: {variable.id}.{label} would come from {n} labels; name them under merge"
                    )
    for identifier, n in Counter(v.id for v in variables.values() if v).items():
        if n > 1:
            raise UserError(f"migration file: {n} variables would become {identifier}; drop all but one of them")
    if fates:
        raise UserError(
            f"migration file: {next(iter(fates))}: the old codebook has no such name, or its variable is dropped or "
            "of another type now; delete it"
        )
    return Correspondence(old, new, variables, labels, tuple(unnamed))


def read_decisions(path: str | Path) -> Decisions:
    """Read a migration file."""
    path = Path(path)
    try:
        return parse_model(
            Decisions, read_yaml_text(path), str(path), "a migration file is a mapping: rename, merge, split, drop"
        )
    except CodebookError as error:
        raise UserError(f"{path}: {error.problems[0]}") from None


def guess_decisions(old: Codebook, new: Codebook) -> Decisions:
    """Best guesses, to be confirmed: a name that is gone became those new ones with its words, else was dropped."""
    rename: dict[str, str] = {}
    merge: dict[str, list[str]] = {}
    split: dict[str, list[str]] = {}
    drop: list[str] = []
    gone, came = _apart(old.variables, new.variables)
    alike = {v.id: [n.id for n in came if _same_words(v, n)] for v in gone}
    for name, to in alike.items():
        if len(to) == 1 and sum(to == other for other in alike.values()) == 1:
            rename[name] = to[0]
        else:
            drop.append(name)
    for variable in old.variables:
        target = next((n for n in new.variables if n.id == rename.get(variable.id, variable.id)), None)
        if target is None or target.type != variable.type:
            continue
        lost, found = _apart(variable.labels, target.labels)
        like = {label.id: [n.id for n in found if _same_words(label, n)] for label in lost}
        for label, to in like.items():
            sources = [other for other, its in like.items() if its == to]
            if not to:
                drop.append(f"{variable.id}.{label}")
            elif len(to) > 1:
                split[f"{variable.id}.{label}"] = to
            elif len(sources) > 1:
                merge[f"{variable.id}.{to[0]}"] = sources
            else:
                rename[f"{variable.id}.{label}"] = to[0]
    return Decisions(confirmed=False, rename=rename, merge=merge, split=split, drop=drop)


def decisions_template(old: Codebook, new: Codebook) -> str:
    """A migration file with the best guesses, and as comments what is gone and what is new."""
    lines = [
        f"# What became of the names of {old.name} {old.version} in {new.name} {new.version}.",
        "# These are guesses from equal words. Correct them, then say `confirmed: true`.",
        "# rename: {variable.old: new}   merge: {variable.new: [old, old]}   split: {variable.old: [new, new]}",
        "# drop: [variable.old]   A whole variable is named without a dot. `variable` is its old id.",
    ]
    for what, one, other in (("gone", old, new), ("new", new, old)):
        others = {v.id: v for v in other.variables}
        for v in one.variables:
            if v.id not in others:
                lines.append(f"# {what}: {v.id} ({v.name.zh} / {v.name.en})")
            known = others[v.id].label_ids if v.id in others else []
            lines += [f"# {what}: {v.id}.{i.id} ({i.name.zh} / {i.name.en})" for i in v.labels if i.id not in known]
    body = yaml.safe_dump(guess_decisions(old, new).model_dump(), allow_unicode=True, sort_keys=False)
    # A name may hold a line break, which would end the comment.
    return "".join("".join(c if c.isprintable() else " " for c in line) + "\n" for line in lines) + body


def _apart(old: list[Named], new: list[Named]) -> tuple[list[Named], list[Named]]:
    """What only the old list has, and what only the new one has, by id."""
    before, after = {o.id for o in old}, {n.id for n in new}
    return [o for o in old if o.id not in after], [n for n in new if n.id not in before]


def _same_words(one: Variable | Label, other: Variable | Label) -> bool:
    return not _words(one).isdisjoint(_words(other))


def _words(named: Variable | Label) -> set[str]:
    says = named.definition if isinstance(named, Label) else named.question
    return {words for given in (named.name, says) if given for words in (given.zh, given.en)}
