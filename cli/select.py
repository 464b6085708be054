"""``weijing select``: the next reports to code, with the reason for each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..report.clean import line
from .lines import print_json
from .options import LAST_ROUND, ForceOption, JsonOption, QuietOption, StudyOption
from .progress import Steps


def select(
    study: StudyOption = Path(),
    n: Annotated[int, typer.Option("-n", "--number", help="How many reports.")] = 50,
    uncertainty: Annotated[float, typer.Option(help="Weight of what the model is least sure of.")] = 0.5,
    coverage: Annotated[float, typer.Option(help="Weight of what is unlike anything coded.")] = 0.2,
    permutation: Annotated[float, typer.Option(help="Weight of the random order, for shares.")] = 0.3,
    round_number: Annotated[
        int | None,
        typer.Option(
            "--round", min=1, max=LAST_ROUND, help="Default: the last one if none of it is coded, else a new one."
        ),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Select the next reports to code, one a story, none of them sealed; the design of the study records them.

    The same command gives the same round until codes of it come in. Example: weijing select -n 50 -s my_study
    """
    from ..annotation.select import SHARES
    from ..annotation.select import select as run
    from ..data.study import Study

    shares = {"uncertainty": uncertainty, "coverage": coverage, "permutation": permutation}
    with Steps(quiet or as_json) as steps:
        done = run(Study.open(study), n, shares, round_number=round_number, force=force, progress=steps)
    if as_json:
        found = {**asdict(done), "offers": [{**asdict(o), "reason": o.reason.model_dump()} for o in done.offers]}
        print_json(found)
        return
    for note in done.notes:
        typer.echo(note)
    for offer in done.offers:
        score = "" if offer.score is None else f" {offer.score:.2f}"
        typer.echo(f"  {line(offer.report_id)}: {offer.strategy}{score}: {offer.reason.en} / {offer.reason.zh}")
    counts = ", ".join(f"{s} {sum(o.strategy == s for o in done.offers)}" for s in SHARES)
    state = "as recorded before" if done.again else "recorded in the design"
    typer.echo(f"round {done.round}: {len(done.offers)} reports ({counts}), {state}")
