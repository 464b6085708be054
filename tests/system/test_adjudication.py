"""Adjudication on the real server: two coders' codes pushed, decided through the API, pulled into the gold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from weijing.annotation.accounts import email_of, ensure_accounts
from weijing.annotation.adjudicate_server import pull, push
from weijing.annotation.client import Client, Connection
from weijing.annotation.server import down, up
from weijing.annotation.tasks import result_of
from weijing.cli.main import app
from weijing.configs.errors import UserError
from weijing.configs.load import load_codebook
from weijing.data.codes import Code, read_codes
from weijing.data.study import Study, add, add_codes
from weijing.training.study import settle_study

pytest.importorskip("label_studio_sdk")
pytestmark = pytest.mark.slow

STRIKES = Path(__file__).parents[1] / "codebooks" / "strikes.yaml"
HOSTILE = "<script>alert(1)</script>"


def coded(coder: str, report_id: str, claims: list[str], **more: Any) -> list[Code]:
    answers = {"is_protest": True, "claims": claims, "sector": "factory", "intensity": 1}
    return [Code(report_id, coder, name, value, round=1, **more) for name, value in answers.items()]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Study, Client]]:
    root = tmp_path_factory.mktemp("live") / "study"
    Study.create(root, STRIKES)
    settings = root / "weijing.yaml"
    text = settings.read_text("utf-8").replace("annotation: {}", "annotation: {coders: [a, b, judge]}")
    settings.write_text(text, "utf-8")
    study = Study.open(root)
    texts = [f"第{i}号。工人集体拉起横幅抗议，讨要拖欠的血汗钱。" + "记者在现场看到很多人。" * i for i in range(6)]
    source = root.parent / "reports.jsonl"
    source.write_text("\n".join(json.dumps({"id": f"r{i}", "text": t}) for i, t in enumerate(texts)), "utf-8")
    add(study, [source])
    server = up(study)
    try:
        connection = Connection(server.url, server.token)
        ensure_accounts(study, connection)
        yield study, Client(connection)
    finally:
        down(study)


def decide(client: Client, project: int, report_id: str, answers: dict[str, Any]) -> None:
    """The adjudicator submits the task of a report that is not annotated yet."""
    done = {task["id"] for task in client.export(project)}
    (task,) = [t["id"] for t in client.tasks(project) if t["data"]["report"] == report_id and t["id"] not in done]
    result = result_of([Code(report_id, "", name, value) for name, value in answers.items()], load_codebook(STRIKES))
    client.annotate(task, result, completed_by=client.members()[email_of("judge")], lead_time=5.0)


def gold(study: Study, report_id: str) -> dict[str, tuple[Any, str]]:
    return {g.variable: (g.value, g.how) for g in settle_study(study) if g.report_id == report_id}


def test_disagreements_are_decided_beside_the_originals(live: tuple[Study, Client]) -> None:
    study, client = live
    assert push(study, client).project is None
    with pytest.raises(UserError, match="adjudicate push"):
        pull(study, client)
    for i in range(4):
        add_codes(study, coded("a", f"r{i}", ["wage_arrears"], note=HOSTILE))
        add_codes(study, coded("b", f"r{i}", ["wage_arrears"] if i == 0 else ["wage_arrears", "pay_rise"]))

    first = push(study, client)
    assert (first.undecided, first.added, first.withdrawn, first.changed) == (3, 3, 0, ())
    assert first.project is not None
    again = push(study, client)
    assert (again.added, again.withdrawn, again.project) == (0, 0, first.project)
    tasks = {task["data"]["report"]: task for task in client.tasks(first.project)}
    assert sorted(tasks) == ["r1", "r2", "r3"]
    assert HOSTILE not in tasks["r1"]["data"]["codes"]
    offered = client._sdk.predictions.list(task=tasks["r1"]["id"])
    assert {item["from_name"] for item in offered[0].result} == {"is_protest", "sector", "intensity"}

    before = read_codes(study.codes_path)
    assert gold(study, "r1")["claims"] == (["wage_arrears"], "tie")
    whole = {"is_protest": True, "claims": ["pay_rise"], "sector": "factory", "intensity": 1}
    decide(client, first.project, "r1", whole)
    decide(client, first.project, "r2", {"is_protest": False})
    done = pull(study, client)
    assert (done.decisions, done.rejected) == (2, ())
    # The gate was not asked, so it was decided anew; what hung on it was asked and may stay open.
    assert done.problems == ()
    after = read_codes(study.codes_path)
    assert after[: len(before)] == before
    assert {(c.report_id, c.coder, c.variable, c.purpose, c.lead_time, c.saw_codes) for c in after[len(before) :]} == {
        ("r1", "judge", "claims", "adjudication", 5.0, True),
        ("r2", "judge", "is_protest", "adjudication", 5.0, True),
    }
    assert gold(study, "r1") == {
        "is_protest": (True, "agreed"),
        "claims": (["pay_rise"], "adjudicated"),
        "sector": ("factory", "agreed"),
        "intensity": (1, "agreed"),
    }
    assert gold(study, "r2") == {"is_protest": (False, "adjudicated")}
    assert pull(study, client).decisions == 0
    assert read_codes(study.codes_path) == after

    # New codes: only what is new is added, what was decided is not asked again, what changed is.
    add_codes(study, [c for coder, claims in (("a", []), ("b", ["pay_rise"])) for c in coded(coder, "r4", claims)])
    old = {(c.report_id, c.coder, c.variable): c for c in before}
    changes = {("r1", "b", "claims"): ["layoff_terms"], ("r3", "b", "claims"): ["wage_arrears"]}
    newer = [replace(old[key], value=value, supersedes=old[key].code_id, code_id="") for key, value in changes.items()]
    add_codes(study, newer)
    second = push(study, client)
    assert (second.undecided, second.added, second.withdrawn, second.changed) == (2, 2, 1, ("r1",))
    # Two of r1: the one that was decided stays.
    reports = [task["data"]["report"] for task in client.tasks(first.project)]
    assert sorted(reports) == ["r1", "r1", "r2", "r4"]
    assert pull(study, client).decisions == 0
    decide(client, first.project, "r1", {**whole, "claims": ["layoff_terms"]})
    assert pull(study, client).decisions == 1
    assert gold(study, "r1")["claims"] == (["layoff_terms"], "adjudicated")


def test_codes_that_change_while_somebody_decides(live: tuple[Study, Client]) -> None:
    study, client = live
    add_codes(study, [c for coder, claims in (("a", ["pay_rise"]), ("b", [])) for c in coded(coder, "r5", claims)])
    project = push(study, client).project
    assert project is not None
    late = replace(
        next(c for c in read_codes(study.codes_path) if (c.report_id, c.coder, c.variable) == ("r5", "b", "claims")),
        value=["wage_arrears"],
    )
    add_codes(study, [replace(late, supersedes=late.code_id, code_id="")])
    answers = {"is_protest": True, "claims": ["pay_rise"], "sector": "factory", "intensity": 1}
    decide(client, project, "r5", answers)
    done = pull(study, client)
    assert done.decisions == 0
    assert [(p.report_id, p.variable) for p in done.problems] == [("r5", "claims")]
    assert push(study, client).added == 1
    decide(client, project, "r5", answers)
    assert pull(study, client).decisions == 1
    assert gold(study, "r5")["claims"] == (["pay_rise"], "adjudicated")


def test_the_commands(live: tuple[Study, Client]) -> None:
    study, _ = live

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["annotate", *words, "-s", str(study.root)])
        assert done.exit_code == 0, done.output
        return done.output

    assert "tasks added" in run("adjudicate", "push", "--round", "1", "--masked")
    assert "decisions added" in run("adjudicate", "pull", "--round", "1")
    assert json.loads(run("adjudicate", "push", "--json", "--quiet"))["project"]
    told = json.loads(run("status", "--json"))
    assert told["running"]
    assert [(w["coder"], w["coded"]) for w in told["work"]] == [("a", 6), ("b", 6)]
    assert "round 1: a – b" in run("status")
