"""What commands print: lists cut short, text of others made harmless, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

import typer

from ..report.clean import line

LISTED = 20


def print_list(items: Iterable[object], most: int = LISTED, whole: str = " (--json lists all)") -> None:
    """Print each item on an indented line, the first ``most`` of them; ``whole`` says where all of them are."""
    every = list(items)
    for item in every[:most]:
        typer.echo(f"  {line(item)}")
    if len(every) > most:
        typer.echo(f"  … and {len(every) - most} more{whole}")


def print_json(value: object) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
