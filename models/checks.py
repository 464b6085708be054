"""What a model's config may say, checked when it is loaded: a config edited by hand must not fail later, or worse, not.

Errors are ``ValueError`` with one line; ``Coder.load`` names the folder.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Rank = Annotated[int, Field(ge=1)]


class _Entries(BaseModel):
    """The entries of ``CoderConfig`` that are not checked by whom they are for."""

    model_config = ConfigDict(strict=True, from_attributes=True)

    encoder_name: str
    prefix: str
    max_tokens: int = Field(ge=1)
    overlap: int = Field(ge=0)
    max_windows: int = Field(ge=1)
    layers: list[int] = Field(min_length=1)
    adapters: dict[str, Rank]
    hidden: int = Field(ge=1, le=65_536)
    dropout: float = Field(ge=0, lt=1)
    training: dict[str, Any]


def check_config(config: object) -> None:
    """Raise ``ValueError`` unless every entry of a coder's config is of its type and in its bounds."""
    try:
        _Entries.model_validate(config)
    except ValidationError as error:
        raise ValueError(f"config.json: {one_line(error)}") from None


def check_layers(layers: list[int], depth: int) -> None:
    """Raise ``ValueError`` unless an encoder of that many layers has them all; 0 is its embeddings, -1 its last."""
    lacking = [i for i in layers if not -depth - 1 <= i <= depth]
    if lacking:
        raise ValueError(f"config.json: layers: the encoder has {depth}, and no layer {lacking[0]}")


def one_line(error: Exception) -> str:
    """The first thing that an exception says, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {' '.join(first['msg'].split())}"
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
