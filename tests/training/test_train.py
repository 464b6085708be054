"""Both regimes on a toy that can be learned, and studies that are trained, kept and trained again."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from weijing.configs.errors import UserError
from weijing.data.codes import append_codes
from weijing.data.design import read_design
from weijing.data.study import SETTINGS, Study, add
from weijing.models.encoders import load_encoder
from weijing.models.network import CoderNetwork
from weijing.models.scoring import reader_of
from weijing.training.augment import Versions
from weijing.training.finetune import _ByLength
from weijing.training.states import encoded
from weijing.training.study import outdated, train_study
from weijing.training.train import Trained, train
from weijing.training.unseen import read_unseen


def right(trained: Trained, examples: list[Any]) -> dict[str, float]:
    hits: dict[str, list[bool]] = {}
    for e in examples:
        if e.report_id in trained.unseen:
            for name, value in e.gold.items():
                hits.setdefault(name, []).append(trained.unseen[e.report_id].values[name] == value)
    return {name: sum(own) / len(own) for name, own in hits.items()}


# -- frozen ---------------------------------------------------------------------------------------------------------


def test_it_learns_the_rule_and_points_at_the_sentence(toy_trained: Trained, toy_examples: Any, toy: Any) -> None:
    assert set(toy_trained.unseen) == {e.report_id for e in toy_examples}
    for name, share in right(toy_trained, toy_examples).items():
        assert share > 0.9, name
    hits = []
    for (report_id, variable), sentence in toy.decisive.items():
        found = [e for e in toy_trained.unseen[report_id].evidence if e.variable == variable]
        hits.append(bool(found) and found[0].text == sentence)
    assert sum(hits) / len(hits) > 0.9
    texts = {r.id: r.text for r in toy.reports}
    for report_id, coding in toy_trained.unseen.items():
        for e in coding.evidence:
            assert e.start is None or texts[report_id][e.start : e.end] == e.text


def test_the_same_seed_gives_the_same_coder(strikes: Any, toy_examples: Any, toy_settings: Any) -> None:
    short = toy_settings.model_copy(update={"epochs": 4})
    torch.manual_seed(1)
    first = train(strikes, toy_examples, short)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = train(strikes, toy_examples, short)
    assert torch.equal(before, torch.get_rng_state()), "training changed the caller's random numbers"
    assert first.unseen == second.unseen
    assert first.folds == second.folds
    for name, tensor in first.coder.network.state_dict().items():
        assert torch.equal(tensor, second.coder.network.state_dict()[name]), name
    other = train(strikes, toy_examples, short.model_copy(update={"seed": 7}))
    assert other.unseen != first.unseen


def test_states_come_from_the_cache(toy_trained: Trained, toy: Any, tmp_path: Path) -> None:
    network = toy_trained.coder.network
    reader = reader_of(network, toy_trained.coder.tokenizer)
    texts = [r.text for r in toy.reports[:10]] + [toy.reports[0].text, ""]
    first = encoded(network, reader, texts, tmp_path)
    again = encoded(network, reader, texts, tmp_path)
    assert (first.computed, again.computed) == (11, 0)
    assert all(torch.equal(a, b) for a, b in zip(first.states, again.states, strict=True))
    assert encoded(network, reader, [*texts, "新的。"], tmp_path).computed == 1
    assert encoded(network, reader, texts, None).computed == 11
    # Another division of the same text must not find the old states.
    reader.overlap, reader.budget = 4, 20
    assert encoded(network, reader, texts, tmp_path).computed > 0


def test_too_few_groups_are_refused_in_one_line(strikes: Any, toy_examples: Any, toy_settings: Any) -> None:
    with pytest.raises(UserError, match="at least 10 groups"):
        train(strikes, toy_examples[:9], toy_settings)
    long = toy_settings.model_copy(update={"encoder": toy_settings.encoder.model_copy(update={"max_tokens": 400})})
    with pytest.raises(UserError, match="128 tokens"):
        train(strikes, toy_examples, long)
    narrow = toy_settings.model_copy(
        update={"encoder": toy_settings.encoder.model_copy(update={"max_tokens": 64, "overlap": 64})}
    )
    with pytest.raises(UserError, match="overlap"):
        train(strikes, toy_examples, narrow)


def test_variables_hardly_ever_asked_are_no_trouble(strikes: Any, toy_examples: Any, toy_settings: Any) -> None:
    few = [
        replace(e, gold={"is_protest": e.gold["is_protest"]}, targets={"is_protest": e.targets["is_protest"]})
        for e in toy_examples[:20]
    ] + toy_examples[20:22]
    trained = train(strikes, few, toy_settings.model_copy(update={"epochs": 2}))
    assert len(trained.unseen) == 22
    for coding in trained.unseen.values():
        assert coding.values["sector"] is None or "sector" in coding.abstain


# -- finetune -------------------------------------------------------------------------------------------------------


def test_batches_hold_every_report_once_an_epoch_in_a_new_order() -> None:
    versions = Versions([], [[0, 7], [1], [2, 8, 9], [3], [4], [5], [6]])
    sampler = _ByLength([5, 1, 9, 3, 7, 2, 8, 4, 3, 6], 3, 1, versions, 0.5)
    report = {row: i for i, own in enumerate(versions.rows) for row in own}
    epochs = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        epochs.append(list(sampler))
        assert sorted(report[i] for b in epochs[-1] for i in b) == list(range(7))
        assert len(epochs[-1]) == len(sampler) == 3
    sampler.set_epoch(0)
    assert list(sampler) == epochs[0]


FINETUNE = """
import os, pickle, sys, torch
from pathlib import Path
from transformers import TrainerCallback
examples, strikes, settings, workdir, kill = pickle.loads(Path(sys.argv[1]).read_bytes())
from weijing.training import finetune
from weijing.training.train import train
if kill:
    saves = finetune.Trainer._save_checkpoint
    def save(self, *a, **k):
        saves(self, *a, **k)
        os._exit(7)
    finetune.Trainer._save_checkpoint = save
trained = train(strikes, examples, settings, workdir=Path(workdir))
state = {k: v for k, v in trained.coder.network.state_dict().items()}
torch.save((state, trained.unseen, trained.history, trained.folds), sys.argv[2])
"""


def run_finetune(tmp_path: Path, name: str, *given: Any) -> tuple[int, Any]:
    import pickle

    (tmp_path / f"{name}.in").write_bytes(pickle.dumps(given))
    done = subprocess.run(
        [sys.executable, "-c", FINETUNE, str(tmp_path / f"{name}.in"), str(tmp_path / f"{name}.out")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 7), done.stderr[-3000:]
    assert done.stdout == "", "the libraries' own lines break into our output"
    out = tmp_path / f"{name}.out"
    return done.returncode, torch.load(out, weights_only=False) if out.exists() else None


@pytest.mark.parametrize("adapter_rank", [None, 2])
def test_finetuning_runs_and_goes_on_after_it_was_killed(
    adapter_rank: int | None, strikes: Any, toy_examples: Any, toy_settings: Any, tmp_path: Path, tiny_encoder: Path
) -> None:
    settings = toy_settings.model_copy(
        update={
            "regime": "finetune",
            "epochs": 2,
            "batch_reports": 16,
            "trained_layers": 1,
            "dropout": 0.1,
            "adapter_rank": adapter_rank,
        }
    )
    examples = toy_examples[:48]
    code, whole = run_finetune(tmp_path, "whole", examples, strikes, settings, str(tmp_path / "a"), False)
    assert code == 0
    code, nothing = run_finetune(tmp_path, "killed", examples, strikes, settings, str(tmp_path / "b"), True)
    assert (code, nothing) == (7, None)
    # A checkpoint that was being written when the machine went down must not be taken for one.
    (tmp_path / "b" / "checkpoint-999").mkdir()
    code, resumed = run_finetune(tmp_path, "resumed", examples, strikes, settings, str(tmp_path / "b"), False)
    assert code == 0
    (state, unseen, history, folds), (state2, unseen2, history2, _) = whole, resumed
    assert len(history) == len(history2) == 2
    assert {r for r, f in folds.items() if f == 0} == set(unseen) == set(unseen2)
    for name in state:
        torch.testing.assert_close(state[name], state2[name], rtol=1e-3, atol=1e-3)
    # Only the top layer and the heads have moved.
    fresh = load_encoder(str(tiny_encoder)).model.state_dict()
    moved = {
        k.removeprefix("encoder.")
        for k in state
        if k.startswith("encoder.") and not torch.equal(state[k], fresh[k[8:]])
    }
    assert moved
    assert all(name.startswith("encoder.layer.1.") for name in moved), moved


# -- studies --------------------------------------------------------------------------------------------------------


@pytest.fixture
def study(toy: Any, strikes_path: Path, toy_settings: Any, tmp_path: Path) -> Study:
    root = tmp_path / "study"
    Study.create(root, strikes_path)
    settings = yaml.safe_load((root / SETTINGS).read_text(encoding="utf-8"))
    settings["training"] = toy_settings.model_copy(update={"epochs": 15}).model_dump(mode="json")
    (root / SETTINGS).write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    reports = tmp_path / "reports.jsonl"
    reports.write_text(
        "".join(json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) + "\n" for r in toy.reports),
        encoding="utf-8",
    )
    opened = Study.open(root)
    add(opened, reports)
    append_codes(opened.codes_path, toy.codes)
    return opened


def sealed_reports(study: Study) -> set[str]:
    sealed = {row.reprint_group for row in read_design(study.design_path) if row.purpose == "sealed"}
    return {r.id for r in study.reports() if r.reprint_group in sealed}


def weights(study: Study) -> bytes:
    return (study.model_path / "model.safetensors").read_bytes()


def test_a_study_is_trained_once_and_again_when_a_code_changes(study: Study, toy: Any) -> None:
    first = train_study(study)
    assert not first.reused
    assert first.n_train + first.n_sealed == len(study.reports())
    before, kept = weights(study), (study.root / "unseen.jsonl").read_bytes()
    assert train_study(study).reused
    assert weights(study) == before
    assert not train_study(study, force=True).reused
    assert weights(study) == before, "the same codes and seed give the same model"

    sealed = sealed_reports(study)
    old = next(c for c in toy.codes if c.variable == "sector" and c.report_id not in sealed)
    other = "services" if old.value != "services" else "factory"
    append_codes(study.codes_path, [replace(old, value=other, evidence=(), supersedes=old.code_id, code_id="new")])
    assert "codes, texts or settings have changed since" in str(outdated(study))
    assert not train_study(study).reused
    assert weights(study) != before
    assert train_study(study).reused
    (study.root / "unseen.jsonl").write_bytes(kept)
    assert "unseen.jsonl: is not what training wrote" in str(outdated(study))
    assert not train_study(study).reused, "a file that was changed by hand is made anew"
    assert outdated(study) is None
    (study.root / "baseline.jsonl").unlink()
    assert "baseline.jsonl: is missing" in str(outdated(study))
    (study.model_path / "manifest.json").write_text("[")
    assert "no manifest that can be read" in str(outdated(study))
    assert not train_study(study).reused


@pytest.mark.parametrize("content", ["{", "[1]\n", '{"report_id": "r"}\n', "\udcff"])
def test_damaged_codings_are_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "unseen.jsonl"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UserError, match="train --force") as caught:
        read_unseen(path)
    assert str(path) in str(caught.value)


def test_sealed_groups_are_never_learned_from(study: Study, toy: Any) -> None:
    train_study(study)
    before = weights(study)
    sealed = sealed_reports(study)
    assert len(sealed) >= 10
    lines = [json.loads(line) for line in (study.root / "unseen.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["report_id"] for line in lines if line["split"] == "sealed"} == sealed
    assert {line["report_id"] for line in lines} == {r.id for r in study.reports()}
    assert len(lines) == len(study.reports())
    assert all(set(line["coding"]["values"]) == {v.id for v in study.codebook().learned} for line in lines)
    poison = [
        replace(c, value=not c.value, evidence=(), supersedes=c.code_id, code_id=f"poison-{c.report_id}")
        for c in toy.codes
        if c.variable == "is_protest" and c.report_id in sealed
    ]
    append_codes(study.codes_path, poison)
    train_study(study, force=True)
    assert weights(study) == before, "the model saw a sealed code"


def test_finetuning_a_study_does_not_go_on_from_older_codes(study: Study, toy: Any) -> None:
    settings = yaml.safe_load((study.root / SETTINGS).read_text(encoding="utf-8"))
    settings["training"] |= {"regime": "finetune", "epochs": 1, "batch_reports": 32}
    (study.root / SETTINGS).write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    study = Study.open(study.root)
    assert not train_study(study).reused
    before = weights(study)
    assert train_study(study).reused
    assert not list((study.cache_path / "checkpoints").glob("*")), "checkpoints of a finished run are left"
    sealed = sealed_reports(study)
    changed = [
        replace(c, value=not c.value, evidence=(), supersedes=c.code_id, code_id=f"new-{c.report_id}")
        for c in toy.codes
        if c.variable == "is_protest" and c.report_id not in sealed
    ]
    append_codes(study.codes_path, changed)
    assert not train_study(study).reused
    assert weights(study) != before


@pytest.mark.parametrize("what", ["model holds notes", "model is a file", "cache is a file"])
def test_what_cannot_be_written_is_said_before_training(
    what: str, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        pytest.fail("trained first")

    monkeypatch.setattr("weijing.training.study.train", never)
    place = study.cache_path if "cache" in what else study.model_path
    if what == "model holds notes":
        place.mkdir()
        (place / "notes.txt").write_text("mine")
    else:
        place.write_text("mine")
    with pytest.raises(UserError) as caught:
        train_study(study)
    assert str(place) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [f.name for f in study.root.iterdir() if f.name.startswith(".saving-")] == []


def test_codes_added_while_others_are_settled_are_settled_next_time(
    study: Study, toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import weijing.training.study as module

    last = max(toy.codes, key=lambda c: c.report_id)
    late = replace(last, report_id=last.report_id, variable="is_protest", value=False, coder="late", code_id="late")
    write = module.write_gold

    def write_slowly(*given: Any) -> None:
        append_codes(study.codes_path, [late])
        write(*given)

    monkeypatch.setattr(module, "write_gold", write_slowly)
    module.settle_study(study)
    monkeypatch.undo()
    module.settle_study(study)
    fresh = module.settle(module.read_codes(study.codes_path), study.codebook())
    assert module.read_gold(study.gold_path) == fresh


def test_a_card_is_synthetic_if_humans_coded_only_sealed_reports(study: Study, toy: Any) -> None:
    sealed = sorted(sealed_reports(study))
    human = [
        replace(c, coder="ann", coder_kind="human", code_id="", purpose="sealed")
        for c in toy.codes
        if c.report_id in sealed
    ]
    append_codes(study.codes_path, human)
    train_study(study)
    assert "Trained on synthetic text" in (study.model_path / "README.md").read_text(encoding="utf-8")


def test_a_network_started_twice_with_one_seed_is_the_same(strikes: Any, tiny_encoder: Path) -> None:
    encoder = load_encoder(str(tiny_encoder))
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(CoderNetwork.start(encoder, strikes, max_tokens=64, overlap=8).heads.state_dict())
    assert all(torch.equal(made[0][k], made[1][k]) for k in made[0])
