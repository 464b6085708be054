"""What is learned on top of the encoder: evidence scores, attention by them, and a logit for every label.

For sentence states s_i of a report (R reports, S sentences, hidden size h after projection) and each scored label l:

    e_li = <w_l, s_i> + b_l                     how much sentence i is evidence for l (trained on coders' spans)
    a_l  = softmax over the report's sentences of e_l / t_l
    c_l  = sum_i a_li s_i                       what the report says about l
    logit_l = <u_l, c_l> + <v_l, g> + d_l       g: mean state of the report

The attention is that of Lin et al. 2017 (structured self-attentive embedding) with one query a label, as in label-wise
attention for long documents (Mullenbach et al. 2018), here supervised by evidence. An ordinal variable has one evidence
score and a logit for each step, P(y > k | y >= k), so that the probabilities of passing its cut points never cross
(continuation ratios; CORN, Shi et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..configs.codebook import Codebook, Variable


@dataclass(frozen=True)
class Slots:
    """Where the evidence scores of each learned variable stand: one a label of multi and nominal ones, else one."""

    variables: tuple[Variable, ...]
    starts: tuple[int, ...]
    width: int

    @classmethod
    def of(cls, codebook: Codebook) -> Slots:
        """Slots of the variables that a codebook marks ``model: true``, in its order."""
        starts, at = [], 0
        for variable in codebook.learned:
            starts.append(at)
            at += len(variable.labels) if variable.type in ("multi", "nominal") else 1
        return cls(tuple(codebook.learned), tuple(starts), at)

    def of_variable(self, variable_id: str) -> slice:
        """The slots of one variable."""
        ids = [v.id for v in self.variables]
        i = ids.index(variable_id)
        end = self.starts[i + 1] if i + 1 < len(self.starts) else self.width
        return slice(self.starts[i], end)


class ReportHeads(nn.Module):
    """Sentence states of R reports -> a logit for every label, and evidence scores for every sentence."""

    state_mean: Tensor
    state_scale: Tensor
    slot_of: Tensor

    def __init__(self, codebook: Codebook, state_size: int, hidden: int = 256, dropout: float = 0.2) -> None:
        super().__init__()
        self.slots = Slots.of(codebook)
        width = self.slots.width
        # Sentence states of e5 point nearly the same way; standardising makes their differences visible.
        self.register_buffer("state_mean", torch.zeros(state_size))
        self.register_buffer("state_scale", torch.ones(state_size))
        self.project = nn.Linear(state_size, hidden)
        self.dropout = nn.Dropout(dropout)
        self.evidence = nn.Linear(hidden, width)
        self.log_temperature = nn.Parameter(torch.zeros(width))
        # Logits: one a slot, but one a step for ordinal variables, whose steps share their slot's attention.
        self._sizes = [n_logits(v) for v in self.slots.variables]
        slot_of = [
            start + (0 if v.type == "ordinal" else i)
            for v, start, size in zip(self.slots.variables, self.slots.starts, self._sizes, strict=True)
            for i in range(size)
        ]
        self.register_buffer("slot_of", torch.tensor(slot_of, dtype=torch.long))
        self.from_evidence = nn.Parameter(torch.empty(len(slot_of), hidden))
        self.from_report = nn.Linear(hidden, len(slot_of))
        nn.init.normal_(self.from_evidence, std=hidden**-0.5)

    def forward(self, states: Tensor, report: Tensor, n_reports: int) -> tuple[dict[str, Tensor], Tensor]:
        """Logits by variable and evidence scores [S, L].

        ``states`` [S, d]; ``report`` [S], ascending. Logits are [R] for binary, [R, labels] for multi and nominal,
        [R, labels - 1] (steps) for ordinal variables. A report without sentences gets the logits of a zero
        state.
        """
        hidden = self.project((states - self.state_mean) / self.state_scale)
        hidden = self.dropout(F.gelu(hidden))
        evidence = self.evidence(hidden)
        attention = segment_softmax(evidence * self.log_temperature.exp(), report, n_reports)
        # <u_l, sum_i a_li s_i> = sum_i a_li <u_l, s_i>: no [R, L, h] tensor is ever made.
        told = attention[:, self.slot_of] * (hidden @ self.from_evidence.T)
        logits = told.new_zeros(n_reports, told.shape[1]).index_add(0, report, told)
        counts = torch.bincount(report, minlength=n_reports).clamp(min=1).to(hidden.dtype)
        mean = hidden.new_zeros(n_reports, hidden.shape[1]).index_add(0, report, hidden) / counts[:, None]
        logits = logits + self.from_report(mean)
        by_variable = zip(self.slots.variables, torch.split(logits, self._sizes, dim=1), strict=True)
        return {v.id: own[:, 0] if v.type == "binary" else own for v, own in by_variable}, evidence

    @torch.no_grad()
    def standardise(self, states: Sequence[Tensor]) -> None:
        """Take mean and scale of the states [sentences, d] of some reports as those of all."""
        every = torch.cat(list(states))
        self.state_mean.copy_(every.mean(0))
        self.state_scale.copy_(every.std(0).clamp(min=1e-4))

    @torch.no_grad()
    def start_from(self, priors: dict[str, Tensor]) -> None:
        """Set the biases so that untrained heads predict the shares seen in the training codes.

        ``priors``: by variable the share of each label; for ordinal variables P(y > k).
        """
        biases = torch.split(self.from_report.bias, self._sizes)
        for variable, bias in zip(self.slots.variables, biases, strict=True):
            prior = priors[variable.id].clamp(0.01, 0.99)
            if variable.type == "ordinal":
                before = torch.cat([prior.new_ones(1), prior[:-1]])
                bias.copy_(torch.logit((prior / before).clamp(0.01, 0.99)))
            else:
                bias.copy_(prior.log() if variable.type == "nominal" else torch.logit(prior))


def n_logits(variable: Variable) -> int:
    """How many logits a variable has: one a label, but one if binary, and one a step if ordinal."""
    return {"binary": 1, "ordinal": len(variable.labels) - 1}.get(variable.type, len(variable.labels))


def segment_softmax(scores: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Softmax over the rows of each segment: scores [S, L], segment [S] -> weights [S, L]."""
    index = segment[:, None].expand_as(scores)
    top = scores.new_full((n_segments, scores.shape[1]), -torch.inf).scatter_reduce(0, index, scores, "amax")
    exps = (scores - top.detach()[segment]).exp()
    sums = exps.new_zeros(n_segments, scores.shape[1]).index_add(0, segment, exps)
    return exps / sums[segment]


def probabilities(variable: Variable, logits: Tensor) -> Tensor:
    """Probabilities of one variable's labels from its logits.

    [R] for binary, [R, labels] otherwise; for nominal and ordinal variables they sum to 1.
    """
    logits = logits.float()
    if variable.type in ("binary", "multi"):
        return logits.sigmoid()
    if variable.type == "nominal":
        return logits.softmax(-1)
    return _ordinal_log_probs(logits).exp()


def negative_log_likelihood(variable: Variable, logits: Tensor, target: Tensor) -> Tensor:
    """How improbable the targets are, [R]: cross-entropy with soft targets, summed over the labels of multi variables.

    Targets: [R] for binary, [R, labels] for multi and nominal, [R, labels - 1] for ordinal: P(y > k).
    """
    logits = logits.float()
    if variable.type == "binary":
        return F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if variable.type == "multi":
        return F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(-1)
    if variable.type == "nominal":
        return -(target * logits.log_softmax(-1)).sum(-1)
    edge = target.new_ones(len(target), 1)
    shares = torch.cat([edge, target], 1) - torch.cat([target, 0 * edge], 1)
    return -(shares * _ordinal_log_probs(logits)).sum(-1)


def _ordinal_log_probs(logits: Tensor) -> Tensor:
    """log P(y = k), [R, labels], from the logits of P(y > k | y >= k), [R, labels - 1]."""
    edge = logits.new_zeros(len(logits), 1)
    reached = torch.cat([edge, F.logsigmoid(logits).cumsum(1)], 1)
    return reached + torch.cat([F.logsigmoid(-logits), edge], 1)
