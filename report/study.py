"""Evaluate a study: coders with each other, model and baseline with gold, and the report for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ..configs.codebook import Value, Words
from ..configs.errors import UserError
from ..data.artifacts import make_manifest, package_versions, write_manifest
from ..data.codes import Code, Span, by_coder, read_codes
from ..data.gold import GoldCode
from ..data.study import Study
from ..evaluation.compare import compare
from ..evaluation.estimate import Estimate
from ..evaluation.rows import Comparison
from ..models.checkpoint import model_hash, training_of
from ..training.baseline import NAME as BASELINE_NAME
from ..training.study import UNSEEN, baseline_values, coder_kinds, outdated, settle_study, study_settings
from ..training.unseen import read_unseen
from .appendix import appendix, write_tables
from .content import build_content, spans_of
from .findings import STEPS, find_out
from .parts import Kind
from .render import write_report
from .run import Run

GOLD, MODEL = "gold", "model"
LEARNED = ("n_reports", "n_groups", "n_passages")


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation came to."""

    comparison: Comparison
    report: Path
    n_sealed: int


def evaluate_study(
    study: Study,
    *,
    notices: tuple[Words, ...] = (),
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Evaluated:
    """Compare every pair of coders, and model and baseline with gold; write ``report.html``, ``report.json`` and
    ``tables/``.

    The model's codes are those of ``training.unseen``: of reports it had not learned from. Without a trained model the
    coders are compared alone. Codes that a coder gave after seeing a prediction or others' codes are left out.
    """
    codebook = study.codebook()
    reports = study.reports()
    every = read_codes(study.codes_path) if study.codes_path.exists() else []
    codes = [c for c in every if not c.saw_prediction and not _after_others(c)]
    n_saw_prediction = sum(c.saw_prediction for c in every)
    n_saw_codes = len(every) - len(codes) - n_saw_prediction
    gold: dict[str, dict[str, Value]] = {}
    verdicts = settle_study(study)
    for settled in verdicts:
        gold.setdefault(settled.report_id, {})[settled.variable] = settled.value
    trained = (study.model_path / "config.json").is_file()
    stale = outdated(study) if trained else None
    if stale:
        raise UserError(f"{stale}; run `weijing train` again")
    unseen = read_unseen(study.root / UNSEEN) if trained else []
    predictions = {u.report_id: u.coding for u in unseen}
    coders = dict(by_coder(codes))
    taken = {GOLD, MODEL, BASELINE_NAME} & set(coders)
    if taken:
        raise UserError(f"{study.codes_path}: a coder is called {', '.join(taken)}, which names something else here")
    tables: dict[str, dict[str, dict[str, Value]]] = {**coders, GOLD: gold}
    kinds: dict[str, Kind] = _kinds(coder_kinds(codes))
    if trained:
        tables[MODEL] = {report_id: coding.values for report_id, coding in predictions.items()}
        tables[BASELINE_NAME] = baseline_values(study)
        kinds |= {MODEL: "model", BASELINE_NAME: "baseline"}
    groups = {r.id: r.reprint_group or r.id for r in reports}
    last = STEPS + 2
    done = count(1)
    progress("evaluate", 0, last)
    comparison = compare(codebook, tables, groups, reference=GOLD)
    progress("evaluate", next(done), last)
    findings = find_out(
        codebook,
        reports,
        tables,
        {name: "model" if kind == "baseline" else kind for name, kind in kinds.items()},
        _candidates(kinds),
        groups,
        reference=GOLD,
        given=codes,
        settled_evidence=_evidence(verdicts),
        probabilities={report_id: coding.probs for report_id, coding in predictions.items()},
        step=lambda: progress("evaluate", next(done), last),
    )
    training = training_of(study.model_path) if trained else {}
    content = build_content(
        codebook,
        reports,
        gold=gold,
        codes={name: own for name, own in tables.items() if name != GOLD},
        kinds=kinds,
        comparison=comparison,
        spans=spans_of(codes),
        predictions=predictions,
        model=MODEL if trained else None,
        splits={u.report_id: u.split for u in unseen},
        model_hash=model_hash(study.model_path) if trained else None,
        encoder=study_settings(study).encoder.name if trained else None,
        notices=(
            *notices,
            *_notices(n_saw_prediction, n_saw_codes),
            *learned_beside(training),
        ),
        run=Run(
            settled=Counter(verdict.how for verdict in verdicts),
            n_saw_prediction=n_saw_prediction,
            n_saw_codes=n_saw_codes,
            training=study_settings(study).model_dump(mode="json") if trained else {},
            learned={key: n for key in LEARNED if (n := training.get(key))},
            versions=package_versions(),
        ),
        findings=findings,
    )
    path = write_report(content, study.root)
    write_tables(appendix(content), study.root)
    inputs: dict[str, str | Path] = {
        "codes": study.codes_path,
        "gold": study.gold_path,
        "model": model_hash(study.model_path) if trained else "",
    }
    write_manifest(path, make_manifest("evaluate", inputs=inputs, seed=comparison.seed, codebook=codebook))
    progress("evaluate", last, last)
    return Evaluated(comparison, path, sum(u.split == "sealed" for u in unseen))


def _after_others(code: Code) -> bool:
    # An adjudicator must see them; what is decided is no coder's code anyway.
    return code.saw_codes and code.purpose != "adjudication"


def _notices(n_saw_prediction: int, n_saw_codes: int) -> tuple[Words, ...]:
    seen = (
        (n_saw_prediction, Words(zh="模型预测", en="a prediction")),
        (n_saw_codes, Words(zh="他人的编码", en="the codes of others")),
    )
    return tuple(
        Words(
            zh=f"有 {n} 条编码是在看到{what.zh}之后做出的，未计入一致性。",
            en=f"{n} codes were given after seeing {what.en} and do not count as agreement.",
        )
        for n, what in seen
        if n
    )


def learned_beside(training: Mapping[str, Any]) -> tuple[Words, ...]:
    """What a reader must know of a model that learned from the passages too."""
    n = training.get("n_passages")
    if not n:
        return ()
    return (
        Words(
            zh=f"除本研究的编码外，模型还学习了 weijing 附带的 {n} 条合成短文；它的分数不含这些短文。",
            en=f"Beside this study's codes the model learned from {n} synthetic passages that come with weijing; "
            "its scores do not count them.",
        ),
    )


def _candidates(kinds: Mapping[str, Kind]) -> list[str]:
    """Whom to hold against the coders: the study's model, its baseline, then models whose codes were imported."""
    own = [name for name in (MODEL, BASELINE_NAME) if name in kinds]
    return [*own, *(name for name, kind in kinds.items() if kind == "model" and name not in own)]


def _evidence(settled: Iterable[GoldCode]) -> dict[str, list[Span]]:
    """Report → spans of the coders whose codes were settled."""
    found: dict[str, list[Span]] = {}
    for code in settled:
        found.setdefault(code.report_id, []).extend(code.evidence)
    return found


def _kinds(kinds: dict[str, str]) -> dict[str, Kind]:
    known: dict[str, Kind] = {"human": "human", "synthetic": "synthetic", "model": "model"}
    return {name: known[kind] for name, kind in kinds.items()}


def summary(evaluated: Evaluated) -> list[str]:
    """The headline figures as lines of text: agreement of coders, then of model and baseline with gold."""
    comparison = evaluated.comparison
    machines = {MODEL, BASELINE_NAME}
    lines = []
    for pair in comparison.pairs:
        coders = {pair.coder_a, pair.coder_b}
        between_coders = not coders & {GOLD, *machines}
        if pair.label is None and pair.scope == "asked" and (between_coders or (GOLD in coders and coders & machines)):
            lines.append(f"{pair.variable:<16} {pair.coder_a} – {pair.coder_b}: alpha {_shown(pair.alpha)}, n {pair.n}")
    for row in comparison.scores:
        if row.average == "macro" and row.coder in machines and row.f1 is not None:
            about = "where both are asked" if row.scope == "asked" else "all reports"
            lines.append(f"{row.variable:<16} {row.coder}: macro-F1 {_shown(row.f1)}, n {row.n} ({about})")
    return lines


def _shown(found: Estimate) -> str:
    if found.value is None:
        return f"undefined ({found.reason})"
    if found.low is None or found.high is None or found.low == found.high:
        return f"{found.value:.3f}"
    return f"{found.value:.3f} [{found.low:.2f}, {found.high:.2f}]"
