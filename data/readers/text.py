"""Plain text: one file, one report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .record import Record, Rejected
from .source import whole_text

SUFFIXES = (".txt", ".text", ".md")


def read_text(path: Path, name: str) -> Iterator[Record | Rejected]:
    """The file's whole text is the report's text; a title is the matter of tables."""
    text, encoding = whole_text(path)
    yield Record({"text": text}, name, notes={"encoding": encoding})
