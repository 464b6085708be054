"""Failures of a server, shown by a small one that fails as told. The real one: tests/system/test_label_studio.py."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from weijing.annotation.client import Client, Connection
from weijing.annotation.server import running, up
from weijing.configs.errors import UserError
from weijing.data.study import Study

pytest.importorskip("label_studio_sdk")

KEY = "0123456789abcdef0123456789abcdef01234567"
PAGE = "<!doctype html><html><body>Server Error (500)</body></html>"


class Failing(ThreadingHTTPServer):
    """A project 5 with tasks. ``failures`` are the statuses that come first; ``late``: only after the work was done."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.failures: list[int] = []
        self.fails_at = "/import"
        self.late = False
        self.body = PAGE
        self.tasks: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.project: dict[str, Any] = {"id": 5}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Failing

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    do_PATCH = do_POST  # noqa: N815

    def _answer(self, sent: bytes) -> None:
        server, path = self.server, self.path.partition("?")[0]
        server.requests.append(path)
        status = server.failures.pop(0) if server.fails_at in path and server.failures else 0
        if status and not server.late:
            self._send(status, server.body)
            return
        found: Any = {}
        if path.endswith("/whoami"):
            found = {"id": 7, "email": "a@b.org"}
        elif path.endswith("/import"):
            new = json.loads(sent)
            first = len(server.tasks)
            server.tasks += [{"id": first + i, **task} for i, task in enumerate(new)]
            found = {"task_count": len(new)}
        elif path.startswith("/api/tasks"):
            page = int(self.path.partition("page=")[2].partition("&")[0])
            found = {"tasks": server.tasks[(page - 1) * 500 : page * 500], "total": len(server.tasks)}
            if page > 1 and not found["tasks"]:
                status, found = 404, {"detail": "Invalid page."}  # as Label Studio answers
        elif path.startswith("/api/projects/5"):
            found = server.project = {**server.project, **json.loads(sent or b"{}")}
        self._send(status or 200, server.body if status and not found else json.dumps(found))

    def _send(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def failing() -> Iterator[Failing]:
    server = Failing()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def connect(server: Failing) -> Client:
    return Client(Connection(server.url, KEY), waits=(0.05, 0.1))


TASKS = [{"data": {"id": f"r{i}", "text": "正文"}} for i in range(1200)]


@pytest.mark.parametrize("late", [False, True])
def test_two_failures_are_waited_out_and_nothing_arrives_twice(failing: Failing, late: bool) -> None:
    failing.failures, failing.late = [500, 502], late
    client = connect(failing)
    started = time.monotonic()
    ids = client.import_tasks(5, TASKS)
    assert time.monotonic() - started > 0.15
    assert failing.failures == []
    assert [t["data"]["id"] for t in failing.tasks] == [t["data"]["id"] for t in TASKS]
    assert ids == {f"r{i}": i for i in range(1200)}
    assert failing.requests.count("/api/projects/5/import") == (3 if late else 5)


def test_what_is_there_is_not_sent_again(failing: Failing) -> None:
    client = connect(failing)
    client.import_tasks(5, TASKS[:500])
    assert len(client.task_ids(5)) == 500
    client.import_tasks(5, TASKS[:700])
    seen: list[tuple[int, int]] = []
    client.import_tasks(5, TASKS, progress=lambda done, total: seen.append((done, total)))
    assert len(failing.tasks) == 1200
    assert seen == [(700, 1200), (1200, 1200)]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, PAGE, "the server says 500"),
        (401, json.dumps({"detail": f"Token {KEY} is wrong"}), "wrong or has expired"),
        (403, "{}", "may not do that"),
        (404, PAGE, "deleted"),
        (400, json.dumps({"detail": f"Token {KEY}: \n no key 'text'"}), "400.*no key 'text'"),
        (200, PAGE, "no Label Studio"),
    ],
)
def test_a_failure_is_one_line_without_pages_and_keys(failing: Failing, status: int, body: str, told: str) -> None:
    client = connect(failing)
    failing.failures, failing.body = [status] * 9, body
    with pytest.raises(UserError, match=told) as caught:
        client.import_tasks(5, TASKS[:1])
    message = str(caught.value)
    assert failing.url in message
    assert KEY not in message
    assert "<" not in message
    assert "\n" not in message
    assert len(failing.failures) == (6 if status == 500 else 8)


@pytest.mark.parametrize("body", ["[]", "null", '{"tasks": [5], "total": 1}', '{"total": "many"}', "[" * 100_000])
def test_json_of_another_shape_is_told_in_a_line(failing: Failing, body: str) -> None:
    client = connect(failing)
    failing.fails_at, failing.failures, failing.body = "/api/tasks", [200] * 9, body
    with pytest.raises(UserError, match="no Label Studio"):
        client.task_ids(5)
    assert len(failing.failures) == 8


@pytest.mark.parametrize("body", ["{}", "null", "[5]", '["ab"]', '[{"id": 1}]', '[{"id": 1, "data": "text"}]'])
def test_an_export_of_another_shape_is_told_in_a_line(failing: Failing, body: str) -> None:
    client = connect(failing)
    failing.fails_at, failing.failures, failing.body = "/export", [200] * 9, body
    with pytest.raises(UserError, match="no Label Studio"):
        client.export(5)


def test_a_stranger_at_the_address_is_told_in_a_line(failing: Failing) -> None:
    for body in ("[]", "null", '{"id": null}'):
        failing.fails_at, failing.failures, failing.body = "/whoami", [200] * 9, body
        with pytest.raises(UserError, match="no Label Studio"):
            connect(failing)


def test_an_annotation_is_never_sent_twice(failing: Failing) -> None:
    client = connect(failing)
    failing.fails_at, failing.failures = "/annotations", [500, 500]
    with pytest.raises(UserError, match="500"):
        client.annotate(1, [], completed_by=7)
    assert failing.failures == [500]


def test_a_server_that_is_gone(failing: Failing) -> None:
    client = connect(failing)
    failing.shutdown()
    failing.server_close()
    with pytest.raises(UserError, match="cannot be reached"):
        client.members()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://host", "http://", "http://[::1", "http://a:b@host", ""])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(UserError, match="address"):
        Client(Connection(url, KEY))


@pytest.mark.parametrize("key", ["密钥", "a\nb", f"{KEY} {KEY}", "a\x1bb"])
def test_a_key_that_is_none_is_told_before_it_is_sent(
    failing: Failing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    study = Study.create(tmp_path / "study")
    monkeypatch.setenv("WEIJING_LABEL_STUDIO_KEY", key)
    with pytest.raises(UserError, match="WEIJING_LABEL_STUDIO_KEY") as caught:
        Connection.of_study(study, failing.url)
    assert key not in str(caught.value)
    monkeypatch.setenv("WEIJING_LABEL_STUDIO_KEY", f" {KEY}\n")
    assert Connection.of_study(study, failing.url) == Connection(failing.url, KEY)


def test_an_expired_key_is_told_at_once(failing: Failing) -> None:
    import jwt

    expired = jwt.encode({"exp": 1, "token_type": "refresh"}, "x" * 32)
    with pytest.raises(UserError, match="expired") as caught:
        Client(Connection(failing.url, expired))
    assert expired not in str(caught.value)
    assert expired not in repr(Connection(failing.url, expired))


def test_a_description_is_put_back(failing: Failing) -> None:
    connect(failing).describe(5, "[weijing] 说明")
    assert failing.project == {"id": 5, "description": "[weijing] 说明"}


def test_a_server_that_cannot_be_reached_is_told_by_its_address(failing: Failing) -> None:
    client = connect(failing)
    failing.shutdown()
    failing.server_close()
    with pytest.raises(UserError, match=rf"{failing.url}: .*cannot be reached.*check its address") as caught:
        client.task_ids(5)
    assert "weijing annotate status" not in str(caught.value)


def test_a_server_whose_passwords_are_gone_is_told_alike_by_all(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    folder = study.label_studio_path
    folder.mkdir()
    with pytest.raises(UserError, match="does not run"):
        Connection.of_study(study)
    command = [sys.executable, "-c", "import time; time.sleep(60)", "--data-dir", str(folder.resolve())]
    with subprocess.Popen(command) as process:
        try:
            for call in (lambda: up(study), lambda: running(study), lambda: Connection.of_study(study)):
                with pytest.raises(UserError, match=rf"process {process.pid}.*server\.json.*put that file back"):
                    call()
        finally:
            process.kill()
