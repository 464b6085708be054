"""``weijing add``: bring reports, and codes made elsewhere, into a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..report.clean import line
from .lines import print_json, print_list
from .options import JsonOption, StudyOption


def add(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders: txt, jsonl, json, csv, tsv, parquet.")
    ] = None,
    study: StudyOption = Path(),
    collection: Annotated[
        str | None, typer.Option("--collection", help="Begins the ids of reports that have none of their own.")
    ] = None,
    codes: Annotated[
        list[Path] | None, typer.Option("--codes", help="Codes to append too: .jsonl or .parquet of weijing.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add reports to a study's corpus; what could not be read is listed with the reason.

    Exit code 2 if nothing at all could be taken. Example: weijing add reports/ more.csv -s my_study
    """
    from ..configs.errors import UserError
    from ..data.codes import read_codes
    from ..data.study import Study, add_codes
    from ..data.study import add as add_reports

    if not files and not codes:
        raise UserError("nothing to add: name files of reports, or codes with --codes")
    opened = Study.open(study)
    result = add_reports(opened, files or [], collection)
    given = [read_codes(path) for path in codes or []]
    coded = [add_codes(opened, of_file) for of_file in given]
    appended = sum(c.appended for c in coded)
    refused = [str(p) for c in coded for p in c.rejected]
    doubtful = [str(p) for c in coded for p in c.problems]
    nothing = bool(result.rejected) and not result.counts["accepted"]
    nothing = nothing or (bool(refused) and len(refused) == sum(map(len, given)))
    if as_json:
        found = {
            "added": len(result.added),
            "unchanged": len(result.unchanged),
            "changed": list(result.changed),
            "updated": len(result.updated),
            "rejected": [{"where": r.where, "reason": r.reason} for r in result.rejected],
            "reports": result.n_reports,
            "reprint_groups": result.n_groups,
            "codes_appended": appended,
            "codes_rejected": refused,
            "codes_to_look_at": doubtful,
        }
        print_json(found)
        raise typer.Exit(2 if nothing else 0)
    typer.echo(
        f"{len(result.added)} added, {len(result.unchanged)} unchanged, {len(result.changed)} with new text, "
        f"{len(result.updated)} with other metadata, {len(result.rejected)} rejected"
    )
    for report_id in result.changed:
        typer.echo(f"  new text: {line(report_id)} (spans of older codes may not fit any more)")
    print_list(f"rejected: {rejected.where}: {rejected.reason}" for rejected in result.rejected)
    for groups in result.linked:
        typer.echo(f"  the same story, found late and left apart: {line(', '.join(groups))}")
    typer.echo(f"the corpus now holds {result.n_reports} reports in {result.n_groups} reprint groups")
    if codes:
        typer.echo(f"{appended} codes appended, {len(refused)} rejected, {len(doubtful)} problems for the coders")
        print_list(f"rejected: {problem}" for problem in refused)
        print_list(f"look at: {problem}" for problem in doubtful)
    if nothing:
        raise typer.Exit(2)
