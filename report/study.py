"""Evaluate a study: coders with each other, model and baseline with gold, and the report for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..configs.codebook import Value, Words
from ..configs.errors import UserError
from ..data.artifacts import make_manifest, write_manifest
from ..data.codes import by_coder, read_codes
from ..data.study import Study
from ..evaluation.compare import compare
from ..evaluation.rows import Comparison
from ..models.checkpoint import model_hash
from ..models.coding import Coder
from ..training.baseline import NAME as BASELINE_NAME
from ..training.study import (
    baseline_values,
    coder_kinds,
    sealed_groups,
    settle_study,
    unseen_codings,
)
from .content import build_content, spans_of
from .parts import Kind
from .render import write_report

GOLD, MODEL = "gold", "model"


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
    """Compare every pair of coders, and model and baseline with gold; write ``report.html`` and ``report.json``.

    The model's codes are out of sample for every report: cross-fitted where it was trained, the final model's where
    the report is sealed. Coders of kind ``model`` are compared as coders, too.
    """
    codebook = study.codebook()
    if not (study.model_path / "config.json").is_file():
        raise UserError(f"{study.model_path}: there is no model yet; run `weijing train` first")
    reports = study.reports()
    codes = read_codes(study.codes_path)
    gold: dict[str, dict[str, Value]] = {}
    for settled in settle_study(study):
        gold.setdefault(settled.report_id, {})[settled.variable] = settled.value
    progress("evaluate", 0, 3)
    coder = Coder.load(study.model_path)
    predictions = unseen_codings(study, coder)
    progress("evaluate", 1, 3)
    coders = dict(by_coder(codes))
    taken = {GOLD, MODEL, BASELINE_NAME} & set(coders)
    if taken:
        raise UserError(
            f"{study.codes_path}: a coder is called {', '.join(taken)}, which names something else here"
        )
    tables = {
        **coders,
        GOLD: gold,
        MODEL: {report_id: coding.values for report_id, coding in predictions.items()},
        BASELINE_NAME: baseline_values(study),
    }
    groups = {r.id: r.reprint_group or r.id for r in reports}
    comparison = compare(codebook, tables, groups, reference=GOLD)
    progress("evaluate", 2, 3)
    kinds: dict[str, Kind] = {**_kinds(coder_kinds(codes)), MODEL: "model", BASELINE_NAME: "baseline"}
    sealed = sealed_groups(study)
    content = build_content(
        codebook,
        reports,
        gold=gold,
        codes={name: own for name, own in tables.items() if name != GOLD},
        kinds=kinds,
        comparison=comparison,
        spans=spans_of(codes),
        predictions=predictions,
        model=MODEL,
        splits={r.id: "sealed" if groups[r.id] in sealed else "cross-fitted" for r in reports},
        model_hash=model_hash(study.model_path),
        encoder=coder.network.config.encoder_name,
        notices=notices,
    )
    path = write_report(content, study.report_path.parent)
    inputs: dict[str, str | Path] = {"codes": study.codes_path, "gold": study.gold_path, "model": model_hash(study.model_path)}
    write_manifest(path, make_manifest("evaluate", inputs=inputs, seed=comparison.seed, codebook=codebook))
    progress("evaluate", 3, 3)
    return Evaluated(comparison, path, sum(groups[i] in sealed for i in predictions))


def _kinds(kinds: dict[str, str]) -> dict[str, Kind]:
    known: dict[str, Kind] = {"human": "human", "synthetic": "synthetic", "model": "model"}
    return {name: known[kind] for name, kind in kinds.items()}


def summary(evaluated: Evaluated) -> list[str]:
    """The headline figures as lines of text: one a variable and coder against gold, one a pair of coders."""
    comparison = evaluated.comparison
    lines = []
    for pair in comparison.pairs:
        if pair.label is None and pair.scope == "asked" and pair.alpha.value is not None:
            low, high = pair.alpha.low, pair.alpha.high
            interval = f" [{low:.2f}, {high:.2f}]" if low is not None and high is not None else ""
            lines.append(
                f"{pair.variable:<16} {pair.coder_a} – {pair.coder_b}: "
                f"alpha {pair.alpha.value:.3f}{interval}, n {pair.n}"
            )
    for row in comparison.scores:
        if row.average == "macro" and row.f1 is not None and row.f1.value is not None:
            lines.append(
                f"{row.variable:<16} {row.coder}: macro-F1 {row.f1.value:.3f} ({row.scope}, n {row.n})"
            )
    return lines
