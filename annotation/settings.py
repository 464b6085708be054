"""What a study's ``weijing.yaml`` may say under ``annotation``."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..configs.errors import UserError
from ..data.study import SETTINGS, Study

# What Label Studio takes as an address, or as the part of one before the @.
CoderName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*(@[a-z0-9-]+(\.[a-z0-9-]+)*)?$", max_length=200)]


class AnnotationSettings(BaseModel):
    """Who codes, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    coders: tuple[CoderName, ...] = ()
    """Short names or e-mail addresses, in small letters; each gets an account."""
    host: IPv4Address = IPv4Address("127.0.0.1")
    """Whoever reaches this address can try to log in; nothing is encrypted on the way."""
    port: int | None = Field(default=None, ge=1024, le=65535)
    """None: 8080, or another one if that is taken."""
    url: str | None = None
    """A Label Studio that runs elsewhere and takes the place of the study's own."""

    @field_validator("coders")
    @classmethod
    def _each_once(cls, coders: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(coders)) < len(coders):
            raise ValueError("a coder is named twice")
        return coders


def annotation_settings(study: Study) -> AnnotationSettings:
    """The settings of a study's annotation. Raises ``UserError``."""
    try:
        return AnnotationSettings.model_validate(study.settings.annotation)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in ("annotation", *first["loc"]))
        why = "is no setting known here" if first["type"] == "extra_forbidden" else first["msg"]
        if first["type"] == "string_pattern_mismatch":
            why = "a coder is a short name or an e-mail address, in a-z, 0-9, dot, dash and underscore"
        raise UserError(f"{study.root / SETTINGS}: {name}: {why} (found {first['input']!r})") from None
