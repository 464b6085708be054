"""The schema of a codebook: variables, labels, rules and constraints.

A codebook is one YAML file. Everything else (coder's guide, validation, the model's heads, the metrics, the
report's words) is generated from it, so no label id is ever written in Python.

Values of codes, by type of variable:

=========  ==================================================
binary     ``True`` or ``False``
multi      list of label ids in the codebook's order, may be empty
nominal    one label id
ordinal    the integer code of a label: its position, 0 first
text       a string
=========  ==================================================

``None`` always means "not asked" or "not coded", never "no".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Value = bool | int | str | list[str] | None
Codes = Mapping[str, Value]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

Place = tuple[str | int, ...]

MOST_COMBINATIONS = 10_000
"""Combinations of values that the classifier may try for one report: up to some tenths of a second."""


def _located(problems: list[tuple[Place, str]]) -> ValidationError:
    """One error for all problems, each with its place, so that the loader can name the line."""
    details = [
        InitErrorDetails(type=PydanticCustomError("codebook", "{why}", {"why": why}), loc=place, input=None)
        for place, why in dict.fromkeys(problems)
    ]
    return ValidationError.from_exception_data("codebook", details)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """The same words in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Rule(_Strict):
    """A numbered rule, tie-break or clarification for coders."""

    id: str = Field(min_length=1)
    text: Words


class Label(_Strict):
    """One label of a variable."""

    id: Identifier
    name: Words
    definition: Words | None = None
    include: list[Words] = []
    exclude: list[Words] = []
    examples: list[str] = []
    confusable: list[Identifier] = []


class Condition(_Strict):
    """True of a report whose code for ``variable`` is what the other fields say.

    Exactly one of: ``equals`` (binary, nominal, ordinal), ``at_least`` (ordinal code), ``has`` (a label of a
    multi variable), ``min_labels`` (of a multi variable).
    """

    variable: Identifier
    equals: bool | int | str | None = None
    at_least: int | None = None
    has: Identifier | None = None
    min_labels: int | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if sum(v is not None for v in (self.equals, self.at_least, self.has, self.min_labels)) != 1:
            raise ValueError("a condition needs exactly one of equals, at_least, has, min_labels")
        return self

    @property
    def about_labels(self) -> bool:
        """Whether it speaks of the labels of a multi variable."""
        return self.has is not None or self.min_labels is not None

    def holds(self, codes: Codes) -> bool | None:
        """Whether the condition is true of these codes; None if the variable has no code."""
        value = codes.get(self.variable)
        if value is None:
            return None
        if self.equals is not None:
            return value == self.equals and isinstance(value, bool) == isinstance(self.equals, bool)
        if self.at_least is not None:
            return isinstance(value, int) and value >= self.at_least
        labels = value if isinstance(value, list) else []
        if self.has is not None:
            return self.has in labels
        return len(labels) >= (self.min_labels or 0)


class Implication(_Strict):
    """If all conditions of ``when`` hold, those of ``then`` must hold too."""

    id: Identifier
    kind: Literal["implication"] = "implication"
    when: list[Condition] = Field(min_length=1)
    then: list[Condition] = Field(min_length=1)
    message: Words

    def implications(self) -> list[Implication]:
        """Itself: the common form of every constraint."""
        return [self]


class Floors(_Strict):
    """Each label of ``labels_of`` present needs at least this code of ``ordinal``, where ``when`` holds."""

    id: Identifier
    kind: Literal["floors"]
    labels_of: Identifier
    ordinal: Identifier
    when: list[Condition] = []
    at_least: dict[Identifier, int] = Field(min_length=1)
    message: Words

    def implications(self) -> list[Implication]:
        """One implication a label."""
        return [
            Implication(
                id=f"{self.id}_{label}",
                when=[Condition(variable=self.labels_of, has=label), *self.when],
                then=[Condition(variable=self.ordinal, at_least=floor)],
                message=Words(
                    zh=f"{self.message.zh}（{label} ≥ {floor}）", en=f"{self.message.en} ({label} ≥ {floor})"
                ),
            )
            for label, floor in self.at_least.items()
        ]


Constraint = Annotated[Implication | Floors, Field(discriminator="kind")]


class Variable(_Strict):
    """One thing that is coded of every report, or extracted from it."""

    id: Identifier
    type: Literal["binary", "multi", "nominal", "ordinal", "text"]
    name: Words
    question: Words | None = None
    source: Literal["coded", "extracted", "both"] = "coded"
    model: bool = False
    evidence: bool = False
    optional: bool = False
    asked_when: list[Condition] = []
    labels: list[Label] = []
    rules: list[Rule] = []
    reliability_target: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _labels_fit_type(self) -> Variable:
        problems = list(self._label_problems())
        if self.model and self.type == "text":
            problems.append((("model",), "a text variable cannot be learned by the classifier (model: true)"))
        if problems:
            raise _located(problems)
        return self

    def _label_problems(self) -> Iterator[tuple[Place, str]]:
        if self.type not in ("multi", "nominal", "ordinal"):
            if self.labels:
                yield ("labels",), f"a {self.type} variable has no labels"
            return
        least = 1 if self.type == "multi" else 2
        if len(self.labels) < least:
            yield ("labels",), f"a {self.type} variable needs at least {least} label(s)"
        ids = [label.id for label in self.labels]
        for i, label in enumerate(self.labels):
            if label.id in ids[:i]:
                yield ("labels", i, "id"), f"label id used twice: {label.id}"
            for j, other in enumerate(label.confusable):
                if other not in ids:
                    yield ("labels", i, "confusable", j), f"confusable names unknown label {other}"

    @cached_property
    def label_ids(self) -> list[str]:
        """Label ids in the codebook's order; for ordinal variables position is the code."""
        return [label.id for label in self.labels]

    def label(self, label_id: str) -> Label:
        """The label of that id."""
        return self.labels[self.label_ids.index(label_id)]

    def check(self, value: Value) -> str | None:
        """Why ``value`` is no code of this variable, or None if it is one."""
        if self.type == "binary":
            return None if isinstance(value, bool) else f"{value!r} is not true or false"
        if self.type == "multi":
            if not isinstance(value, list):
                return f"{value!r} is not a list of labels"
            unknown = [v for v in value if v not in self.label_ids]
            if unknown:
                return f"unknown label(s) {', '.join(map(repr, unknown))}"
            return "a label occurs twice" if len(set(value)) < len(value) else None
        if self.type == "nominal":
            return None if value in self.label_ids else f"unknown label {value!r}"
        if self.type == "ordinal":
            fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(self.labels)
            return None if fits else f"{value!r} is not a code from 0 to {len(self.labels) - 1}"
        return None if isinstance(value, str) else f"{value!r} is not text"


class Codebook(_Strict):
    """A whole codebook. See ``configs/wechat_policing.yaml`` for one, ``load_codebook`` to read one."""

    name: Identifier
    version: str = Field(min_length=1)
    title: Words
    description: Words
    unit: Words
    coding_order: list[Words] = []
    variables: list[Variable] = Field(min_length=1)
    constraints: list[Constraint] = []
    rules: list[Rule] = []
    difficulties: list[Rule] = []
    clarifications: list[Rule] = []

    @model_validator(mode="after")
    def _references_resolve(self) -> Codebook:
        problems = list(self._problems()) or list(self._too_many_combinations())
        if problems:
            raise _located(problems)
        return self

    def _too_many_combinations(self) -> Iterator[tuple[Place, str]]:
        n = math.prod(2 if v.type == "binary" else len(v.labels) for v in self.tied)
        if n > MOST_COMBINATIONS:
            names = ", ".join(v.id for v in self.tied)
            yield (
                ("constraints",),
                f"constraints tie {len(self.tied)} learned variables together ({names}), whose values combine in {n} "
                f"ways; at most {MOST_COMBINATIONS} can be tried for every report, so let constraints speak of fewer",
            )

    def _problems(self) -> Iterator[tuple[Place, str]]:
        ids = [v.id for v in self.variables]
        for i, variable in enumerate(self.variables):
            if variable.id in ids[:i]:
                yield ("variables", i, "id"), f"variable id used twice: {variable.id}"
            for j, condition in enumerate(variable.asked_when):
                place = ("variables", i, "asked_when", j)
                problem = self._condition_problem(condition)
                if problem:
                    yield (*place, problem[0]), problem[1]
                elif condition.variable not in ids[:i]:
                    yield (*place, "variable"), f"{condition.variable} must be asked earlier; move it up"
        constraint_ids = [c.id for c in self.constraints]
        for i, constraint in enumerate(self.constraints):
            if constraint.id in constraint_ids[:i]:
                yield ("constraints", i, "id"), f"constraint id used twice: {constraint.id}"
            for below, why in self._constraint_problems(constraint):
                yield ("constraints", i, *below), why

    def _constraint_problems(self, constraint: Implication | Floors) -> Iterator[tuple[Place, str]]:
        for part in ("when", "then"):
            for j, condition in enumerate(getattr(constraint, part, [])):
                problem = self._condition_problem(condition)
                if problem:
                    yield (part, j, problem[0]), problem[1]
        if isinstance(constraint, Floors):
            for label, floor in constraint.at_least.items():
                for field, condition in (
                    ("labels_of", Condition(variable=constraint.labels_of, has=label)),
                    ("ordinal", Condition(variable=constraint.ordinal, at_least=floor)),
                ):
                    problem = self._condition_problem(condition)
                    if problem:
                        yield (field,) if problem[0] == "variable" else ("at_least", label), problem[1]
        for implication in constraint.implications():
            about_labels = sum(c.about_labels for c in implication.when)
            if about_labels > 1:
                yield (), "at most one condition of `when` may be about a multi variable"
            if about_labels and any(c.about_labels for c in implication.then):
                yield (), "a constraint may not tie labels of multi variables to each other"

    def _condition_problem(self, condition: Condition) -> tuple[str, str] | None:
        """The field of the condition that does not fit the variables, and why."""
        variable = next((v for v in self.variables if v.id == condition.variable), None)
        if variable is None:
            return "variable", f"unknown variable {condition.variable}"
        if condition.about_labels:
            if variable.type != "multi":
                return (
                    "variable",
                    f"has and min_labels are for multi variables, {variable.id} is {variable.type}",
                )
            if condition.has is not None and condition.has not in variable.label_ids:
                return "has", f"{variable.id} has no label {condition.has}"
            return None
        if condition.at_least is not None:
            if variable.type != "ordinal":
                return "variable", f"at_least is for ordinal variables, {variable.id} is {variable.type}"
            why = variable.check(condition.at_least)
            return ("at_least", why) if why else None
        if variable.type == "multi":
            return "equals", f"equals is not for multi variables; say which label {variable.id} has"
        why = variable.check(condition.equals)
        return ("equals", why) if why else None

    @cached_property
    def implications(self) -> list[Implication]:
        """All constraints in their common form."""
        return [i for c in self.constraints for i in c.implications()]

    def variable(self, variable_id: str) -> Variable:
        """The variable of that id; KeyError if there is none."""
        for variable in self.variables:
            if variable.id == variable_id:
                return variable
        raise KeyError(variable_id)

    @cached_property
    def learned(self) -> list[Variable]:
        """Variables the classifier learns, in order."""
        return [v for v in self.variables if v.model]

    @cached_property
    def decidable(self) -> list[Implication]:
        """Constraints whose conditions are all about learned variables; the classifier can keep no others."""
        learned = {v.id for v in self.learned}
        return [i for i in self.implications if {c.variable for c in i.when} <= learned]

    @cached_property
    def tied(self) -> list[Variable]:
        """Learned single-valued variables that constraints speak of: their values are tried in every combination.

        Binary gates are not among them: they are settled first, as coders do.
        """
        bound = {c.variable for i in self.decidable for c in (*i.when, *i.then)}
        gates = {c.variable for v in self.learned for c in v.asked_when}
        return [
            v
            for v in self.learned
            if v.type != "multi" and v.id in bound and not (v.type == "binary" and v.id in gates)
        ]

    @cached_property
    def coded(self) -> list[Variable]:
        """Variables that coders code, in order."""
        return [v for v in self.variables if v.source in ("coded", "both")]

    def is_asked(self, variable: Variable, codes: Codes) -> bool:
        """Whether ``variable`` is asked of a report with these codes (all its conditions hold)."""
        return all(c.holds(codes) is True for c in variable.asked_when)

    def violations(self, codes: Codes) -> list[Implication]:
        """Constraints that these codes break. A condition on a variable without a code is not judged."""
        return [
            i
            for i in self.implications
            if all(c.holds(codes) is True for c in i.when) and any(c.holds(codes) is False for c in i.then)
        ]


def ordered(variable: Variable, labels: Sequence[str]) -> list[str]:
    """The given labels of a multi variable in the codebook's order, each once."""
    return [label for label in variable.label_ids if label in set(labels)]
