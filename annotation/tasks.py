"""Reports as tasks of Label Studio, and codes as results of its annotations and back.

``result_of`` and ``read_annotation`` are each other's inverse for values, evidence, unsure, absence and notes.
Label Studio checks no annotation, so reading does: nothing is dropped, a code that cannot stand becomes a problem that
its coder can mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..configs.codebook import Codebook, Value, Variable
from ..configs.errors import UserError
from ..data.codes import Code, CodeProblem, Span, check_each, check_passes
from ..data.report import Report
from .interface import ABSENCE, MARKS, NOTE, SPANS, TEXT, UNSURE, choices_of, shown, span_labels, value_of

_TODO = {
    "value": "choose again from the labels of the codebook",
    "not_asked": "clear it, or change the answer it hangs on",
    "missing": "give an answer",
    "constraint": "change one of the answers it names",
    "span": "delete this span and mark it again, or choose its label",
    "time": "submit the annotation again",
}


_LONGEST_LEAD = 1e9
"""Seconds; more than thirty years are no time that somebody took."""


@dataclass(frozen=True)
class Problem:
    """Something a coder has to mend in an annotation."""

    report_id: str
    coder: str
    variable: str | None
    found: str
    todo: str
    annotation: int | None = None
    """Its number in Label Studio."""

    def __str__(self) -> str:
        variable = f", {self.variable}" if self.variable else ""
        return f"report {self.report_id}, {self.coder}{variable}: {self.found}; {self.todo}"


@dataclass(frozen=True)
class Coding:
    """What was read of an annotation: the codes that can stand, and all that cannot."""

    codes: tuple[Code, ...]
    problems: tuple[Problem, ...]


def task_of(report: Report) -> dict[str, Any]:
    """A report as a task. What a coder sees besides the text is one line, ``meta``."""
    place = "".join(filter(None, (report.province, report.prefecture, report.county)))
    meta = " · ".join(filter(None, (report.outlet, report.date, place))) or report.id
    return {"data": {"id": report.id, "title": report.title or "", "text": report.text, "meta": meta}}


def result_of(codes: Iterable[Code], codebook: Codebook) -> list[dict[str, Any]]:
    """One coder's codes of one report, at most one a variable, as the result of an annotation or a prediction.

    A code of None says nothing and is left out. Raises ``UserError`` for a code the interface has no place for.
    """
    variables = {variable.id: variable for variable in shown(codebook)}
    names = {(variable.id, label): name for name, (variable, label) in span_labels(codebook).items()}
    items: list[tuple[str, str, dict[str, Any]]] = []
    for code in codes:
        variable = variables.get(code.variable)
        where = f"report {code.report_id}, {code.coder}, {code.variable}"
        if variable is None:
            raise UserError(f"{where}: coders are not asked this; leave its codes out, or set its source to both")
        if code.value is None:
            continue
        reason = variable.check(code.value)
        if reason:
            raise UserError(f"{where}: {reason}; correct the code")
        if variable.type == "text":
            items.append((code.variable, "textarea", {"text": [code.value]}))
        else:
            items.append((code.variable, "choices", {"choices": choices_of(variable, code.value)}))
        for span in code.evidence:
            name = names.get((code.variable, span.label))
            if name is None:
                label = f" of {span.label}" if span.label else ""
                raise UserError(f"{where}: evidence{label} has no label in the interface; leave the span out")
            value = {"start": span.start, "end": span.end, "text": span.text, "labels": [name]}
            items.append((SPANS, "labels", value))
        marks = [mark for mark, on in ((UNSURE, code.unsure), (ABSENCE, code.absence)) if on]
        if marks:
            items.append((code.variable + MARKS, "choices", {"choices": marks}))
        if code.note:
            items.append((code.variable + NOTE, "textarea", {"text": [code.note]}))
    return [
        {"id": f"{name}-{i}", "from_name": name, "to_name": TEXT, "type": kind, "value": value}
        for i, (name, kind, value) in enumerate(items)
    ]


def _seconds(lead: object) -> float | None:
    """How long it took, if that can be: an export may hold any number."""
    known = isinstance(lead, int | float) and not isinstance(lead, bool) and 0 <= lead < _LONGEST_LEAD
    return float(lead) if known else None  # type: ignore[arg-type]


def coder_id(annotation: Mapping[str, Any]) -> int | None:
    """The user that an annotation says it was completed by: a number, or an object with one."""
    user = annotation.get("completed_by")
    number = user.get("id") if isinstance(user, Mapping) else user
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def annotations_of(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The annotations of an exported task; bare numbers, which say nothing, are left out."""
    found = task.get("annotations")
    return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []


def read_annotation(
    annotation: Mapping[str, Any], report: Report, codebook: Codebook, coder: str, **facts: Any
) -> Coding:
    """The codes of one annotation of ``report``; ``facts`` are further fields of ``Code`` (round, purpose …).

    ``codes`` fit report and codebook, each for itself and together, except that some may be missing. All others, and
    everything that is no code, is in ``problems``.
    """
    number = annotation.get("id")
    reading = _Reading(report, codebook, coder, number if isinstance(number, int) else None)
    if annotation.get("was_cancelled"):
        reading.problem(None, "the report was skipped", "code it")
        return Coding((), tuple(reading.problems))
    result = annotation.get("result")
    if isinstance(result, list):
        for item in result:
            reading.take(item)
    else:
        reading.problem(None, f"the annotation cannot be read ({ascii(result)[:200]})", "submit it again")
    at, lead = annotation.get("updated_at") or annotation.get("created_at"), annotation.get("lead_time")
    facts = {
        "at": at if isinstance(at, str) else None,
        "lead_time": _seconds(lead),
        "codebook_version": codebook.version,
        **facts,
    }
    return reading.finish(facts)


class _Reading:
    """What an annotation says, gathered item by item, and what is wrong with it."""

    def __init__(self, report: Report, codebook: Codebook, coder: str, annotation: int | None) -> None:
        self.report, self.codebook, self.coder, self.annotation = report, codebook, coder, annotation
        self.variables = {variable.id: variable for variable in shown(codebook)}
        self.span_labels = span_labels(codebook)
        self.said: dict[str, list[str]] = {}
        self.spans: dict[str, list[Span]] = {}
        self.problems: list[Problem] = []
        self.bad: set[str] = set()

    def problem(self, variable: str | None, found: str, todo: str) -> None:
        """Note a problem; a variable that has one gives no code."""
        self.problems.append(Problem(self.report.id, self.coder, variable, found, todo, self.annotation))
        if variable:
            self.bad.add(variable)

    def take(self, item: Any) -> None:
        """Read one item of a result."""
        name = item.get("from_name") if isinstance(item, Mapping) else None
        variable = name.removesuffix(MARKS).removesuffix(NOTE) if isinstance(name, str) else None
        match item:
            case {"value": {"start": int(start), "end": int(end), "labels": list(labels)} as value} if name == SPANS:
                for label in labels:
                    self._take_span(label, start, end, value.get("text"))
            case {"value": {"choices": list(said)} | {"text": list(said)}} if variable in self.variables and all(
                isinstance(one, str) for one in said
            ):
                self.said.setdefault(str(name), []).extend(said)
            case _:
                found = f"an item cannot be read ({ascii(item)[:200]})"
                self.problem(variable if variable in self.variables else None, found, "delete it and enter it again")

    def _take_span(self, label: Any, start: int, end: int, text: Any) -> None:
        own = self.report.text[max(start, 0) : max(end, 0)]
        if not isinstance(label, str) or label not in self.span_labels:
            found = f"characters {start}–{end} ({own[:50]!r}) are labelled {label!r:.100}, which is no label"
            self.problem(None, found, "choose its label again")
            return
        variable, which = self.span_labels[label]
        span = Span(start, end, text if isinstance(text, str) else own, which)
        self.spans.setdefault(variable.id, []).append(span)

    def finish(self, facts: Mapping[str, Any]) -> Coding:
        """The codes that can stand, in the codebook's order, and all problems."""
        codes = {v.id: code for v in self.variables.values() if (code := self._code(v, facts))}
        for found in check_each(codes.values(), [self.report], self.codebook):
            self._refuse(found)
        self._refuse(p for p in check_passes(codes.values(), self.codebook) if p.kind != "constraint")
        self._judge_constraints({name: c.value for name, c in codes.items() if name not in self.bad})
        for name in codes:
            gates = [c.variable for c in self.variables[name].asked_when if c.variable in self.bad]
            if gates and name not in self.bad:
                self.problem(name, f"waits for {gates[0]}, which has a problem", f"mend {gates[0]}")
        return Coding(tuple(c for name, c in codes.items() if name not in self.bad), tuple(self.problems))

    def _code(self, variable: Variable, facts: Mapping[str, Any]) -> Code | None:
        said = list(dict.fromkeys(self.said.get(variable.id, ())))
        spans = tuple(self.spans.get(variable.id, ()))
        marks, notes = (self.said.get(variable.id + kind, []) for kind in (MARKS, NOTE))
        if not said:
            if spans or marks or notes:
                self.problem(
                    variable.id, "has evidence, a mark or a note, but no answer", "give an answer or clear them"
                )
            return None
        for mark in marks:
            if mark not in (UNSURE, ABSENCE):
                self.problem(variable.id, f"is marked {mark!r:.100}, which is no mark", "take the mark away")
        value: Value = "\n".join(self.said[variable.id]) if variable.type == "text" else value_of(variable, said)
        return Code(
            self.report.id, self.coder, variable.id, value, spans, ABSENCE in marks,
            unsure=UNSURE in marks, note="\n".join(notes) or None, **facts,
        )  # fmt: skip

    def _refuse(self, found: Iterable[CodeProblem]) -> None:
        for problem in found:
            # What could not be read is not missing.
            if problem.kind != "missing" or problem.variable not in self.bad:
                self.problem(problem.variable, problem.message, _TODO[problem.kind])

    def _judge_constraints(self, values: Mapping[str, Value]) -> None:
        """Of the answers that contradict each other all are kept out, but not the gate of another of them."""
        for broken in self.codebook.violations(values):
            named = {c.variable for c in (*broken.when, *broken.then)}
            gates = {c.variable for name in named for c in self.codebook.variable(name).asked_when}
            for name in sorted(named - gates):
                self.problem(name, f"{broken.message.zh} {broken.message.en} [{broken.id}]", _TODO["constraint"])
