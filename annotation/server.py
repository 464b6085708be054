"""A Label Studio of the study's own: started, found again, stopped. Everything it keeps lies in one folder.

Durability: SQLite stays as Label Studio opens it, with a rollback journal and ``synchronous=FULL``. What the server
has acknowledged is on the disk; a kill or a power cut loses at most the request that was under way, and the next
start rolls that back. The folder may be copied while the server is down.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..configs.errors import UserError
from ..data.artifacts import locked
from ..data.study import SETTINGS, Study
from .install import Progress, label_studio
from .private import private_folder, write_private
from .settings import annotation_settings

if TYPE_CHECKING:
    import psutil

SERVER = "server.json"
DATABASE = "label_studio.sqlite3"
ADMIN = "admin@localhost"
DEFAULT_PORT = 8080
START_SECONDS = 900
"""The first start makes the database: half a minute on an idle machine, minutes on a busy one."""

# All it gets of our environment: any variable, even a stray HOST or DEBUG, may be a setting of Label Studio.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "APPDATA")

# What its guard against requests to inner networks bans by default, but for 127.0.0.0/8, where our backend listens.
_BANNED = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
    "233.252.0.0/24", "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "::ffff:0:0/96", "::ffff:0:0:0/96",
    "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001:0000::/32", "2001:20::/28", "2001:db8::/32", "2002::/16",
    "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A study's server, as ``server.json`` has it."""

    host: str
    port: int
    token: str = field(repr=False)
    password: str = field(repr=False)
    """Of the administrator, ``email``."""
    email: str = ADMIN
    pid: int | None = None

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"


def up(study: Study, progress: Progress = lambda what, done, total: None) -> Server:
    """Start the study's server, or find the one that runs; returns when it answers.

    Label Studio is installed on first use. Raises ``UserError`` if it does not start.
    """
    settings = annotation_settings(study)
    if settings.url:
        raise UserError(f"{study.root / SETTINGS}: annotation: url: {settings.url} is used, so there is none to start")
    folder = private_folder(study.label_studio_path)
    with locked(folder / SERVER):
        known = _read(folder)
        process = find_process(folder)
        if process and known:
            # It may have been started a moment ago by a process that was killed since.
            server = replace(known, pid=process.pid)
            _wait(server, process, folder, progress)
        elif process:
            raise _passwords_gone(folder, process)
        else:
            database = folder / DATABASE
            if not known and database.exists():
                raise UserError(f"{folder}: holds a database but no {SERVER} with its passwords; put that file back")
            if half_made(database):  # not all of its migrations can be taken up where they were killed
                for path in folder.glob(f"{DATABASE}*"):
                    path.unlink()
            program = label_studio(progress)
            host = str(settings.host)
            port = _port(host, settings.port, known.port if known else DEFAULT_PORT, study.root / SETTINGS)
            server = Server(
                host,
                port,
                known.token if known else secrets.token_hex(20),
                known.password if known else secrets.token_urlsafe(15),
            )
            # Before the start: the database will hold what no file had otherwise.
            _write(folder, server)
            process = _start(program, server, folder)
            _write(folder, replace(server, pid=process.pid))
            server = replace(server, pid=process.pid)
            try:
                _wait(server, process, folder, progress)
            except BaseException:
                _end(process)
                raise
        _write(folder, server)
    return server


def down(study: Study) -> bool:
    """Stop the study's server; False if none runs. What was acknowledged stays."""
    process = find_process(study.label_studio_path)
    if process:
        _end(process)
    return process is not None


def running(study: Study) -> Server | None:
    """The study's server if it runs and answers with its token. Raises ``UserError`` if the token was lost."""
    folder = study.label_studio_path
    known, process = _read(folder), find_process(folder)
    if not process:
        return None
    if not known:
        raise _passwords_gone(folder, process)
    server = replace(known, pid=process.pid)
    return server if _answers(server, process) else None


def half_made(database: Path) -> bool:
    """Whether a database has no user yet: its first start was cut short, and it holds nothing."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(database)) as opened:
            return opened.execute("SELECT 1 FROM htx_user LIMIT 1").fetchone() is None
    except sqlite3.OperationalError as error:
        return "no such table" in str(error)
    except sqlite3.DatabaseError:
        return False


def _passwords_gone(folder: Path, process: psutil.Process) -> UserError:
    return UserError(
        f"{folder}: a server runs (process {process.pid}) but {SERVER} with its passwords is gone; put that file back"
    )


def find_process(folder: Path) -> psutil.Process | None:
    """The server whose data lie in ``folder``: by its command line, since numbers of processes are used again."""
    import psutil

    mark = ["--data-dir", str(folder.resolve())]
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        marked = any(line[i : i + 2] == mark for i in range(len(line) - 1))
        if marked and process.info["status"] != psutil.STATUS_ZOMBIE:
            return process
    return None


def _read(folder: Path) -> Server | None:
    path = folder / SERVER
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Server(**{key: value for key, value in found.items() if key != "url"})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: cannot be read ({type(error).__name__}); put back a copy of it") from None


def _write(folder: Path, server: Server) -> None:
    write_private(folder / SERVER, {"url": server.url, **asdict(server)})


def _port(host: str, wanted: int | None, usual: int, settings: Path) -> int:
    """A port that can be had now."""
    for port in [wanted] if wanted else [usual, 0]:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
            if os.name == "posix":  # or a server that just ended would still seem to be there
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, port))
                return int(tried.getsockname()[1])
            except OSError as error:
                why = error.strerror
    raise UserError(f"{settings}: annotation: {host}:{wanted or usual} cannot be used ({why}); name another port")


def _environment(server: Server, folder: Path) -> dict[str, str]:
    settings = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder.resolve()),
        "LABEL_STUDIO_USERNAME": server.email,
        "LABEL_STUDIO_PASSWORD": server.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
        # Read only when the organisation is made, which is at the first start.
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        # Nothing leaves this machine.
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": ",".join(_BANNED),
        # It gives up predictions of an ML backend after 100 s, which a hundred long reports may take.
        "LABEL_STUDIO_ML_TIMEOUT_PREDICT": "3600",
        # Without it, predictions that do not fit the project are dropped without a word.
        "fflag_feat_utc_210_prediction_validation_15082025": "true",
    }
    if server.host != "0.0.0.0":  # then others reach it by a name that only they know
        settings["LABEL_STUDIO_HOST"] = server.url
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | settings


def _start(program: Path, server: Server, folder: Path) -> psutil.Process:
    import psutil

    command = [str(program), "start", "-b", "--data-dir", str(folder.resolve())]
    command += ["--internal-host", server.host, "--port", str(server.port)]
    with _log(folder) as log:
        started = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(server, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us, and closing the terminal too
        )
    return psutil.Process(started.pid)


def _log(folder: Path) -> IO[bytes]:
    return open(os.open(folder / "server.log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")


def _wait(server: Server, process: psutil.Process, folder: Path, progress: Progress) -> None:
    """Until it answers at the port it was given."""
    import psutil

    started = time.monotonic()
    while (passed := time.monotonic() - started) < START_SECONDS:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                raise psutil.NoSuchProcess(process.pid)
            if _answers(server, process):
                progress("start Label Studio, s", START_SECONDS, START_SECONDS)
                return
            others = _ports(process) - {server.port}
        except psutil.NoSuchProcess:
            raise UserError(f"Label Studio ended while it started; see {folder / 'server.log'}") from None
        if others:
            raise UserError(f"port {server.port} was taken while Label Studio started; `weijing annotate up` again")
        progress("start Label Studio, s", int(passed), START_SECONDS)
        time.sleep(0.3)
    raise UserError(
        f"Label Studio does not answer at {server.url} since {START_SECONDS} s; `weijing annotate down` ends it, "
        f"{folder / 'server.log'} may say why"
    )


def _ports(process: psutil.Process) -> set[int]:
    import psutil

    return {c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}


def _answers(server: Server, process: psutil.Process) -> bool:
    """Whether that process answers at that port and knows the token. Nobody else is told it."""
    import httpx

    if server.port not in _ports(process):
        return False
    try:
        # Never through a proxy.
        with httpx.Client(base_url=server.url, timeout=5, trust_env=False) as client:
            if client.get("/health").status_code != 200:
                return False
            who = client.get("/api/current-user/whoami", headers={"Authorization": f"Token {server.token}"})
    except httpx.HTTPError:
        return False
    if who.status_code == 401:
        raise UserError(f"{server.url}: does not know the token in {SERVER}; put back the file that fits the database")
    return who.status_code == 200


def _end(process: psutil.Process) -> None:
    import psutil

    try:
        process.terminate()
        process.wait(10)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(10)
    except psutil.NoSuchProcess:
        pass
