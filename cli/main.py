"""The ``weijing`` command."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from io import TextIOWrapper
from types import FrameType
from typing import Annotated

import typer

from .. import __version__
from ..configs.errors import UserError
from . import (
    add,
    annotate,
    classify,
    codebook,
    demo,
    doctor,
    evaluate,
    init,
    plan,
    qdpx,
    select,
    serve,
    sheet,
    train,
    validate,
)

app = typer.Typer(
    name="weijing",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="微警 weijing: code Chinese reports on police use of WeChat by a codebook.",
    epilog="Errors are one line; --debug before the command shows where they come from.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"weijing {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if debug:
        os.environ["WEIJING_DEBUG"] = "1"


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("add")(add.add)
app.add_typer(codebook.app, name="codebook")
app.add_typer(annotate.app, name="annotate")
app.add_typer(sheet.app, name="sheet")
app.add_typer(qdpx.app, name="qdpx")
app.command("plan")(plan.plan)
app.command("select")(select.select)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("classify")(classify.classify)
app.command("serve")(serve.serve)
annotate.app.command("connect")(serve.connect)
app.command("validate")(validate.validate)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line; a ``UserError`` becomes one line and exit code 2."""
    # By default the process ends at once, and what it was writing stays behind half done.
    before = signal.signal(signal.SIGTERM, _terminate)
    # Names of files may hold what the terminal's encoding does not.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _run() -> None:
    try:
        app()
    except SystemExit as end:
        if end.code in (130, 128 + signal.SIGTERM):  # 130 is what typer makes of Ctrl-C
            sys.stderr.write("weijing: stopped; run the same command again to go on\n")
        raise
    except BrokenPipeError:
        # Whoever reads our output has had enough, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("WEIJING_DEBUG"):
            traceback.print_exc()
        if isinstance(error, UserError):
            what = str(error)
        elif isinstance(error, OSError) and isinstance(error.filename, str | os.PathLike) and error.strerror:
            what = f"{os.fspath(error.filename)}: cannot be used ({error.strerror})"
        else:
            what = f"{type(error).__name__}: {error} (--debug shows where)"
        sys.stderr.write(f"weijing: {' '.join(what.split())}\n")
        sys.exit(2)
