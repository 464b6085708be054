"""Where the ML backend listens, the password it asks for, and which projects may be connected to it."""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..configs.errors import UserError
from ..data.study import Study
from .client import Client
from .plan import PLAN, read_plan
from .private import private_folder, write_private

ACCESS = "backend.json"
USER = "weijing"


@dataclass(frozen=True)
class Access:
    """How a backend is reached."""

    url: str
    password: str = field(repr=False)
    user: str = USER


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any that is free."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UserError(f"{host}:{port}: cannot be used ({error.strerror}); name another --port or --host") from None


def ensure_access(folder: Path, listening: socket.socket) -> Access:
    """The access to a backend that listens there, kept in a file of ``folder`` that only its owner reads.

    The password stays from start to start, or projects would have to be connected anew.
    """
    path = private_folder(folder) / ACCESS
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    access = Access(url, read_access(folder).password if path.exists() else secrets.token_urlsafe(15))
    write_private(path, asdict(access))
    return access


def read_access(folder: Path) -> Access:
    """What ``ensure_access`` kept. Raises ``UserError`` if no backend was ever started there."""
    path = folder / ACCESS
    try:
        return Access(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: is not there; start the backend first: weijing serve") from None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path}: cannot be read ({type(error).__name__}); delete it, serve and connect again"
        ) from None


def connect(study: Study, client: Client, project: int) -> None:
    """Connect a project to the study's backend, which must run.

    Raises ``UserError`` if one of its reports is coded blind: nobody may see predictions there.
    """
    path = study.root / PLAN
    plan = read_plan(path) if path.exists() else []
    seen = {a.report_id for a in plan} - {a.report_id for a in plan if a.blind}
    reports = client.task_ids(project)
    hidden = sorted(reports.keys() - seen)
    if hidden or not reports:
        why = f"{len(hidden)} of its reports, such as {hidden[0]}," if hidden else "it has no reports that"
        raise UserError(f"project {project}: {why} are not planned with --show-predictions; it is not connected")
    access = read_access(study.label_studio_path)
    client.connect(project, access.url, access.user, access.password)
