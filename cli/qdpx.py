"""``weijing qdpx``: projects for NVivo, MAXQDA, ATLAS.ti and others, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .lines import print_json, print_list
from .options import LAST_ROUND, ForceOption, JsonOption, StudyOption

app = typer.Typer(
    no_args_is_help=True, help="Exchange reports and codes with NVivo, MAXQDA, ATLAS.ti … (REFI-QDA projects)."
)


@app.command()
def write(
    out: Annotated[Path, typer.Argument(help="The project to write (.qdpx).")],
    study: StudyOption = Path(),
    coded: Annotated[bool, typer.Option("--coded", help="Only reports that somebody has coded.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a study's codebook, reports and codes in force as a REFI-QDA project.

    Example: weijing qdpx write project.qdpx -s my_study
    """
    from ..annotation.qdpx import write_qdpx
    from ..data.codes import read_codes
    from ..data.study import Study

    opened = Study.open(study)
    codes = read_codes(opened.codes_path) if opened.codes_path.exists() else []
    coded_ids = {code.report_id for code in codes}
    reports = [report for report in opened.reports() if not coded or report.id in coded_ids]
    written = write_qdpx(out, reports, codes, opened.codebook(), force=force)
    left_out = [str(problem) for problem in written.rejected]
    if as_json:
        found = {"path": str(out), "reports": written.n_reports, "codes": written.n_codes, "left_out": left_out}
        print_json(found)
        return
    typer.echo(f"{out}: {written.n_reports} reports, {written.n_codes} codes, {len(left_out)} left out")
    print_list(left_out, whole="")


@app.command()
def read(
    project: Annotated[Path, typer.Argument(help="A REFI-QDA project (.qdpx).")],
    study: StudyOption = Path(),
    purpose: Annotated[
        str, typer.Option("--purpose", help="What codes of users that weijing does not know are for.")
    ] = "train",
    round_: Annotated[
        int | None, typer.Option("--round", min=0, max=LAST_ROUND, help="The round of codes of such users.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Append the codes of a REFI-QDA project to a study; what could not be placed is listed with the reason.

    Exit code 2 if nothing at all could be read. Example: weijing qdpx read project.qdpx -s my_study
    """
    from ..annotation.qdpx import read_qdpx
    from ..data.codes import PURPOSES, Purpose, read_codes
    from ..data.study import Study, add_codes

    if purpose not in PURPOSES:
        raise typer.BadParameter(f"{purpose} is none of {', '.join(PURPOSES)}", param_hint="--purpose")
    meant: Purpose = purpose  # type: ignore[assignment]
    opened = Study.open(study)
    known = read_codes(opened.codes_path) if opened.codes_path.exists() else []
    found = read_qdpx(project, opened.reports(), opened.codebook(), known=known, purpose=meant, round=round_)
    ids = {code.code_id for code in known}
    added = add_codes(opened, [code for code in found.codes if code.code_id not in ids])
    unplaced = [str(one) for one in found.unplaced] + [str(problem) for problem in added.rejected]
    doubtful = [str(problem) for problem in added.problems]
    if as_json:
        counts = {"read": len(found.codes), "appended": added.appended}
        print_json({**counts, "unplaced": unplaced, "to_look_at": doubtful})
    else:
        typer.echo(f"{len(found.codes)} codes read, {added.appended} new or changed, {len(unplaced)} not placed")
        print_list([*(f"not placed: {one}" for one in unplaced), *(f"look at: {one}" for one in doubtful)])
    if unplaced and not found.codes:
        raise typer.Exit(2)
