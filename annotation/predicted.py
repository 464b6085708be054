"""What the study's model says of reports, as predictions that Label Studio shows to coders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..data.codes import Code, Span
from ..data.report import Report
from ..data.study import Study
from ..models.checkpoint import model_hash
from ..models.coding import Coder, Coding
from ..training.study import UNSEEN
from ..training.unseen import read_unseen
from .interface import shown
from .projects import meaning_of
from .tasks import result_of

CHUNK = 64


def study_predictions(
    study: Study, reports: Sequence[Report], progress: Callable[[int, int], None]
) -> tuple[str, dict[str, dict[str, Any]]]:
    """The model's hash, and by report ``result``, ``score`` and ``model_version`` of a prediction.

    A report that the model learned from is predicted as by coders that had not. ``score`` is how sure the model is,
    from 0 to 1. Raises ``UserError`` where there is no model, or it codes by another codebook.
    """
    codebook = study.codebook()
    if not (study.model_path / "config.json").is_file():
        raise UserError(
            f"{study.model_path}: no trained model, and the round shows predictions; `weijing train` first, or plan a "
            "blind round"
        )
    version = model_hash(study.model_path)
    unseen = study.root / UNSEEN
    codings = {u.report_id: u.coding for u in read_unseen(unseen)} if unseen.exists() else {}
    left = [report for report in reports if report.id not in codings]
    coder = Coder.load(study.model_path) if left else None
    if coder and meaning_of(coder.codebook) != meaning_of(codebook):
        raise UserError(f"{study.model_path}: learned from another codebook; `weijing train` it anew")
    for start in range(0, len(left), CHUNK) if coder else ():
        progress(start, len(left))
        chunk = left[start : start + CHUNK]
        codings |= zip((r.id for r in chunk), coder.code([r.text for r in chunk]), strict=True) if coder else ()
    return version, {
        report.id: {
            "result": result_of(predicted_codes(report.id, codings[report.id], codebook), codebook),
            "score": confidence(codings[report.id], codebook),
            "model_version": version,
        }
        for report in reports
    }


def predicted_codes(report_id: str, coding: Coding, codebook: Codebook) -> list[Code]:
    """A coding as codes that the interface has a place for. Whether one is unsure is for coders to say."""
    codes = []
    for variable in shown(codebook):
        value = coding.values.get(variable.id)
        if value is None:
            continue
        own = [e for e in coding.evidence if e.variable == variable.id] if variable.evidence else []
        spans = tuple(
            Span(e.start, e.end, e.text or "", e.value if variable.type == "multi" else None)
            for e in own
            if e.start is not None and e.end is not None
        )
        codes.append(
            Code(report_id, "model", variable.id, value, spans, absence=bool(own) and not spans, coder_kind="model")
        )
    return codes


def confidence(coding: Coding, codebook: Codebook) -> float:
    """How sure the model is of a report, over all its heads: 1 less what ``uncertainty`` says."""
    import torch

    from .uncertainty import uncertainty

    def tensor(probs: float | Mapping[str, float] | Sequence[float]) -> torch.Tensor:
        return torch.tensor([list(probs.values()) if isinstance(probs, Mapping) else probs])

    doubts = uncertainty(codebook, {name: tensor(probs) for name, probs in coding.probs.items()})
    return round(min(max(1 - float(doubts.mean()), 0.0), 1.0), 4)
