"""Do codes fit the reports and the codebook? No server checks that, so it is done here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ..configs.codebook import Codebook, Value, Variable
from .code import Code, current, moment
from .report import Report

Kind = Literal["report", "version", "variable", "value", "not_asked", "missing", "constraint", "span", "time"]
Pass = tuple[str, str, str, int | None]
"""One coder's pass over a report: report, coder, purpose and round."""


@dataclass(frozen=True)
class CodeProblem:
    """One thing wrong with a code, or (``code_id`` None) with a coder's codes of a report."""

    kind: Kind
    report_id: str
    coder: str
    variable: str | None
    message: str
    code_id: str | None = None

    def __str__(self) -> str:
        variable = f", {self.variable}" if self.variable else ""
        return f"report {self.report_id}, {self.coder}{variable}: {self.message}"


def check_codes(codes: Iterable[Code], reports: Iterable[Report], codebook: Codebook) -> list[CodeProblem]:
    """All that is wrong with the codes in force, each for itself and together."""
    standing = current(codes)
    single = check_each(standing, reports, codebook)
    return [*(problem for found in single for problem in found), *check_passes(standing, codebook)]


def check_each(codes: Iterable[Code], reports: Iterable[Report], codebook: Codebook) -> list[list[CodeProblem]]:
    """What is wrong with each code for itself, in their order, whether it is in force or not."""
    texts = {report.id: report.text for report in reports}
    variables = {variable.id: variable for variable in codebook.variables}
    return [
        [
            CodeProblem(kind, code.report_id, code.coder, code.variable, message, code.code_id)
            for kind, message in (*_version_problems(code, codebook), *_code_problems(code, texts, variables))
        ]
        for code in codes
    ]


def check_passes(codes: Iterable[Code], codebook: Codebook, only: Collection[Pass] | None = None) -> list[CodeProblem]:
    """What is wrong with the codes in force taken together, in all passes or in ``only`` these.

    Gate and constraints are judged within one coder's pass over a report (same purpose and round), so ``codes``
    must hold all codes of a pass. An adjudication settles single variables, so nothing is missing from it.
    """
    variables = {variable.id: variable for variable in codebook.variables}
    problems: list[CodeProblem] = []
    passes: dict[Pass, dict[str, Code]] = {}
    for code in current(codes):
        if only is None or pass_of(code) in only:
            passes.setdefault(pass_of(code), {})[code.variable] = code
    for (report_id, coder, purpose, _), coded in passes.items():
        values = {
            name: code.value
            for name, code in coded.items()
            if name in variables and variables[name].check(code.value) is None
        }
        if purpose != "adjudication":
            problems += _gate_problems(report_id, coder, coded, values, codebook)
        problems += [
            CodeProblem("constraint", report_id, coder, None, f"{broken.message.en} [{broken.id}]")
            for broken in codebook.violations(values)
        ]
    return problems


def pass_of(code: Code) -> Pass:
    """The pass that a code belongs to."""
    return code.report_id, code.coder, code.purpose, code.round


def _version_problems(code: Code, codebook: Codebook) -> Iterable[tuple[Kind, str]]:
    if code.codebook_version not in (None, codebook.version):
        yield (
            "version",
            f"is coded by version {code.codebook_version} of the codebook, which is {codebook.version} here; "
            "migrate it first",
        )


def _code_problems(
    code: Code, texts: Mapping[str, str], variables: Mapping[str, Variable]
) -> Iterable[tuple[Kind, str]]:
    if code.at is not None and moment(code.at) == float("-inf"):
        yield "time", f"{code.at!r} is no ISO time"
    variable = variables.get(code.variable)
    if variable is None:
        yield "variable", "the codebook has no such variable"
    else:
        # What takes a code back need not say a value.
        reason = None if code.deleted and code.value is None else variable.check(code.value)
        if reason:
            yield "value", reason
    text = texts.get(code.report_id)
    if text is None:
        yield "report", "the corpus has no such report"
    if code.absence and code.evidence:
        yield "span", "has evidence spans and says that it rests on absence"
    for span in code.evidence:
        where = f"characters {span.start}–{span.end}"
        if text is not None and not 0 <= span.start < span.end <= len(text):
            yield "span", f"{where} are not within the report's {len(text)} characters"
        elif text is not None and text[span.start : span.end] != span.text:
            yield "span", f"{where} read {text[span.start : span.end]!r}, the code says {span.text!r}"
        if span.label is not None and (
            span.label not in code.value if isinstance(code.value, list) else variable is not None
        ):
            yield "span", f"{where} are evidence of {span.label}, which is not coded"


def _gate_problems(
    report_id: str, coder: str, coded: Mapping[str, Code], values: Mapping[str, Value], codebook: Codebook
) -> Iterable[CodeProblem]:
    for variable in codebook.variables:
        asked = codebook.is_asked(variable, values)
        code = coded.get(variable.id)
        gate = ", ".join(dict.fromkeys(c.variable for c in variable.asked_when))
        if code is not None and not asked:
            message = f"is coded although {gate} says it is not asked"
            yield CodeProblem("not_asked", report_id, coder, variable.id, message, code.code_id)
        # Text may be left blank, and what can be extracted need not be coded.
        elif (
            code is None and asked and variable.source == "coded" and variable.type != "text" and not variable.optional
        ):
            yield CodeProblem("missing", report_id, coder, variable.id, "is asked and has no code")
