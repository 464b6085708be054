"""What readers give: a record of a source file, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """One report as its source has it, before anything is done to it."""

    fields: dict[str, str]
    """Under the names of ``columns.SYNONYMS`` where known, else the source's own."""
    where: str
    """For people: the file, and the line or row where it has many."""
    relative: str = ""
    """The file's path within the folder that was read, ``/`` between the parts."""
    folder: str = ""
    """Name of that folder."""
    row: int | None = None
    """Which record of a table it is, from 1; None in a file of one report."""
    notes: dict[str, str] = field(default_factory=dict)
    """What reading found out, for example the encoding."""


@dataclass(frozen=True)
class Rejected:
    """Something that could not be read; ``reason`` is plain English."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class Reader(Protocol):
    """A reader of one kind of file. It names the file as ``name`` in what it yields."""

    def __call__(self, path: Path, name: str) -> Iterator[Record | Rejected]:
        """Records and rejections of the file at ``path``."""
        ...
