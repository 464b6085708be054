"""``weijing annotate``: coding in Label Studio."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from . import adjudicate
from .options import JsonOption, QuietOption, StudyOption
from .progress import Steps

app = typer.Typer(no_args_is_help=True, help="Code in Label Studio: start it, stop it, see what runs.")
app.add_typer(adjudicate.app, name="adjudicate")


@app.command()
def up(study: StudyOption = Path(), as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Start the study's own Label Studio and make the coders' accounts; the first time it is installed (1 GB).

    Coders, host and port stand in weijing.yaml under annotation. Example: weijing annotate up -s my_study
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
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
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
        typer.echo(json.dumps(told | asdict(found), ensure_ascii=False, indent=2))
        return
    if server:
        typer.echo(f"{server.url} (process {server.pid}), data in {opened.label_studio_path}")
    else:
        typer.echo("not running; `weijing annotate up` starts it")
    for line in lines(found):
        typer.echo(line)
