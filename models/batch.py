"""Reports side by side as tensors, whatever their number of windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .windows import ReadReport


@dataclass(frozen=True)
class Batch:
    """R reports with W windows of at most T tokens and S sentences.

    input_ids, attention_mask: [W, T]; sentence_ids: [W, T], the sentence's row or -1; sentence_report: [S].
    """

    input_ids: Tensor
    attention_mask: Tensor
    sentence_ids: Tensor
    sentence_report: Tensor
    n_reports: int


def collate(reports: Sequence[ReadReport], pad_id: int) -> Batch:
    """Pad the windows of all reports to the longest."""
    windows = [(w, r) for r, report in enumerate(reports) for w in report.windows]
    width = max((len(w.token_ids) for w, _ in windows), default=1)
    first = [0]
    for report in reports:
        first.append(first[-1] + len(report.sentences))
    input_ids = torch.full((len(windows), width), pad_id, dtype=torch.long)
    mask = torch.zeros((len(windows), width), dtype=torch.long)
    sentence_ids = torch.full((len(windows), width), -1, dtype=torch.long)
    for i, (window, r) in enumerate(windows):
        n = len(window.token_ids)
        input_ids[i, :n] = torch.tensor(window.token_ids)
        mask[i, :n] = 1
        of = torch.tensor(window.sentence_of)
        sentence_ids[i, :n] = torch.where(of >= 0, of + first[r], of)
    sentence_report = torch.repeat_interleave(
        torch.arange(len(reports)), torch.tensor([len(r.sentences) for r in reports], dtype=torch.long)
    )
    return Batch(input_ids, mask, sentence_ids, sentence_report, len(reports))


def sentence_states(token_states: Tensor, sentence_ids: Tensor, n_sentences: int) -> Tensor:
    """Mean state [S, d] of each sentence's tokens; ``token_states`` is [W, T, d]."""
    flat = sentence_ids.reshape(-1)
    chosen = flat >= 0
    rows, ids = token_states.reshape(-1, token_states.shape[-1])[chosen], flat[chosen]
    sums = token_states.new_zeros(n_sentences, token_states.shape[-1]).index_add(0, ids, rows)
    counts = torch.bincount(ids, minlength=n_sentences).clamp(min=1).to(sums.dtype)
    return sums / counts[:, None]
