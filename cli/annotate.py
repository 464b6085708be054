"""``weijing annotate``: coding in Label Studio."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..configs.errors import UserError
from ..report.clean import line
from . import adjudicate
from .lines import print_json, print_list
from .options import LAST_ROUND, JsonOption, QuietOption, StudyOption
from .progress import Steps
from .sheet import For

app = typer.Typer(no_args_is_help=True, help="Code in Label Studio: start it, send reports, fetch codes.")
app.add_typer(adjudicate.app, name="adjudicate")
UrlOption = Annotated[
    str | None,
    typer.Option(help="A Label Studio that runs elsewhere; its key in the environment: WEIJING_LABEL_STUDIO_KEY."),
]


@app.command()
def up(study: StudyOption = Path(), as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Start the study's own Label Studio and make the coders' accounts; the first time it is installed (1 GB).

    Coders, host and port stand in weijing.yaml under annotation.

    Example: weijing annotate up -s my_study
    """
    from ..annotation.accounts import accounts_path, ensure_accounts
    from ..annotation.client import Connection
    from ..annotation.server import SERVER
    from ..annotation.server import up as start
    from ..data.study import Study

    opened = Study.open(study)
    with Steps(quiet or as_json) as steps:
        server = start(opened, progress=steps)
    accounts = ensure_accounts(opened, Connection(server.url, server.token))
    passwords = accounts_path(opened)
    if as_json:
        found = {
            "url": server.url,
            "pid": server.pid,
            "server": str(opened.label_studio_path / SERVER),
            "accounts": {coder: account.email for coder, account in accounts.items()},
            "passwords": str(passwords) if accounts else None,
        }
        print_json(found)
        return
    typer.echo(f"{server.url}  (administrator {server.email}, password in {opened.label_studio_path / SERVER})")
    for coder, account in accounts.items():
        where = f"password in {passwords}" if account.password else "an account that existed before"
        typer.echo(f"  {coder}: logs in as {account.email}, {where}")
    if not accounts:
        typer.echo("no coders yet: name them in weijing.yaml, annotation: {coders: [a, b]}, and run this again")
    if server.host != "127.0.0.1":
        typer.echo(f"open to others at {server.host}: passwords and texts go over the network unencrypted")


@app.command()
def down(study: StudyOption = Path()) -> None:
    """Stop the study's Label Studio; nothing that was saved is lost.

    Example: weijing annotate down -s my_study
    """
    from ..annotation.server import down as stop
    from ..data.study import Study

    typer.echo("stopped" if stop(Study.open(study)) else "nothing was running")


@app.command()
def status(study: StudyOption = Path(), as_json: JsonOption = False) -> None:
    """Say whether the study's Label Studio runs, how far coding has come, how far coders agree, and who drifts.

    Example: weijing annotate status -s my_study
    """
    from ..annotation.progress import study_progress
    from ..annotation.server import running
    from ..data.study import Study
    from .status import lines

    opened = Study.open(study)
    server = running(opened)
    found = study_progress(opened)
    if as_json:
        told = {"running": server is not None, "url": server and server.url, "pid": server and server.pid}
        print_json(told | asdict(found))
        return
    if server:
        typer.echo(f"{server.url} (process {server.pid}), data in {opened.label_studio_path}")
    else:
        typer.echo("not running; `weijing annotate up` starts it")
    for row in lines(found):
        typer.echo(row)


@app.command()
def push(
    round_number: Annotated[
        int, typer.Option("--round", min=0, max=LAST_ROUND, help="A round planned; 0 is that of the sealed.")
    ],
    study: StudyOption = Path(),
    coders: Annotated[list[str] | None, typer.Option("--coder", help="Only to this coder; may be repeated.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Send a planned round to its coders, to each a project; run again, it sends what is missing.

    Predictions go only where the plan says so. Example: weijing annotate push --round 1 -s my_study
    """
    from ..annotation.client import Connection
    from ..annotation.push import push as run
    from ..data.study import Study

    opened = Study.open(study)
    connection = Connection.of_study(opened, url)
    with Steps(quiet or as_json) as steps:
        done = run(opened, round_number, coders=coders or None, connection=connection, progress=steps)
    if as_json:
        print_json(asdict(done))
        return
    for note in done.notes:
        typer.echo(note)
    for project in done.projects:
        shown = ", with predictions" if project.room.predictions else ""
        typer.echo(f"  {project.room.coder}: {project.tasks} reports, {project.new} of them new{shown}: {project.url}")


@app.command()
def pull(
    study: StudyOption = Path(),
    round_number: Annotated[
        int | None, typer.Option("--round", min=0, max=LAST_ROUND, help="Only this round (of a file: its).")
    ] = None,
    url: UrlOption = None,
    file: Annotated[Path | None, typer.Option("--file", help="A JSON export of Label Studio, read instead.")] = None,
    coder_map: Annotated[
        list[str] | None,
        typer.Option(help="With --file: who a user is, NUMBER=CODER or E-MAIL=CODER; may be repeated."),
    ] = None,
    purpose: Annotated[For, typer.Option(help="With --file: what the codes are for.")] = For.train,
    saw_prediction: Annotated[
        bool, typer.Option("--saw-prediction", help="With --file: the coders saw what a model had predicted.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch what was coded as codes of the study; what a coder has to mend is listed. Run again, it changes nothing.

    Example: weijing annotate pull -s my_study, or: weijing annotate pull --file export.json --coder-map 3=li
    """
    from ..annotation.client import Connection
    from ..annotation.pull import pull as run
    from ..annotation.pull import pull_file
    from ..data.study import Study

    opened = Study.open(study)
    if file:
        pairs = [pair.partition("=") for pair in coder_map or ()]
        if not all(user and coder for user, _, coder in pairs):
            raise UserError("--coder-map: write NUMBER=CODER or E-MAIL=CODER, for example 3=li")
        users = {user: coder for user, _, coder in pairs}
        done = pull_file(
            opened, file, users, round_number=round_number, purpose=purpose.value, saw_prediction=saw_prediction
        )
    else:
        connection = Connection.of_study(opened, url)
        with Steps(quiet or as_json) as steps:
            done = run(opened, round_number, connection=connection, progress=steps)
    if as_json:
        found = {**asdict(done), "files": [str(path) for path in done.files]}
        print_json(found)
        return
    print_list(done.to_mend)
    for told in (*done.notes, *done.files):
        typer.echo(line(told))
    typer.echo(
        f"{done.annotations} annotations: {done.appended} codes appended, {done.superseding} of them new versions, "
        f"{done.deleted} taken back; {len(done.to_mend)} things to mend"
    )
