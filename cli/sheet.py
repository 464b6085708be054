"""``weijing sheet``: coding in a spreadsheet, out and back, and codes made elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..report.clean import line
from .lines import print_json, print_list
from .options import LAST_ROUND, ForceOption, JsonOption, StudyOption

app = typer.Typer(no_args_is_help=True, help="Coding sheets for spreadsheets, and tables of codes made elsewhere.")


class Kind(StrEnum):
    """Who coded."""

    human = "human"
    model = "model"
    synthetic = "synthetic"


class For(StrEnum):
    """What the codes are for."""

    train = "train"
    reliability = "reliability"
    probability = "probability"
    sealed = "sealed"
    adjudication = "adjudication"


PurposeOption = Annotated[For, typer.Option("--purpose", help="What the codes are for.")]
RoundOption = Annotated[int | None, typer.Option("--round", min=0, max=LAST_ROUND, help="The round of coding.")]


@app.command()
def write(
    out: Annotated[Path, typer.Argument(help="The sheet: .xlsx, or .csv for other programs.")],
    study: StudyOption = Path(),
    ids: Annotated[
        Path | None, typer.Option("--ids", help="A text file of the reports to code, an id a line, in this order.")
    ] = None,
    coder: Annotated[
        str | None, typer.Option("--coder", help="Put in the codes this coder has given so far, to go on.")
    ] = None,
    purpose: PurposeOption = For.train,
    round_: RoundOption = None,
    force: ForceOption = False,
) -> None:
    """Write a sheet to code in: a row a report, columns by the codebook, definitions on a second worksheet.

    Example: weijing sheet write round1.xlsx -s my_study --ids batch.txt
    """
    from ..annotation.sheets import write_sheet
    from ..configs.errors import UserError
    from ..data.codes import current, read_codes
    from ..data.study import Study

    opened = Study.open(study)
    reports = {report.id: report for report in opened.reports()}
    if ids:
        try:
            given = ids.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise UserError(f"{ids}: cannot be read (not UTF-8); save the file as UTF-8") from None
        wanted = dict.fromkeys(name.strip() for name in given if name.strip())
        unknown = [report_id for report_id in wanted if report_id not in reports]
        if unknown:
            raise UserError(f"{ids}: the corpus has no report {', '.join(unknown[:5])}; correct the list")
        reports = {report_id: reports[report_id] for report_id in wanted}
    known = read_codes(opened.codes_path) if coder and opened.codes_path.exists() else []
    own = [c for c in current(known) if (c.coder, c.round) == (coder, round_) and c.report_id in reports]
    codes = [c for c in own if c.purpose == purpose.value]
    problems = write_sheet(out, reports.values(), opened.codebook(), codes, force=force)
    print_list(problems, whole="")
    typer.echo(f"{out}: {len(reports)} reports")
    for other in sorted({c.purpose for c in own} - {purpose.value, For.adjudication.value}):
        n = len({c.report_id for c in own if c.purpose == other})
        typer.echo(
            f"{n} of them were coded with --purpose {other} and are blank here; leave these blank, and write them a "
            "sheet of their own with --ids and that --purpose"
        )


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="A sheet that came back, or any table: csv, tsv, xlsx, jsonl, parquet.")],
    study: StudyOption = Path(),
    coder: Annotated[str | None, typer.Option("--coder", help="Who coded, where no column says so.")] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="What kind of coder.")] = Kind.human,
    purpose: PurposeOption = For.train,
    round_: RoundOption = None,
    saw_prediction: Annotated[
        bool, typer.Option("--saw-prediction", help="The coder saw what a model had predicted.")
    ] = False,
    saw_codes: Annotated[bool, typer.Option("--saw-codes", help="The coder saw the codes of others.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Append the codes of a sheet or table to a study; what cannot be placed is listed with its row and reason.

    Read again, the same file changes nothing. Example: weijing sheet read round1.xlsx -s my_study --coder a --round 1
    """
    from ..annotation.sheets import read_sheet
    from ..data.codes import read_codes
    from ..data.codes_table import Coding
    from ..data.study import Study, add_codes

    opened = Study.open(study)
    known = read_codes(opened.codes_path) if opened.codes_path.exists() else []
    coding = Coding(
        coder, kind.value, purpose.value, round_, saw_prediction, saw_codes, datetime.now(UTC).isoformat("T", "seconds")
    )
    found = read_sheet(file, opened.reports(), opened.codebook(), coding, known)
    added = add_codes(opened, found.codes)
    rejected = [str(problem) for problem in added.rejected]
    if as_json:
        told = {
            "rows": found.n_rows,
            "codes": len(found.codes),
            "appended": added.appended,
            "rejected": rejected,
            "problems": [str(problem) for problem in found.problems],
            "columns_ignored": list(found.ignored),
        }
        print_json(told)
    else:
        print_list([*(f"rejected: {one}" for one in rejected), *found.problems])
        if found.ignored:
            typer.echo(f"columns that were not read: {', '.join(map(line, found.ignored))}")
        typer.echo(
            f"{found.n_rows} rows, {len(found.codes)} codes, {added.appended} of them new, {len(rejected)} rejected; "
            f"{len(found.problems)} things to look at"
        )
    if (found.problems or rejected) and len(rejected) == len(found.codes):
        raise typer.Exit(2)
