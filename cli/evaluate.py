"""``weijing evaluate``: agreement of coders and model, and the report."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from .options import JsonOption, QuietOption, StudyOption
from .progress import Steps


def evaluate(study: StudyOption = Path(), as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Compare the study's coders, model and baseline; write report.html, report.json and tables/.

    Example: weijing evaluate -s my_study
    """
    from ..data.study import Study
    from ..report.study import evaluate_study, summary

    with Steps(quiet or as_json) as steps:
        done = evaluate_study(Study.open(study), progress=steps)
    if as_json:
        typer.echo(json.dumps({"report": str(done.report), **done.comparison.to_dict()}, ensure_ascii=False))
        return
    for line in summary(done):
        typer.echo(line)
    typer.echo(str(done.report))
