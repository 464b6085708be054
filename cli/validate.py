"""``weijing validate``: a model against one's own codes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .lines import print_json
from .options import JsonOption, QuietOption, StudyOption
from .progress import Steps

if TYPE_CHECKING:
    from ..evaluation.estimate import Estimate

WORDS = {
    "meets": "meets the target / 达标",
    "undecided": "cannot be told yet / 尚难判断",
    "falls_short": "FALLS SHORT / 未达标",
    "undefined": "undefined / 无法计算",
}


def validate(
    study: StudyOption = Path(),
    model: Annotated[
        Path | None, typer.Option("-m", "--model", help="A model folder; without it the default coder is judged.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Judge a model by codes that people gave to your own reports, label by label.

    Codes count that people gave without sight of a prediction. From 100 reports on, the outcome is recorded, and
    `weijing classify` no longer warns of that model. Example: weijing validate -s my_study
    """
    from ..data.study import Study
    from ..inference.validate import ENOUGH, record, records_path
    from ..inference.validate import validate as run

    with Steps(quiet or as_json) as steps:
        found = run(Study.open(study), model, lambda n, of: steps("reports", n, of))
    recorded = record(found)
    if as_json:
        told = asdict(found) | {"enough": found.enough, "recorded": recorded}
        print_json(told)
        return
    typer.echo(f"{found.n_reports} reports coded by people ({', '.join(found.coders)}), model {found.model}")
    if found.n_learned:
        typer.echo(f"{found.n_learned} more were left out: the model has learned from them or a reprint of them")
    typer.echo(f"{'':44}{'n':>5}{'alpha':>21}{'precision':>11}{'recall':>8}  verdict")
    for row in found.rows:
        name = f"{row.variable} {row.label or ''}".strip()
        typer.echo(
            f"{name:44}{row.n:5d}{_interval(row.alpha):>21}{_number(row.precision):>11}{_number(row.recall):>8}"
            f"  {WORDS[row.verdict]} ({row.target:.2f})"
        )
    if found.enough and not recorded:
        typer.echo(f"could not be recorded in {records_path()}: classify goes on warning of this model", err=True)
    if not found.enough:
        typer.echo(
            f"{found.n_reports} reports are too few: with {ENOUGH} the model counts as validated\n"
            f"{found.n_reports} 篇太少：满 {ENOUGH} 篇才算核验过"
        )


def _number(found: Estimate | None) -> str:
    return "–" if found is None or found.value is None else f"{found.value:.2f}"


def _interval(found: Estimate) -> str:
    if found.value is None:
        return "–"
    return f"{found.value:.2f}" + ("" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]")
