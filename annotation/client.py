"""The few calls of a Label Studio server that pushing and pulling need, ours or another's.

The SDK repeats a failed request by itself, also one that adds records; a server that failed after it had added them
would then hold them twice. So its repeating is switched off, and whatever adds looks first at what is there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..configs.errors import UserError
from ..data.artifacts import text_hash
from ..data.study import Study
from .settings import annotation_settings

if TYPE_CHECKING:
    from label_studio_sdk.client import LabelStudio

PORTION = 500
"""Tasks or predictions a request."""
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each repetition."""
TIMEOUT = 300.0
KEY = "WEIJING_LABEL_STUDIO_KEY"
"""The environment variable with the key to a server that is not the study's own."""

_STRANGER = "what answers there is no Label Studio; check the address"

T = TypeVar("T")


@dataclass(frozen=True)
class Connection:
    """A server and a key to it: a personal access token or a legacy token."""

    url: str
    key: str = field(repr=False)

    @classmethod
    def of_study(cls, study: Study, url: str | None = None) -> Connection:
        """The server at ``url``, or the one that weijing.yaml names; else the study's own, which must run."""
        from .server import running

        url = url or annotation_settings(study).url
        if url:
            key = os.environ.get(KEY, "").strip()
            if not key:
                raise UserError(f"{url}: put your key to it into the environment variable {KEY} (Account & Settings)")
            if not key.isascii() or not key.isprintable() or " " in key:
                raise UserError(f"{KEY}: holds more than a key, or another text; copy it again (Account & Settings)")
            return cls(url, key)
        server = running(study)
        if not server:
            raise UserError(f"{study.root}: its Label Studio does not run; `weijing annotate up` starts it")
        return cls(server.url, server.token)


@dataclass(frozen=True)
class Project:
    """A project as the server lists it."""

    id: int
    title: str
    description: str
    tasks: int
    annotations: int
    origin: str
    """Eight hex digits that no other project has, not even the same number on a server that was made anew."""


class Client:
    """Calls of one server. Each failure is a ``UserError`` of one line, without pages and without the key.

    Where the server fails (5xx), asks for patience (429) or is gone for a moment, calls are repeated after 1, 2, 4 and
    8 seconds.
    """

    def __init__(self, connection: Connection, waits: Sequence[float] = WAITS) -> None:
        try:
            import httpx
            from label_studio_sdk.client import LabelStudio
        except ImportError:
            raise UserError("label-studio-sdk is not installed: pip install 'weijing[labelstudio]'") from None
        try:
            address = httpx.URL(connection.url)
        except httpx.InvalidURL:
            address = httpx.URL()
        if address.scheme not in ("http", "https") or not address.host or address.userinfo:
            raise UserError("no address of a server was given: http:// or https://, a host, and no password")
        self._url, self._key = connection.url, connection.key
        self._waits = waits
        # A proxy of the environment is not for this machine.
        own = address.host in ("localhost", "127.0.0.1", "::1")
        http = httpx.Client(timeout=TIMEOUT, follow_redirects=True, trust_env=not own)
        self._sdk: LabelStudio = self._call(
            "connect",
            lambda: LabelStudio(base_url=connection.url, api_key=connection.key, max_retries=0, httpx_client=http),
        )
        self.user: int = self._call("who am I", lambda: int(self._sdk.users.whoami().id))
        """The account the key belongs to."""

    def members(self) -> dict[str, int]:
        """E-mail address to user id of everybody with an account."""
        return self._call("members", lambda: {str(u.email): int(u.id) for u in self._sdk.users.list()})

    def invite_link(self) -> str:
        """Path and query of the page where people with the link make an account."""
        return self._call("invite", lambda: str(self._sdk.organizations.invites.get_invite_link().invite_url))

    def projects(self) -> list[Project]:
        """All projects the key's account sees."""

        def read() -> list[Project]:
            return [
                Project(
                    int(p.id or 0),
                    p.title or "",
                    p.description or "",
                    p.task_number or 0,
                    p.total_annotations_number or 0,
                    text_hash(f"{p.id} {p.created_at}")[:8],
                )
                for p in self._sdk.projects.list(page_size=100)
            ]

        return self._call("projects", read)

    def ensure_project(self, marker: str, title: str, config: str, note: str = "", **settings: Any) -> int:
        """The id of the project whose description holds ``[marker]``; made if there is none, else brought up to date.

        ``title`` has 3 to 50 characters; ``config`` is the labelling config; ``note`` follows the marker; ``settings``
        are fields of a project.
        """

        def ensure() -> int:
            fields = {"title": title, "label_config": config, "description": f"[{marker}] {note}".rstrip(), **settings}
            known = self.find_project(marker)
            projects = self._sdk.projects
            return int((projects.create(**fields) if known is None else projects.update(known, **fields)).id)

        return self._call(f"project {title}", ensure)

    def describe(self, project: int, description: str) -> None:
        """Give a project another description."""
        update = self._sdk.projects.update
        self._call(f"project {project}", lambda: update(project, description=description))

    def set_model_version(self, project: int, version: str) -> None:
        """Whose predictions coders see; there must be some."""
        update = self._sdk.projects.update
        self._call(f"project {project}", lambda: update(project, model_version=version))

    def find_project(self, marker: str) -> int | None:
        """The id of the project with that marker."""
        return next((p.id for p in self.projects() if f"[{marker}]" in p.description), None)

    def tasks(self, project: int) -> Iterator[dict[str, Any]]:
        """The tasks of a project as the server has them, by id: ``id``, ``data`` and what else it tells."""
        page, seen = 1, 0
        while True:
            found, total = self._call(f"tasks of project {project}", partial(self._page, project, page))
            yield from found
            # A page beyond the last one is answered as a project that is gone.
            seen += len(found)
            if not found or seen >= total:
                return
            page += 1

    def _page(self, project: int, page: int) -> tuple[list[dict[str, Any]], int]:
        answer = self._sdk.tasks.list(project=project, page=page, page_size=PORTION, fields="task_only")
        found = [task.model_dump() for task in answer.items or ()]
        if not all(isinstance(task["data"], dict) for task in found):
            raise TypeError("a task has its data")
        return found, int(answer.response.total)

    def task_ids(self, project: int) -> dict[str, int]:
        """Our report id to the server's task id; of several tasks of a report the oldest."""
        found: dict[str, int] = {}
        for task in self.tasks(project):
            if isinstance(report := task["data"].get("id"), str):
                found[report] = min(task["id"], found.get(report, task["id"]))
        return found

    def import_tasks(
        self,
        project: int,
        tasks: Sequence[Mapping[str, Any]],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> dict[str, int]:
        """Add the tasks (``{"data": {"id": report id, …}}``) that are not there; returns task ids by report id.

        Run again after any failure, it goes on where it stopped; no report gets two tasks.
        """
        self._add(
            f"tasks for project {project}",
            tasks,
            key=lambda task: str(task["data"]["id"]),
            present=lambda: set(self.task_ids(project)),
            send=lambda portion: self._sdk.projects.import_tasks(project, request=portion).task_count,
            progress=progress,
        )
        return self.task_ids(project)

    def import_predictions(
        self,
        project: int,
        predictions: Sequence[Mapping[str, Any]],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Add the predictions (``task``, ``result``, ``score``, ``model_version``) that are not there.

        A task has one prediction a model version, which is never replaced.
        """
        self._add(
            f"predictions for project {project}",
            predictions,
            key=lambda p: (p["task"], p["model_version"]),
            present=lambda: {(p.task, p.model_version) for p in self._sdk.predictions.list(project=project)},
            send=lambda portion: self._sdk.projects.import_predictions(project, request=portion).created,
            progress=progress,
        )

    def delete_tasks(self, project: int, tasks: Sequence[int]) -> None:
        """Delete tasks with all that belongs to them."""
        if tasks:
            chosen: Any = {"all": False, "included": list(tasks)}
            action = partial(self._sdk.actions.create, id="delete_tasks", project=project, selected_items=chosen)
            self._call(f"outdated tasks of project {project}", action)

    def annotate(self, task: int, result: Sequence[Mapping[str, Any]], completed_by: int, lead_time: float = 0) -> int:
        """Add an annotation to a task; returns its id. Repeated only if the server was not reached at all."""
        create = self._sdk.annotations.create
        return self._call(
            f"annotation of task {task}",
            lambda: int(create(task, result=result, completed_by=completed_by, lead_time=lead_time).id),
            once=True,
        )

    def connect(self, project: int, url: str, user: str, password: str) -> None:
        """Have a project's predictions made by the ML backend at ``url``, which must run; again, it is told anew."""
        fields = {
            "project": project,
            "url": url,
            "title": "weijing",
            "auth_method": "BASIC_AUTH",
            "basic_auth_user": user,
            "basic_auth_pass": password,
        }
        hook = f"{url.rstrip('/')}/webhook"

        def connect() -> None:
            known = next((b.id for b in self._sdk.ml.list(project=project) if b.url == url), None)
            if known is None:
                self._sdk.ml.create(**fields)
            else:
                self._sdk.ml.update(known, **fields)
            # It would call the backend at every click, without the password.
            for webhook in self._sdk.webhooks.list(project=str(project)):
                if webhook.url == hook:
                    self._sdk.webhooks.delete(webhook.id)

        self._call(f"ML backend {url} for project {project}", connect)

    def export(self, project: int) -> list[dict[str, Any]]:
        """The annotated tasks of a project with their annotations, as Label Studio exports them (JSON)."""

        def download() -> list[dict[str, Any]]:
            chunks = self._sdk.projects.exports.download_sync(project, export_type="JSON")
            found = json.loads(b"".join(chunks))
            if not isinstance(found, list) or not all(isinstance(task["data"], dict) for task in found):
                raise TypeError("an export is a list of tasks with their data")
            return found

        return self._call(f"export of project {project}", download)

    def _add(
        self,
        what: str,
        records: Sequence[Mapping[str, Any]],
        key: Callable[[Mapping[str, Any]], Hashable],
        present: Callable[[], set[Any]],
        send: Callable[[list[Mapping[str, Any]]], int | None],
        progress: Callable[[int, int], None],
    ) -> None:
        """Send, in portions, the records whose key is not present; repeated, it looks again what is."""
        wanted = {key(record): record for record in records}

        def add() -> None:
            there = present()
            left = [record for name, record in wanted.items() if name not in there]
            done = len(wanted) - len(left)
            for start in range(0, len(left), PORTION):
                progress(done + start, len(wanted))
                portion = left[start : start + PORTION]
                if (created := send(portion)) != len(portion):
                    raise UserError(
                        f"{self._url}: {what}: {created} of {len(portion)} were taken; see the server's log"
                    )
            progress(len(wanted), len(wanted))

        self._call(what, add)

    def _call(self, what: str, call: Callable[[], T], once: bool = False) -> T:
        """Call, and again where that may help; ``once``: only if it cannot have had its effect."""
        import httpx
        from label_studio_sdk.core.api_error import ApiError
        from label_studio_sdk.core.parse_error import ParsingError

        for wait in (*self._waits, None):
            try:
                return call()
            except (ApiError, ParsingError, httpx.HTTPError, ValueError) as error:
                if wait is None or not _may_pass(error, once):
                    raise UserError(f"{self._url}: {what}: {self._told(error)}") from None
                time.sleep(wait)
            # JSON of another shape than the SDK expects: it makes its objects without a check.
            except (TypeError, AttributeError, LookupError, RecursionError) as error:
                raise UserError(f"{self._url}: {what}: {_STRANGER}") from error
        raise AssertionError

    def _told(self, error: Exception) -> str:
        import httpx

        status = getattr(error, "status_code", None)
        if isinstance(error, httpx.TimeoutException):
            return f"no answer in {TIMEOUT:.0f} s; what was sent may have arrived: run the same command again"
        if isinstance(error, httpx.HTTPError):
            return f"the server cannot be reached ({type(error).__name__}); check its address, and that it runs"
        if status == 401:
            return "the key is wrong or has expired; make a new one in Label Studio under Account & Settings"
        if status == 403:
            return "the key's account may not do that"
        if status == 404:
            return "is not there (any more); was it deleted?"
        if status is None or status < 400:
            return _STRANGER
        body = getattr(error, "body", None)
        said = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        # A page for a browser says nothing in a line.
        said = "" if "<" in said[:200] else " ".join(said.replace(self._key, "…").split())[:300]
        return f"the server says {status}{': ' if said else ''}{said}"


def _may_pass(error: Exception, once: bool) -> bool:
    """Whether the same call may work in a moment. After a time-out it may still be at work, so that is not repeated."""
    import httpx

    status = getattr(error, "status_code", None) or 0
    if once:
        return isinstance(error, httpx.ConnectError) or status == 429
    return status >= 500 or status == 429 or isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
