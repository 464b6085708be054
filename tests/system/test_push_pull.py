"""Rounds to a real Label Studio and back: nothing twice, nothing lost, whatever happens in between."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from weijing.annotation.client import KEY, Client, Connection
from weijing.annotation.interface import labelling_config
from weijing.annotation.projects import Room, meaning_of, study_id
from weijing.annotation.pull import pull, pull_file
from weijing.annotation.push import push
from weijing.annotation.server import find_process, up
from weijing.annotation.tasks import result_of, task_of
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.codes import Code, current, read_codes
from weijing.data.demo.corpus import DemoCorpus, read_demo
from weijing.data.report import Report, write_corpus
from weijing.models.coding import Coding, Evidence
from weijing.training.unseen import Unseen, write_unseen

from .conftest import Running, There

pytest.importorskip("label_studio_sdk")
pytestmark = pytest.mark.slow

TWO = ("coder_a", "coder.b@example.org")


@pytest.fixture(scope="module")
def demo(bundled: Codebook) -> DemoCorpus:
    return read_demo(bundled)


def said(codes: Sequence[Code]) -> Counter[Any]:
    return Counter(
        repr((c.report_id, c.coder, c.variable, c.value, c.evidence, c.absence, c.unsure, c.note)) for c in codes
    )


def codes_of(study: Any) -> list[Code]:
    return read_codes(study.codes_path) if study.codes_path.exists() else []


def passes(demo: DemoCorpus, coder: str, ids: Sequence[str]) -> dict[str, list[Code]]:
    """Report → the codes that a coder of the demonstration corpus gave it."""
    found: dict[str, list[Code]] = {i: [] for i in ids}
    for code in demo.codes:
        if code.coder == coder and code.report_id in found:
            found[code.report_id].append(code)
    return found


@pytest.fixture
def coded(there: Callable[..., There], demo: DemoCorpus, bundled: Codebook) -> tuple[There, list[Code]]:
    """Six reports, pushed to two coders of whom each has coded four."""
    ids = [r.id for r in demo.reports[:6]]
    place = there(demo.reports[:6], {TWO[0]: ids[:4], TWO[1]: ids[2:]})
    assert [p.tasks for p in push(place.study, 1).projects] == [4, 4]
    codes = []
    for coder, own in zip(TWO, (ids[:4], ids[2:]), strict=True):
        tasks = place.client.task_ids(place.project(coder))
        for report_id, given in passes(demo, "coder_a", own).items():
            place.client.annotate(tasks[report_id], result_of(given, bundled), place.users[coder], lead_time=31.5)
            codes += [replace(c, coder=coder) for c in given]
    return place, codes


def test_two_coders_and_back(coded: tuple[There, list[Code]]) -> None:
    place, codes = coded
    done = pull(place.study)
    pulled = codes_of(place.study)
    assert (done.annotations, done.appended, done.to_mend, done.notes) == (8, len(codes), (), ())
    assert said(pulled) == said(codes)
    assert {(c.round, c.purpose, c.lead_time, c.saw_prediction, c.saw_codes) for c in pulled} == {
        (1, "train", 31.5, False, False)
    }
    assert all(c.at and c.codebook_version for c in pulled)
    before = place.study.codes_path.read_bytes()
    again = pull(place.study)
    assert (again.annotations, again.appended) == (8, 0)
    assert [p.new for p in push(place.study, 1).projects] == [0, 0]
    assert place.study.codes_path.read_bytes() == before


def test_edits_and_deletions_become_versions(coded: tuple[There, list[Code]], bundled: Codebook) -> None:
    place, codes = coded
    pull(place.study)
    first = codes_of(place.study)
    api = place.client._sdk.annotations
    exported = {t["data"]["id"]: t["annotations"][0] for t in place.client.export(place.project(TWO[0]))}
    edited, deleted, cleared, *_ = exported
    own = [c for c in codes if (c.report_id, c.coder) == (edited, TWO[0])]
    text = replace(own[0], note="再看一遍", unsure=True)
    api.update(exported[edited]["id"], result=result_of([text, *own[1:]], bundled))
    api.delete(exported[deleted]["id"])
    api.update(exported[cleared]["id"], result=[])
    done = pull(place.study)
    after = codes_of(place.study)
    gone = [c for c in first if c.coder == TWO[0] and c.report_id in (deleted, cleared)]
    assert after[: len(first)] == first
    assert (done.superseding, done.deleted, done.appended) == (1, len(gone), 1 + len(gone))
    standing = [c for c in codes if c.coder != TWO[0] or c.report_id not in (deleted, cleared)]
    assert said(current(after)) == said([text if c is own[0] else c for c in standing])
    assert all(c.supersedes in {o.code_id for o in first} for c in after[len(first) :])
    # What is asked and was cleared is listed for its coder.
    assert {(m.problem.report_id, m.problem.coder) for m in done.to_mend} == {(cleared, TWO[0])}
    (file,) = done.files
    assert f"task={place.client.task_ids(place.project(TWO[0]))[cleared]}" in file.read_text("utf-8")
    assert pull(place.study).appended == 0

    # The coder comes back to all of it.
    task = place.client.task_ids(place.project(TWO[0]))[deleted]
    again = [c for c in codes if (c.report_id, c.coder) == (deleted, TWO[0])]
    place.client.annotate(task, result_of(again, bundled), place.users[TWO[0]])
    old = [c for c in codes if (c.report_id, c.coder) == (cleared, TWO[0])]
    api.update(exported[cleared]["id"], result=result_of(old, bundled))
    done = pull(place.study)
    assert (done.to_mend, done.files, file.exists()) == ((), (), False)
    assert said(current(codes_of(place.study))) == said([text if c is own[0] else c for c in codes])


def test_what_cannot_be_a_code_is_listed_and_kept(coded: tuple[There, list[Code]]) -> None:
    place, _ = coded
    pull(place.study)
    before = current(codes_of(place.study))
    exported = {t["data"]["id"]: t["annotations"][0] for t in place.client.export(place.project(TWO[0]))}
    report_id = next(iter(exported))
    result = json.loads(json.dumps(exported[report_id]["result"]))
    for item in result:
        if "choices" in item["value"]:
            item["value"]["choices"] = ["no_such_label"]
    place.client._sdk.annotations.update(exported[report_id]["id"], result=result)
    done = pull(place.study)
    assert {(m.problem.report_id, m.problem.coder) for m in done.to_mend} == {(report_id, TWO[0])}
    assert any("no_such_label" in str(m) for m in done.to_mend)
    assert current(codes_of(place.study)) == before


def test_somebody_else_in_the_project_and_predictions_from_elsewhere(
    coded: tuple[There, list[Code]], bundled: Codebook
) -> None:
    place, codes = coded
    project = place.project(TWO[0])
    tasks = place.client.task_ids(project)
    report_id = next(i for i in tasks if i not in place.client.task_ids(place.project(TWO[1])))
    own = [c for c in codes if (c.report_id, c.coder) == (report_id, TWO[0])]
    place.client.annotate(tasks[report_id], result_of(own, bundled), place.users[TWO[1]])
    foreign = {"task": tasks[report_id], "result": result_of(own, bundled), "score": 0.5, "model_version": "x"}
    place.client.import_predictions(project, [foreign])
    done = pull(place.study)
    (listed,) = done.to_mend
    assert (listed.problem.report_id, listed.problem.coder) == (report_id, TWO[1])
    assert f"in the project of {TWO[0]}" in str(listed)
    pulled = codes_of(place.study)
    assert said(pulled) == said([*codes, *(replace(c, coder=TWO[1]) for c in own)])
    there = [c for c in pulled if c.report_id == report_id]
    assert {(c.coder, c.saw_codes) for c in there} == {(TWO[0], False), (TWO[1], True)}
    assert {c.report_id for c in pulled if c.saw_prediction} == {report_id}


def test_a_text_that_changed_since(coded: tuple[There, list[Code]], demo: DemoCorpus) -> None:
    place, codes = coded
    first = demo.reports[2]
    changed = [replace(r, text="新" + r.text, content_hash="") if r.id == first.id else r for r in demo.reports[:6]]
    place.study.corpus_path.unlink()
    write_corpus(place.study.corpus_path, changed)
    done = pull(place.study)
    listed = [str(m) for m in done.to_mend]
    assert {m.problem.report_id for m in done.to_mend} == {first.id}
    assert sum("text has changed" in line for line in listed) == 2
    kept = codes_of(place.study)
    assert said([c for c in kept if c.report_id != first.id]) == said([c for c in codes if c.report_id != first.id])
    text = {r.id: r.text for r in changed}
    assert all(text[c.report_id][s.start : s.end] == s.text for c in kept for s in c.evidence)


def test_every_code_of_the_demonstration_corpus_comes_back(
    there: Callable[..., There], demo: DemoCorpus, bundled: Codebook
) -> None:
    coders = sorted({c.coder for c in demo.codes})
    by_coder = {coder: passes(demo, coder, [r.id for r in demo.reports]) for coder in coders}
    assigned = {coder: [i for i, given in own.items() if given] for coder, own in by_coder.items()}
    place = there(demo.reports, assigned)
    reports = {r.id: r for r in demo.reports}
    for coder, ids in assigned.items():
        project = place.client.ensure_project(
            Room(1, coder).marker(study_id(place.study)),
            coder,
            labelling_config(bundled),
            f"codebook {meaning_of(bundled)}",
        )
        tasks = [
            {
                **task_of(reports[i]),
                "annotations": [{"result": result_of(by_coder[coder][i], bundled), "completed_by": place.users[coder]}],
            }
            for i in ids
        ]
        place.client.import_tasks(project, tasks)
    assert {p.new for p in push(place.study, 1).projects} == {0}
    done = pull(place.study)
    pulled = codes_of(place.study)
    expected = [c for c in demo.codes if c.value is not None]
    # An adjudicator codes only what is in dispute, and is told of the rest.
    assert [str(m) for m in done.to_mend if m.problem.coder != "adjudicator"] == []
    assert said(pulled) == said(expected)
    print(f"\n{len(pulled)} of {len(expected)} codes by {len(coders)} coders came back, {done.annotations} annotations")
    assert pull(place.study).appended == 0

    # The same projects as files, read by a study that has no server.
    everything = place.study.root / "export.json"
    tasks = [t for coder in coders for t in place.client.export(place.project(coder))]
    everything.write_text(json.dumps(tasks), "utf-8")
    place.study.codes_path.rename(place.study.root / "pulled.parquet")
    names = {str(user): coder for coder, user in place.users.items()}
    unnamed = pull_file(place.study, everything, {}, round_number=1)
    assert (unnamed.appended, len(unnamed.to_mend)) == (0, done.annotations)
    pull_file(place.study, everything, names, round_number=1)
    assert said(codes_of(place.study)) == said(pulled)
    assert pull_file(place.study, everything, names, round_number=1).appended == 0
    # And nothing is new to a pull from the server, though it did not fetch these.
    assert pull(place.study).appended == 0


def coding_of(codebook: Codebook, text: str) -> Coding:
    """A coding with something of every variable that is learned."""
    values: dict[str, Any] = {}
    probs: dict[str, Any] = {}
    evidence = []
    for v in codebook.learned:
        label = v.label_ids[0] if v.labels else ""
        values[v.id] = {"binary": True, "multi": [label], "ordinal": 0, "nominal": label}[v.type]
        probs[v.id] = (
            0.9
            if v.type == "binary"
            else [0.5] * len(v.labels)
            if v.type == "ordinal"
            else dict.fromkeys(v.label_ids, 0.5)
        )
        value = label if v.type in ("multi", "nominal") else str(values[v.id]).lower()
        evidence.append(Evidence(v.id, value, 0, 6, text[:6], 0.8))
    return Coding(values, probs, [], evidence, 1, 0)


def put_model(place: There, reports: Sequence[Report], codebook: Codebook) -> None:
    """Codings as training leaves them; the model itself is not asked."""
    place.study.model_path.mkdir(exist_ok=True)
    (place.study.model_path / "config.json").write_text("{}")
    unseen = [Unseen(r.id, "cross-fitted", coding_of(codebook, r.text)) for r in reports]
    write_unseen(place.study.root / "unseen.jsonl", unseen)


def test_predictions_only_where_the_round_is_not_blind(
    there: Callable[..., There], demo: DemoCorpus, bundled: Codebook
) -> None:
    ids = [r.id for r in demo.reports[:3]]
    place = there(demo.reports[:3], {TWO[0]: ids}, blind=False)
    with pytest.raises(UserError, match="weijing train"):
        push(place.study, 1)
    put_model(place, demo.reports[:3], bundled)
    (made,) = push(place.study, 1).projects
    assert made.room.predictions
    push(place.study, 1)
    project = place.project(TWO[0], predictions=True)
    predictions = list(place.client._sdk.predictions.list(project=project))
    assert len(predictions) == 3
    assert place.client._sdk.projects.get(project).model_version == predictions[0].model_version
    assert all(0 < (p.score or 0) < 1 for p in predictions)
    tasks = place.client.task_ids(project)
    place.client.annotate(tasks[ids[0]], predictions[0].result, place.users[TWO[0]])
    pull(place.study)
    assert codes_of(place.study)
    assert all(c.saw_prediction for c in codes_of(place.study))


def test_a_blind_round_gets_no_predictions(
    coded: tuple[There, list[Code]], bundled: Codebook, demo: DemoCorpus
) -> None:
    place, _ = coded
    put_model(place, demo.reports[:6], bundled)
    push(place.study, 1)
    for coder in TWO:
        assert list(place.client._sdk.predictions.list(project=place.project(coder))) == []


def test_refused_before_anything_is_changed(coded: tuple[There, list[Code]], live: Running) -> None:
    place, codes = coded
    with pytest.raises(UserError, match="no coder nobody"):
        push(place.study, 1, coders=["nobody"])
    with pytest.raises(UserError, match="nothing is planned for round 2"):
        push(place.study, 2)
    path = place.study.codebook_path
    before = path.read_text("utf-8")
    version = place.study.codebook().version
    path.write_text(before.replace(f'version: "{version}"', 'version: "99"', 1), "utf-8")
    with pytest.raises(UserError, match=r"weijing codebook diff"):
        push(place.study, 1)
    done = pull(place.study)
    assert done.appended == 0
    assert len(done.notes) == 2
    path.write_text(before, "utf-8")
    assert pull(place.study).appended == len(codes)


def test_coders_without_accounts(there: Callable[..., There], demo: DemoCorpus, live: Running) -> None:
    place = there(demo.reports[:1], {TWO[0]: [demo.reports[0].id]})
    plan = place.study.root / "plan.parquet"
    from weijing.annotation.plan import SCHEMA
    from weijing.data.tables import read_rows, write_rows

    rows = [{**row, "coder": "stranger"} for row in read_rows(plan, SCHEMA, SCHEMA.names, "plan")]
    write_rows(plan, rows, SCHEMA)
    with pytest.raises(UserError, match=r"no account for stranger.*annotate up"):
        push(place.study, 1)
    assert not [p for p in place.client.projects() if study_id(place.study) in p.description]


def test_a_project_deleted_under_us_loses_no_code(coded: tuple[There, list[Code]], live: Running) -> None:
    place, _ = coded
    pull(place.study)
    before = codes_of(place.study)
    place.client._sdk.projects.delete(place.project(TWO[0]))
    done = pull(place.study)
    assert done.appended == 0
    assert [TWO[0] in note and "stay" in note for note in done.notes] == [True]
    made = push(place.study, 1)
    assert [TWO[0] in note and "deleted on the server" in note for note in made.notes] == [True]
    assert sorted(p.new for p in made.projects) == [0, 4]
    # The project made anew is empty, and says nothing of what was coded in the old one.
    done = pull(place.study)
    assert (done.appended, done.notes) == (0, ())
    # A task that is gone takes nothing back, and a lost file of ours does no harm.
    place.client._sdk.tasks.delete(str(min(place.client.task_ids(place.project(TWO[1])).values())))
    for name in ("projects.json", "accounts.json"):
        (place.study.label_studio_path / name).unlink()
    assert pull(place.study).appended == 0
    assert sum(p.new for p in push(place.study, 1).projects) == 1
    assert codes_of(place.study) == before


def test_a_description_that_was_cleared_is_put_back(coded: tuple[There, list[Code]]) -> None:
    place, codes = coded
    project = place.project(TWO[0])
    place.client.describe(project, "")
    done = pull(place.study)
    assert (done.appended, done.to_mend, done.notes) == (len(codes), (), ())
    assert place.project(TWO[0]) == project
    place.client.describe(project, "我们的项目")
    made = push(place.study, 1)
    assert ([p.new for p in made.projects], made.notes) == ([0, 0], ())
    assert place.project(TWO[0]) == project
    assert pull(place.study).appended == 0


class _Failing(BaseHTTPRequestHandler):
    """Passes everything on to ``target``, but ``failures`` are parts of paths that are answered by 500, in turn."""

    target: str
    failures: list[str]

    def _pass_on(self) -> None:
        import httpx

        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.failures and self.failures[0] in self.path:
            self.failures.pop(0)
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
        answer = httpx.request(
            self.command, self.target + self.path, content=body, headers=headers, trust_env=False, timeout=60
        )
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PATCH = _pass_on  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def failing(live: Running, client: Client) -> Iterator[type[_Failing]]:
    handler = type("Failing", (_Failing,), {"target": live.server.url, "failures": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.url = f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield handler
    server.shutdown()
    server.server_close()


def test_a_server_that_fails_twice(
    there: Callable[..., There], demo: DemoCorpus, bundled: Codebook, live: Running, failing: Any
) -> None:
    ids = [r.id for r in demo.reports[:5]]
    place = there(demo.reports[:5], {TWO[0]: ids})
    connection = Connection(failing.url, live.server.token)
    failing.failures = ["/import", "/import"]
    assert [p.new for p in push(place.study, 1, connection=connection).projects] == [5]
    assert failing.failures == []
    (given,) = passes(demo, "coder_a", ids[:1]).values()
    tasks = place.client.task_ids(place.project(TWO[0]))
    assert sorted(tasks) == sorted(ids)
    place.client.annotate(tasks[ids[0]], result_of(given, bundled), place.users[TWO[0]])
    failing.failures = ["/export", "/export"]
    assert pull(place.study, connection=connection).appended == len(given)
    assert failing.failures == []
    assert pull(place.study).appended == 0


def test_a_wrong_key_is_one_line_and_costs_nothing(
    coded: tuple[There, list[Code]], personal_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = coded
    pull(place.study)
    before = place.study.codes_path.read_bytes()
    monkeypatch.setenv(KEY, "0" * 40)
    for call in (lambda: push(place.study, 1), lambda: pull(place.study)):
        with pytest.raises(UserError, match="wrong or has expired") as caught:
            call()
        assert "\n" not in str(caught.value)
    monkeypatch.delenv(KEY)
    with pytest.raises(UserError, match=KEY):
        pull(place.study)
    assert place.study.codes_path.read_bytes() == before
    with pytest.raises(UserError, match="none to start"):
        up(place.study)
    # A personal access token does as well.
    monkeypatch.setenv(KEY, personal_token)
    assert pull(place.study).appended == 0


def test_5000_tasks_and_predictions_with_kills_midway(
    there: Callable[..., There], bundled: Codebook, live: Running
) -> None:
    reports = [Report(f"r{i}", f"第{i}篇报道：派出所民警在微信群里发布防骗提醒。" * 5) for i in range(5000)]
    place = there(reports, {TWO[0]: [r.id for r in reports]}, blind=False)
    put_model(place, reports, bundled)
    run = "from weijing.cli.main import main; main()"
    command = [sys.executable, "-c", run, "annotate", "push", "--round", "1", "-s", str(place.study.root)]
    database = live.study.label_studio_path / "label_studio.sqlite3"

    def rows(table: str, project: int) -> int:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
            query = f"select count(*) from {table} where project_id = {project}"
            return int(connection.execute(query).fetchone()[0])

    killed_at = []
    project: int | None = None
    for what, table, least in (
        ("server", "task", 1500),
        ("server", "prediction", 1500),
        ("push", "prediction", 3500),
    ):
        pushing = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while project is None:
            assert pushing.poll() is None
            project = place.client.find_project(Room(1, TWO[0], True).marker(study_id(place.study)))
        while (there_now := rows(table, project)) < least:
            assert pushing.poll() is None
            time.sleep(0.05)
        process = find_process(live.study.label_studio_path)
        assert process is not None
        os.kill(process.pid if what == "server" else pushing.pid, signal.SIGKILL)
        _, told = pushing.communicate(timeout=120)
        # Not counted afterwards: what the kill left half done only the server itself rolls back.
        killed_at.append(f"{what} at {there_now} {table}s")
        if what == "server":
            assert re.search(r"weijing: .*cannot be reached", told)
            live.server = up(live.study)
            place.client = Client(live.connection)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert project is not None
    ids = Counter(task["data"]["id"] for task in place.client.tasks(project))
    predicted = Counter(p.task for p in place.client._sdk.predictions.list(project=project))
    print(f"\nkilled: {', '.join(killed_at)}; {len(ids)} tasks, {len(predicted)} predictions, none twice")
    assert ids == Counter(r.id for r in reports)
    assert len(predicted) == 5000
    assert {*predicted.values()} == {1}
    assert "5000 reports" in done.stdout
