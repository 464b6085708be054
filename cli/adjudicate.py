"""``weijing annotate adjudicate``: what coders disagree on, decided in Label Studio."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..report.clean import line
from .lines import print_json
from .options import LAST_ROUND, JsonOption, QuietOption, StudyOption
from .progress import Steps

app = typer.Typer(
    no_args_is_help=True,
    help="Decide what coders disagree on. Example: weijing annotate adjudicate push",
)

RoundOption = Annotated[
    int | None, typer.Option("--round", min=0, max=LAST_ROUND, help="Codes of this round only; it has its own project.")
]


@app.command()
def push(
    study: StudyOption = Path(),
    round_number: RoundOption = None,
    masked: Annotated[bool, typer.Option("--masked", help="Call the coders A, B … in tasks that are new.")] = False,
    models: Annotated[bool, typer.Option("--models", help="Count models' codes as those of coders, too.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring every report that coders differ on, and nobody has decided, into the adjudication project.

    Run again after new codes, it adds what is new and takes back what nobody needs to decide any more. Example:
    weijing annotate adjudicate push -s my_study
    """
    from ..annotation.adjudicate import PEOPLE
    from ..annotation.adjudicate_server import push as run
    from ..annotation.client import Client, Connection
    from ..data.study import Study

    opened = Study.open(study)
    kinds = (*PEOPLE, "model") if models else PEOPLE
    with Steps(quiet or as_json) as steps:
        client = Client(Connection.of_study(opened))
        done = run(
            opened,
            client,
            round_number=round_number,
            masked=masked,
            kinds=kinds,
            progress=lambda n, of: steps("push", n, of),
        )
    if as_json:
        print_json(asdict(done))
        return
    typer.echo(f"{done.undecided} reports to decide: {done.added} tasks added, {done.withdrawn} taken back")
    for report_id in done.changed:
        typer.echo(f"  report {line(report_id)}: decided before, but its codes have changed since")


@app.command()
def pull(study: StudyOption = Path(), round_number: RoundOption = None, as_json: JsonOption = False) -> None:
    """Append the decisions to the study's codes; the codes that were decided about stay as they are.

    Example: weijing annotate adjudicate pull -s my_study
    """
    from ..annotation.adjudicate_server import pull as run
    from ..annotation.client import Client, Connection
    from ..data.study import Study

    opened = Study.open(study)
    done = run(opened, Client(Connection.of_study(opened)), round_number=round_number)
    if as_json:
        print_json(asdict(done))
        return
    typer.echo(f"{done.decisions} decisions added")
    for problem in (*done.rejected, *done.problems):
        typer.echo(f"  {line(problem)}")
