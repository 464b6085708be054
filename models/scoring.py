"""Texts through the encoder, sorted by length into batches of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from .batch import collate
from .network import CoderNetwork
from .windows import Reader, ReadReport


def reader_of(network: CoderNetwork, tokenizer: PreTrainedTokenizerFast) -> Reader:
    """A reader with the windows that a network was trained with."""
    c = network.config
    return Reader(tokenizer, c.prefix, c.max_tokens, c.overlap, c.max_windows)


def token_batches(reports: Sequence[ReadReport], budget: int) -> Iterator[list[int]]:
    """Positions of the reports in batches of at most ``budget`` padded tokens, shortest first.

    A report with more windows than the budget holds makes a batch of its own.
    """
    longest = [max((len(w.token_ids) for w in r.windows), default=0) for r in reports]
    batch: list[int] = []
    width = rows = 0
    for i in sorted(range(len(reports)), key=lambda i: (longest[i], i)):
        more = len(reports[i].windows)
        if batch and max(width, longest[i]) * (rows + more) > budget:
            yield batch
            batch, width, rows = [], 0, 0
        batch.append(i)
        width, rows = max(width, longest[i]), rows + more
    if batch:
        yield batch


@torch.inference_mode()
def encode(
    network: CoderNetwork,
    reports: Sequence[ReadReport],
    pad_id: int,
    budget: int = 8192,
    done: Callable[[int], None] | None = None,
) -> list[Tensor]:
    """Sentence states [sentences, d] (float32, on the CPU) of each report.

    ``done`` is called with the number of reports after every batch.
    """
    states: list[Tensor | None] = [None] * len(reports)
    network.eval()
    device = network.heads.state_mean.device
    for chosen in token_batches(reports, budget):
        batch = collate([reports[i] for i in chosen], pad_id)
        out = network.states(
            batch.input_ids.to(device),
            batch.attention_mask.to(device),
            batch.sentence_ids.to(device),
            len(batch.sentence_report),
        ).cpu()
        sizes = [len(reports[i].sentences) for i in chosen]
        for i, own in zip(chosen, torch.split(out, sizes), strict=True):
            states[i] = own.clone()
        if done:
            done(len(chosen))
    return [s for s in states if s is not None]


@torch.inference_mode()
def score(network: CoderNetwork, states: Sequence[Tensor], batch: int = 256) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Logits by variable over all reports, and evidence scores [sentences, slots] of each, from sentence states."""
    network.eval()
    device = network.heads.state_mean.device
    logits: dict[str, list[Tensor]] = {v.id: [] for v in network.heads.slots.variables}
    evidence: list[Tensor] = []
    for start in range(0, len(states), batch):
        own = states[start : start + batch]
        sizes = [len(s) for s in own]
        report = torch.repeat_interleave(torch.arange(len(own)), torch.tensor(sizes)).to(device)
        out, scores = network.heads(torch.cat(list(own)).to(device), report, len(own))
        for name, values in out.items():
            logits[name].append(values.cpu())
        evidence.extend(torch.split(scores.cpu(), sizes))
    return {name: torch.cat(parts) for name, parts in logits.items() if parts}, evidence
