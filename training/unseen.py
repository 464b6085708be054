"""Codings of reports by a coder that had not learned from them, as files: what an evaluation may use."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..configs.errors import UserError
from ..data.artifacts import atomic_write
from ..models.coding import Coding, Evidence

Split = Literal["cross-fitted", "calibration", "sealed"]
"""How a report was kept apart: its group was left out of a fold; it was held out of finetuning, but epochs and
thresholds were chosen on it; or it is sealed, and the final model coded it."""


@dataclass(frozen=True)
class Unseen:
    """A coding of a report that the coder had not learned from."""

    report_id: str
    split: Split
    coding: Coding


def write_unseen(path: Path, codings: Iterable[Unseen]) -> None:
    """Write codings as JSON lines."""
    write_lines(path, (asdict(u) for u in codings))


def read_unseen(path: Path) -> list[Unseen]:
    """Read what ``write_unseen`` wrote."""
    lines = read_lines(path)
    try:
        return [Unseen(line["report_id"], line["split"], _coding(line["coding"])) for line in lines]
    except (KeyError, TypeError):
        raise _damaged(path) from None


def _coding(fields: dict[str, Any]) -> Coding:
    return Coding(**{**fields, "evidence": [Evidence(**e) for e in fields["evidence"]]})


def write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Write objects as JSON lines, atomically."""
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read objects from JSON lines."""
    if not path.exists():
        raise UserError(f"{path}: is missing; run `weijing train` first")
    with open(path, encoding="utf-8") as file:
        try:
            return [json.loads(line) for line in file]
        except ValueError:
            raise _damaged(path) from None


def _damaged(path: Path) -> UserError:
    return UserError(f"{path}: is damaged; run `weijing train --force` to make it anew")
