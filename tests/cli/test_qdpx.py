"""``weijing qdpx``: out of a study and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from weijing.cli.main import app
from weijing.configs.errors import UserError
from weijing.data.codes import read_codes
from weijing.data.study import Study, add, add_codes


@pytest.fixture
def study(tmp_path: Path, strikes_path: Path, toy: Any) -> Path:
    made = Study.create(tmp_path / "study", strikes_path)
    lines = [json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) for r in toy.reports[:6]]
    (tmp_path / "reports.jsonl").write_text("\n".join(lines), encoding="utf-8")
    add(made, tmp_path / "reports.jsonl")
    add_codes(made, [c for c in toy.codes if c.report_id in ("r000", "r001", "r002")])
    return made.root


def weijing(*words: str) -> Any:
    return CliRunner().invoke(app, ["qdpx", *words])


def test_a_project_read_back_changes_nothing(study: Path, tmp_path: Path) -> None:
    project = str(tmp_path / "p.qdpx")
    before = (study / "codes.parquet").read_bytes()
    wrote = weijing("write", project, "-s", str(study))
    assert "6 reports" in wrote.output
    assert "0 left out" in wrote.output
    read = weijing("read", project, "-s", str(study), "--json")
    found = json.loads(read.output)
    assert found == {"read": len(read_codes(study / "codes.parquet")), "appended": 0, "unplaced": [], "to_look_at": []}
    assert (study / "codes.parquet").read_bytes() == before


def test_a_study_without_codes_takes_those_of_the_project(study: Path, tmp_path: Path) -> None:
    project = str(tmp_path / "p.qdpx")
    assert json.loads(weijing("write", project, "-s", str(study), "--coded", "--json").output)["reports"] == 3
    codes = read_codes(study / "codes.parquet")
    (study / "codes.parquet").unlink()
    assert f"{len(codes)} new or changed" in weijing("read", project, "-s", str(study)).output
    assert {c.code_id for c in read_codes(study / "codes.parquet")} == {c.code_id for c in codes}


def test_nothing_that_can_be_read_is_exit_code_2(study: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.qdpx"
    weijing("write", str(project), "-s", str(study))
    assert weijing("write", str(project), "-s", str(study)).exception.__class__ is UserError
    (study / "corpus.parquet").unlink()
    empty = weijing("read", str(project), "-s", str(study))
    assert empty.exit_code == 2
    assert "the corpus has no such report" in empty.output
    assert weijing("read", str(project), "-s", str(study), "--purpose", "fun").exit_code == 2


@pytest.mark.parametrize("number", ["-1", "9223372036854775808"])
@pytest.mark.parametrize("words", ["qdpx read p", "annotate push", "annotate pull", "annotate adjudicate pull",
                                   "annotate adjudicate push", "plan li", "select", "sheet write p",
                                   "sheet read p"])  # fmt: skip
def test_rounds_are_bounded(words: str, number: str) -> None:
    assert "--round" in (told := CliRunner().invoke(app, [*words.split(), "--round", number])).output
    assert told.exit_code == 2
