"""Passages as examples: of the variables that are coded as they were, with evidence where it is known."""

from __future__ import annotations

import numpy as np
import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.load import load_codebook
from weijing.data.passages import read_passages
from weijing.models.heads import Slots
from weijing.training.augment import Versions
from weijing.training.passages import passage_examples, taught_by_passages
from weijing.training.targets import Example


def changed(codebook: Codebook, variable: str, **words: object) -> Codebook:
    dumped = codebook.model_dump(mode="json")
    for v in dumped["variables"]:
        if v["id"] == variable:
            v.update(words)
    return Codebook.model_validate(dumped)


def test_they_teach_what_the_bundled_codebook_learns() -> None:
    codebook = load_codebook()
    examples = passage_examples(codebook)
    assert taught_by_passages(codebook) == {v.id for v in codebook.learned}
    assert len(examples) == len(read_passages())


def test_another_codebook_is_taught_nothing(strikes: Codebook) -> None:
    assert taught_by_passages(strikes) == frozenset()
    assert passage_examples(strikes) == []


def test_a_variable_that_means_something_else_is_left_out() -> None:
    codebook = changed(load_codebook(), "depth", question={"zh": "另一个问题", "en": "Another question"})
    examples = passage_examples(codebook)
    assert examples
    assert all("depth" not in e.targets and "depth" not in e.gold for e in examples)
    first = Slots.of(codebook).of_variable("depth").start
    assert all(first not in e.evidence_known for e in examples)


def test_what_hangs_on_a_gate_that_means_something_else_is_left_out_too() -> None:
    codebook = changed(load_codebook(), "relevant", question={"zh": "另一个问题", "en": "Another question"})
    assert taught_by_passages(codebook) == frozenset()


def test_other_constraints_or_general_rules_are_other_meanings() -> None:
    dumped = load_codebook().model_dump(mode="json")
    floors = next(c for c in dumped["constraints"] if c["kind"] == "floors")
    floors["at_least"] = dict.fromkeys(floors["at_least"], 4)
    assert taught_by_passages(Codebook.model_validate(dumped)) == {"relevant"}
    dumped = load_codebook().model_dump(mode="json")
    dumped["rules"] = dumped["rules"][1:]
    assert taught_by_passages(Codebook.model_validate(dumped)) == frozenset()


def test_how_a_variable_is_shown_does_not_matter() -> None:
    codebook = changed(load_codebook(), "relevant", name={"zh": "范围", "en": "Scope"}, reliability_target=0.71)
    assert taught_by_passages(codebook) == taught_by_passages(load_codebook())


@pytest.mark.parametrize("kind", ["clause", "passage", "brief"])
def test_evidence_is_what_the_quotes_say(kind: str) -> None:
    codebook = load_codebook()
    slots = Slots.of(codebook)
    functions, gate = slots.of_variable("functions"), slots.of_variable("relevant").start
    by_id = {e.report_id: e for e in passage_examples(codebook)}
    for p in read_passages():
        if p.kind != kind or not p.codes["relevant"]:
            continue
        example = by_id[p.id]
        for slot, label in enumerate(codebook.variable("functions").label_ids, functions.start):
            assert slot in example.evidence_known
            told = [p.text[a:b] for a, b in example.evidence.get(slot, ())]
            assert told == [q for found, q in p.quotes["functions"].items() if found == label]
        assert (gate in example.evidence_known) == (kind == "clause")


def test_an_epoch_reads_every_report_and_a_share_of_those_beside(toy_examples: list[Example]) -> None:
    own, others = toy_examples[:10], toy_examples[10:30]
    versions = Versions.of(own, 0.0, 1).with_beside(others, 0.25)
    rng = np.random.default_rng(0)
    assert versions.an_epoch == 15
    assert Versions.of(own, 0.0, 1).with_beside(others, 0.001).an_epoch == 11, "at least one"
    for _ in range(20):
        drawn = versions.draw(0.0, rng).tolist()
        assert sorted(drawn)[:10] == list(range(10))
        assert len(set(drawn)) == 15
        assert max(drawn) < 30
