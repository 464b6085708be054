"""How unsure a coder is about a report, over all its heads.

The entropy of each variable's calibrated probabilities, as a share of the most it can be; of a multi variable the mean
over its labels. A variable that is asked under conditions counts with the probability that it is asked, so that by the
chain rule of entropy the mean over variables is what coding the report is expected to tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..configs.codebook import Codebook, Condition, Variable


def uncertainty(codebook: Codebook, probs: Mapping[str, Tensor]) -> Tensor:
    """What each learned variable contributes, [R, variables], from 0 (sure) to 1.

    ``probs``: by learned variable, [R] for binary, [R, labels] otherwise; conditional ones given that they are asked.
    """
    return torch.stack([_entropy(v, probs[v.id]) * asked(codebook, v, probs) for v in codebook.learned], dim=1)


def asked(codebook: Codebook, variable: Variable, probs: Mapping[str, Tensor]) -> Tensor:
    """The probability [R] that a variable is asked, its conditions taken as independent given those above them."""
    result = torch.ones(len(next(iter(probs.values()))))
    for condition in _conditions(codebook, variable):
        if condition.variable in probs:  # what is not learned cannot be told, and is taken to hold
            result = result * _holds(codebook.variable(condition.variable), condition, probs[condition.variable])
    return result


def _conditions(codebook: Codebook, variable: Variable) -> list[Condition]:
    """All that must hold before a variable is asked, each once: also what its conditions hang on."""
    found = list(variable.asked_when)
    for condition in variable.asked_when:
        found += _conditions(codebook, codebook.variable(condition.variable))
    return [c for i, c in enumerate(found) if c not in found[:i]]


def _holds(variable: Variable, condition: Condition, probs: Tensor) -> Tensor:
    """P(the condition holds | its variable is asked), [R]."""
    if variable.type == "binary":
        return probs if condition.equals else 1 - probs
    if condition.has is not None:
        return probs[:, variable.label_ids.index(condition.has)]
    if condition.min_labels is not None:
        return _at_least(probs, condition.min_labels)
    if condition.at_least is not None:
        return probs[:, condition.at_least :].sum(1)
    if isinstance(condition.equals, int):
        return probs[:, condition.equals]
    return probs[:, variable.label_ids.index(str(condition.equals))]


def _at_least(probs: Tensor, least: int) -> Tensor:
    """P(at least so many of independent labels apply), [R]."""
    counts = torch.zeros(len(probs), probs.shape[1] + 1)
    counts[:, 0] = 1
    for p in probs.T:
        counts = counts * (1 - p)[:, None] + counts.roll(1, dims=1) * p[:, None]
    return counts[:, least:].sum(1)


def _entropy(variable: Variable, probs: Tensor) -> Tensor:
    single = variable.type in ("nominal", "ordinal")
    own = probs if single else torch.stack([probs, 1 - probs], -1).reshape(-1, 2)
    each: Tensor = torch.special.entr(own).sum(1) / math.log(own.shape[1])
    return each if single else each.reshape(len(probs), -1).mean(1)
