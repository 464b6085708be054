"""Validation: whose codes count, what is refused, and when the warning goes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from weijing.cli.main import app
from weijing.configs.errors import UserError
from weijing.data.codes import append_codes
from weijing.data.study import Study, add
from weijing.evaluation.estimate import Estimate
from weijing.inference import validate as validate_module
from weijing.inference.classify import classify
from weijing.inference.validate import _verdict, records_path, validate, validated
from weijing.models.checkpoint import model_hash


@pytest.fixture(autouse=True)
def own_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def study(toy: Any, strikes_path: Path, tmp_path: Path) -> Study:
    source = tmp_path / "reports.jsonl"
    source.write_text(
        "".join(json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) + "\n" for r in toy.reports),
        encoding="utf-8",
    )
    made = Study.create(tmp_path / "study", strikes_path)
    add(made, [source])
    return made


def people(codes: Any, **changes: Any) -> list[Any]:
    return [replace(c, coder="ann", coder_kind="human", code_id="", **changes) for c in codes]


def test_codes_of_people_without_a_prediction_in_sight_are_what_counts(study: Study, toy: Any, toy_model: Path) -> None:
    append_codes(study.codes_path, toy.codes)
    with pytest.raises(UserError, match="no report was coded by people"):
        validate(study, toy_model)
    ids = sorted({c.report_id for c in toy.codes})
    append_codes(study.codes_path, people(c for c in toy.codes if c.report_id in ids[:40]))
    append_codes(study.codes_path, people((c for c in toy.codes if c.report_id in ids[40:60]), saw_prediction=True))
    found = validate(study, toy_model)
    assert (found.n_reports, found.coders, found.enough) == (40, ("ann",), False)
    gate = next(r for r in found.rows if r.variable == "is_protest")
    assert gate.alpha.value is not None
    assert gate.alpha.value > 0.8
    assert gate.verdict in ("meets", "undecided")
    assert validated(model_hash(toy_model)) is None, "40 reports are too few to count"
    assert not records_path().exists()


def test_the_warning_goes_when_enough_reports_were_coded(
    study: Study, toy: Any, toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_codes(study.codes_path, people(toy.codes))
    monkeypatch.setattr(validate_module, "ENOUGH", 90)
    source = tmp_path / "in.txt"
    source.write_text(toy.reports[0].text, encoding="utf-8")
    before = CliRunner().invoke(app, ["classify", str(source), "-m", str(toy_model), "-o", str(tmp_path / "a.jsonl")])
    assert "validate on 100 of your own reports" in before.output
    said = CliRunner().invoke(app, ["validate", "-s", str(study.root), "-m", str(toy_model)])
    assert said.exit_code == 0, said.output
    assert "is_protest" in said.output
    after = CliRunner().invoke(app, ["classify", str(source), "-m", str(toy_model), "-o", str(tmp_path / "b.jsonl")])
    assert "validate on 100" not in after.output
    assert "validated on 90 reports coded by people" in after.output
    assert classify([source], toy_model, tmp_path / "c.jsonl").validation is not None
    records_path().write_text("{broken", encoding="utf-8")
    assert classify([source], toy_model, tmp_path / "d.jsonl").validation is None


def test_a_model_of_another_codebook_is_refused(study: Study, toy: Any, bundled_model: Path) -> None:
    append_codes(study.codes_path, people(toy.codes))
    with pytest.raises(UserError, match="other labels"):
        validate(study, bundled_model)


def test_verdicts_follow_the_interval() -> None:
    assert _verdict(Estimate(0.9, 0.8, 0.95, n=50), 0.7) == "meets"
    assert _verdict(Estimate(0.9, 0.6, 0.95, n=50), 0.7) == "undecided"
    assert _verdict(Estimate(0.4, 0.2, 0.6, n=50), 0.7) == "falls_short"
    assert _verdict(Estimate(None, reason="no_pairs"), 0.7) == "undefined"
    assert _verdict(Estimate(1.0, 1.0, 1.0, n=9, interval_note="no_spread"), 0.7) == "undecided"
