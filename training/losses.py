"""The joint loss: how improbable the model finds the codes, and how badly it points at their evidence."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ..configs.codebook import Variable
from ..models.heads import negative_log_likelihood


def code_loss(
    variables: tuple[Variable, ...],
    logits: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    masks: Mapping[str, Tensor],
) -> Tensor:
    """Mean over reports of the summed cross-entropies of all codes asked (soft targets).

    That is the joint negative log-likelihood of the codes; variables that were not asked of a report weigh nothing.
    """
    parts = [
        (negative_log_likelihood(v, logits[v.id], targets[v.id]) * masks[v.id]).sum() / len(masks[v.id])
        for v in variables
    ]
    return torch.stack(parts).sum()


def evidence_loss(scores: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean over sentences of the summed cross-entropies of evidence scores, where the evidence is known.

    scores, target, mask: [sentences, slots].
    """
    each = F.binary_cross_entropy_with_logits(scores.float(), target, reduction="none")
    return (each * mask).sum() / max(len(scores), 1)
