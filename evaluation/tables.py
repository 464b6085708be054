"""From codes by coder and report to arrays, one variable and scope at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..configs.codebook import Codebook, Codes, Value, Variable
from ..configs.errors import UserError
from .estimate import Bools, Ints
from .ratings import MISSING

CodesByCoder = Mapping[str, Mapping[str, Codes]]
"""coder -> report id -> variable id -> value."""

Scope = Literal["asked", "all"]
"""asked: reports that coders were asked the variable of; all: those a gate excluded too, as "absent"."""

NOT_ASKED = "(not asked)"
"""Category of a nominal variable, in scope all, for reports that a gate excluded. No label id can be this."""


@dataclass(frozen=True, eq=False)
class Table:
    """Codes of one variable in one scope, of the coders that have any.

    ``coded``: (coders, units), whether there is a code. ``codes``: (coders, units) positions in
    ``categories``, -1 missing, of a nominal or ordinal variable; else None. ``present``: (coders, units,
    labels), whether the label was given, of a binary (one label: "yes"), multi or nominal variable; else
    None. ``labels``: the label ids.
    """

    variable: Variable
    scope: Scope
    coders: tuple[str, ...]
    coded: Bools
    categories: tuple[str, ...]
    codes: Ints | None
    labels: tuple[str, ...]
    present: Bools | None


def scopes(variable: Variable) -> tuple[Scope, ...]:
    """Scopes in which a variable is compared: ``all`` only if it is conditional and can be absent."""
    return ("asked", "all") if variable.asked_when and variable.type != "ordinal" else ("asked",)


def excluded(codebook: Codebook, variable: Variable, codes: Codes) -> bool:
    """Whether these codes close a gate to ``variable``: a condition is coded false, here or higher up."""
    return any(
        condition.holds(codes) is False or excluded(codebook, codebook.variable(condition.variable), codes)
        for condition in variable.asked_when
    )


def encode(
    codebook: Codebook, variable: Variable, codes: CodesByCoder, report_ids: Sequence[str], scope: Scope
) -> Table:
    """Arrays of one variable. UserError for a value that the codebook does not allow.

    In scope ``all`` a coder who only codes the gate (never answers the variable, though asked) is left out:
    all of their reports would be absences. One who never opens the gate stays.
    """
    labels = tuple(variable.label_ids)
    shape = (len(codes), len(report_ids))
    coded: Bools = np.zeros(shape, dtype=np.bool_)
    answers, skips = np.zeros(len(codes), dtype=np.bool_), np.zeros(len(codes), dtype=np.bool_)
    single: Ints = np.full(shape, MISSING, dtype=np.int64)
    several: Bools = np.zeros((*shape, len(labels)), dtype=np.bool_)
    position = {label: i for i, label in enumerate(labels)}
    for c, (coder, by_report) in enumerate(codes.items()):
        for u, report in enumerate(report_ids):
            of_report = by_report.get(report)
            if of_report is None:
                continue
            if scope == "all" and excluded(codebook, variable, of_report):
                coded[c, u] = True
                single[c, u] = 0 if variable.type == "binary" else len(labels)
                continue
            value = of_report.get(variable.id)
            if value is None:
                skips[c] |= codebook.is_asked(variable, of_report)
                continue
            answers[c] = True
            _check(variable, value, coder, report)
            coded[c, u] = True
            if isinstance(value, list):
                several[c, u, [position[label] for label in value]] = True
            else:
                single[c, u] = position[value] if isinstance(value, str) else int(value)
    kept: Bools = np.any(coded, axis=1) & (answers | ~skips)
    coders = tuple(coder for coder, keep in zip(codes, kept.tolist(), strict=True) if keep)
    coded, single, several = coded[kept], single[kept], several[kept]
    if variable.type == "multi":
        return Table(variable, scope, coders, coded, (), None, labels, several)
    if variable.type == "binary":
        return Table(variable, scope, coders, coded, (), None, (), (single == 1)[..., None])
    if variable.type == "ordinal":
        return Table(variable, scope, coders, coded, labels, single, (), None)
    categories = (*labels, NOT_ASKED) if scope == "all" else labels
    return Table(
        variable,
        scope,
        coders,
        coded,
        categories,
        single,
        labels,
        single[..., None] == np.arange(len(labels)),
    )


def _check(variable: Variable, value: Value, coder: str, report: str) -> None:
    problem = variable.check(value)
    if problem:
        raise UserError(f"report {report}, coder {coder}, {variable.id}: {problem}")
