"""Where coders disagree, as tasks of an adjudicator, and the decisions as codes beside the originals.

What stands in the file of codes says what is left to decide: a decision holds for the codes that came before it, and
as long as their values are the same now. So a decision is taken in only while the codes that its adjudicator saw
still stand.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..configs.codebook import Codebook, Value, Variable, ordered
from ..data.artifacts import text_hash
from ..data.codes import Code, current, moment
from ..data.codes_table import as_versions
from ..data.normalize import normalize_line
from ..data.report import Report
from ..evaluation.tables import excluded
from .adjudicate_page import side_by_side
from .interface import shown
from .tasks import Problem, annotations_of, coder_id, read_annotation, result_of, task_of

PEOPLE = ("human", "synthetic")
SETTLED = "settled"
"""The version under which the settled answers are offered."""

Given = Mapping[str, Mapping[str, Code]]
"""Coder → variable → code, of one report."""


@dataclass(frozen=True)
class Disagreement:
    """A report on which coders differ, with something left to decide."""

    report_id: str
    codes: Given
    """Coders in order of their names."""
    differing: tuple[str, ...]
    """Variables, in the codebook's order; those too that only some were asked."""
    undecided: tuple[str, ...]
    """Those of them that have no decision, or whose codes have changed since."""
    changed: tuple[str, ...]
    """Those of the undecided that were decided before."""
    settled: Mapping[str, Value]
    """What all coders agree on, and what was decided."""


def disagreements(
    codes: Iterable[Code],
    codebook: Codebook,
    *,
    round_number: int | None = None,
    kinds: Collection[str] = PEOPLE,
) -> list[Disagreement]:
    """The reports that at least two coders coded independently and differently, as far as nobody has decided.

    ``codes``: all of them, in the order they came. What a coder left blank is no disagreement, unless another answer
    of theirs made it so. Codes that were given with sight of other codes do not count, nor those of other rounds.
    """
    by_report: dict[str, list[Code]] = {}
    for code in codes:
        by_report.setdefault(code.report_id, []).append(code)
    found = (_disagreement(by_report[r], codebook, round_number, kinds) for r in sorted(by_report))
    return [one for one in found if one and one.undecided]


def _disagreement(
    codes: Sequence[Code], codebook: Codebook, round_number: int | None, kinds: Collection[str]
) -> Disagreement | None:
    given = _given(codes, codebook, round_number, kinds)
    if len(given) < 2:
        return None
    decisions = sorted((c for c in current(codes) if c.purpose == "adjudication"), key=lambda c: moment(c.at))
    decided = {code.variable: code for code in decisions}
    differing: list[str] = []
    undecided: list[str] = []
    settled: dict[str, Value] = {}
    for variable in shown(codebook):
        said = _said(given, variable)
        differs = len(set(said.values())) > 1
        hangs = any(condition.variable in differing for condition in variable.asked_when)
        if differs or (hangs and 0 < len(said) < len(given)):
            differing.append(variable.id)
        decision = decided.get(variable.id)
        if decision and variable.check(decision.value) is None:
            before = _given(codes[: codes.index(decision)], codebook, round_number, kinds)
            if _said(before, variable) == said:
                settled[variable.id] = decision.value
                continue
        if variable.id in differing:
            if not excluded(codebook, variable, settled):
                undecided.append(variable.id)
        elif said:
            settled[variable.id] = json.loads(next(iter(said.values())))
    changed = tuple(name for name in undecided if name in decided)
    return Disagreement(codes[0].report_id, given, tuple(differing), tuple(undecided), changed, settled)


def _given(codes: Iterable[Code], codebook: Codebook, round_number: int | None, kinds: Collection[str]) -> Given:
    """The independent codes in force that the codebook allows; of several rounds the latest."""
    variables = {variable.id: variable for variable in shown(codebook)}
    given: dict[str, dict[str, Code]] = {}
    for code in sorted(current(codes), key=lambda c: (c.coder, moment(c.at))):
        independent = code.purpose != "adjudication" and not code.saw_codes and code.coder_kind in kinds
        here = round_number is None or code.round == round_number
        if independent and here and code.variable in variables and variables[code.variable].check(code.value) is None:
            given.setdefault(code.coder, {})[code.variable] = code
    for coder, own in given.items():
        # Of an earlier round, an answer may be left that the gate now closes.
        values = {name: code.value for name, code in own.items()}
        given[coder] = {n: code for n, code in own.items() if not excluded(codebook, variables[n], values)}
    return given


def _said(given: Given, variable: Variable) -> dict[str, str]:
    """Coder → answer, as JSON in which equal answers are equal."""
    return {coder: _form(variable, own[variable.id].value) for coder, own in given.items() if variable.id in own}


def _form(variable: Variable, value: Value) -> str:
    if isinstance(value, list):
        value = ordered(variable, value)
    return json.dumps(normalize_line(value) if isinstance(value, str) else value)


def _print(given: Given, variable: Variable) -> str:
    """What coders say of a variable, as a hash."""
    return text_hash(json.dumps(_said(given, variable), sort_keys=True))[:16]


def adjudication_task(
    found: Disagreement, report: Report, codebook: Codebook, *, masked: bool = False, kinds: Collection[str] = PEOPLE
) -> dict[str, Any]:
    """A disagreement of coders of these kinds as a task. It has another id once there is something else to decide."""
    asked = {name: _print(found.codes, codebook.variable(name)) for name in found.undecided}
    task = task_of(report)
    task["data"] |= {
        "id": f"{report.id} {text_hash(json.dumps([asked, found.settled, masked], sort_keys=True))[:16]}",
        "report": report.id,
        "codes": side_by_side(found.codes, codebook, found.undecided, report.id if masked else None),
        "asked": asked,
        "settled": dict(found.settled),
        "kinds": sorted(kinds),
    }
    return task


def offered(found: Disagreement, codebook: Codebook) -> list[dict[str, Any]]:
    """The settled answers, without evidence, as the result of a prediction: the adjudicator starts from them."""
    return result_of((Code(found.report_id, "", name, value) for name, value in found.settled.items()), codebook)


@dataclass(frozen=True)
class Decisions:
    """What adjudicators decided: ``codes`` to append, also those known already, and what needs a look."""

    codes: tuple[Code, ...]
    problems: tuple[Problem, ...]


def read_decisions(
    tasks: Iterable[Mapping[str, Any]],
    reports: Iterable[Report],
    codebook: Codebook,
    codes: Sequence[Code],
    names: Mapping[int, str],
    round_number: int | None = None,
) -> Decisions:
    """The decisions in exported tasks. ``codes``: all there are; ``names``: user → adjudicator.

    An annotation is read as a whole coding, so gate and constraints bind it. Of its answers, those are decisions that
    were asked, and those that an adjudicator gave instead of what was settled, or added something to.
    """
    by_id = {report.id: report for report in reports}
    by_report: dict[str, list[Code]] = {}
    for code in codes:
        by_report.setdefault(code.report_id, []).append(code)
    kept: list[Code] = []
    problems: list[Problem] = []
    for (report_id, user), (data, annotation) in _latest(tasks).items():
        coder = names.get(user, f"user {user}")
        report = by_id.get(report_id)
        if report is None:
            problems.append(Problem(report_id, coder, None, "the corpus has no such report", "add it again"))
            continue
        reading = read_annotation(annotation, report, codebook, coder, saw_codes=True, round=round_number)
        problems += reading.problems
        if not reading.codes and not reading.problems:
            problems.append(Problem(report_id, coder, None, "was submitted empty", "decide it", annotation.get("id")))
        known = [c for c in by_report.get(report_id, ()) if c.purpose == "adjudication" and c.coder == coder]
        standing = {c.variable: c.value for c in current(known) if c.round == round_number}
        made = [
            replace(code, purpose="adjudication", code_id="")
            for code in reading.codes
            if code.variable in data["asked"]
            or code.value != data["settled"].get(code.variable)
            or code.value != standing.get(code.variable, code.value)
            or (code.evidence or code.absence or code.unsure or code.note)
        ]
        given = _given(by_report.get(report_id, ()), codebook, round_number, data["kinds"])
        now = {v.id: _print(given, v) for v in shown(codebook)}
        known_ids = {code.code_id for code in known}
        for code in as_versions(made, known, codebook):
            if code.code_id not in known_ids and data["asked"].get(code.variable) not in (None, now[code.variable]):
                found = "codes have changed since this was decided"
                todo = "the next `adjudicate push` asks again"
                problems.append(Problem(report_id, coder, code.variable, found, todo, annotation.get("id")))
            else:
                kept.append(code)
    return Decisions(tuple(kept), tuple(problems))


def _latest(tasks: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], tuple[Mapping[str, Any], dict[str, Any]]]:
    """Report and user → the data and the annotation of the latest that they decided; others are no task of ours."""
    latest: dict[tuple[str, int], tuple[Mapping[str, Any], dict[str, Any]]] = {}
    ours = [task for task in tasks if {"report", "asked", "settled", "kinds"} <= task["data"].keys()]
    found = [(task["data"], annotation) for task in ours for annotation in annotations_of(task)]
    for data, annotation in sorted(found, key=lambda pair: moment(pair[1].get("updated_at"))):
        if (user := coder_id(annotation)) is not None:
            latest[data["report"], user] = (data, annotation)
    return latest
