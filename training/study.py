"""Training on a study folder: gold, model, cross-fitted predictions and baseline, each made only if not current."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..configs.codebook import Codebook, Value
from ..configs.errors import UserError
from ..configs.load import codebook_hash
from ..configs.settings import TrainingSettings, read_settings
from ..data.artifacts import (
    is_current,
    make_manifest,
    manifest_path,
    read_manifest,
    sha256_file,
    text_hash,
    write_manifest,
)
from ..data.codes import Code, current, read_codes
from ..data.design import read_design
from ..data.gold import GoldCode, read_gold, settle, write_gold
from ..data.passages import PASSAGES
from ..data.study import SETTINGS, Study
from ..evaluation.compare import compare
from ..models.checkpoint import TrainingFacts, check_model_place, save_model
from ..models.encoders import ADAPTED
from ..models.encoders.adapted import weights_hash
from .baseline import baseline_codes
from .passages import taught_by_passages
from .targets import Example, build_examples
from .train import Progress, Trained, train
from .unseen import Split, Unseen, read_lines, write_lines, write_unseen

UNSEEN = "unseen.jsonl"
BASELINE = "baseline.jsonl"


@dataclass(frozen=True)
class StudyTraining:
    """What training a study came to; ``reused``: nothing had changed, so the model was kept."""

    model: Path
    n_train: int
    n_sealed: int
    reused: bool


def settle_study(study: Study) -> list[GoldCode]:
    """The settled codes of a study, written to its gold file if codes or codebook have changed."""
    codebook = study.codebook()
    if not study.codes_path.exists():
        raise UserError(f"{study.root}: has no codes yet ({study.codes_path.name}); code reports first")
    inputs: dict[str, str | Path] = {"codes": study.codes_path, "codebook": codebook_hash(codebook)}
    if is_current(manifest_path(study.gold_path), inputs, {}, codebook=codebook):
        return read_gold(study.gold_path)
    # Hashed before they are read: codes added meanwhile then make the gold stale instead of passing for settled.
    manifest = make_manifest("settle", inputs=inputs, codebook=codebook)
    gold = settle(read_codes(study.codes_path), codebook)
    write_gold(study.gold_path, gold)
    write_manifest(study.gold_path, manifest)
    return gold


def sealed_groups(study: Study) -> set[str]:
    """Reprint groups that no training may see. Raises ``UserError`` if the design does not know every group."""
    rows = read_design(study.design_path) if study.design_path.exists() else []
    unknown = {r.reprint_group for r in study.reports()} - {row.reprint_group for row in rows}
    if unknown:
        raise UserError(
            f"{study.design_path}: {len(unknown)} reprint group(s) of the corpus have no place in the design, so it is "
            "not known whether they are sealed; run `weijing add` once more"
        )
    return {row.reprint_group for row in rows if row.purpose == "sealed"}


def study_settings(study: Study) -> TrainingSettings:
    """The training settings of a study, presets filled in."""
    return read_settings(study.settings.training, f"{study.root / SETTINGS}: training")


def study_examples(study: Study, settings: TrainingSettings) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and sealed ones."""
    gold = settle_study(study)
    codes = read_codes(study.codes_path)
    examples = build_examples(study.reports(), gold, codes, study.codebook(), settings.coder_weight)
    sealed = sealed_groups(study)
    return (
        [e for e in examples if e.group not in sealed],
        [e for e in examples if e.group in sealed],
    )


def is_trained(study: Study) -> bool:
    """Whether model, unseen codings and baseline are there, and made from the codes, texts and settings of now."""
    return outdated(study) is None


def outdated(study: Study) -> str | None:
    """Which of model, unseen codings and baseline is not what training would make now, and why; None if all are."""
    codebook = study.codebook()
    settings = study_settings(study)
    inputs = _inputs(codebook, settings, *study_examples(study, settings))
    dumped = settings.model_dump(mode="json")
    for path in (study.model_path, study.root / UNSEEN, study.root / BASELINE):
        manifest = manifest_path(path)
        if not path.exists() or not manifest.exists():
            return f"{path if manifest.exists() else manifest}: is missing"
        if not is_current(manifest, inputs, dumped, seed=settings.seed, codebook=codebook):
            try:
                made = read_manifest(manifest)
            except UserError as error:
                return str(error)
            if (made.inputs, made.settings) == (inputs, dumped):
                return f"{path}: is not what training wrote, or another version of weijing wrote it"
            return f"{path}: codes, texts or settings have changed since"
    return None


def _inputs(
    codebook: Codebook, settings: TrainingSettings, learn: Sequence[Example], sealed: Sequence[Example]
) -> dict[str, str | Path]:
    learned = repr([(e.report_id, e.group, e.text, e.targets, e.evidence) for e in learn])
    kept = repr([(e.report_id, e.text) for e in sealed])
    inputs: dict[str, str | Path] = {"examples": text_hash(learned), "sealed": text_hash(kept)}
    if settings.passages and taught_by_passages(codebook):
        inputs["passages"] = sha256_file(PASSAGES)
    if settings.encoder.name == ADAPTED:  # it comes with weijing, and another version may bring another one
        inputs["encoder"] = weights_hash()
    return inputs | {"codebook": codebook_hash(codebook)}


def train_study(study: Study, *, force: bool = False, progress: Progress | None = None) -> StudyTraining:
    """Train the study's model on all settled codes that are not sealed.

    Writes the model folder, ``unseen.jsonl`` (codings of reports by coders that had not learned from their group) and
    ``baseline.jsonl`` (the same of the baseline). Nothing is done if codes, texts and settings have not changed.
    """
    report = progress or (lambda what, done, total: None)
    codebook = study.codebook()
    settings = study_settings(study)
    learn, sealed = study_examples(study, settings)
    inputs = _inputs(codebook, settings, learn, sealed)
    dumped = settings.model_dump(mode="json")
    unseen, baseline = study.root / UNSEEN, study.root / BASELINE
    if is_trained(study) and not force:
        return StudyTraining(study.model_path, len(learn), len(sealed), reused=True)
    _check_places(study)

    # Named by what is learned from: checkpoints of other codes or settings are no beginning of this run.
    checkpoints = study.cache_path / "checkpoints" / text_hash(json.dumps([inputs, dumped], sort_keys=True))
    trained = train(codebook, learn, settings, cache=study.cache_path, workdir=checkpoints, progress=report)
    manifest = make_manifest("train", inputs=inputs, settings=dumped, seed=settings.seed, codebook=codebook)
    split: Split = "cross-fitted" if settings.regime == "frozen" else "calibration"
    codings = [Unseen(report_id, split, coding) for report_id, coding in sorted(trained.unseen.items())]
    report("sealed", 0, len(sealed))
    texts = [e.text for e in sealed]
    codings += [Unseen(e.report_id, "sealed", c) for e, c in zip(sealed, trained.coder.code(texts), strict=True)]
    report("sealed", len(sealed), len(sealed))
    write_unseen(unseen, codings)
    write_manifest(unseen, manifest)
    report("baseline", 0, 1)
    write_lines(baseline, _baseline(codebook, trained, learn, sealed))
    write_manifest(baseline, manifest)
    report("baseline", 1, 1)
    save_model(
        trained.coder,
        study.model_path,
        facts=training_facts(learn, read_codes(study.codes_path), trained.n_passages),
        settings=dumped,
        manifest=manifest,
        scores=card_scores(codebook, learn, trained),
        scores_about=(
            "Against the settled codes, out of sample: each report coded by heads trained without its reprint group."
            if settings.regime == "frozen"
            else "Against the settled codes of the calibration split, on which epochs and thresholds were chosen too."
        ),
        force=True,
    )
    shutil.rmtree(checkpoints, ignore_errors=True)
    return StudyTraining(study.model_path, len(learn), len(sealed), reused=False)


def _check_places(study: Study) -> None:
    """Raise ``UserError`` if what training makes could not be written: better said now than after an hour."""
    check_model_place(study.model_path, force=True)
    for folder in (study.root, study.cache_path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise UserError(f"{folder}: training has to write there, and cannot ({error.strerror})") from None


def training_facts(examples: Sequence[Example], codes: Iterable[Code], n_passages: int) -> TrainingFacts:
    """What a model has to say of the examples it learned from; ``codes``: all there are, of other reports too."""
    learned = {e.report_id for e in examples}
    return TrainingFacts(
        len(examples),
        len({e.group for e in examples}),
        coder_kinds(c for c in codes if c.report_id in learned),
        frozenset(text_hash(e.text) for e in examples),
        n_passages,
    )


def coder_kinds(codes: Iterable[Code]) -> dict[str, str]:
    """Coders by name, with what they are; adjudicators left out."""
    return {c.coder: c.coder_kind for c in current(codes) if c.purpose != "adjudication"}


def baseline_values(study: Study) -> dict[str, dict[str, Value]]:
    """Out-of-sample codes of the baseline."""
    return {line["id"]: line["values"] for line in read_lines(study.root / BASELINE)}


def card_scores(codebook: Codebook, examples: Sequence[Example], trained: Trained) -> list[list[str]]:
    """Rows of the card: precision, recall and F1 of every label, on the reports that training had not seen."""
    seen = [e for e in examples if e.report_id in trained.unseen]
    compared = compare(
        codebook,
        {
            "gold": {e.report_id: e.gold for e in seen},
            "model": {e.report_id: trained.unseen[e.report_id].values for e in seen},
        },
        {e.report_id: e.group for e in seen},
        reference="gold",
        bootstrap=None,
    )
    rows = []
    for row in compared.scores:
        if row.scope == "asked" and row.f1 is not None:
            found = [row.precision, row.recall, row.f1]
            numbers = ["–" if e is None or e.value is None else f"{e.value:.2f}" for e in found]
            rows.append([row.variable, row.label or row.average or "", str(row.n), *numbers])
    return rows


def _baseline(
    codebook: Codebook, trained: Trained, learn: Sequence[Example], sealed: Sequence[Example]
) -> list[dict[str, Any]]:
    lines = []
    for fold in sorted({f for f in trained.folds.values() if f >= 0}):
        held = [e for e in learn if trained.folds[e.report_id] == fold]
        rest = [e for e in learn if trained.folds[e.report_id] != fold]
        values = baseline_codes(codebook, rest, [e.text for e in held])
        lines += [{"id": e.report_id, "values": v} for e, v in zip(held, values, strict=True)]
    if sealed:
        values = baseline_codes(codebook, learn, [e.text for e in sealed])
        lines += [{"id": e.report_id, "values": v} for e, v in zip(sealed, values, strict=True)]
    return sorted(lines, key=lambda line: str(line["id"]))
