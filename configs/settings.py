"""Settings of training, with what each one means. A study's ``weijing.yaml`` may set any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import UserError


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EncoderSettings(_Settings):
    """Which encoder reads the reports, and how long reports are cut into windows."""

    name: str = "adapted"
    """``adapted`` to reports on police and WeChat, plain ``embedded``, a folder, or a hub name such as
    ``hfl/chinese-macbert-base``."""
    prefix: str | None = None
    """Put before every window; None: "query: " for ``adapted`` and ``embedded``, which were trained with it,
    nothing for others."""
    max_tokens: int = Field(default=384, ge=32, le=8192)
    """Longest window, in tokens."""
    overlap: int = Field(default=64, ge=0)
    """Tokens that neighbouring windows share at most, in whole sentences."""
    max_windows: int = Field(default=256, ge=1)
    """Windows read of one report; what lies beyond is counted as unread."""
    layers: tuple[int, ...] = Field(default=(-9, -7, -5, -3, -1), min_length=1)
    """Layers whose states the heads read, side by side: -1 is the last, -2 the one below it, and so on. Lower layers
    keep more of a sentence's words, upper ones more of its meaning."""


class TrainingSettings(_Settings):
    """How a coder is trained."""

    regime: Literal["frozen", "finetune"] = "frozen"
    """``frozen`` learns heads on stored sentence states, ``finetune`` the encoder too."""
    encoder: EncoderSettings = EncoderSettings()
    passages: float = Field(default=0.5, ge=0, le=1)
    """Share of the passages that come with weijing which is read beside the reports in each epoch, for the variables
    that the codebook defines as they were coded; 0: none."""
    hidden: int = Field(default=512, ge=8, le=65_536)
    """Width of the heads' hidden layer."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    epochs: int = Field(default=30, ge=1)
    batch_reports: int = Field(default=32, ge=1, le=65_536)
    """Reports a step."""
    accumulate: int = Field(default=1, ge=1)
    """Steps whose gradients are added up before the weights move."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Of the heads."""
    encoder_learning_rate: float = Field(default=2e-4, gt=0)
    """Of the encoder's top layer."""
    layer_decay: float = Field(default=0.9, gt=0, le=1)
    """Each layer below learns slower by this factor."""
    trained_layers: int | None = Field(default=None, ge=1)
    """How many top layers learn; None means all."""
    adapter_rank: int | None = Field(default=None, ge=1, le=65_536)
    """Learn low-rank changes of the layers' linear maps (LoRA) instead of the layers: a small model folder."""
    encoder_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Inside the encoder while it learns. Without any, attention is computed faster."""
    train_embeddings: bool = False
    """Whether word embeddings learn too: the model folder grows by all of them."""
    weight_decay: float = Field(default=0.05, ge=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    evidence_weight: float = Field(default=1.0, ge=0)
    """Weight of the coders' evidence spans in the loss; 0 ignores them."""
    augment: float = Field(default=0.5, ge=0, le=1)
    """Chance that an altered copy of a report is read in its place: an excerpt, the other script, a noisy page."""
    coder_weight: float = Field(default=0.3, ge=0, le=1)
    """Share of the single coders' codes in the target; the settled code has the rest."""
    calibration_share: float = Field(default=0.2, gt=0, lt=0.9)
    """Share of reprint groups kept for temperatures and thresholds."""
    folds: int = Field(default=5, ge=2)
    """Folds of the cross-fitted predictions."""
    abstain_risk: float = Field(default=0.1, gt=0, lt=1)
    """A variable is left to a person unless its conformal set at this risk holds one value."""
    seed: int = Field(default=20251123, ge=0, lt=2**32)

    @classmethod
    def preset(cls, regime: str = "frozen", **changes: Any) -> TrainingSettings:
        """The settings of a regime, with changes."""
        return read_settings({"regime": regime, **changes})


_FINETUNE: dict[str, Any] = {
    "passages": 0.25, "epochs": 6, "batch_reports": 8, "weight_decay": 0.01,
    "trained_layers": 6, "adapter_rank": 8, "encoder_learning_rate": 1e-3, "layer_decay": 1.0, "encoder_dropout": 0.0,
}  # fmt: skip


def read_settings(given: Mapping[str, Any], where: str = "settings") -> TrainingSettings:
    """Settings from a mapping; what is left open comes from the regime's preset. Raises ``UserError``."""
    preset = _FINETUNE if given.get("regime") == "finetune" else {}
    try:
        return TrainingSettings.model_validate({**preset, **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{where}: {name}: {first['msg']} (found {first.get('input')!r})") from None
