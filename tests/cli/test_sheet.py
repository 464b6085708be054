"""``weijing sheet read``: what could not be appended is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from weijing.cli.main import app
from weijing.data import study as study_module
from weijing.data.study import AddedCodes, Study, add


def test_codes_that_the_study_refuses_are_listed(
    tmp_path: Path, strikes_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study.create(tmp_path / "study", strikes_path)
    (tmp_path / "r.jsonl").write_text(json.dumps({"id": "r1", "text": "工人讨薪。"}), "utf-8")
    add(study, tmp_path / "r.jsonl")
    (tmp_path / "t.csv").write_text("id,is_protest\nr1,0\n", "utf-8")
    command = ["sheet", "read", str(tmp_path / "t.csv"), "-s", str(study.root), "--coder", "a"]

    add_codes = study_module.add_codes

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
