"""What a coder says of a report, as a prediction that Label Studio takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..configs.codebook import Codebook
from ..data.codes import Code, Span
from ..models.coding import Coding
from .interface import shown
from .tasks import result_of
from .uncertainty import uncertainty


def predictions_of(codings: Sequence[Coding], codebook: Codebook, model: str) -> list[dict[str, Any]]:
    """``result``, ``score`` and ``model_version`` of each coding; ``model`` is the model's hash.

    The score is confidence, from 0 to 1: one less the uncertainty by which `weijing select` chooses.
    """
    scores = _confidence(codings, codebook) if codings else []
    return [
        {"result": result_of(codes_of(coding, codebook, model), codebook), "score": score, "model_version": model}
        for coding, score in zip(codings, scores, strict=True)
    ]


def codes_of(coding: Coding, codebook: Codebook, model: str, report_id: str = "") -> list[Code]:
    """The codes that coders could have given: of variables they are asked, with evidence where they mark it."""
    codes = []
    for variable in shown(codebook):
        value = coding.values.get(variable.id)
        if value is None:
            continue
        given = [e for e in coding.evidence if e.variable == variable.id and variable.evidence]
        spans = tuple(
            Span(e.start, e.end, e.text or "", e.value if variable.type == "multi" else None)
            for e in given
            if e.start is not None and e.end is not None
        )
        code = Code(
            report_id, model, variable.id, value, spans, absence=bool(given) and not spans, coder_kind="model",
            unsure=variable.id in coding.abstain, codebook_version=codebook.version,
        )  # fmt: skip
        codes.append(code)
    return codes


def _confidence(codings: Sequence[Coding], codebook: Codebook) -> list[float]:
    probs = {
        v.id: torch.tensor([list(p.values()) if isinstance(p := c.probs[v.id], dict) else p for c in codings])
        for v in codebook.learned
    }
    doubt = uncertainty(codebook, probs).mean(1).clamp(0, 1)
    return [round(1 - float(d), 4) for d in doubt]
