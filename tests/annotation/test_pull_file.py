"""Exports of Label Studio read without a server, in the forms it writes them in."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from weijing.annotation.client import Project
from weijing.annotation.mend import FOLDER, ToMend, write_to_mend
from weijing.annotation.plan import PLAN, SCHEMA, Assignment
from weijing.annotation.private import private_folder
from weijing.annotation.projects import (
    PUSHED,
    Room,
    StudyProject,
    meaning_of,
    remember,
    study_id,
    study_projects,
    vanished,
)
from weijing.annotation.pull import Pulled, _alike, _Pull, pull_file
from weijing.annotation.tasks import Problem, result_of, task_of
from weijing.cli.annotate import app
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.codes import Code, read_codes
from weijing.data.demo.corpus import DemoCorpus, read_demo
from weijing.data.report import write_corpus
from weijing.data.study import Study
from weijing.data.tables import write_rows


@pytest.fixture(scope="module")
def demo(bundled: Codebook) -> DemoCorpus:
    return read_demo(bundled)


@pytest.fixture
def study(tmp_path: Path, demo: DemoCorpus) -> Study:
    made = Study.create(tmp_path / "study")
    write_corpus(made.corpus_path, demo.reports[:4])
    return made


def exported(demo: DemoCorpus, codebook: Codebook, n: int = 3, **annotation: Any) -> list[dict[str, Any]]:
    """Tasks with coder_a's annotations, as Label Studio exports them."""
    tasks = []
    for number, report in enumerate(demo.reports[:n], 1):
        codes = [c for c in demo.codes if (c.report_id, c.coder) == (report.id, "coder_a")]
        own = {
            "id": 10 + number,
            "completed_by": 7,
            "result": result_of(codes, codebook),
            "was_cancelled": False,
            "created_at": "2030-01-01T10:00:00.000000Z",
            "updated_at": "2030-01-01T10:05:00.000000Z",
            "lead_time": 12.5,
            **annotation,
        }
        tasks.append({"id": number, **task_of(report), "annotations": [own], "predictions": [], "drafts": []})
    return tasks


def put(study: Study, tasks: Any) -> Path:
    path = study.root / "export.json"
    path.write_text(json.dumps(tasks), "utf-8")
    return path


def codes_of(study: Study) -> list[Code]:
    return read_codes(study.codes_path) if study.codes_path.exists() else []


def test_users_by_number_or_by_address(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled)
    first = pull_file(study, put(study, tasks), {"7": "li"}, round_number=3, purpose="reliability")
    assert (first.annotations, first.to_mend) == (3, ())
    expected = [c for c in demo.codes if c.coder == "coder_a" and c.report_id in {r.id for r in demo.reports[:3]}]
    codes = codes_of(study)
    assert [(c.report_id, c.variable, c.value, c.evidence) for c in codes] == [
        (c.report_id, c.variable, c.value, c.evidence) for c in expected
    ]
    assert {(c.coder, c.round, c.purpose, c.lead_time) for c in codes} == {("li", 3, "reliability", 12.5)}
    for task in tasks:
        task["annotations"][0]["completed_by"] = {"id": 7, "email": "li@example.org"}
    again = pull_file(study, put(study, tasks), {"li@example.org": "li"}, round_number=3, purpose="reliability")
    assert again.appended == 0
    # A part of it takes nothing back.
    assert pull_file(study, put(study, tasks[:1]), {"7": "li"}, round_number=3, purpose="reliability").deleted == 0
    assert codes_of(study) == codes


def test_somebody_elses_project_is_known_by_its_texts(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled)
    for task in tasks:
        task["data"] = {"内容": task["data"]["text"]}
    assert pull_file(study, put(study, tasks), {"7": "li"}).to_mend == ()
    assert {c.report_id for c in codes_of(study)} == {r.id for r in demo.reports[:3]}


def test_what_cannot_be_read_is_listed_beside_what_can(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled, n=5)  # of which the corpus has four
    tasks[0]["annotations"].append(7)
    tasks[1]["annotations"][0]["completed_by"] = None
    tasks[2]["annotations"][0]["result"].append({"from_name": "sentiment", "value": {"choices": ["x"]}})
    tasks[3]["annotations"].append({**tasks[3]["annotations"][0], "id": 99, "updated_at": "2029-01-01T00:00:00Z"})
    tasks += [{"id": 9, "data": None, "annotations": [{"id": 1, "result": []}]}, {"id": 10}]
    done = pull_file(study, put(study, tasks), {"7": "li"})
    listed = [str(m) for m in done.to_mend]
    for report_id, words in (
        (demo.reports[1].id, "--coder-map"),
        (demo.reports[2].id, "cannot be read"),
        (demo.reports[3].id, "coded twice"),
        (demo.reports[4].id, "no report of the corpus"),
        ("of task 9", "no report of the corpus"),
    ):
        assert [line for line in listed if report_id in line and words in line], (report_id, listed)
    assert len(listed) == 5
    assert {c.report_id for c in codes_of(study)} == {demo.reports[i].id for i in (0, 2, 3)}


def test_predictions_that_were_there_are_taken_as_seen(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled, n=2)
    tasks[1]["predictions"] = [5]
    pull_file(study, put(study, tasks), {"7": "li"})
    assert {(c.report_id, c.saw_prediction) for c in codes_of(study)} == {
        (demo.reports[0].id, False),
        (demo.reports[1].id, True),
    }


@pytest.mark.parametrize("content", ["", "{}", "[1]", "[" * 100_000, '[{"id": 1'])
def test_files_that_are_no_export(study: Study, content: str) -> None:
    path = study.root / "export.json"
    path.write_text(content, "utf-8")
    with pytest.raises(UserError, match=r"export\.json: .*JSON"):
        pull_file(study, path, {})
    with pytest.raises(UserError, match=r"none\.json: there is no such file"):
        pull_file(study, study.root / "none.json", {})


def test_the_command(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    path = put(study, exported(demo, bundled, result=[{"from_name": "x"}]))
    words = ["pull", "-s", str(study.root), "--file", str(path), "--coder-map", "7=li"]
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert (told["annotations"], told["appended"], len(told["to_mend"])) == (3, 0, 3)
    lines = CliRunner().invoke(app, words).output
    assert "3 annotations: 0 codes appended" in lines
    assert demo.reports[0].id in lines
    with pytest.raises(UserError, match="NUMBER=CODER"):
        CliRunner().invoke(app, [*words[:-1], "li"], catch_exceptions=False)


def test_lists_of_what_to_mend_go_when_all_is_mended(tmp_path: Path) -> None:
    bad = ToMend(Problem("r1\n", "../li", None, "a\x1bb\nc", "mend"), 1, "http://x/1")
    (path,) = write_to_mend(tmp_path / "own", [bad], {(1, "../li"), (1, "wang")})
    assert path.parent == tmp_path / "own" / FOLDER
    assert len(path.read_text("utf-8").splitlines()) == 4
    other = ToMend(Problem("r1", "wang", None, "a", "mend"), 2)
    assert len(write_to_mend(tmp_path / "own", [other], {(2, "wang")})) == 1
    assert path.exists()
    assert write_to_mend(tmp_path / "own", [], {(1, "../li")}) == ()
    assert not path.exists()


class _Lists:
    """All of a client that finding projects needs."""

    def __init__(self, *projects: Any) -> None:
        self._projects = {project.id: project for project in projects}

    def projects(self) -> list[Any]:
        return list(self._projects.values())

    def describe(self, project: int, description: str) -> None:
        self._projects[project] = replace(self._projects[project], description=description)


@pytest.mark.parametrize("coder", ["li", "li.wang@example.org", "x" * 80])
def test_a_room_is_found_by_its_marker(study: Study, coder: str, bundled: Codebook) -> None:
    rooms = [Room(1, coder), Room(1, coder, predictions=True), Room(12, coder)]
    own = study_id(study)
    assert own == study_id(study)
    projects = [
        Project(i, room.title(study), f"[{room.marker(own)}] codebook {meaning_of(bundled)}", 0, 0, f"o{i}")
        for i, room in enumerate(rooms)
    ]
    strange = Project(9, "t", f"[{rooms[0].marker('0' * 16)}]", 0, 0, "o9")
    found = study_projects(study, _Lists(*projects, strange))  # type: ignore[arg-type]
    assert {room: (known.project.id, known.meaning) for room, known in found.items()} == {
        room: (i, meaning_of(bundled)) for i, room in enumerate(rooms)
    }
    assert all(3 <= len(room.title(study)) <= 50 for room in rooms)
    assert len({room.title(study) for room in rooms}) == 3 or len(coder) > 40
    remember(study, "http://a", found.values())
    assert list(vanished(study, "http://a", found.values())) == []
    assert len(list(vanished(study, "http://a", []))) == len({room.title(study) for room in rooms})
    assert list(vanished(study, "http://b", [])) == []
    for damaged in ('{"http://a": {"t": 5}}', '{"http://a": {"t": "0a1b2c3d"}}', "[]", "{"):
        (study.label_studio_path / PUSHED).write_text(damaged, "utf-8")
        assert list(vanished(study, "http://a", [])) == []


@pytest.mark.parametrize("instead", ["", "张三的项目"])
def test_a_marker_that_was_cleared_is_put_back(study: Study, bundled: Codebook, instead: str) -> None:
    room, meaning = Room(1, "li", predictions=True), meaning_of(bundled)
    description = f"[{room.marker(study_id(study))}] codebook {meaning}"
    server: Any = _Lists(Project(2, room.title(study), description, 4, 4, "o2"))
    before = study_projects(study, server)
    remember(study, "http://a", before.values())
    server.describe(2, instead)
    found = study_projects(study, server)
    assert (found.keys(), found[room].project.id, found[room].meaning) == ({room}, 2, meaning)
    assert list(vanished(study, "http://a", found.values())) == []
    assert [p.description for p in server.projects()] == [f"{description} {instead}".rstrip()]
    # On a server that was made anew a project of the same number is another.
    stranger: Any = _Lists(Project(2, room.title(study), instead, 4, 4, "o3"))
    assert study_projects(study, stranger) == {}
    assert list(vanished(study, "http://a", [])) == [room.title(study)]


def test_a_study_id_that_was_damaged(study: Study) -> None:
    study_id(study)
    (study.root / "study-id").write_text("?", "utf-8")
    with pytest.raises(UserError, match="put back"):
        study_id(study)


@pytest.mark.parametrize("lead", [float("inf"), 1e300, 10**400, -1, True, "long"])
def test_a_time_that_cannot_be_is_none(study: Study, demo: DemoCorpus, bundled: Codebook, lead: Any) -> None:
    done = pull_file(study, put(study, exported(demo, bundled, lead_time=lead)), {"7": "li"})
    assert done.appended
    assert all(code.lead_time is None for code in read_codes(study.codes_path))


def test_one_bad_task_does_not_stop_the_others(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled)
    tasks[0]["annotations"] = 5
    tasks[1]["annotations"][0]["result"] = 5
    done = pull_file(study, put(study, tasks), {"7": "li"})
    assert {code.report_id for code in read_codes(study.codes_path)} == {demo.reports[2].id}
    assert {m.problem.report_id for m in done.to_mend} == {demo.reports[0].id, demo.reports[1].id}
    assert all("cannot be read" in str(problem) for problem in done.to_mend)


def planned_task(study: Study, demo: DemoCorpus, codebook: Codebook) -> dict[str, Any]:
    """The task of a report that is planned for li, coded by user 7."""
    write_rows(study.root / PLAN, [asdict(Assignment(1, demo.reports[0].id, "li", "train"))], SCHEMA)
    return exported(demo, codebook, 1)[0]


def pulled_from_project(study: Study, task: dict[str, Any]) -> Pulled:
    class Exported:
        """All of a client that reading a project needs."""

        def export(self, project: int) -> list[dict[str, Any]]:
            return [task]

        def task_ids(self, project: int) -> dict[str, int]:
            return {task["data"]["id"]: 1}

    reading = _Pull(study)
    room = StudyProject(Room(1, "li"), Project(5, "t", "", 1, 1, "origin"), meaning_of(study.codebook()))
    reading.take_project(room, Exported(), "http://x", {7: "li"})  # type: ignore[arg-type]
    return reading.finish()


def test_a_live_task_whose_annotations_cannot_be_read_takes_nothing_back(
    study: Study, demo: DemoCorpus, bundled: Codebook
) -> None:
    task = planned_task(study, demo, bundled)
    assert pulled_from_project(study, task).appended
    good = task["annotations"]
    for bad in (None, 5, [7], [{**good[0], "result": 5}]):
        task["annotations"] = bad
        done = pulled_from_project(study, task)
        assert (done.appended, done.deleted) == (0, 0)
        assert "cannot be read" in str(done.to_mend[0])
    task["annotations"] = [{**good[0], "result": []}]
    assert pulled_from_project(study, task).deleted


def test_pulled_again_the_same_is_listed(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    task = planned_task(study, demo, bundled)
    assert pulled_from_project(study, task).to_mend == ()
    # The gate becomes unfit, so that its old code stands, and all under it is cleared.
    gate = next(v.asked_when[0].variable for v in bundled.coded if v.asked_when)
    (annotation,) = task["annotations"]
    annotation["result"] = [{"from_name": gate, "type": "choices", "value": {"choices": ["no_such_label"]}}]
    first, second = (pulled_from_project(study, task) for _ in range(2))
    assert first.deleted > second.deleted == 0
    assert first.to_mend == second.to_mend
    assert [m.problem.variable for m in first.to_mend] == [gate]


def test_a_report_is_known_by_its_text_before_its_number(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled, 2)
    tasks[0]["data"]["id"], tasks[1]["data"]["id"] = tasks[1]["data"]["id"], tasks[0]["data"]["id"]
    stranger = exported(demo, bundled, 3)[2]
    stranger["data"]["text"] = "别处的一篇报道，和这里的任何一篇都不同。" * 10
    assert _alike("短", "短")
    assert not _alike(stranger["data"]["text"], demo.reports[2].text)
    done = pull_file(study, put(study, [*tasks, stranger]), {"7": "li"})
    stored = read_codes(study.codes_path)
    assert {c.report_id for c in stored} == {r.id for r in demo.reports[:2]}
    for code in stored:
        text = next(r.text for r in demo.reports if r.id == code.report_id)
        assert all(text[s.start : s.end] == s.text for s in code.evidence)
    assert any("no report of the corpus, by its text" in str(problem) for problem in done.to_mend)


def test_a_text_that_has_merely_changed_is_known_by_its_number(
    study: Study, demo: DemoCorpus, bundled: Codebook
) -> None:
    tasks = exported(demo, bundled)
    before, other = tasks[0]["data"], tasks[1]["data"]
    before["text"] = before["text"].replace("。", "．", 1)
    other["text"] = "".join(reversed(other["text"]))  # the same characters, another text
    done = pull_file(study, put(study, tasks), {"7": "li"})
    assert {code.report_id for code in codes_of(study)} == {demo.reports[0].id, demo.reports[2].id}
    listed = {(m.problem.report_id, m.problem.found) for m in done.to_mend if m.problem.variable is None}
    assert (before["id"], "its text has changed since it was pushed") in listed
    assert (other["id"], "is no report of the corpus, by its text") in listed


def test_a_task_without_a_text_has_none_that_changed(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    tasks = exported(demo, bundled)
    for task in tasks:
        task["data"] = {"id": task["data"]["id"], "title": task["data"]["title"]}
    done = pull_file(study, put(study, tasks), {"7": "li"})
    assert done.to_mend == ()
    assert {code.report_id for code in codes_of(study)} == {r.id for r in demo.reports[:3]}


def test_a_short_text_that_is_another_is_not_known_by_its_number(
    study: Study, demo: DemoCorpus, bundled: Codebook
) -> None:
    (task,) = exported(demo, bundled, 1)
    task["data"]["text"] = "别处的一篇短讯。"
    done = pull_file(study, put(study, [task]), {"7": "li"})
    assert done.appended == 0
    assert "no report of the corpus, by its text" in str(done.to_mend[0])


def test_of_reports_with_one_text_the_named_one_is_meant(study: Study, demo: DemoCorpus, bundled: Codebook) -> None:
    twins = [replace(demo.reports[0], id=name) for name in ("a", "b", "c")]
    study.corpus_path.unlink()
    write_corpus(study.corpus_path, twins)
    (task,) = exported(demo, bundled, 1)
    task["data"]["id"] = "b"
    pull_file(study, put(study, [task]), {"7": "li"})
    assert {code.report_id for code in codes_of(study)} == {"b"}


@pytest.mark.parametrize(
    "tasks", [[{"id": 1, "text": "正文", "in_scope": "true", "annotator": 7}], [{"data": {"id": "r1"}}], [{}]]
)
def test_a_list_without_annotations_is_no_export(study: Study, tasks: Any) -> None:
    with pytest.raises(UserError, match="JSON-MIN"):
        pull_file(study, put(study, tasks), {"7": "li"})
    assert not study.codes_path.exists()


def test_a_folder_of_passwords_that_stood_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "label-studio"
    folder.mkdir(mode=0o755)
    assert private_folder(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
