"""Codes of an old codebook become codes of a new one: appended, logged, and never guessed.

Every code at the end of its chain of versions gets one more version, which supersedes it and says the new
``codebook_version``: the same code in new names, or one that is ``deleted`` where nothing can be said (a coder
codes anew) or nothing stood. So no older version comes into force again, also where names change places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..configs.changes import DOUBTFUL, Change, diff_codebooks
from ..configs.codebook import Codebook, Variable
from ..configs.decisions import Correspondence, Decisions, correspond
from ..configs.errors import UserError
from .check import CodeProblem, check_passes, pass_of
from .code import Code, Span, current

Outcome = Literal["kept", "changed", "undecided", "dropped", "not in force"]


@dataclass(frozen=True)
class Step:
    """What one code was, what it became, and why."""

    was: Code
    became: Code
    outcome: Outcome
    """``undecided``: a split, a drop or a retyping leaves it to a coder. ``dropped``: its variable is."""
    why: tuple[str, ...]
    """The changes of the codebook that bear on it."""
    flagged: bool = False
    """It stands, but its meaning or what was on offer has changed."""


@dataclass(frozen=True)
class Migration:
    """What a change of the codebook does to codes."""

    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    """In the order in which the new versions are appended."""
    problems: tuple[CodeProblem, ...]
    """Constraints and gates of the new codebook that the migrated codes break, and what has no code now."""

    @property
    def undecided(self) -> tuple[Step, ...]:
        """The codes that coders have to make anew."""
        return tuple(step for step in self.steps if step.outcome == "undecided")

    @property
    def counts(self) -> dict[str, int]:
        """Codes by outcome, and how many are flagged."""
        return {**Counter(step.outcome for step in self.steps), "flagged": sum(step.flagged for step in self.steps)}


def migrate_codes(
    codes: Sequence[Code], old: Codebook, new: Codebook, decisions: Decisions | None = None, *, preview: bool = False
) -> Migration:
    """The new versions that codes of ``old`` need under ``new``. Codes that are of ``new`` already stay.

    A code that names no version of the codebook counts as one of ``old``. ``preview`` does without versions that
    differ, confirmed decisions and names that are all decided. Raises ``UserError`` where one of these is missing,
    or where a code is of a third version.
    """
    decisions = decisions or Decisions()
    if old == new:
        return Migration((), (), ())
    names = correspond(old, new, decisions)
    if not preview:
        _refuse_unfit(names, decisions)
    changes = diff_codebooks(old, new, decisions)
    superseded = {code.supersedes for code in codes}
    last = {code.code_id: code for code in codes if code.code_id not in superseded}
    if not preview:
        last = {i: code for i, code in last.items() if code.codebook_version != new.version}
    foreign = next((c for c in last.values() if c.codebook_version not in (None, old.version, new.version)), None)
    if foreign is not None:
        raise UserError(
            f"code {foreign.code_id} (report {foreign.report_id}, {foreign.coder}) is of codebook version "
            f"{foreign.codebook_version}, neither {old.version} nor {new.version}; migrate it from its own first"
        )
    in_force = {code.code_id for code in current(codes)}
    steps = [_step(code, code.code_id in in_force, names, changes) for code in last.values()]
    # Of two versions without a time the later in the file stands, so what takes nothing back comes last.
    steps.sort(key=lambda step: not step.became.deleted)
    passes = {pass_of(step.was) for step in steps}
    problems = check_passes([*codes, *(step.became for step in steps)], new, passes)
    return Migration(tuple(changes), tuple(steps), tuple(problems))


def _refuse_unfit(names: Correspondence, decisions: Decisions) -> None:
    if names.old.version == names.new.version:
        raise UserError(
            f"both codebooks call themselves version {names.new.version}; give the changed one a version of its own"
        )
    if not decisions.confirmed:
        raise UserError("migration file: its guesses are not confirmed; read them, then write `confirmed: true`")
    if names.unnamed:
        raise UserError(
            f"{', '.join(names.unnamed[:5])}: gone from the new codebook, and no migration file says what became of "
            "it; `weijing codebook diff OLD NEW -o FILE` writes one to correct"
        )


def _step(code: Code, in_force: bool, names: Correspondence, changes: Iterable[Change]) -> Step:
    # No time, so that it outranks nothing that anyone codes.
    taken_back = replace(
        code, value=None, evidence=(), absence=False, deleted=True, at=None, supersedes=code.code_id,
        codebook_version=names.new.version, code_id="",
    )  # fmt: skip
    if not in_force:
        return Step(code, taken_back, "not in force", ())
    if code.variable not in names.variables:
        return Step(code, taken_back, "undecided", ("the old codebook has no such variable",))
    variable = names.old.variable(code.variable)
    wrong = variable.check(code.value)
    bearing = [c for c in changes if c.touches(code.variable, _labels(code, variable))]
    why = (*((wrong,) if wrong else ()), *map(str, bearing))
    target = names.variables[code.variable]
    value = names.value(code.variable, code.value)
    if target is None or value is None:
        return Step(code, taken_back, "undecided" if target else "dropped", why)
    evidence = tuple(
        dict.fromkeys(span for given in code.evidence for span in _moved(given, names.labels[code.variable]))
    )
    became = replace(
        code, variable=target.id, value=value, evidence=evidence, supersedes=code.code_id,
        codebook_version=names.new.version, code_id="",
    )  # fmt: skip
    same = (became.variable, became.value, became.evidence) == (code.variable, code.value, code.evidence)
    flagged = any(change.kind in DOUBTFUL for change in bearing)
    return Step(code, became, "kept" if same else "changed", why, flagged)


def _labels(code: Code, variable: Variable) -> list[str]:
    if isinstance(code.value, list):
        return code.value
    if variable.type == "ordinal" and variable.check(code.value) is None and isinstance(code.value, int):
        return [variable.label_ids[code.value]]
    return [str(code.value)]


def _moved(span: Span, labels: Mapping[str, tuple[str, ...]]) -> list[Span]:
    """The span with its new label; none if its label is dropped."""
    if span.label is None or span.label not in labels:
        return [span]
    return [replace(span, label=label) for label in labels[span.label]]


def undo(codes: Sequence[Code], steps: Iterable[Step], version: str) -> list[Code]:
    """The codes as they were before a migration to a codebook ``version``, from its log and the codes alone.

    Raises ``UserError`` if the log does not fit the codes, or if codes were made since.
    """
    steps = list(steps)
    found = {code.code_id: code for code in codes}
    for code in (code for step in steps for code in (step.was, step.became)):
        if found.get(code.code_id) != code:
            raise UserError(f"code {code.code_id} is not what the log of the migration says; nothing was undone")
    became = {step.became.code_id for step in steps}
    places = [place for place, code in enumerate(codes) if code.code_id in became]
    since = codes[places[0] :] if places else [c for c in codes if c.codebook_version == version]
    n = len(since) - len(places)
    if n:
        raise UserError(f"{n} code(s) were made after the migration and would be lost; it cannot be undone any more")
    return [code for code in codes if code.code_id not in became]
