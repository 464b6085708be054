"""The frozen regime: heads on stored sentence states. Seconds on two cores for some hundred reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..configs.codebook import Codebook
from ..configs.settings import TrainingSettings
from ..models.heads import ReportHeads
from ..models.windows import ReadReport
from .augment import Versions
from .losses import code_loss, evidence_loss
from .targets import evidence_targets, priors, stack_targets


def train_heads(
    codebook: Codebook,
    versions: Versions,
    read: Sequence[ReadReport],
    states: Sequence[Tensor],
    settings: TrainingSettings,
) -> ReportHeads:
    """Train heads on the states [sentences, d] of the versions' examples, in order. Deterministic in the seed."""
    examples = versions.examples
    rng = np.random.default_rng(settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        heads = ReportHeads(codebook, states[0].shape[1], settings.hidden, settings.dropout)
        heads.standardise(states)
        heads.start_from(dict(priors(examples, codebook)))
        targets, masks = stack_targets(examples, codebook)
        spans = [evidence_targets(e, r.sentences, heads.slots.width) for e, r in zip(examples, read, strict=True)]
        steps = settings.epochs * -(-versions.an_epoch // settings.batch_reports)
        optimizer = torch.optim.AdamW(heads.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, total_steps=max(steps, 2), pct_start=max(settings.warmup, 0.01)
        )
        heads.train()
        for _ in range(settings.epochs):
            drawn = torch.from_numpy(rng.permutation(versions.draw(settings.augment, rng)))
            for chosen in torch.split(drawn, settings.batch_reports):
                own = chosen.tolist()
                sizes = torch.tensor([len(states[i]) for i in own])
                report = torch.repeat_interleave(torch.arange(len(own)), sizes)
                logits, scores = heads(torch.cat([states[i] for i in own]), report, len(own))
                loss = code_loss(
                    heads.slots.variables,
                    logits,
                    {k: v[chosen] for k, v in targets.items()},
                    {k: v[chosen] for k, v in masks.items()},
                )
                if settings.evidence_weight:
                    loss = loss + settings.evidence_weight * evidence_loss(
                        scores, torch.cat([spans[i][0] for i in own]), torch.cat([spans[i][1] for i in own])
                    )
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                torch.nn.utils.clip_grad_norm_(heads.parameters(), 1.0)
                optimizer.step()
                schedule.step()
    heads.eval()
    return heads
