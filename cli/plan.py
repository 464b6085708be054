"""``weijing plan``: who codes which report of a round."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..report.clean import line
from .lines import print_json
from .options import LAST_ROUND, JsonOption, StudyOption


def plan(
    coders: Annotated[list[str], typer.Argument(help="The coders, by name.")],
    round_number: Annotated[
        int, typer.Option("--round", min=0, max=LAST_ROUND, help="A round selected; 0 is that of the sealed.")
    ],
    study: StudyOption = Path(),
    purpose: Annotated[
        str | None, typer.Option(help="What the codes are for, if not what was selected: reliability, train …")
    ] = None,
    overlap: Annotated[float, typer.Option(help="Share of other reports that two code (all, for reliability).")] = 0.1,
    show_predictions: Annotated[
        bool, typer.Option("--show-predictions", help="Not blind: for rounds that serve training alone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Deal out a round to coders, evenly, and record it; what was dealt out before stays.

    Example: weijing plan li wang --round 1 -s my_study
    """
    from ..annotation.plan import PLAN, loads, plan_study
    from ..data.study import Study

    opened = Study.open(study)
    made = plan_study(opened, coders, round_number, purpose=purpose, overlap=overlap, blind=not show_predictions)
    if as_json:
        print_json([asdict(a) for a in made])
        return
    for coder, n in loads(made).items():
        typer.echo(f"  {line(coder)}: {n} reports")
    reports = [a.report_id for a in made]
    twice = len({r for r in reports if reports.count(r) > 1})
    typer.echo(f"round {round_number}: {len(set(reports))} reports, {twice} of them by more than one coder")
    typer.echo(str(opened.root / PLAN))
