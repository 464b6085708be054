"""What is found out about coders and models beside the comparison: verdicts, agreement of all, errors, consensus."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..configs.codebook import Codebook
from ..data.code import Code, Span, current, moment
from ..data.report import Report
from ..data.slices import slices
from ..evaluation.agreement.spans import Segment, SpanRow, span_rows
from ..evaluation.agreement.together import Together, together
from ..evaluation.bootstrap import ClusterBootstrap
from ..evaluation.errors.confusions import Confusions, confusions
from ..evaluation.errors.slices import SliceScores, slice_scores
from ..evaluation.errors.suspects import Probability, Suspect, model_suspects, reprint_suspects
from ..evaluation.model_coder.judge import Judgement, judge
from ..evaluation.tables import CodesByCoder

BOOTSTRAP = ClusterBootstrap()
STEPS = 4
"""How often ``find_out`` calls ``step``."""


@dataclass(frozen=True)
class Findings:
    """All of it; empty where there is nothing to find out from.

    ``judgement``: candidates beside the coders, and what coders say together beside the settled codes. ``together``,
    ``evidence``: of the coders whom candidates are held against (people, or synthetic coders where there are none),
    never of both kinds. ``confusions``, ``slices``: of the candidates against the settled codes. ``suspects``: settled
    codes that may be mistakes, those a model doubts first.
    """

    judgement: Judgement | None = None
    together: tuple[Together, ...] = ()
    evidence: tuple[SpanRow, ...] = ()
    confusions: tuple[Confusions, ...] = ()
    slices: tuple[SliceScores, ...] = ()
    suspects: tuple[Suspect, ...] = ()


def find_out(
    codebook: Codebook,
    reports: Sequence[Report],
    codes: CodesByCoder,
    kinds: Mapping[str, str],
    candidates: Sequence[str],
    groups: Mapping[str, Hashable],
    *,
    reference: str,
    given: Iterable[Code] = (),
    settled_evidence: Mapping[str, Iterable[Span]] | None = None,
    probabilities: Mapping[str, Mapping[str, Probability]] | None = None,
    bootstrap: ClusterBootstrap | None = BOOTSTRAP,
    step: Callable[[], None] = lambda: None,
) -> Findings:
    """Everything in ``Findings``, from one seed.

    ``codes``: blind codes of coders and candidates, and the settled ones of ``reference``. ``kinds``: human, synthetic
    or model, of all but the reference. ``given``: the coders' codes with their evidence. ``settled_evidence``: report
    → spans of the settled codes. ``probabilities``: out of sample. ``step`` is called after each of the ``STEPS``.
    """
    settled = codes[reference]
    judgement = judge(codebook, codes, groups, kinds, candidates, reference=reference, bootstrap=bootstrap)
    step()
    joint = together(codebook, codes, groups, judgement.panel, bootstrap=bootstrap)
    step()
    evidence = evidence_rows(codebook, reports, given, judgement.panel, groups, bootstrap)
    step()
    against = {name: codes[name] for name in (*candidates, reference)} if settled else {reference: settled}
    confused = confusions(codebook, against, groups, reference=reference, bootstrap=bootstrap)
    kinds_of_reports = slices([r for r in reports if r.id in settled], settled_evidence or {})
    scored = slice_scores(codebook, against, groups, kinds_of_reports, reference=reference, bootstrap=bootstrap)
    step()
    coders = {name: codes[name] for name in codes if name != reference and name not in candidates}
    return Findings(
        judgement,
        tuple(joint),
        tuple(evidence),
        tuple(confused),
        tuple(scored),
        (
            *model_suspects(codebook, settled, probabilities or {}, coders),
            *reprint_suspects(codebook, settled, groups, coders),
        ),
    )


def evidence_rows(
    codebook: Codebook,
    reports: Sequence[Report],
    given: Iterable[Code],
    coders: Sequence[str],
    groups: Mapping[str, Hashable],
    bootstrap: ClusterBootstrap | None,
) -> list[SpanRow]:
    """Agreement on the evidence of each variable that the codebook asks it of; by label where spans have labels.

    Where a coder coded a report more than once the latest code counts. Nothing of a variable that nobody marked.
    """
    lengths = {report.id: len(report.text) for report in reports}
    latest: dict[tuple[str, str, str], Code] = {}
    for code in sorted(current(given), key=lambda c: moment(c.at)):
        if code.purpose != "adjudication" and code.report_id in lengths and code.coder in coders:
            latest[code.variable, code.coder, code.report_id] = code
    rows = []
    for variable in codebook.coded:
        marked: dict[str, dict[str, dict[str | None, list[Segment]]]] = {coder: {} for coder in coders}
        for (of, coder, report_id), code in latest.items():
            if variable.evidence and of == variable.id and code.value is not None:
                spans = marked[coder].setdefault(report_id, {})
                for span in code.evidence:
                    spans.setdefault(span.label, []).append((span.start, span.end))
        labels = {label for own in marked.values() for spans in own.values() for label in spans}
        if labels:
            by_label = [label for label in variable.label_ids if label in labels]
            rows += span_rows(variable.id, marked, lengths, groups, labels=by_label, bootstrap=bootstrap)
    return rows
