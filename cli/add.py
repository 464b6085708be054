"""``weijing add``: bring reports, and codes made elsewhere, into a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, StudyOption


def add(
    files: Annotated[list[Path], typer.Argument(help="Files or folders: txt, jsonl, json, csv, tsv, parquet.")],
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

    Example: weijing add reports/ more.csv -s my_study
    """
    from ..data.codes import append_codes, read_codes
    from ..data.study import Study
    from ..data.study import add as add_reports

    opened = Study.open(study)
    result = add_reports(opened, files, collection)
    appended = sum(append_codes(opened.codes_path, read_codes(path)) for path in codes or [])
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
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    typer.echo(
        f"{len(result.added)} added, {len(result.unchanged)} unchanged, {len(result.changed)} with new text, "
        f"{len(result.updated)} with other metadata, {len(result.rejected)} rejected"
    )
    for report_id in result.changed:
        typer.echo(f"  new text: {report_id} (spans of older codes may not fit any more)")
    for rejected in result.rejected:
        typer.echo(f"  rejected: {rejected.where}: {rejected.reason}")
    for groups in result.linked:
        typer.echo(f"  the same story, found late and left apart: {', '.join(groups)}")
    typer.echo(f"the corpus now holds {result.n_reports} reports in {result.n_groups} reprint groups")
    if codes:
        typer.echo(f"{appended} codes appended")
