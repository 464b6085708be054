"""Gather what the page shows from codes, predictions and a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..configs.codebook import Codebook, Codes, Value, Variable, Words
from ..configs.load import codebook_hash
from ..data.code import Code, current
from ..data.report import Report
from ..evaluation.calibration import Calibration, calibration
from ..evaluation.rows import Comparison
from .clean import clean_data
from .findings import Findings
from .hardness import hardness
from .parts import (
    CoderView,
    Confusion,
    EvidenceSpan,
    Kind,
    LabelView,
    Prediction,
    Reliability,
    ReportContent,
    ReportView,
    Study,
    VariableView,
)
from .places import place_maps
from .run import Run, coverage

DOCUMENTS = 200
HARDEST = 12

Spans = Mapping[tuple[str, str], Sequence[EvidenceSpan]]
"""(coder, report id) -> spans of evidence."""


def build_content(
    codebook: Codebook,
    reports: Sequence[Report],
    *,
    gold: Mapping[str, Codes],
    codes: Mapping[str, Mapping[str, Codes]],
    kinds: Mapping[str, Kind],
    comparison: Comparison,
    spans: Spans | None = None,
    predictions: Mapping[str, Prediction] | None = None,
    bins: Mapping[str, Calibration] | None = None,
    model: str | None = None,
    splits: Mapping[str, str] | None = None,
    title: Words | None = None,
    model_hash: str | None = None,
    encoder: str | None = None,
    date: str | None = None,
    seed: int | None = None,
    notices: Sequence[Words] = (),
    run: Run | None = None,
    findings: Findings | None = None,
    documents: int = DOCUMENTS,
) -> ReportContent:
    """Everything the page shows.

    ``codes``: coder -> report id -> variable -> value. ``kinds``: kind of each coder; the ``baseline`` ones
    stand beside the model in its tables. ``model``: which coder made the ``predictions`` (default: the first
    of kind model). KeyError for a coder without a kind: nobody is taken for a person by default.
    ``bins``: calibration by ``variable`` or ``variable/label``; None computes it from
    predictions and gold. ``run``: for the methods text. ``findings``: verdicts, errors and what
    else stands beside the comparison. At most ``documents`` reports are shown, the hardest first.
    """
    predictions = predictions or {}
    model = model or next((c for c in codes if kinds.get(c) == "model"), "model" if predictions else None)
    known = {report.id for report in reports}
    parts = Counter(split for report_id, split in (splits or {}).items() if report_id in known)
    values: dict[str, Mapping[str, Codes]] = {c: own for c, own in codes.items() if c != comparison.reference}
    if model is not None and predictions:
        values[model] = {**{r: p.values for r, p in predictions.items()}, **values.get(model, {})}
    marked: dict[str, list[EvidenceSpan]] = {}
    for (_, report_id), some in (spans or {}).items():
        marked.setdefault(report_id, []).extend(some)
    views = [
        _report_view(
            codebook,
            report,
            gold.get(report.id, {}),
            {c: own[report.id] for c, own in values.items() if report.id in own},
            marked.get(report.id, []),
            predictions.get(report.id),
            model,
            (splits or {}).get(report.id),
            [own[report.id] for c, own in values.items() if report.id in own and kinds.get(c) != "baseline"],
        )
        for report in reports
    ]
    views.sort(key=lambda view: (-view.hardness, view.id))
    coders = tuple(
        CoderView(c, "model" if c == model and c not in kinds else kinds[c], sum(r in known for r in own))
        for c, own in values.items()
    )
    study = Study(
        n_reports=len(reports),
        n_groups=len({r.reprint_group or f"report {r.id}" for r in reports}),
        codebook=codebook.name,
        codebook_version=codebook.version,
        codebook_hash=codebook_hash(codebook),
        coders=coders,
        reference=comparison.reference,
        model=model,
        model_hash=model_hash,
        encoder=encoder,
        date=date or datetime.now(UTC).date().isoformat(),
        seed=comparison.seed if seed is None else seed,
        notices=tuple(notices),
    )
    placed = gold or (values.get(model, {}) if model else {})
    shown = set(study.of_kind("model", "baseline"))
    return ReportContent(
        title=title or codebook.title,
        study=study,
        variables=tuple(_variable_view(codebook, v) for v in codebook.variables),
        comparison=comparison,
        reliability=_reliability(reliability_bins(codebook, gold, predictions) if bins is None else bins),
        confusions=tuple(
            Confusion(row.variable, row.coder, row.categories, row.confusion)
            for row in comparison.scores
            if row.coder in shown and row.scope == "asked" and row.confusion and row.categories
        ),
        maps=place_maps(codebook, reports, placed, comparison.reference if gold else model),
        documents=tuple(views[:documents]),
        n_left_out=max(0, len(views) - documents),
        hardest=tuple(v.id for v in views[: min(HARDEST, documents)] if v.hardness > 0),
        coverage=coverage(reports, [own for c, own in values.items() if kinds.get(c) in ("human", "synthetic")]),
        splits=dict(sorted(parts.items())),
        run=run or Run(),
        findings=findings or Findings(),
    )


def spans_of(codes: Iterable[Code]) -> dict[tuple[str, str], list[EvidenceSpan]]:
    """The evidence of codes in force, as ``build_content`` takes it."""
    found: dict[tuple[str, str], list[EvidenceSpan]] = {}
    for code in current(codes):
        found.setdefault((code.coder, code.report_id), []).extend(
            EvidenceSpan(code.variable, span.label, span.start, span.end, code.coder, code.coder_kind)
            for span in code.evidence
        )
    return found


def reliability_bins(
    codebook: Codebook, gold: Mapping[str, Codes], predictions: Mapping[str, Prediction]
) -> dict[str, Calibration]:
    """Calibration of each learned variable: of "yes", all labels pooled (multi), or the likeliest code."""
    found = {}
    for variable in codebook.learned:
        predicted: list[float] = []
        truth: list[bool] = []
        for report_id, prediction in predictions.items():
            value = gold.get(report_id, {}).get(variable.id)
            probs = prediction.probs.get(variable.id)
            if value is None or probs is None:
                continue
            pairs = _claims(variable, probs, value)
            predicted += [p for p, _ in pairs]
            truth += [t for _, t in pairs]
        if predicted:
            found[variable.id] = calibration(np.clip(np.array(predicted), 0, 1), np.array(truth))
    return found


def _claims(variable: Variable, probs: Any, value: Value) -> list[tuple[float, bool]]:
    """What the probabilities claim, each with whether it is so."""
    if variable.type == "binary":
        return [(probs, value is True)]
    if variable.type == "multi":
        return [(p, label in (value if isinstance(value, list) else [])) for label, p in probs.items()]
    by_code = list(probs.items()) if isinstance(probs, dict) else list(enumerate(probs))
    code, p = max(by_code, key=lambda pair: pair[1])
    return [(p, code == value)]


def _reliability(bins: Mapping[str, Calibration]) -> tuple[Reliability, ...]:
    return tuple(
        Reliability(variable, label or None, found)
        for key, found in bins.items()
        for variable, _, label in [key.partition("/")]
    )


def _variable_view(codebook: Codebook, variable: Variable) -> VariableView:
    labels = tuple(
        LabelView(label.id, label.name, i if variable.type == "ordinal" else None)
        for i, label in enumerate(variable.labels)
    )
    asked_under = {c.variable for v in codebook.variables for c in v.asked_when}
    return VariableView(
        id=variable.id,
        type=variable.type,
        name=variable.name,
        question=variable.question,
        labels=labels,
        learned=variable.model,
        gate=variable.model and variable.type == "binary" and variable.id in asked_under,
        conditional=bool(variable.asked_when),
        target=variable.reliability_target,
    )


def _report_view(
    codebook: Codebook,
    report: Report,
    gold: Codes,
    codes: Mapping[str, Codes],
    spans: Sequence[EvidenceSpan],
    prediction: Prediction | None,
    model: str | None,
    split: str | None,
    rivals: Sequence[Codes],
) -> ReportView:
    found = list(spans)
    absence: list[tuple[str, str | None]] = []
    for e in prediction.evidence if prediction else ():
        label = e.value if codebook.variable(e.variable).type == "multi" else None
        if e.start is None or e.end is None:
            absence.append((e.variable, label))
        else:
            found.append(EvidenceSpan(e.variable, label, e.start, e.end, model or "", "model", e.weight))
    return ReportView(
        id=report.id,
        title=report.title,
        outlet=report.outlet,
        date=report.date,
        province=report.province,
        url=report.url,
        text=report.text,
        content_hash=report.content_hash,
        split=split,
        gold=gold,
        codes=codes,
        probs=prediction.probs if prediction else {},
        abstain=tuple(prediction.abstain) if prediction else (),
        absence=tuple(dict.fromkeys(absence)),
        spans=tuple(s for s in found if 0 <= s.start < s.end <= len(report.text)),
        hardness=hardness(codebook.learned or codebook.coded, [gold, *rivals]),
    )


def to_json(content: ReportContent) -> dict[str, Any]:
    """All numbers of the page as plain data. Texts of reports stay out (their hash and offsets are in)."""

    def plain(part: Any) -> Any:
        if isinstance(part, Words):
            return part.model_dump()
        if isinstance(part, Mapping):
            return {key: plain(value) for key, value in part.items()}
        return [plain(value) for value in part] if isinstance(part, list | tuple) else part

    data = {key: plain(value) for key, value in asdict(content).items()}
    for document in data["documents"]:
        del document["text"]
    cleaned: dict[str, Any] = clean_data(data)
    return cleaned
