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
from weijing.data.artifacts import make_manifest, text_hash
from weijing.data.codes import append_codes
from weijing.data.study import Study, add
from weijing.evaluation.estimate import Estimate
from weijing.inference import validate as validate_module
from weijing.inference.classify import classify
from weijing.inference.validate import _verdict, record, records_path, validate, validated
from weijing.models.checkpoint import TrainingFacts, model_hash, save_model


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
    with pytest.raises(UserError, match="coded by people without sight"):
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
    assert not record(found), "40 reports are too few to count"
    assert validated(model_hash(toy_model)) is None
    assert not records_path().exists()


def test_only_reports_with_every_variable_coded_count(study: Study, toy: Any, toy_model: Path) -> None:
    append_codes(study.codes_path, people(c for c in toy.codes if c.variable == "is_protest"))
    outside = {c.report_id for c in toy.codes if c.variable == "is_protest" and c.value is False}
    assert validate(study, toy_model).n_reports == len(outside)


def test_nobody_is_judged_on_what_it_has_learned_from(study: Study, toy: Any, toy_trained: Any, tmp_path: Path) -> None:
    append_codes(study.codes_path, people(toy.codes))
    reports = study.reports()

    def saved(name: str, n: int) -> Path:
        facts = TrainingFacts(n, n, {"a": "human"}, frozenset(text_hash(r.text) for r in reports[:n]))
        given: Any = {"settings": {"regime": "frozen", "seed": 1}, "manifest": make_manifest("train")}
        return save_model(toy_trained.coder, tmp_path / name, facts=facts, **given)

    found = validate(study, saved("some", 50))
    assert found.n_reports <= len(reports) - 50
    assert found.n_reports + found.n_learned == len(reports)
    with pytest.raises(UserError, match="learned from all"):
        validate(study, saved("all", len(reports)))


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
    assert "judged on 90 reports coded by people" in after.output
    assert "codes meet their target" in after.output
    assert classify([source], toy_model, tmp_path / "c.jsonl").validation is not None


def test_a_bad_outcome_is_said_on_every_run(
    study: Study, toy: Any, toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = [
        replace(c, value=not c.value, evidence=()) if c.variable == "is_protest" else c
        for c in people(toy.codes)
        if c.variable == "is_protest"
    ]
    # Turned round, the gate asks for what nobody coded: only the reports it now closes are complete.
    append_codes(study.codes_path, wrong)
    monkeypatch.setattr(validate_module, "ENOUGH", 10)
    found = validate(study, toy_model)
    assert record(replace(found, rows=tuple(replace(r, verdict="falls_short") for r in found.rows)))
    source = tmp_path / "in.txt"
    source.write_text(toy.reports[0].text, encoding="utf-8")
    said = CliRunner().invoke(app, ["classify", str(source), "-m", str(toy_model), "-o", str(tmp_path / "a.jsonl")])
    assert "FALLS SHORT" in said.output
    assert "is_protest" in said.output


def test_records_that_cannot_be_read_or_written_leave_the_warning(
    study: Study, toy: Any, toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_codes(study.codes_path, people(toy.codes))
    monkeypatch.setattr(validate_module, "ENOUGH", 90)
    found = validate(study, toy_model)
    assert record(found)
    source = tmp_path / "in.txt"
    source.write_text(toy.reports[0].text, encoding="utf-8")
    for content in ("{broken", "[" * 100_000, json.dumps({found.model: 5})):
        records_path().write_text(content, encoding="utf-8")
        assert validated(found.model) is None
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert not record(found)
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
