"""What the model says, as predictions that Label Studio can show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from weijing.annotation.interface import shown
from weijing.annotation.predicted import confidence, predicted_codes, study_predictions
from weijing.annotation.tasks import read_annotation
from weijing.configs.errors import UserError
from weijing.data.study import Study
from weijing.models.checkpoint import model_hash
from weijing.models.coding import Coder, Coding
from weijing.training.unseen import Unseen, write_unseen


@pytest.fixture
def study(tmp_path: Path, strikes_path: Path) -> Study:
    return Study.create(tmp_path / "study", strikes_path)


def test_a_model_as_a_coder(study: Study, toy: Any, toy_model: Path, strikes: Any) -> None:
    study.model_path.symlink_to(toy_model)
    told: list[tuple[int, int]] = []
    version, predictions = study_predictions(study, toy.reports, lambda done, total: told.append((done, total)))
    assert version == model_hash(toy_model)
    assert told == [(0, 90), (64, 90)]
    codings = Coder.load(toy_model).code([r.text for r in toy.reports])
    asked = {v.id for v in shown(strikes)}
    marked = {v.id for v in shown(strikes) if v.evidence}
    for report, coding in zip(toy.reports, codings, strict=True):
        prediction = predictions[report.id]
        assert prediction["model_version"] == version
        assert 0 <= prediction["score"] <= 1
        back = read_annotation({"result": prediction["result"]}, report, strikes, "model")
        said = {name: value for name, value in coding.values.items() if value is not None and name in asked}
        assert {c.variable: c.value for c in back.codes} == said
        assert [p for p in back.problems if "no answer" in p.found] == []
        spans = {(e.variable, e.start) for e in coding.evidence if e.start is not None and e.variable in marked}
        assert {(c.variable, s.start) for c in back.codes for s in c.evidence} == spans


def test_what_was_learned_from_is_predicted_by_coders_that_had_not(
    study: Study, toy: Any, toy_model: Path, strikes: Any
) -> None:
    study.model_path.symlink_to(toy_model)
    (own,) = Coder.load(toy_model).code([toy.reports[0].text])
    gate = strikes.learned[0].id
    other = Coding({**dict.fromkeys(own.values), gate: False}, own.probs, [], [], 1, 0)
    write_unseen(study.root / "unseen.jsonl", [Unseen(toy.reports[0].id, "cross-fitted", other)])
    _, predictions = study_predictions(study, toy.reports[:1], lambda done, total: None)
    assert [i["from_name"] for i in predictions[toy.reports[0].id]["result"]] == [gate]


def test_confidence_falls_with_doubt(toy: Any, toy_model: Path, strikes: Any) -> None:
    (coding,) = Coder.load(toy_model).code([toy.reports[1].text])

    def with_probs(of_one: float) -> float:
        probs: dict[str, Any] = {}
        for v in strikes.learned:
            rest = (1 - of_one) / max(len(v.labels) - 1, 1)
            many = [of_one, *[rest] * (len(v.labels) - 1)]
            labels = dict(zip(v.label_ids, many, strict=False))
            probs[v.id] = {"binary": of_one, "ordinal": many}.get(v.type, labels)
        return confidence(Coding(coding.values, probs, [], [], 1, 0), strikes)

    assert with_probs(1.0) == 1
    assert 1 > with_probs(0.95) > with_probs(0.7) > 0


def test_without_a_model(study: Study, toy: Any) -> None:
    with pytest.raises(UserError, match="weijing train"):
        study_predictions(study, toy.reports, lambda done, total: None)


def test_codes_of_another_codebook_are_refused(tmp_path: Path, toy: Any, toy_model: Path) -> None:
    study = Study.create(tmp_path / "other")
    study.model_path.symlink_to(toy_model)
    with pytest.raises(UserError, match="another codebook"):
        study_predictions(study, toy.reports, lambda done, total: None)


def test_evidence_that_is_absent(toy: Any, toy_model: Path, strikes: Any) -> None:
    codings = Coder.load(toy_model).code([r.text for r in toy.reports[:6]])
    for report, coding in zip(toy.reports, codings, strict=False):
        for code in predicted_codes(report.id, coding, strikes):
            assert not (code.absence and code.evidence)
            assert code.coder_kind == "model"
