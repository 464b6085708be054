"""``weijing sheet``: what could not be appended, and what was left out, is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from weijing.cli.main import app
from weijing.data import study as study_module
from weijing.data.codes import Code
from weijing.data.study import AddedCodes, Study, add, add_codes


def test_codes_that_the_study_refuses_are_listed(
    tmp_path: Path, strikes_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study.create(tmp_path / "study", strikes_path)
    (tmp_path / "r.jsonl").write_text(json.dumps({"id": "r1", "text": "工人讨薪。"}), "utf-8")
    add(study, tmp_path / "r.jsonl")
    (tmp_path / "t.csv").write_text("id,is_protest\nr1,0\n", "utf-8")
    command = ["sheet", "read", str(tmp_path / "t.csv"), "-s", str(study.root), "--coder", "a"]

    def after_a_migration(opened: Study, codes: Any) -> AddedCodes:
        text = study.codebook_path.read_text("utf-8")
        version = study.codebook().version
        study.codebook_path.write_text(text.replace(version, "2031-01"), "utf-8")
        try:
            return add_codes(opened, codes)
        finally:
            study.codebook_path.write_text(text, "utf-8")

    with monkeypatch.context() as patched:
        patched.setattr(study_module, "add_codes", after_a_migration)
        refused = CliRunner().invoke(app, command)
        as_json = CliRunner().invoke(app, [*command, "--json"])
    assert refused.exit_code == as_json.exit_code == 2
    assert "rejected: report r1, a, is_protest" in refused.output
    assert len(json.loads(as_json.output)["rejected"]) == 1
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    assert "1 of them new, 0 rejected" in done.output


def test_codes_of_another_purpose_that_a_sheet_leaves_out_are_counted(tmp_path: Path, strikes_path: Path) -> None:
    study = Study.create(tmp_path / "study", strikes_path)
    lines = [json.dumps({"id": f"r{i}", "text": f"工人讨薪，第{i}天。"}) for i in range(4)]
    (tmp_path / "r.jsonl").write_text("\n".join(lines), "utf-8")
    add(study, tmp_path / "r.jsonl")
    given: list[tuple[str, Any, int, str]] = [
        ("li", "train", 1, "r0"), ("li", "probability", 1, "r1"), ("li", "probability", 1, "r2"),
        ("li", "reliability", 2, "r3"), ("wang", "reliability", 1, "r3"),
    ]  # fmt: skip
    version = study.codebook().version
    codes = [
        Code(report, coder, "is_protest", False, purpose=purpose, round=number, codebook_version=version)
        for coder, purpose, number, report in given
    ]
    assert add_codes(study, codes).appended == 5
    command = ["sheet", "write", str(tmp_path / "s.csv"), "-s", str(study.root), "--round", "1", "--force"]
    told = CliRunner().invoke(app, [*command, "--coder", "li"]).output
    assert "s.csv: 4 reports\n2 of them were coded with --purpose probability and are blank here" in told
    assert "reliability" not in told
    assert "blank" not in CliRunner().invoke(app, command).output
