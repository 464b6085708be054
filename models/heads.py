"""What is learned on top of the encoder: evidence scores, attention by them, and a logit for every label.

For sentence states s_i of a report (R reports, S sentences, hidden size h after projection) and each scored label l:

    e_li = <w_l, s_i> + b_l                     how much sentence i is evidence for l (trained on coders' spans)
    a_l  = softmax over the report's sentences of e_l / t_l
    c_l  = sum_i a_li s_i                       what the report says about l
    logit_l = <u_l, c_l> + <v_l, g> + d_l       g: mean state of the report

The attention is that of Lin et al. 2017 (structured self-attentive embedding) with one query a label, as in label-wise
attention for long documents (Mullenbach et al. 2018), here supervised by evidence. Ordinal variables have one score f
and ordered cut points: P(y > k) = sigmoid(f - cut_k) (proportional odds; rank-consistent like CORAL, Cao et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..configs.codebook import Codebook, Variable


@dataclass(frozen=True)
class Slots:
    """Where the scored labels of each learned variable stand in the heads' output of width ``width``."""

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
        self.from_evidence = nn.Parameter(torch.empty(width, hidden))
        self.from_report = nn.Linear(hidden, width)
        nn.init.normal_(self.from_evidence, std=hidden**-0.5)
        self.cuts = nn.ParameterDict(
            {v.id: nn.Parameter(torch.zeros(len(v.labels) - 1)) for v in self.slots.variables if v.type == "ordinal"}
        )

    def forward(self, states: Tensor, report: Tensor, n_reports: int) -> tuple[dict[str, Tensor], Tensor]:
        """Logits by variable and evidence scores [S, L].

        ``states`` [S, d]; ``report`` [S], ascending. Logits are [R] for binary, [R, labels] for multi and nominal,
        [R, labels - 1] (cumulative) for ordinal variables. A report without sentences gets the logits of a zero
        state.
        """
        hidden = self.project((states - self.state_mean) / self.state_scale)
        hidden = self.dropout(F.gelu(hidden))
        evidence = self.evidence(hidden)
        attention = segment_softmax(evidence * self.log_temperature.exp(), report, n_reports)
        # <u_l, sum_i a_li s_i> = sum_i a_li <u_l, s_i>: no [R, L, h] tensor is ever made.
        told = attention * (hidden @ self.from_evidence.T)
        logits = told.new_zeros(n_reports, self.slots.width).index_add(0, report, told)
        counts = torch.bincount(report, minlength=n_reports).clamp(min=1).to(hidden.dtype)
        mean = hidden.new_zeros(n_reports, hidden.shape[1]).index_add(0, report, hidden) / counts[:, None]
        logits = logits + self.from_report(mean)
        return {v.id: self._of(v, logits) for v in self.slots.variables}, evidence

    def _of(self, variable: Variable, logits: Tensor) -> Tensor:
        own = logits[:, self.slots.of_variable(variable.id)]
        if variable.type == "binary":
            return own[:, 0]
        if variable.type == "ordinal":
            raw = self.cuts[variable.id]
            steps = F.softplus(raw[1:])
            return own - torch.cat([raw[:1], raw[:1] + steps.cumsum(0)])
        return own

    @torch.no_grad()
    def start_from(self, priors: dict[str, Tensor]) -> None:
        """Set the biases so that untrained heads predict the shares seen in the training codes.

        ``priors``: by variable the share of each label; for ordinal variables P(y > k).
        """
        for variable in self.slots.variables:
            prior = priors[variable.id].clamp(0.01, 0.99)
            own = self.slots.of_variable(variable.id)
            if variable.type == "ordinal":
                cuts = -torch.logit(prior)
                steps = (cuts[1:] - cuts[:-1]).clamp(min=0.05)
                self.cuts[variable.id].copy_(torch.cat([cuts[:1], torch.log(torch.expm1(steps))]))
                self.from_report.bias[own] = 0
            elif variable.type == "nominal":
                self.from_report.bias[own] = prior.log()
            else:
                self.from_report.bias[own] = torch.logit(prior)


def segment_softmax(scores: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Softmax over the rows of each segment: scores [S, L], segment [S] -> weights [S, L]."""
    index = segment[:, None].expand_as(scores)
    top = scores.new_full((n_segments, scores.shape[1]), -torch.inf).scatter_reduce(0, index, scores, "amax")
    exps = (scores - top.detach()[segment]).exp()
    sums = exps.new_zeros(n_segments, scores.shape[1]).index_add(0, segment, exps)
    return exps / sums[segment]


def probabilities(variable: Variable, logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Probabilities of one variable's labels from its logits.

    [R] for binary, [R, labels] otherwise; for nominal and ordinal variables they sum to 1.
    """
    logits = logits.float() / temperature
    if variable.type in ("binary", "multi"):
        return logits.sigmoid()
    if variable.type == "nominal":
        return logits.softmax(-1)
    above = logits.sigmoid()
    edge = above.new_ones(len(above), 1)
    return (torch.cat([edge, above], 1) - torch.cat([above, 0 * edge], 1)).clamp(min=0)
