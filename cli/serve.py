"""``weijing serve``: predictions for Label Studio, as its ML backend."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from ..configs.errors import UserError
from .options import StudyOption


def serve(
    study: StudyOption = Path(),
    model: Annotated[
        Path | None, typer.Option("-m", "--model", help="A model folder. Default: the study's, or the default coder.")
    ] = None,
    host: Annotated[str, typer.Option(help="Who reaches this address may try the password.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 9090,
) -> None:
    """Serve predictions to Label Studio until Ctrl-C; a newly trained model is served without a restart.

    Example: weijing serve -s my_study
    """
    try:
        import uvicorn

        from ..annotation.backend import make_app
    except ImportError as error:
        raise UserError(f"{error.name} is not installed: pip install 'weijing[labelstudio]'") from None
    from ..annotation.connecting import ACCESS, ensure_access, listen
    from ..annotation.serving import Served
    from ..data.study import SETTINGS, Study
    from ..models.checkpoint import DEFAULT_MODEL
    from ..models.encoders.embedded import cache_folder

    opened = None if model and not (study / SETTINGS).exists() else Study.open(study)
    folder = opened.label_studio_path if opened else cache_folder() / "serve"
    with listen(host, port) as listening:
        served = Served(*([model] if model or not opened else [opened.model_path, DEFAULT_MODEL]))
        access = ensure_access(folder, listening)

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                served.close()  # or stopping would wait for a long prediction
                super().handle_exit(sig, frame)

        server = Server(uvicorn.Config(make_app(served, access.password), log_level="warning"))
        signal.signal(signal.SIGINT, server.handle_exit)  # from the first line on, not only once it runs
        typer.echo(f"{access.url}  (user {access.user}, password in {folder / ACCESS})")
        typer.echo(f"model {served.version} of {served.folder}")
        if host not in ("127.0.0.1", "::1", "localhost"):
            typer.echo(f"open to others at {host}: password and texts go over the network unencrypted")
        server.run([listening])


def connect(
    projects: Annotated[list[int], typer.Argument(help="Numbers of projects, as in their addresses (/projects/12).")],
    study: StudyOption = Path(),
) -> None:
    """Let projects of the study's Label Studio get predictions from `weijing serve`, which must run.

    Projects with reports that are coded blind are refused.

    Example: weijing annotate connect 12 13 -s my_study
    """
    from ..annotation.client import Client, Connection
    from ..annotation.connecting import connect as run
    from ..data.study import Study

    opened = Study.open(study)
    client = Client(Connection.of_study(opened))
    for project in projects:
        run(opened, client, project)
        typer.echo(f"project {project}: connected")
