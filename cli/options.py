"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LAST_ROUND = 1_000_000
"""Far from what a file of codes cannot store."""

StudyOption = Annotated[
    Path, typer.Option("-s", "--study", help="The study folder (with weijing.yaml).", show_default="here")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")]
QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Show no progress.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite what exists.")]
