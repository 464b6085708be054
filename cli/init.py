"""``weijing init``: a study folder with the codebook to edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import ForceOption


def init(
    study: Annotated[Path, typer.Argument(help="The folder to make.")],
    codebook: Annotated[
        Path | None, typer.Option("-c", "--codebook", help="A codebook to start from. Default: police use of WeChat.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Make a study folder: settings (weijing.yaml) and a codebook to edit.

    Example: weijing init my_study
    """
    from ..data.study import Study

    made = Study.create(study, codebook, force)
    loaded = made.codebook()
    typer.echo(f"{made.root}: a study with codebook {loaded.name} {loaded.version}")
    typer.echo(f"next: edit {made.codebook_path}, then `weijing add REPORTS -s {made.root}`")
