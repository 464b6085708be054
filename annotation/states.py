"""Reports as the study's encoder sees them and its model judges them; a part of them in memory at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ..configs.codebook import Words
from ..data.artifacts import manifest_path, read_manifest
from ..data.report import Report
from ..data.study import Study
from ..models.checkpoint import model_hash
from ..models.coding import Coder
from ..models.scoring import reader_of, score
from ..training.states import encoded
from ..training.study import study_settings
from ..training.train import Progress, untrained
from .coverage import Found, uncovered
from .uncertainty import uncertainty

CHUNK = 1024
"""Reports whose sentence states are in memory at a time."""


@dataclass(frozen=True)
class Seen:
    """Reports in order: ``vectors`` [reports, d], mean sentence states."""

    ids: Sequence[str]
    vectors: npt.NDArray[np.float32]
    doubts: Mapping[str, tuple[float, Words]]
    """Report id → how unsure the model is, from 0 to 1, and of which variable most; empty without a model."""

    def uncovered(self, free: Collection[str], n: int, seed: int) -> list[tuple[str, Found]]:
        """Of the free reports, ``n`` that stand for what no other stands for."""
        taken = np.array([report_id not in free for report_id in self.ids])
        return [(self.ids[found.position], found) for found in uncovered(self.vectors, taken, n, seed)]


def look(study: Study, reports: Sequence[Report], trained: bool, progress: Progress) -> Seen:
    """Read reports with the study's model, or with the encoder it would be trained over if there is none."""
    coder = Coder.load(study.model_path) if trained else None
    if coder:
        network, reader = coder.network, coder.reader
    else:
        network, tokenizer = untrained(study.codebook(), study_settings(study))
        reader = reader_of(network, tokenizer)
    cache = _cache(study) if trained else study.cache_path
    vectors: list[torch.Tensor] = []
    doubts: dict[str, tuple[float, Words]] = {}
    ready = 0

    def done(n: int) -> None:
        nonlocal ready
        ready += n
        progress("read", ready, len(reports))

    for start in range(0, len(reports), CHUNK):
        chunk = reports[start : start + CHUNK]
        states = encoded(network, reader, [r.text for r in chunk], cache, done).states
        # A text without a sentence has no state, and the mean of none would be no number.
        vectors += [own.sum(0) / max(len(own), 1) for own in states]
        if coder:
            learned = coder.codebook.learned
            logits, _ = score(network, states)
            every = uncertainty(
                coder.codebook, {v.id: coder.calibration.probabilities(v, logits[v.id]) for v in learned}
            )
            for report, own in zip(chunk, every, strict=True):
                # Rounded: states that were computed in another batch differ in their last digits.
                doubts[report.id] = (round(float(own.mean()), 4), learned[int(own.argmax())].name)
    return Seen([r.id for r in reports], torch.stack(vectors).numpy(), doubts)


def _cache(study: Study) -> Path:
    """Where states are kept: with those of training, unless the model has changed the encoder they come from."""
    frozen = read_manifest(manifest_path(study.model_path)).settings.get("regime") == "frozen"
    return study.cache_path if frozen else study.cache_path / f"model-{model_hash(study.model_path)}"
