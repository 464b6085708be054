from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from weijing.annotation.backend import make_app
from weijing.annotation.connecting import ACCESS, Access, ensure_access, listen, read_access
from weijing.annotation.interface import labelling_config, shown
from weijing.annotation.serving import Served
from weijing.annotation.tasks import read_annotation, task_of
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.report import Report
from weijing.models.checkpoint import DEFAULT_MODEL, TrainingFacts, model_hash, save_model
from weijing.models.coding import Coder

PASSWORD = "right"
CALLS = [("GET", "/health"), ("POST", "/setup"), ("POST", "/predict"), ("GET", "/versions"), ("POST", "/webhook")]
SENTENCES = (
    "工人集体拉起横幅抗议。", "他们讨要拖欠的血汗钱。", "大家盼望提高月薪标准。", "众人守住车间接管机器。",
    "双方爆发肢体冲突。", "事发外卖配送站点。", "天气晴朗。", "𠮷村🚓𪚥！", "<b>&amp;$text", "=1+1\n", "，", "\u200f",
)  # fmt: skip


@contextmanager
def running(served: Served) -> Iterator[httpx.Client]:
    """The real server on loopback, and a client that knows the password."""
    import uvicorn

    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(make_app(served, PASSWORD), log_level="debug", log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            with httpx.Client(base_url=url, auth=("weijing", PASSWORD), timeout=300, trust_env=False) as client:
                yield client
        finally:
            served.close()
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def served(toy_model: Path) -> Served:
    return Served(toy_model)


@pytest.fixture(scope="module")
def backend(toy_model: Path) -> Iterator[httpx.Client]:
    with running(Served(toy_model)) as client:
        yield client


def asked(codebook: Codebook, *texts: str) -> dict[str, Any]:
    tasks = [{**task_of(Report(f"r{i}", text)), "id": i, "annotations": []} for i, text in enumerate(texts)]
    return {"tasks": tasks, "label_config": labelling_config(codebook), "project": "5.1700000000", "params": {}}


def changed(model: Path, to: Path) -> Path:
    """The same model with other weights, saved as training does."""
    import torch
    from weijing.data.artifacts import make_manifest

    coder = Coder.load(model)
    with torch.no_grad():
        for parameter in coder.network.parameters():
            parameter.mul_(0.3)
    facts = TrainingFacts(90, 90, {"toy": "synthetic"})
    return save_model(
        coder, to, facts=facts, settings={"regime": "frozen", "seed": 1}, manifest=make_manifest("train"), force=True
    )


# What it is told and answers


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nothing_without_the_password(backend: httpx.Client, method: str, path: str) -> None:
    body = {"tasks": [], "label_config": None} if method == "POST" else None
    assert backend.request(method, path, json=body).status_code == 200
    for auth in (None, ("weijing", "wrong"), ("weijing", ""), ("", PASSWORD), ("admin", PASSWORD)):
        with httpx.Client(base_url=backend.base_url, auth=auth, trust_env=False) as stranger:
            answer = stranger.request(method, path, json=body)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    for header in ("Basic %%%", "Basic /w==", "Bearer right", f"Token {PASSWORD}"):
        answer = httpx.request(method, backend.base_url.join(path), headers={"Authorization": header}, trust_env=False)
        assert answer.status_code == 401


def test_strangers_learn_nothing_of_the_server(backend: httpx.Client) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert backend.get(path).status_code == 404


def test_the_protocol(backend: httpx.Client, toy_model: Path) -> None:
    version = model_hash(toy_model)
    assert backend.get("/health").json() == {"status": "UP"}
    assert backend.post("/setup", json={"project": "5.1", "schema": "<View/>"}).json() == {"model_version": version}
    assert backend.get("/versions").json() == {"versions": [version]}
    assert (
        "weijing train" in backend.post("/webhook", json={"action": "START_TRAINING", "project": {}}).json()["detail"]
    )
    assert "train" not in backend.post("/webhook", json={"action": "ANNOTATION_CREATED"}).json()["detail"]


def test_the_token_of_setup_is_logged_nowhere(
    backend: httpx.Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "f00d" * 10
    assert backend.post("/setup", json={"access_token": token, "schema": "<View/>"}).status_code == 200
    assert backend.post("/setup", content=f'{{"access_token": "{token}"').status_code == 200
    assert "/setup" in caplog.text, "the log was looked at"
    assert token not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("body", ["", "[]", "{", "{}", '{"tasks": 3}', "[" * 100_000, "\xff"])
def test_what_is_no_request_is_refused(backend: httpx.Client, body: str) -> None:
    answer = backend.post("/predict", content=body.encode("latin-1"))
    assert answer.status_code == 400
    assert "the request" in answer.json()["detail"]


def test_a_request_that_is_too_large(backend: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weijing.annotation.backend.MOST_BYTES", 1000)
    assert backend.post("/predict", content=b"x" * 1001).status_code == 413
    assert backend.post("/predict", content=iter([b"x" * 600, b"x" * 600])).status_code == 413
    assert backend.get("/health").status_code == 200


# Predictions


@pytest.mark.parametrize("model", ["toy_model", "bundled_model"])
@given(parts=st.lists(st.sampled_from(SENTENCES) | st.text(max_size=8), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_a_prediction_says_what_the_coder_says(request: pytest.FixtureRequest, model: str, parts: list[str]) -> None:
    text = "".join(parts)
    folder = request.getfixturevalue(model)
    served, coder = loaded(folder)
    (prediction,) = served.predict(asked(coder.codebook, text)["tasks"], labelling_config(coder.codebook))
    assert prediction["model_version"] == model_hash(folder)
    if not text.strip():
        assert prediction["result"] == []
        return
    (coding,) = coder.code([text])
    assert 0 <= prediction["score"] <= 1
    json.dumps(prediction).encode()
    back = read_annotation(prediction, Report("r0", text), coder.codebook, "m")
    learned = {v.id for v in coder.codebook.learned}
    assert [p for p in back.problems if p.variable in learned or "no code" not in p.found] == []
    wanted = {v.id: coding.values.get(v.id) for v in shown(coder.codebook)}
    assert {c.variable: c.value for c in back.codes} == {name: v for name, v in wanted.items() if v is not None}
    marked = {v.id for v in shown(coder.codebook) if v.evidence}
    assert {(c.variable, s.start, s.end, s.text) for c in back.codes for s in c.evidence} == {
        (e.variable, e.start, e.end, e.text) for e in coding.evidence if e.text is not None and e.variable in marked
    }
    for code in back.codes:
        assert not code.unsure, "that is for coders to say"
        assert code.absence == (code.variable in marked and not code.evidence)


@cache
def loaded(folder: Path) -> tuple[Served, Coder]:
    return Served(folder), Coder.load(folder)


def test_the_score_is_confidence(bundled_model: Path) -> None:
    """The mean over variables of what `select` calls certainty, so that both order reports alike."""
    from weijing.annotation.uncertainty import uncertainty

    served, coder = loaded(bundled_model)
    texts = [f"{s}{t}" for s in SENTENCES[:6] for t in SENTENCES[:6]]
    found = served.predict(asked(coder.codebook, *texts)["tasks"], labelling_config(coder.codebook))
    logits = coder.score(texts).logits
    probs = {v.id: coder.calibration.probabilities(v, logits[v.id]) for v in coder.codebook.learned}
    wanted = 1 - uncertainty(coder.codebook, probs).mean(1)
    assert [r["score"] for r in found] == pytest.approx(wanted.tolist(), abs=1e-3)
    assert len({r["score"] for r in found}) > 1


def test_label_studio_takes_them(backend: httpx.Client, strikes: Codebook, toy: Any) -> None:
    interface = pytest.importorskip("label_studio_sdk.label_interface").LabelInterface(labelling_config(strikes))
    results = backend.post("/predict", json=asked(strikes, *(r.text for r in toy.reports))).json()["results"]
    assert len(results) == len(toy.reports)
    assert [interface.validate_prediction(r, return_errors=True) for r in results] == [[]] * len(results)
    spans = [item for r in results for item in r["result"] if item["type"] == "labels"]
    assert len(spans) > len(results)


def test_what_cannot_be_coded_is_answered_in_its_place(
    backend: httpx.Client, strikes: Codebook, toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good = toy.reports[1].text
    request = asked(strikes, good, "", " \n", good)
    odd = [{}, {"data": {}}, {"data": {"text": None}}, {"data": {"text": 5}}, {"data": []}, None, 7, "task"]
    request["tasks"][1:1] = odd
    results = backend.post("/predict", json=request).json()["results"]
    assert [bool(r["result"]) for r in results] == [True, *([False] * (len(odd) + 2)), True]
    assert results[0] == results[-1]
    assert {r.get("reason") for r in results[1:-1]} == {"the task has no text"}
    assert {r["score"] for r in results[1:-1]} == {0}
    assert "10 of 12 tasks: the task has no text" in caplog.text


def test_half_a_character_does_no_harm(backend: httpx.Client, strikes: Codebook, toy: Any) -> None:
    request = asked(strikes, "\ud83d" + toy.reports[1].text, toy.reports[1].text)
    answer = backend.post("/predict", content=json.dumps(request).encode())
    first, second = answer.json()["results"]
    assert first["result"]
    assert second["result"]


@pytest.mark.parametrize(
    "config",
    [None, 3, "", "no xml", "<View/>", "\ud800", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
)
def test_an_interface_that_is_not_ours(served: Served, config: Any, toy: Any) -> None:
    (prediction,) = served.predict([task_of(toy.reports[1])], config)
    assert prediction["result"] == []
    assert "interface" in prediction["reason"]


def test_interfaces_of_other_codebooks(served: Served, strikes: Codebook, bundled: Codebook, toy: Any) -> None:
    def is_coded(config: str) -> bool:
        return bool(served.predict([task_of(toy.reports[1])], config)[0]["result"])

    own = labelling_config(strikes)
    label = strikes.learned[1].label_ids[0]
    assert is_coded(own)
    assert is_coded(own.replace("</View>", "<Header value='more'/></View>", 1))
    assert not is_coded(labelling_config(bundled))
    assert not is_coded(own.replace(f'"{label}"', '"renamed"'))
    assert not is_coded(own.replace('value="$text"', 'value="$title"'))


# The newest model


def test_a_new_model_is_served_without_a_restart(toy_model: Path, tmp_path: Path, strikes: Codebook, toy: Any) -> None:
    folder = tmp_path / "model"
    shutil.copytree(toy_model, folder)
    request = asked(strikes, toy.reports[1].text)
    with running(Served(folder)) as client:
        (before,) = client.post("/predict", json=request).json()["results"]
        changed(toy_model, folder)
        version = model_hash(folder)
        assert version != before["model_version"] == model_hash(toy_model)
        assert client.post("/setup", json={}).json() == {"model_version": version}
        (after,) = client.post("/predict", json=request).json()["results"]
        assert after["model_version"] == version
        assert after["score"] != before["score"], "no longer what the old one said"


def test_a_model_that_is_gone_or_damaged_is_served_on(
    toy_model: Path, tmp_path: Path, strikes: Codebook, toy: Any
) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    shutil.copytree(toy_model, own)
    changed(toy_model, other)
    served = Served(own, other)
    call = ([task_of(toy.reports[1])], labelling_config(strikes))
    before = served.predict(*call)
    own.rename(tmp_path / "away")
    assert served.predict(*call) == before, "not the other one's"
    shutil.copytree(tmp_path / "away", own)
    (own / "model.safetensors").write_bytes(b"half")
    assert served.predict(*call) == before
    changed(toy_model, own)
    assert served.predict(*call)[0]["model_version"] == model_hash(own) == served.version


def test_the_studys_model_is_served_once_there_is_one(toy_model: Path, tmp_path: Path) -> None:
    served = Served(tmp_path / "model", toy_model)
    assert served.folder == toy_model
    changed(toy_model, tmp_path / "model")
    assert served.folder == tmp_path / "model"
    assert served.predict([{}], None)[0]["model_version"] == model_hash(tmp_path / "model") != model_hash(toy_model)


def test_no_model_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="weijing train"):
        Served(tmp_path)


# Many at once


def test_calls_wait_for_each_other(toy_model: Path, strikes: Codebook, toy: Any) -> None:
    class Watched(Served):
        inside = most = 0

        def predict(self, *args: Any) -> list[dict[str, Any]]:
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.02)
            found = super().predict(*args)
            self.inside -= 1
            return found

    served = Watched(toy_model)
    texts = [r.text for r in toy.reports[:8]]
    alone = [Served(toy_model).predict(asked(strikes, t)["tasks"], labelling_config(strikes))[0] for t in texts[:2]]
    with running(served) as client, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda t: client.post("/predict", json=asked(strikes, t)).json(), texts * 4))
    assert served.most == 1
    assert [a["results"][0] for a in answers[:2]] == alone
    assert answers[:8] * 4 == answers


@pytest.mark.slow
def test_health_is_answered_while_the_default_coder_works(bundled: Codebook) -> None:
    from weijing.data.demo.corpus import read_demo

    texts = [r.text for r in read_demo(bundled).reports[:100]]
    with running(Served(DEFAULT_MODEL)) as client, ThreadPoolExecutor(1) as pool:
        start = time.monotonic()
        coding = pool.submit(client.post, "/predict", json=asked(bundled, *texts))
        waits = []
        while not coding.done():
            before = time.monotonic()
            assert client.get("/health", timeout=1).status_code == 200
            assert client.post("/setup", json={}, timeout=3).status_code == 200
            waits.append(time.monotonic() - before)
            time.sleep(0.1)
        results = coding.result().json()["results"]
        took = time.monotonic() - start
        again = time.monotonic()
        assert client.post("/predict", json=asked(bundled, *texts)).json()["results"] == results
        again = time.monotonic() - again
    assert len(results) == 100
    assert all(r["result"] for r in results)
    assert again < took / 5, "what was said is remembered"
    print(
        f"100 reports in {took:.1f} s, health and setup meanwhile in {max(waits):.3f} s at most, again in {again:.2f} s"
    )


# The password


def test_the_password_is_kept_and_the_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "label-studio"
    with listen("127.0.0.1", 0) as first, listen("0.0.0.0", 0) as second:
        access = ensure_access(folder, first)
        assert access.url == f"http://127.0.0.1:{first.getsockname()[1]}"
        moved = ensure_access(folder, second)
        assert moved == Access(f"http://127.0.0.1:{second.getsockname()[1]}", access.password) == read_access(folder)
    assert len(access.password) >= 20
    assert access.password not in repr(access)
    assert stat.S_IMODE((folder / ACCESS).stat().st_mode) == 0o600
    with listen("127.0.0.1", 0) as third:
        assert ensure_access(tmp_path / "another", third).password != access.password


def test_an_access_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="weijing serve"):
        read_access(tmp_path)
    for content in ("", "[]", '{"url": 1}'):
        (tmp_path / ACCESS).write_text(content)
        with pytest.raises(UserError, match="cannot be read"):
            read_access(tmp_path)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UserError, match=r"cannot be used.*--port"):
        listen("127.0.0.1", other.getsockname()[1])


def test_help_needs_no_server_library() -> None:
    import subprocess
    import sys

    code = "import sys, weijing.cli.main; print([m for m in ('fastapi', 'uvicorn', 'torch') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert found.stdout.strip() == "[]"
