"""What is offered for coding: never sealed, one a story, a prefix of the one permutation, the same again."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.annotation import coverage
from weijing.annotation.coverage import uncovered
from weijing.annotation.select import Offer, offers, probability_sample, representatives, select
from weijing.annotation.uncertainty import asked, uncertainty
from weijing.configs.codebook import Condition
from weijing.configs.errors import UserError
from weijing.data.artifacts import manifest_fits
from weijing.data.codes import Code, append_codes
from weijing.data.design import read_design
from weijing.data.report import Report, write_corpus
from weijing.data.study import SETTINGS, Study, add

CHANCE = {"permutation": 1.0}


def study_of(root: Path, reports: Sequence[Report], codebook: Path, training: dict[str, Any] | None = None) -> Study:
    Study.create(root, codebook)
    if training:
        kept = yaml.safe_load((root / SETTINGS).read_text(encoding="utf-8")) | {"training": training}
        (root / SETTINGS).write_text(yaml.safe_dump(kept, allow_unicode=True), encoding="utf-8")
    study = Study.open(root)
    bring(study, reports)
    return study


def bring(study: Study, reports: Sequence[Report]) -> None:
    source = study.root.with_name("incoming.jsonl")
    lines = [json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) for r in reports]
    source.write_text("\n".join(lines), encoding="utf-8")
    add(study, source)


def code(study: Study, ids: Sequence[str]) -> None:
    append_codes(study.codes_path, [Code(i, "someone", "is_protest", True) for i in ids])


def sealed(study: Study) -> set[str]:
    return {row.reprint_group for row in read_design(study.design_path) if row.purpose == "sealed"}


@pytest.fixture
def study(toy: Any, strikes_path: Path, toy_settings: Any, tmp_path: Path) -> Study:
    return study_of(tmp_path / "study", toy.reports, strikes_path, toy_settings.model_dump(mode="json"))


@pytest.fixture
def trained(study: Study, toy_model: Path) -> Study:
    shutil.copytree(toy_model, study.model_path)
    return study


def by_strategy(found: Sequence[Offer]) -> dict[str, int]:
    return {s: sum(o.strategy == s for o in found) for s in ("uncertainty", "coverage", "permutation")}


# -- rounds ---------------------------------------------------------------------------------------------------------


def test_rounds_follow_each_other_to_the_last_report(trained: Study) -> None:
    every: list[str] = []
    n_open = len(read_design(trained.design_path)) - len(sealed(trained))
    for number in range(1, 6):
        done = select(trained, 20)
        assert done.round == number
        assert not done.again
        assert done.notes == ()
        every += [o.reprint_group for o in done.offers]
        code(trained, [o.report_id for o in done.offers])
        if len(every) == n_open:
            break
        assert by_strategy(done.offers) == {"uncertainty": 10, "coverage": 4, "permutation": 6}
    assert len(set(every)) == len(every) == n_open
    assert not sealed(trained) & set(every)
    with pytest.raises(UserError, match="weijing add"):
        select(trained, 20)


def test_a_round_that_is_not_coded_is_given_again(trained: Study) -> None:
    first = select(trained, 20)
    design = read_design(trained.design_path)
    assert select(trained, 20) == replace(first, again=True)
    with pytest.raises(UserError, match=r"--round 2 .*--force"):
        select(trained, 10)
    assert len(select(trained, 10, force=True).offers) == 10
    shutil.rmtree(trained.cache_path)
    assert select(trained, 20, force=True) == first
    assert read_design(trained.design_path) == design, "what was taken back left nothing behind"
    bring(trained, [Report("later", "公园里新来了一位唱歌的老人，大家都很喜欢他。")])
    assert select(trained, 20) == replace(first, again=True), "reports that come in change no round"
    code(trained, [first.offers[0].report_id])
    with pytest.raises(UserError, match="1 coded stories"):
        select(trained, 10, round_number=1, force=True)
    assert select(trained, 20).round == 2


def test_what_is_recorded_is_what_is_offered(trained: Study) -> None:
    done = select(trained, 20)
    assert manifest_fits(trained.design_path)
    assert tuple(offers(trained, 1)) == done.offers
    reports = {r.id: r.reprint_group for r in trained.reports()}
    names = {v.name.en for v in trained.codebook().learned}
    ranks = {row.reprint_group: row.rank for row in read_design(trained.design_path)}
    assert [ranks[o.reprint_group] for o in done.offers] == sorted(ranks[o.reprint_group] for o in done.offers)
    for offer in done.offers:
        assert reports[offer.report_id] == offer.reprint_group
        assert offer.purpose == ("probability" if offer.strategy == "permutation" else "train")
        assert (offer.score is None) == (offer.strategy == "permutation")
        assert offer.score is None or 0 <= offer.score <= 1
        if offer.strategy == "uncertainty":
            assert any(name in offer.reason.en for name in names)
    # The model is less sure of what is offered for it than of what is left.
    lowest = min(o.score for o in done.offers if o.strategy == "uncertainty" and o.score is not None)
    rest = select(trained, 40, {"uncertainty": 1}, round_number=2)
    assert max(o.score for o in rest.offers if o.score is not None) <= lowest


def test_without_a_model_chance_and_coverage_choose(study: Study) -> None:
    done = select(study, 20)
    assert by_strategy(done.offers) == {"uncertainty": 0, "coverage": 8, "permutation": 12}
    assert "no trained model" in done.notes[0]
    assert list(study.cache_path.glob("states-*")), "states are kept for training"
    assert select(study, 20).again
    only = select(study, 5, {"uncertainty": 1}, round_number=2)
    assert sum(by_strategy(only.offers).values()) == 5


def test_states_are_not_shared_with_a_model_that_changed_its_encoder(trained: Study) -> None:
    select(trained, 5)
    assert not list(trained.cache_path.glob("states-*"))
    assert list(trained.cache_path.glob("model-*/states-*"))


@pytest.mark.parametrize(
    ("n", "shares", "message"),
    [(0, None, "-n 0"), (5, {"luck": 1}, "luck"), (5, {"coverage": -1}, "from 0"), (5, {"coverage": 0}, "more than 0"),
     (5, {"coverage": float("nan")}, "from 0")],
)  # fmt: skip
def test_what_cannot_be_selected(n: int, shares: dict[str, float] | None, message: str, study: Study) -> None:
    with pytest.raises(UserError, match=message):
        select(study, n, shares)
    with pytest.raises(UserError, match="count from 1"):
        select(study, round_number=0)


def test_a_corpus_that_the_design_does_not_know_is_refused(study: Study) -> None:
    write_corpus(study.corpus_path, [*study.reports(), Report("x", "新的。", reprint_group="x")])
    with pytest.raises(UserError, match="weijing add"):
        select(study, 5, CHANCE)


# -- the rules, on any study ----------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_chance_goes_along_the_one_permutation(strikes_path: Path, data: st.DataObject) -> None:
    n = data.draw(st.integers(8, 20))
    reports = [Report(f"r{i:02}", f"{i} " + "".join(chr(0x4E00 + 97 * i + 7 * j) for j in range(40))) for i in range(n)]
    # Reprints: one story in two or three lengths.
    reports += [Report(f"{r.id}-b", f"{r.text}{'。' * j}") for j, r in enumerate(reports[::3], 1)]
    with tempfile.TemporaryDirectory() as folder:
        study = study_of(Path(folder) / "study", reports, strikes_path)
        texts = {r.id: r for r in study.reports()}
        for _ in range(4):
            extra = data.draw(st.lists(st.sampled_from(sorted(texts)), max_size=2))
            code(study, extra)
            rows = read_design(study.design_path)
            coded = {str(texts[c].reprint_group) for c in _coded_ids(study)}
            free = [r.reprint_group for r in rows if r.purpose != "sealed" and r.reprint_group not in coded]
            if not free:
                break
            size = data.draw(st.integers(1, 5))
            done = select(study, size, CHANCE)
            assert [o.reprint_group for o in done.offers] == free[:size]
            for offer in done.offers:
                story = [r for r in texts.values() if r.reprint_group == offer.reprint_group]
                assert len(texts[offer.report_id].text) == max(len(r.text) for r in story)
            code(study, [o.report_id for o in done.offers])
            coded |= {o.reprint_group for o in done.offers}
            rows = read_design(study.design_path)
            sample = probability_sample(rows, coded)
            eligible = [r.reprint_group for r in rows if r.purpose != "sealed"]
            assert list(sample) == eligible[: len(sample)]
            assert set(sample) <= coded
            assert len(sample) == len(eligible) or eligible[len(sample)] not in coded
            assert {o.reprint_group for o in done.offers} <= set(sample)
            assert set(sample.values()) == {len(sample) / len(rows)}
            assert {r.reprint_group: r.inclusion_prob for r in rows if r.purpose != "sealed"} == {
                g: sample.get(g) for g in eligible
            }


def _coded_ids(study: Study) -> set[str]:
    from weijing.data.codes import read_codes

    return {c.report_id for c in read_codes(study.codes_path)} if study.codes_path.exists() else set()


def test_batches_have_their_own_inclusion_probabilities(study: Study) -> None:
    bring(study, [Report(f"n{i}", "".join(chr(0x5E00 + 89 * i + j) for j in range(40))) for i in range(10)])
    rows = read_design(study.design_path)
    first = {r.reprint_group for r in rows if r.stratum == "batch 1" and r.purpose != "sealed"}
    second = [r.reprint_group for r in rows if r.stratum == "batch 2" and r.purpose != "sealed"]
    sample = probability_sample(rows, first | set(second[:3]))
    n = sum(r.stratum == "batch 1" for r in rows)
    assert {sample[g] for g in first} == {len(first) / n}
    assert {sample[g] for g in second[:3]} == {3 / 10}


def test_one_report_stands_for_a_story() -> None:
    made = [
        Report("c", "长一些的文本", date="2020-02", reprint_group="a"), Report("a", "短文本", reprint_group="a"),
        Report("b", "长一些的文本", date="2019", reprint_group="a"), Report("d", "别的"),
    ]  # fmt: skip
    for order in (made, made[::-1]):
        assert {g: r.id for g, r in representatives(order).items()} == {"a": "b", "d": "d"}


# -- uncertainty ----------------------------------------------------------------------------------------------------


def probs_of(codebook: Any, draw: Any, n: int) -> dict[str, torch.Tensor]:
    found = {}
    for v in codebook.learned:
        raw = torch.tensor(draw(n, max(len(v.labels), 1)), dtype=torch.float32)
        single = v.type in ("nominal", "ordinal")
        found[v.id] = raw[:, 0] if v.type == "binary" else raw.softmax(1) if single else raw
    return found


@given(seed=st.integers(0, 2**32 - 1))
def test_uncertainty_is_between_nothing_and_one(strikes: Any, bundled: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for codebook in (strikes, bundled):
        probs = probs_of(codebook, lambda *shape: rng.random(shape), 5)
        found = uncertainty(codebook, probs)
        assert found.shape == (5, len(codebook.learned))
        assert torch.all((found >= 0) & (found <= 1 + 1e-5))


def test_what_is_not_asked_cannot_be_doubtful(strikes: Any) -> None:
    even = {
        "is_protest": torch.tensor([0.0, 0.5, 1.0]), "claims": torch.full((3, 4), 0.5),
        "sector": torch.full((3, 3), 1 / 3), "intensity": torch.full((3, 3), 1 / 3),
    }  # fmt: skip
    found = uncertainty(strikes, even)
    assert torch.allclose(found, torch.tensor([[0.0] * 4, [1, 0.5, 0.5, 0.5], [0, 1, 1, 1]]), atol=1e-6)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"variable": "is_protest", "equals": False}, 0.25 * 1),
        ({"variable": "claims", "has": "pay_rise"}, 0.75 * 0.4),
        ({"variable": "claims", "min_labels": 1}, 0.75 * (1 - 0.9 * 0.6 * 0.5 * 1.0)),
        ({"variable": "claims", "min_labels": 3}, 0.75 * 0.1 * 0.4 * 0.5),
        ({"variable": "sector", "equals": "factory"}, 0.75 * 0.3),
        ({"variable": "intensity", "at_least": 1}, 0.75 * 0.9),
        ({"variable": "intensity", "equals": 2}, 0.75 * 0.5),
        ({"variable": "place", "equals": "x"}, 1.0),
    ],
    ids=str,
)
def test_the_probability_of_being_asked(strikes: Any, condition: dict[str, Any], expected: float) -> None:
    probs = {
        "is_protest": torch.tensor([0.75]), "claims": torch.tensor([[0.1, 0.4, 0.5, 0.0]]),
        "sector": torch.tensor([[0.2, 0.3, 0.5]]), "intensity": torch.tensor([[0.1, 0.4, 0.5]]),
    }  # fmt: skip
    variable = strikes.variable("sector").model_copy(update={"asked_when": [Condition(**condition)]})
    assert asked(strikes, variable, probs).tolist() == pytest.approx([expected])
    # The gate counts once, though both the variable and its condition hang on it.
    gate = strikes.variable("claims").asked_when
    both = variable.model_copy(update={"asked_when": [*gate, *variable.asked_when]})
    if condition["variable"] not in ("is_protest", "place"):
        assert asked(strikes, both, probs).tolist() == pytest.approx([expected])


# -- coverage -------------------------------------------------------------------------------------------------------


def test_a_kind_that_nobody_coded_comes_first() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 16)) * 10
    vectors = np.concatenate([c + rng.normal(size=(k, 16)) for c, k in zip(centres, (50, 40, 20, 10), strict=True)])
    coded = np.zeros(120, dtype=bool)
    coded[[0, 1]] = True
    found = uncovered(vectors.astype(np.float32), coded, 2, 1)
    kinds = {"50": range(50), "40": range(50, 90), "20": range(90, 110), "10": range(110, 120)}
    assert not {f.position for f in found} & set(kinds["50"])
    assert len({next(k for k, own in kinds.items() if f.position in own) for f in found}) == 2


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_coverage_gives_as_many_as_there_are_and_none_coded(n: int, wanted: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(0, 3, size=(n, 3)).astype(np.float32)  # many are the same
    coded = rng.random(n) < 0.4
    found = uncovered(vectors, coded, wanted, seed)
    assert len({f.position for f in found}) == len(found) == min(wanted, int((~coded).sum()))
    assert not coded[[f.position for f in found]].any()
    assert found == uncovered(vectors, coded, wanted, seed)
    assert [f.covered for f in found] == sorted(f.covered for f in found)


def test_with_many_coded_reports_a_kind_that_nobody_coded_still_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST", 30)
    random = np.random.default_rng(3)
    kinds = np.repeat(np.arange(12), 40)
    vectors = (random.normal(size=(12, 16))[kinds] + 0.2 * random.normal(size=(480, 16))).astype(np.float32)
    coded = random.random(480) < 0.5
    coded[kinds >= 10] = False
    found = uncovered(vectors, coded, 4, 1)
    assert {int(kinds[one.position]) for one in found} == {10, 11}
    assert not any(one.covered for one in found)


def test_more_reports_than_clusters_are_found_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST", 4)
    random = np.random.default_rng(3)
    kinds = np.repeat(np.arange(4), 10)
    vectors = (random.normal(size=(4, 16))[kinds] * 5 + 0.01 * random.normal(size=(40, 16))).astype(np.float32)
    found = uncovered(vectors, np.zeros(40, dtype=bool), 30, 1)
    assert len({one.position for one in found}) == 30
    assert len({one.size for one in found}) <= 4
    assert sorted(int(kinds[one.position]) for one in found[:4]) == [0, 1, 2, 3]
    assert all(one.size >= 10 for one in found)
