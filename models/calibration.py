"""Temperatures, thresholds and abstention, from reports that training has not seen.

Temperature scaling: Guo et al. 2017, with an offset of each label's log-odds beside it as in Platt scaling (Platt
1999): how often a label applies differs between the reports and what else a coder has learned from. Thresholds: the
F1-optimal cut of the calibrated probability, drawn towards 1/2 when there are few positives. Abstention:
split-conformal sets (Vovk et al. 2005; score 1 - p of Sadinle et al. 2019): a set holds the true value with probability
at least 1 - risk over exchangeable reports, which reprints are not quite; a variable whose set is anything but the
value decided on is left to a person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from ..configs.codebook import Variable
from .heads import n_logits, negative_log_likelihood, probabilities

FEWEST_POSITIVES = 5
ROUNDING = 1e-6
"""By how much a probability may differ that was computed in another precision."""


class Calibration(BaseModel):
    """What turns logits into decisions. Stored in the model's config."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    n: int = 0
    """Reports it rests on; 0 means uncalibrated."""
    temperature: dict[str, Annotated[float, Field(gt=0)]] = {}
    offsets: dict[str, list[float]] = {}
    """By variable, added to each logit divided by the temperature."""
    thresholds: dict[str, list[float]] = {}
    """By binary or multi variable, one threshold a label."""
    conformal: dict[str, float] = {}
    """By single-valued variable: values with probability at least 1 - this are in the set."""
    risk: float = 0.1
    prevalence: dict[str, float] = {}
    """By binary variable, the share of "yes" among these reports."""

    log_odds: dict[str, float] = {}
    """By binary variable, what another prevalence adds to the log-odds."""

    def check_fit(self, variables: Sequence[Variable]) -> None:
        """Raise ``ValueError`` unless there are as many thresholds as these variables have labels."""
        for variable in variables:
            found, needed = self.thresholds.get(variable.id), len(variable.labels) if variable.type == "multi" else 1
            if found and len(found) != needed:
                raise ValueError(f"calibration: {len(found)} threshold(s) of {variable.id}, which needs {needed}")
            moved, needed = self.offsets.get(variable.id), n_logits(variable)
            if moved and len(moved) != needed:
                raise ValueError(f"calibration: {len(moved)} offset(s) of {variable.id}, which needs {needed}")

    def at(self, prevalence: Mapping[str, float]) -> Calibration:
        """This calibration at given shares of "yes" (Saerens et al. 2002, as in ``evaluation.prior_shift``).

        Conformal cuts stay as they are: what they promise holds at the old shares. ValueError for a variable whose
        share was never learned, or a share that is not between 0 and 1, ends excluded.
        """
        for name, share in prevalence.items():
            if name not in self.prevalence:
                raise ValueError(f"the share of {name!r} among the calibration reports is not known")
            if not 0 < share < 1:
                raise ValueError(f"a prevalence must lie between 0 and 1, ends excluded; found {share}")
        # The share given is taken as it is; the learned one may be 0 or 1, which no other could be reached from.
        least = min(1e-3, 0.5 / max(self.n, 1))
        learned = {name: min(max(self.prevalence[name], least), 1 - least) for name in prevalence}
        added = {name: _log_odds(share) - _log_odds(learned[name]) for name, share in prevalence.items()}
        # Where the share is known, the likelier value is taken.
        cuts = {name: [0.5] for name in prevalence}
        return self.model_copy(update={"log_odds": added, "thresholds": self.thresholds | cuts})

    def probabilities(self, variable: Variable, logits: Tensor) -> Tensor:
        """Calibrated probabilities of one variable's labels, in the form of ``heads.probabilities``."""
        return probabilities(variable, self.scaled(variable, logits) + self.log_odds.get(variable.id, 0.0))

    def scaled(self, variable: Variable, logits: Tensor) -> Tensor:
        """Calibrated logits at the shares among the calibration reports; as they are where nothing was fitted."""
        logits = logits.float() / self.temperature.get(variable.id, 1.0)
        moved = self.offsets.get(variable.id)
        return logits + logits.new_tensor(moved if logits.dim() > 1 else moved[0]) if moved else logits


def calibrate(
    variables: tuple[Variable, ...],
    logits: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    masks: Mapping[str, Tensor],
    risk: float = 0.1,
) -> Calibration:
    """Fit on held-out logits and hard targets (forms as in ``training.targets.stack_targets``).

    Labels are cut where F1 is greatest. A gate, which others hang on, is cut at its share among the coded reports:
    there a report makes "yes" likelier than it was before it was read, and recall plus specificity is greatest if
    probabilities are calibrated (Youden 1950). How many of the coded reports are in scope is the researchers' choice
    and shall not decide.
    """
    temperature, offsets, thresholds, conformal, prevalence = {}, {}, {}, {}, {}
    gates = {c.variable for v in variables for c in v.asked_when}
    n = max((int(m.sum()) for m in masks.values()), default=0)
    for variable in variables:
        asked = masks[variable.id] > 0
        if asked.sum() < FEWEST_POSITIVES:
            if variable.type != "multi":
                conformal[variable.id] = 1.0  # every value is in the set: a person decides
            continue
        own, target = logits[variable.id][asked].float(), targets[variable.id][asked].float()
        temperature[variable.id], offsets[variable.id] = _scale(variable, own, target)
        moved = own.new_tensor(offsets[variable.id]).reshape(own.shape[1:])
        probs = probabilities(variable, own / temperature[variable.id] + moved)
        if variable.type in ("binary", "multi"):
            columns = probs.reshape(len(own), -1).numpy().T
            truth = target.reshape(len(own), -1).numpy().T > 0.5
            thresholds[variable.id] = [_threshold(p, t) for p, t in zip(columns, truth, strict=True)]
        if variable.type == "binary" and variable.id in gates:
            thresholds[variable.id] = [_gate_threshold(target.numpy() > 0.5)]
        if variable.type != "multi":
            conformal[variable.id] = _conformal(variable, probs, target, risk)
        if variable.type == "binary":
            prevalence[variable.id] = round(float(target.mean()), 6)
    return Calibration(
        n=n,
        temperature=temperature,
        offsets=offsets,
        thresholds=thresholds,
        conformal=conformal,
        risk=risk,
        prevalence=prevalence,
    )


def _log_odds(share: float) -> float:
    return math.log(share) - math.log1p(-share)


def _scale(variable: Variable, logits: Tensor, target: Tensor) -> tuple[float, list[float]]:
    """The temperature on a grid from 1/4 to 4, and with it the offsets, of least cross-entropy."""

    def loss(temperature: float, offsets: list[float]) -> float:
        moved = logits.new_tensor(offsets)
        own = logits / temperature + moved.reshape(logits.shape[1:])
        return float(negative_log_likelihood(variable, own, target).sum() + moved.square().sum() / 2)

    grid = [round(float(t), 4) for t in np.geomspace(0.25, 4, 49)]
    fitted = [(t, _offsets(variable, logits / t, target)) for t in grid]
    return min(fitted, key=lambda found: loss(*found))


def _offsets(variable: Variable, logits: Tensor, target: Tensor) -> list[float]:
    """What each logit lacks: the likeliest addition under a standard normal prior, which keeps it small where few
    reports speak. Nominal variables, whose logits only mean something together, get none.
    """
    logits, target = logits.reshape(len(logits), -1), target.reshape(len(logits), -1)
    if variable.type == "nominal":
        return [0.0] * logits.shape[1]
    asked = torch.ones_like(target)
    if variable.type == "ordinal":  # step k is only taken by reports that passed all before it
        asked[:, 1:] = (target[:, :-1] > 0.5).float()
    low, high = logits.new_full((logits.shape[1],), -4), logits.new_full((logits.shape[1],), 4)
    for _ in range(30):  # the derivative falls throughout: halve until it is met
        middle = (low + high) / 2
        rises = ((target - (logits + middle).sigmoid()) * asked).sum(0) - middle > 0
        low, high = torch.where(rises, middle, low), torch.where(rises, high, middle)
    return [round(float(b), 4) for b in (low + high) / 2]


def _threshold(probs: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float:
    positives = int(truth.sum())
    if positives < FEWEST_POSITIVES or positives == len(truth):
        return 0.5
    order = np.argsort(-probs, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positives)
    sorted_probs = probs[order]
    last = np.append(sorted_probs[1:] < sorted_probs[:-1], True)  # only between different probabilities
    best = int(np.argmax(np.where(last, f1, -1)))
    below = sorted_probs[best + 1] if best + 1 < len(order) else 0.0
    cut = float(sorted_probs[best] + below) / 2
    weight = positives / (positives + 20)
    return round(min(max(weight * cut + (1 - weight) * 0.5, 0.05), 0.95), 4)


def _gate_threshold(truth: npt.NDArray[Any]) -> float:
    positives = int(truth.sum())
    if min(positives, len(truth) - positives) < FEWEST_POSITIVES:
        return 0.5
    return round(min(max(positives / len(truth), 0.05), 0.95), 4)


def _conformal(variable: Variable, probs: Tensor, target: Tensor, risk: float) -> float:
    probs = probs.double()
    if variable.type == "binary":
        of_truth = torch.where(target > 0.5, probs, 1 - probs)
    else:
        true = target.argmax(-1) if variable.type == "nominal" else target.round().sum(-1).long()
        of_truth = probs.gather(1, true[:, None])[:, 0]
    scores = np.sort(1 - of_truth.numpy())
    rank = math.ceil((len(scores) + 1) * (1 - risk))
    # With too few reports no finite cut keeps the promise: every value stays in the set.
    return float(scores[rank - 1]) if rank <= len(scores) else 1.0


def read_calibration(stored: Mapping[str, Any]) -> Calibration:
    """The calibration stored in a model's config; an empty one if there is none."""
    return Calibration.model_validate(stored) if stored else Calibration()
