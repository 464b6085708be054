"""What the study's model says of reports, as predictions that Label Studio shows to coders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..configs.codebook import Codebook
from ..data.codes import Code, Span
from ..models.coding import Coding
from .interface import shown


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
