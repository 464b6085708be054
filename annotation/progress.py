"""How far coding has come while it goes on: what each coder did in each round, how far coders agree, who drifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ..configs.codebook import Codebook
from ..data.codes import Code, by_coder, check_codes, current, read_codes
from ..data.report import Report
from ..data.study import Study
from ..evaluation.bootstrap import ClusterBootstrap
from ..evaluation.compare import compare
from ..evaluation.rows import PairRow
from .adjudicate import PEOPLE, disagreements
from .drift import Drift, drift
from .plan import PLAN, Assignment, read_plan


@dataclass(frozen=True)
class Work:
    """One coder's work in one round; ``round`` is None for codes that name none."""

    round: int | None
    coder: str
    assigned: int
    """Reports the plan gives the coder."""
    coded: int
    """Reports with a code, whether assigned or not."""
    open: int
    """Assigned reports without a code."""
    problems: int
    """What the coder still has to mend or fill in, in these codes."""
    lead_time: float | None
    """Median seconds a report, of those whose time is known."""


@dataclass(frozen=True)
class RoundAgreement:
    """How far coders of a round agree: a row each pair, variable and label; or why that cannot be told."""

    round: int | None
    pairs: tuple[PairRow, ...]
    reason: str | None
    """None if there are rows."""


@dataclass(frozen=True)
class Progress:
    """Everything that can be said of a study's coding now."""

    reports: int
    codes: int
    """In force, without those of models and adjudicators."""
    work: tuple[Work, ...]
    agreement: tuple[RoundAgreement, ...]
    drift: tuple[Drift, ...]
    drift_reason: str | None
    """Why nothing can be said about drift; None if something can."""
    not_independent: int
    """Codes given with sight of a prediction or of other codes; they count as work, not as agreement."""
    undecided: int
    """Reports that coders disagree on and nobody has decided."""
    changed: int
    """Those of them that were decided before their codes changed."""


def study_progress(study: Study, bootstrap: ClusterBootstrap | None = None) -> Progress:
    """The progress of a study, as its files say; no server is asked."""
    codes = read_codes(study.codes_path) if study.codes_path.exists() else []
    plan = read_plan(study.root / PLAN) if (study.root / PLAN).exists() else []
    return progress(codes, plan, study.reports(), study.codebook(), bootstrap)


def progress(
    codes: Sequence[Code],
    plan: Iterable[Assignment],
    reports: Sequence[Report],
    codebook: Codebook,
    bootstrap: ClusterBootstrap | None = None,
) -> Progress:
    """What the codes (all of them, in the order they came) and the plan say of the coding."""
    bootstrap = bootstrap or ClusterBootstrap()
    own = [c for c in current(codes) if c.coder_kind in PEOPLE and c.purpose != "adjudication"]
    independent = [c for c in own if not c.saw_prediction and not c.saw_codes]
    variables = {variable.id: variable for variable in codebook.variables}
    # What the codebook does not allow is among the problems.
    sound = [c for c in independent if c.variable in variables and variables[c.variable].check(c.value) is None]
    clusters = {report.id: report.reprint_group or report.id for report in reports}
    agreement = [_agreement(number, of, codebook, clusters, bootstrap) for number, of in _rounds(sound).items()]
    numbered = {n: by_coder(of) for n, of in _rounds(sound).items() if n is not None}
    found, reason = drift(numbered, codebook, clusters, bootstrap)
    left = disagreements(codes, codebook)
    return Progress(
        reports=len(reports),
        codes=len(own),
        work=tuple(_work(own, plan, reports, codebook)),
        agreement=tuple(agreement),
        drift=tuple(found),
        drift_reason=reason,
        not_independent=len(own) - len(independent),
        undecided=len(left),
        changed=sum(bool(one.changed) for one in left),
    )


def _rounds(codes: Iterable[Code]) -> dict[int | None, list[Code]]:
    """Codes by round, those that name none first."""
    rounds: dict[int | None, list[Code]] = {}
    for code in sorted(codes, key=lambda c: -1 if c.round is None else c.round):
        rounds.setdefault(code.round, []).append(code)
    return rounds


def _work(
    codes: Iterable[Code], plan: Iterable[Assignment], reports: Sequence[Report], codebook: Codebook
) -> list[Work]:
    assigned: dict[tuple[int | None, str], set[str]] = {}
    for a in plan:
        assigned.setdefault((a.round, a.coder), set()).add(a.report_id)
    coded: dict[tuple[int | None, str], list[Code]] = {}
    for code in codes:
        coded.setdefault((code.round, code.coder), []).append(code)
    problems = Counter[tuple[int | None, str]]()
    for key, own in coded.items():
        problems[key] = len(check_codes(own, reports, codebook))
    made = []
    for key in sorted(assigned.keys() | coded.keys(), key=lambda k: (-1 if k[0] is None else k[0], k[1])):
        mine, own = assigned.get(key, set()), coded.get(key, [])
        done = {code.report_id for code in own}
        # All codes of an annotation carry the time of the whole.
        times = {code.report_id: code.lead_time for code in own if code.lead_time is not None}
        lead_time = median(times.values()) if times else None
        made.append(Work(*key, len(mine), len(done), len(mine - done), problems[key], lead_time))
    return made


def _agreement(
    number: int | None,
    codes: Iterable[Code],
    codebook: Codebook,
    clusters: Mapping[str, str],
    bootstrap: ClusterBootstrap,
) -> RoundAgreement:
    table = by_coder(codes)
    if len(table) < 2:
        return RoundAgreement(number, (), f"only {', '.join(table)} coded; agreement needs two coders")
    pairs = tuple(row for row in compare(codebook, table, clusters, bootstrap=bootstrap).pairs if row.n)
    return RoundAgreement(number, pairs, None if pairs else "no report was coded by two")
