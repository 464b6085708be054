"""``weijing serve`` connected to a real Label Studio."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from weijing.annotation.client import Client, Connection
from weijing.annotation.connecting import Access, connect, read_access
from weijing.annotation.interface import labelling_config
from weijing.annotation.plan import PLAN, SCHEMA, Assignment
from weijing.annotation.server import Server, down, up
from weijing.annotation.tasks import read_annotation, task_of
from weijing.configs.errors import UserError
from weijing.data.report import Report
from weijing.data.study import Study
from weijing.data.tables import write_rows
from weijing.models.checkpoint import model_hash
from weijing.models.coding import Coder

pytest.importorskip("label_studio_sdk")
pytest.importorskip("fastapi")
pytestmark = pytest.mark.slow

N = 100
RUN = [sys.executable, "-c", "from weijing.cli.main import main; main()"]


def weijing(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *words], capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def serving(study: Study) -> Iterator[Access]:
    command = [*RUN, "serve", "-s", str(study.root), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        access = read_access(study.label_studio_path)
        assert access.url in line
        assert access.password not in line
        yield access
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@dataclass
class Live:
    study: Study
    server: Server
    client: Client
    reports: list[Report]

    def project(self, name: str, reports: list[Report]) -> int:
        config = labelling_config(self.study.codebook())
        project = self.client.ensure_project(name, name, config, show_collab_predictions=True)
        self.client.import_tasks(project, [task_of(r) for r in reports])
        return project

    def retrieve(self, project: int) -> list[dict[str, Any]]:
        """Have all predictions of a project made; returns the tasks with them."""
        with httpx.Client(base_url=self.server.url, timeout=300, trust_env=False) as http:
            http.headers["Authorization"] = f"Token {self.server.token}"
            asked = {"selectedItems": {"all": True, "excluded": []}}
            where = {"id": "retrieve_tasks_predictions", "project": project}
            answer = http.post("/api/dm/actions", params=where, json=asked)
            assert answer.status_code == 200, answer.text[:500]
            found: list[dict[str, Any]] = http.get(
                "/api/tasks", params={"project": project, "fields": "all", "page_size": 500}
            ).json()["tasks"]
            return found


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, strikes_path: Path, toy: Any, toy_model: Path) -> Iterator[Live]:
    root = tmp_path_factory.mktemp("backend") / "study"
    study = Study.create(root, strikes_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = root / "weijing.yaml"
    settings.write_text(settings.read_text("utf-8").replace("annotation: {}", f"annotation: {{port: {port}}}"), "utf-8")
    shutil.copytree(toy_model, study.model_path)
    more = [Report(f"more-{r.id}", f"🚓𠮷村消息：{r.text}") for r in toy.reports]
    reports = [*toy.reports, *more][: N + 3]
    plan = [Assignment(1, r.id, "anna", "train", blind=i >= N) for i, r in enumerate(reports)]
    write_rows(study.root / PLAN, [asdict(a) for a in plan], SCHEMA)
    study = Study.open(root)
    try:
        server = up(study)
        yield Live(study, server, Client(Connection.of_study(study)), reports)
    finally:
        down(study)


def test_a_hundred_tasks_in_one_retrieval_and_the_next_model(live: Live, toy_model: Path) -> None:
    reports = live.reports[:N]
    project = live.project("shown", reports)
    coder = Coder.load(toy_model)
    with serving(live.study) as access:
        for _ in range(2):
            done = weijing("annotate", "connect", str(project), "-s", str(live.study.root))
            assert (done.returncode, done.stderr) == (0, "")
        (backend,) = live.client._sdk.ml.list(project=project)
        assert (backend.url, backend.auth_method) == (access.url, "BASIC_AUTH")
        assert live.client._sdk.webhooks.list(project=str(project)) == []

        start = time.monotonic()
        tasks = live.retrieve(project)
        print(f"{N} predictions in one retrieval: {time.monotonic() - start:.1f} s")
        texts = {r.id: r for r in reports}
        assert sorted(task["data"]["id"] for task in tasks) == sorted(texts)
        spans = 0
        for task in tasks:
            (prediction,) = task["predictions"]
            assert prediction["model_version"] == model_hash(toy_model)
            assert 0 <= prediction["score"] <= 1
            report = texts[task["data"]["id"]]
            read = read_annotation(prediction, report, coder.codebook, "model")
            (coding,) = coder.code([report.text])
            assert read.problems == ()
            assert {c.variable: c.value for c in read.codes} == {
                name: value for name, value in coding.values.items() if value is not None
            }
            spans += sum(len(c.evidence) for c in read.codes)
        assert spans > N

        assert live.retrieve(project) == tasks, "nothing is predicted twice by one model"
        _retrain(toy_model, live.study.model_path)
        (new,) = {p["model_version"] for t in live.retrieve(project) for p in t["predictions"]} - {
            model_hash(toy_model)
        }
        assert new == model_hash(live.study.model_path)
        assert len(live.client._sdk.predictions.list(project=project)) == 2 * N


def _retrain(model: Path, to: Path) -> None:
    import torch
    from weijing.data.artifacts import make_manifest
    from weijing.models.checkpoint import TrainingFacts, save_model

    coder = Coder.load(model)
    with torch.no_grad():
        for parameter in coder.network.parameters():
            parameter.mul_(0.9)
    save_model(
        coder, to, facts=TrainingFacts(90, 90, {"toy": "synthetic"}), settings={"regime": "frozen", "seed": 1},
        manifest=make_manifest("train"), force=True,
    )  # fmt: skip


def test_a_wrong_password_is_refused(live: Live) -> None:
    project = live.project("wrong", live.reports[:2])
    with serving(live.study) as access:
        assert httpx.get(f"{access.url}/health", auth=(access.user, access.password)).status_code == 200
        for auth in ((access.user, "wrong"), ("admin", access.password), None):
            assert httpx.get(f"{access.url}/health", auth=auth).status_code == 401
        with pytest.raises(UserError, match=r"400.*authentication parameters") as caught:
            live.client.connect(project, access.url, access.user, "wrong")
        assert access.password not in str(caught.value)
        assert live.client._sdk.ml.list(project=project) == []


def test_projects_that_are_coded_blind_get_none(live: Live) -> None:
    blind = live.project("blind", live.reports[:1] + live.reports[N:])
    with serving(live.study):
        done = weijing("annotate", "connect", str(blind), "-s", str(live.study.root))
        assert done.returncode == 2
        assert "3 of its reports" in done.stderr
        assert "--show-predictions" in done.stderr
        with pytest.raises(UserError, match="it has no reports"):
            connect(live.study, live.client, live.project("empty", []))
        assert live.client._sdk.ml.list(project=blind) == []


def test_a_backend_that_does_not_run(live: Live) -> None:
    project = live.project("nobody there", live.reports[:2])
    with serving(live.study):
        pass
    with pytest.raises(UserError, match=r"ML backend http://127\.0\.0\.1:\d+ for project"):
        connect(live.study, live.client, project)
