"""Commands that change a study, killed at every moment at which they touch it, out of disk, or with no place to write.

A moment is an audit event (PEP 578) of the process about a file of the study: opened for writing, replaced, removed,
locked. Before it happens the process gets a SIGKILL, so that nothing of it can clean up.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sklearn.cluster  # noqa: F401 - imported here, so that no process forked has to
import weijing.annotation.states
from weijing.annotation.plan import PLAN, read_plan
from weijing.annotation.qdpx import write_qdpx
from weijing.annotation.tasks import result_of, task_of
from weijing.cli.main import main
from weijing.data.artifacts import manifest_fits
from weijing.data.codes import Code, read_codes
from weijing.data.design import read_design
from weijing.data.study import Study, add, add_codes

SECONDS = 100
COMMANDS = {
    "sheet": "sheet read sheet.csv --coder c",
    "qdpx": "qdpx read project.qdpx",
    "export": "annotate pull --file export.json --coder-map 7=c",
    "plan": "plan a b --round 0",
    "select": "select -n 4 --uncertainty 0 --coverage 0.5 --permutation 0.5 -q",
    "migrate": "codebook migrate new.yaml",
}


@pytest.fixture(scope="module")
def made(toy: Any, strikes: Any, strikes_path: Path, toy_settings: Any, tmp_path_factory: Any) -> Path:
    """A folder with a study and what the commands read; it is copied, never changed."""
    folder: Path = tmp_path_factory.mktemp("made")
    study = Study.create(folder / "study", strikes_path)
    settings = study.root / "weijing.yaml"
    training = json.dumps(toy_settings.model_dump(mode="json"))
    settings.write_text(settings.read_text("utf-8").replace("training: {}", f"training: {training}"), "utf-8")
    lines = [json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) for r in toy.reports[:12]]
    (folder / "reports.jsonl").write_text("\n".join(lines), "utf-8")
    add(study, folder / "reports.jsonl")
    ids = {r.id for r in toy.reports[:2]}
    codes = [code for code in toy.codes if code.report_id in ids]
    add_codes(study, codes)
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["report id", "is_protest"], *([r.id, "否"] for r in toy.reports[:3])])
    others = [replace(code, coder="c", evidence=(), code_id="") for code in codes]
    write_qdpx(folder / "project.qdpx", toy.reports[:2], others, strikes)
    tasks = [
        {"id": n, **task_of(report), "annotations": [{"id": n, "completed_by": 7, "result": result_of(own, strikes),
                                                      "updated_at": "2030-01-01T00:00:00Z"}]}
        for n, report in enumerate(toy.reports[:2])
        if (own := [code for code in others if code.report_id == report.id])
    ]  # fmt: skip
    (folder / "export.json").write_text(json.dumps(tasks), "utf-8")
    (folder / "new.yaml").write_text(study.codebook_path.read_text("utf-8").replace('"2024-03"', '"2"'), "utf-8")
    return folder


def weijing(command: str, study: Path, *, moment: int | None = None, most_bytes: int | None = None) -> tuple[int, str]:
    """Run a command in a process of its own; its exit code (negative: the signal that ended it) and what it said."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process:
        os.close(theirs)
        with os.fdopen(ours, encoding="utf-8") as told:
            said = told.read()
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), said
    code: Any = 70
    try:
        signal.alarm(SECONDS)
        sys.stdout = sys.stderr = os.fdopen(theirs, "w", encoding="utf-8")
        os.chdir(study.parent)
        sys.argv = ["weijing", *command.split(), "-s", str(study)]
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        if moment is not None:
            _die_at(moment, str(study))
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        os._exit(code)


def _die_at(moment: int, folder: str) -> None:
    moments = count(1)

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            _, mode, flags = given
            touched = any(c in mode for c in "wax+") if mode else flags & (os.O_WRONLY | os.O_RDWR)
        else:
            touched = event in ("os.rename", "os.remove", "os.mkdir", "fcntl.flock")
        if touched and (event == "fcntl.flock" or str(given[0]).startswith(folder)) and next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def contents(root: Path) -> dict[str, Any]:
    """What the files of a study say, without what tells one run from another."""
    study = Study.open(root)
    codes = read_codes(study.codes_path) if study.codes_path.exists() else []
    return {
        "codes": [_said(code) for code in codes],
        "design": read_design(study.design_path),
        "plan": read_plan(root / PLAN) if (root / PLAN).exists() else [],
        "codebook": study.codebook().version,
        "reports": study.reports(),
    }


def _said(code: Code) -> Code:
    return replace(code, code_id="-", supersedes=code.supersedes and "-", at=None)


def left_over(root: Path) -> Iterator[str]:
    return (path.name for path in root.rglob(".*") if path.suffix in (".tmp", ".next") or "replacing" in path.name)


def copied(made: Path, to: Path) -> Path:
    return Path(shutil.copytree(made, to)) / "study"


def assert_finishes(command: str, root: Path, after: dict[str, Any]) -> None:
    code, said = weijing(command, root)
    assert code == 0, said
    assert contents(root) == after
    study = Study.open(root)
    assert all(manifest_fits(path) for path in (study.codes_path, study.design_path, study.corpus_path))
    assert not (root / PLAN).exists() or manifest_fits(root / PLAN)
    assert list(left_over(root)) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_any_moment_it_leaves_old_or_new_and_can_be_run_again(name: str, made: Path, tmp_path: Path) -> None:
    command, whole = COMMANDS[name], copied(made, tmp_path / "whole")
    before = contents(whole)
    assert weijing(command, whole)[0] == 0
    after = contents(whole)
    assert after != before
    for moment in count(1):
        root = copied(made, tmp_path / f"run{moment}")
        code, said = weijing(command, root, moment=moment)
        if code == 0:
            break
        assert code == -signal.SIGKILL, said
        assert all(value in (before[what], after[what]) for what, value in contents(root).items())
        assert_finishes(command, root, after)
    assert moment > 4
    assert contents(root) == after


@pytest.mark.parametrize("most_bytes", [0, 900])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line_and_loses_nothing(name: str, most_bytes: int, made: Path, tmp_path: Path) -> None:
    command, root = COMMANDS[name], copied(made, tmp_path / "run")
    before = contents(root)
    code, said = weijing(command, root, most_bytes=most_bytes)
    assert code == 2, said
    assert said.startswith("weijing: ")
    assert said.count("\n") == 1
    assert "cannot be written" in said
    assert contents(root) == before
    assert list(left_over(root)) == []
    assert weijing(command, root)[0] == 0


BLOCKED = {
    "sheet": "codes.parquet",
    "qdpx": "codes.parquet",
    "export": "codes.parquet",
    "plan": "plan.parquet",
    "select": ".corpus.parquet.lock",
    "migrate": "migrations",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_place_that_cannot_be_written_is_one_line(name: str, made: Path, tmp_path: Path) -> None:
    root = copied(made, tmp_path / "run")
    place = root / BLOCKED[name]
    if place.suffix == ".parquet" and place.exists():  # in a folder that cannot be made
        settings = root / "weijing.yaml"
        settings.write_text(settings.read_text("utf-8").replace("codes: codes.parquet", "codes: in/codes.parquet"))
        place = root / "in"
    if place.name in ("in", "migrations"):
        place.write_text("", "utf-8")
    else:
        place.unlink(missing_ok=True)
        place.mkdir()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    code, said = weijing(COMMANDS[name], root)
    assert code == 2, said
    assert said.startswith("weijing: ")
    assert said.count("\n") == 1
    assert str(root) in said
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and not path.name.endswith(".lock")}
    assert {path: content for path, content in before.items() if not path.name.endswith(".lock")} == after
