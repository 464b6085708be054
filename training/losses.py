"""The joint loss: how improbable the model finds the codes, and how badly it points at their evidence."""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor

from ..configs.codebook import Variable


def code_loss(
    variables: tuple[Variable, ...],
    logits: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    masks: Mapping[str, Tensor],
) -> Tensor:
    """Mean over reports of the summed cross-entropies of all codes asked (soft targets).

    Every single decision (a label present or not, a cut point passed or not) weighs the same; variables that were
    not asked of a report weigh nothing.
    """
    total = None
    for variable in variables:
        logit, target, mask = logits[variable.id].float(), targets[variable.id], masks[variable.id]
        if variable.type == "nominal":
            each = -(target * logit.log_softmax(-1)).sum(-1)
        else:
            each = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
            each = each if each.dim() == 1 else each.sum(-1)
        part = (each * mask).sum() / len(mask)
        total = part if total is None else total + part
    if total is None:
        raise ValueError("the codebook has no variable to learn (model: true)")
    return total


def evidence_loss(scores: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean over sentences of the summed cross-entropies of evidence scores, where the evidence is known.

    scores, target, mask: [sentences, slots].
    """
    each = F.binary_cross_entropy_with_logits(scores.float(), target, reduction="none")
    return (each * mask).sum() / max(len(scores), 1)
