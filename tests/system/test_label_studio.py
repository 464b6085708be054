"""The study's own server and the calls of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest
from weijing.annotation.accounts import accounts_path, ensure_accounts
from weijing.annotation.client import Client, Connection
from weijing.annotation.server import SERVER, down, find_process, running, up
from weijing.configs.errors import UserError

from .conftest import CODERS, Running, make_study

pytest.importorskip("label_studio_sdk")
pytestmark = pytest.mark.slow

CONFIG = """<View><Text name="text" value="$text" granularity="symbol"/>
<Choices name="topic" toName="text"><Choice value="a"/><Choice value="b"/></Choices></View>"""


def choice(value: str) -> list[dict[str, Any]]:
    return [{"from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": [value]}}]


def tasks(n: int) -> list[dict[str, Any]]:
    return [{"data": {"id": f"r{i}", "text": f"第{i}篇报道：派出所民警在微信群里发布防骗提醒。" * 5}} for i in range(n)]


def test_stray_variables_change_nothing(live: Running) -> None:
    import httpx

    missing = httpx.get(f"{live.server.url}/no-such-page", trust_env=False)
    assert missing.status_code in (302, 404)
    assert "DEBUG" not in missing.text
    assert (live.study.label_studio_path / "label_studio.sqlite3").exists()


def test_it_listens_on_this_machine_only(live: Running) -> None:
    process = find_process(live.study.label_studio_path)
    assert process is not None
    listening = {tuple(c.laddr) for c in process.net_connections("tcp") if c.status == "LISTEN"}
    assert listening == {("127.0.0.1", live.server.port)}


def test_up_again_finds_what_runs(live: Running) -> None:
    assert up(live.study) == live.server
    assert running(live.study) == live.server


def test_secrets_are_the_owners_only(live: Running) -> None:
    folder = live.study.label_studio_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in (folder / SERVER, accounts_path(live.study)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert live.server.token not in repr(live.server)
    process = find_process(folder)
    assert process is not None
    assert not [part for part in process.cmdline() if live.server.token in part or live.server.password in part]


@pytest.mark.parametrize("coder", CODERS)
def test_coders_log_in(live: Running, coder: str) -> None:
    import httpx

    account = live.accounts[coder]
    with httpx.Client(base_url=live.server.url, trust_env=False, headers={"Referer": live.server.url}) as browser:
        browser.get("/user/login/")
        form = {
            "email": account.email,
            "password": account.password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        assert browser.post("/user/login/", data=form).status_code == 302
        assert browser.get("/api/current-user/whoami").json()["email"] == account.email
        assert browser.get("/api/projects/").status_code == 200


def test_accounts_are_made_once(live: Running) -> None:
    assert ensure_accounts(live.study, live.connection) == live.accounts
    accounts_path(live.study).rename(accounts_path(live.study).with_suffix(".kept"))
    try:
        assert ensure_accounts(live.study, live.connection)[CODERS[0]].password is None
    finally:
        accounts_path(live.study).with_suffix(".kept").rename(accounts_path(live.study))


def test_strangers_make_no_account(live: Running) -> None:
    import httpx

    with httpx.Client(base_url=live.server.url, trust_env=False, headers={"Referer": live.server.url}) as browser:
        browser.get("/user/signup/")
        form = {"email": "x@y.org", "password": "long-enough-1", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post("/user/signup/", data=form).status_code == 403


def test_either_kind_of_key(live: Running, client: Client, personal_token: str) -> None:
    assert personal_token.count(".") == 2
    other = Client(Connection(live.server.url, personal_token))
    assert other.user == client.user
    assert set(other.members()) == {live.server.email, *(a.email for a in live.accounts.values())}


def test_a_wrong_key(live: Running) -> None:
    with pytest.raises(UserError, match="wrong or has expired") as caught:
        Client(Connection(live.server.url, "f" * 40))
    assert "f" * 40 not in str(caught.value)


def test_a_project_is_found_again(client: Client) -> None:
    first = client.ensure_project("weijing test 1", "一个项目", CONFIG)
    assert client.ensure_project("weijing test 1", "another title", CONFIG) == first
    assert client.find_project("weijing test 1") == first
    assert client.find_project("weijing test") is None
    assert client.ensure_project("weijing test 10", "一个项目", CONFIG) != first


def test_tasks_predictions_annotations_and_back(live: Running, client: Client) -> None:
    project = client.ensure_project("round", "a round", CONFIG, maximum_annotations=2, model_version="m1")
    ids = client.import_tasks(project, tasks(30))
    assert client.import_tasks(project, tasks(40)) == {**ids, **client.task_ids(project)}
    assert len(client.task_ids(project)) == len(list(client.tasks(project))) == 40
    predictions = [
        {"task": task, "result": choice("a"), "score": 0.5, "model_version": "m1"} for task in sorted(ids.values())
    ]
    client.import_predictions(project, predictions[:10])
    client.import_predictions(project, predictions)
    assert sorted(p.task for p in client._sdk.predictions.list(project=project)) == sorted(ids.values())
    with pytest.raises(UserError, match="400"):
        client.import_predictions(project, [{**predictions[0], "result": choice("no such"), "model_version": "m2"}])

    coder = client.members()[live.accounts[CODERS[0]].email]
    client.annotate(ids["r3"], choice("b"), completed_by=coder, lead_time=12.5)
    (exported,) = client.export(project)
    assert exported["data"] == tasks(4)[3]["data"]
    (annotation,) = exported["annotations"]
    assert (annotation["completed_by"], annotation["lead_time"]) == (coder, 12.5)
    assert annotation["result"][0]["value"] == {"choices": ["b"]}


def test_a_task_that_does_not_fit_is_named(client: Client) -> None:
    project = client.ensure_project("unfit", "unfit", CONFIG)
    with pytest.raises(UserError, match=r"400.*text"):
        client.import_tasks(project, [{"data": {"id": "r1"}}])
    assert client.task_ids(project) == {}


def test_a_project_deleted_under_us(client: Client) -> None:
    project = client.ensure_project("deleted", "deleted", CONFIG)
    client.import_tasks(project, tasks(3))
    client._sdk.projects.delete(project)
    for call in (client.export, client.task_ids, lambda p: client.import_tasks(p, tasks(5))):
        with pytest.raises(UserError, match="deleted"):
            call(project)
    assert client.find_project("deleted") is None


def test_a_backend_on_this_machine_is_reached_and_inner_networks_are_not(client: Client) -> None:
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    backend = ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    Thread(target=backend.serve_forever, daemon=True).start()
    project = client.ensure_project("backend", "backend", CONFIG)
    create = client._sdk.ml.create
    assert create(project=project, url=f"http://127.0.0.1:{backend.server_address[1]}", title="own").id
    for address in ("10.0.0.1", "169.254.169.254", "192.168.1.1"):
        with pytest.raises(Exception, match=re.compile("blocked|subnet|reserved|private|not allowed", re.I)):
            create(project=project, url=f"http://{address}:9090", title="inner")
    backend.shutdown()
    backend.server_close()


def test_killed_in_the_middle_of_5000_tasks(live: Running, client: Client) -> None:
    process = find_process(live.study.label_studio_path)
    assert process is not None
    project = client.ensure_project("many", "five thousand", CONFIG)
    impatient = Client(live.connection, waits=(0.1,))
    timers: list[Timer] = []

    def kill_soon(done: int, total: int) -> None:
        if done >= 1500 and not timers:
            timers.append(Timer(0.2, lambda: os.kill(process.pid, signal.SIGKILL)))
            timers[0].start()

    with pytest.raises(UserError, match="cannot be reached"):
        impatient.import_tasks(project, tasks(5000), kill_soon)
    assert running(live.study) is None
    with pytest.raises(UserError, match="annotate up"):
        _ = live.connection
    live.server = up(live.study)
    again = Client(live.connection)
    there = len(again.task_ids(project))
    assert 1500 <= there < 5000
    assert len(again.import_tasks(project, tasks(5000))) == 5000
    everything = [task["data"]["id"] for task in again.tasks(project)]
    assert sorted(everything) == sorted(t["data"]["id"] for t in tasks(5000))
    assert again._sdk.projects.get(project).task_number == 5000


def test_down_and_up_keep_everything(live: Running, client: Client) -> None:
    before = {project.id for project in client._sdk.projects.list()}
    assert down(live.study)
    assert not down(live.study)
    assert running(live.study) is None
    # Meanwhile another program took the port, and another one the number of the process.
    path = live.study.label_studio_path / SERVER
    path.write_text(json.dumps({**json.loads(path.read_text()), "pid": os.getpid()}))
    assert running(live.study) is None
    with socket.create_server(("127.0.0.1", live.server.port)):
        moved = up(live.study)
    assert moved.port != live.server.port
    assert (moved.token, moved.password) == (live.server.token, live.server.password)
    after = Client(live.connection)
    assert {project.id for project in after._sdk.projects.list()} == before
    assert ensure_accounts(live.study, live.connection) == live.accounts
    live.server = moved


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        study = make_study(tmp_path / "study", port=other.getsockname()[1])
        with pytest.raises(UserError, match=r"cannot be used.*another port"):
            up(study)


def test_a_database_without_its_passwords_is_left_alone(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    study.label_studio_path.mkdir()
    (study.label_studio_path / "label_studio.sqlite3").write_bytes(b"codes")
    with pytest.raises(UserError, match="put that file back"):
        up(study)
    (study.label_studio_path / SERVER).write_text("[]")
    with pytest.raises(UserError, match="cannot be read"):
        up(study)


def test_a_server_that_cannot_start_is_told(tmp_path: Path, live: Running) -> None:
    study = make_study(tmp_path / "study")
    study.label_studio_path.mkdir()
    shutil.copy(live.study.label_studio_path / SERVER, study.label_studio_path / SERVER)
    (study.label_studio_path / "label_studio.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match=r"ended while it started.*server\.log"):
        up(study)
    assert find_process(study.label_studio_path) is None


def test_a_server_that_hangs_is_told_and_can_be_ended(live: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    live.server = up(live.study)
    assert live.server.pid is not None
    os.kill(live.server.pid, signal.SIGSTOP)
    assert running(live.study) is None
    monkeypatch.setattr("weijing.annotation.server.START_SECONDS", 1)
    with pytest.raises(UserError, match=r"does not answer.*annotate down"):
        up(live.study)
    assert down(live.study)
    assert find_process(live.study.label_studio_path) is None


def test_killed_while_it_starts_for_the_first_time(tmp_path: Path) -> None:
    root = tmp_path / "study"
    study = make_study(root)
    run = "import sys; from weijing.cli.main import main; main()"
    command = [sys.executable, "-c", run, "annotate", "up", "-s", str(root)]
    try:
        for what in ("server", "command"):
            starting = subprocess.Popen(command)
            while not (process := find_process(study.label_studio_path)):
                assert starting.poll() is None
                time.sleep(0.1)
            time.sleep(10)
            if what == "server":
                process.kill()
                assert starting.wait(120) == 2
            else:
                starting.kill()
                starting.wait(120)
                server = up(study)
                assert server.pid == process.pid
                assert Client(Connection(server.url, server.token)).members().keys() == {server.email}
    finally:
        down(study)
