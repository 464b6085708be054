"""``weijing train``: a model from the study's codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import QuietOption, StudyOption
from .progress import Steps


def train(
    study: StudyOption = Path(),
    force: Annotated[bool, typer.Option("--force", help="Train again though nothing has changed.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Train a coder on the study's settled codes, sealed reports left out. Settings: `training` in weijing.yaml.

    Example: weijing train -s my_study
    """
    from ..data.study import Study
    from ..training.study import train_study

    with Steps(quiet) as steps:
        done = train_study(Study.open(study), force=force, progress=steps)
    state = "is up to date" if done.reused else "is trained"
    typer.echo(f"{done.model}: {state}, on {done.n_train} reports; {done.n_sealed} coded reports are sealed")
