"""Classify files: read, code, write; what could not be read is listed, never lost silently."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from ..configs.codebook import Variable
from ..configs.errors import UserError
from ..data.artifacts import atomic_write, make_manifest, write_manifest
from ..data.importing import import_reports
from ..data.readers import Rejected
from ..data.report import Report
from ..data.reprints import reprint_groups
from ..evaluation.prior_shift import estimated_prevalence
from ..models.checkpoint import DEFAULT_MODEL, model_hash
from ..models.coding import Coder
from .predictions import check_suffix, prediction_row, write_predictions
from .validate import validated

CHUNK = 256

Prevalence = float | Literal["estimate"] | None


@dataclass(frozen=True)
class Classified:
    """What a run did. ``n_input`` = ``n_coded`` + rejected."""

    path: Path
    n_input: int
    n_coded: int
    rejected: tuple[Rejected, ...]
    rejected_path: Path | None
    counts: dict[str, dict[str, int]]
    """By variable, how often each value was coded."""
    unknown_chars: Counter[str]
    chars_unread: int
    synthetic: bool
    """The model was trained on synthetic text alone."""
    prevalence: float | None
    """The share of reports in scope that the probabilities were adjusted to, if they were."""
    validation: dict[str, Any] | None
    """The record of the model's validation on reports of one's own, if it was done here."""


def classify(
    paths: Iterable[str | Path],
    model: str | Path | None,
    out: str | Path,
    *,
    collection: str | None = None,
    force: bool = False,
    prevalence: Prevalence = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Classified:
    """Code all reports in files and folders, and write predictions to ``out``.

    ``model``: a model folder; None for the default coder.

    ``prevalence``: the share of reports in scope to expect, or "estimate" to find it in the batch itself; None leaves
    probabilities as they were learned.

    Rejected records are listed in ``<out>.rejected.jsonl``. ``progress`` is called with the reports coded and their
    number. Raises ``UserError`` if nothing could be read, or ``out`` exists and ``force`` is not set.
    """
    out = Path(out)
    check_suffix(out)
    rejected_path = out.with_name(f"{out.name}.rejected.jsonl")
    if not force and out.exists():
        raise UserError(f"{out}: exists already; choose another name or use --force")
    paths = list(paths)
    if out.exists() and any(out.resolve().is_relative_to(Path(path).resolve()) for path in paths):
        raise UserError(f"{out}: is one of the files to be read; choose another name")
    model = model or DEFAULT_MODEL
    coder = Coder.load(model)
    _gate(coder, prevalence)
    imported = import_reports(paths, collection)
    if not imported.reports:
        # Predictions of an earlier run keep the list that belongs to them.
        listing = not out.exists()
        if listing:
            _write_rejected(rejected_path, imported.rejected)
        listed = "; ".join(f"{r.where}: {r.reason}" for r in imported.rejected[:3])
        more = f"; all {len(imported.rejected)} in {rejected_path}" if listing and len(imported.rejected) > 3 else ""
        raise UserError(f"no report to code was found ({listed or 'the input is empty'}{more})")
    digest = model_hash(model)
    result = classify_reports(imported.reports, coder, digest, out, progress, prevalence)
    _write_rejected(rejected_path, imported.rejected)
    return Classified(
        path=out,
        n_input=len(imported.reports) + len(imported.rejected),
        n_coded=result.n_coded,
        rejected=imported.rejected,
        rejected_path=rejected_path if imported.rejected else None,
        counts=result.counts,
        unknown_chars=result.unknown_chars,
        chars_unread=result.chars_unread,
        prevalence=result.prevalence,
        validation=validated(digest),
        synthetic=bool(coder.network.config.training.get("synthetic")),
    )


def _gate(coder: Coder, prevalence: Prevalence) -> Variable | None:
    """The variable whose share ``prevalence`` is about: the binary one that others hang on."""
    if prevalence is None:
        return None
    if prevalence != "estimate" and not 0 < float(prevalence) < 1:
        raise UserError(f"prevalence {prevalence}: must lie between 0 and 1, or be the word 'estimate'")
    asked = {c.variable for v in coder.codebook.learned for c in v.asked_when}
    gates = [v for v in coder.codebook.learned if v.type == "binary" and v.id in asked]
    if len(gates) != 1:
        raise UserError(f"codebook {coder.codebook.name}: has {len(gates)} gates; a prevalence needs exactly one")
    if gates[0].id not in coder.calibration.prevalence:
        raise UserError(f"the model does not know how common {gates[0].id!r} was when it learned; train it again")
    return gates[0]


def _write_rejected(path: Path, rejected: Sequence[Rejected]) -> None:
    """The list of this run; one of an earlier run to the same output goes."""
    if not rejected:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        for r in rejected:
            file.write(json.dumps({"where": r.where, "reason": r.reason}, ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class Run:
    """Counts of a scoring run."""

    n_coded: int
    counts: dict[str, dict[str, int]]
    unknown_chars: Counter[str]
    chars_unread: int
    prevalence: float | None


def classify_reports(
    reports: Sequence[Report],
    coder: Coder,
    model: str,
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    prevalence: Prevalence = None,
) -> Run:
    """Code reports, in their order, and write predictions with a manifest. ``model``: the model's hash."""
    groups = reprint_groups({r.id: r.text for r in reports})
    counts: dict[str, Counter[str]] = {v.id: Counter() for v in coder.codebook.learned}
    unknown: Counter[str] = Counter()
    unread = ready = 0

    def done(n: int) -> None:
        nonlocal ready
        ready += n
        progress(ready, len(reports))

    chunks = [reports[start : start + CHUNK] for start in range(0, len(reports), CHUNK)]
    every = (coder.score([r.text for r in chunk], done) for chunk in chunks)
    calibration, share = coder.calibration, None
    gate = _gate(coder, prevalence)
    if gate and prevalence is not None:
        if prevalence == "estimate":
            every = list(every)  # type: ignore[assignment]
            found = torch.cat([calibration.probabilities(gate, scored.logits[gate.id]) for scored in every])
            share = estimated_prevalence(found.numpy().astype(float), calibration.prevalence[gate.id])
        else:
            share = float(prevalence)
        calibration = calibration.at({gate.id: share})

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal unread
        for chunk, scored in zip(chunks, every, strict=True):
            codings = coder.decide([r.text for r in chunk], scored.read, scored.logits, scored.evidence, calibration)
            for report, coding in zip(chunk, codings, strict=True):
                for name, value in coding.values.items():
                    counts[name].update(_words(value))
                unknown.update(coding.unknown_chars)
                unread += coding.chars_unread
                group = report.reprint_group or groups.get(report.id)
                yield prediction_row(report, coding, coder.codebook, model, group)

    n = write_predictions(out, rows(), coder.codebook)
    inputs = {"model": model, "reports": _input_hash(reports)}
    settings = {"prevalence": share}
    write_manifest(out, make_manifest("classify", inputs=inputs, settings=settings, codebook=coder.codebook))
    return Run(n, {name: dict(c) for name, c in counts.items()}, unknown, unread, share)


def _words(value: Any) -> list[str]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [str(value).lower()]


def _input_hash(reports: Sequence[Report]) -> str:
    from ..data.artifacts import text_hash

    return text_hash("\n".join(f"{r.id}\t{r.content_hash}" for r in reports))
