"""Checkpoints: what is saved, what is refused, and what comes back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel
from weijing.configs.codebook import Words
from weijing.configs.errors import UserError
from weijing.data.artifacts import make_manifest
from weijing.models.checkpoint import TrainingFacts, model_hash, save_model
from weijing.models.coding import Coder
from weijing.models.encoders import load_encoder
from weijing.models.network import CoderNetwork

FACTS = TrainingFacts(3, 3, {"a": "human"})
SETTINGS = {"regime": "frozen", "seed": 1}
TEXTS = ["工人集体拉起横幅抗议。他们讨要拖欠的血汗钱。", "今天下午天气晴朗。", "", "\x00"]


def outputs(coder: Coder) -> list[Any]:
    return coder.code(TEXTS)


def test_a_saved_coder_codes_alike(toy_trained: Any, toy_model: Path) -> None:
    loaded = Coder.load(toy_model)
    assert loaded.calibration == toy_trained.coder.calibration
    assert outputs(loaded) == outputs(toy_trained.coder)
    codings = outputs(loaded)
    assert codings[0].values["is_protest"] is True
    assert codings[2].n_windows == codings[3].n_windows == 0
    assert all(e.start is None for e in codings[2].evidence)
    assert loaded.code([]) == []


def test_saved_again_it_is_the_same_model(toy_model: Path, tmp_path: Path) -> None:
    again = save_model(
        Coder.load(toy_model), tmp_path / "m", facts=FACTS, settings=SETTINGS, manifest=make_manifest("t")
    )
    left, right = load_file(toy_model / "model.safetensors"), load_file(again / "model.safetensors")
    assert left.keys() == right.keys()
    assert all(torch.equal(left[k], right[k]) for k in left)


def test_a_model_folder_holds_no_pickle(toy_model: Path) -> None:
    names = {f.name for f in toy_model.rglob("*")}
    assert {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "codebook.yaml",
        "README.md",
        "manifest.json",
    } <= names
    for file in toy_model.rglob("*"):
        assert file.suffix not in (".bin", ".pt", ".pth", ".pkl", ".pickle", ".npy")
        assert not file.read_bytes().startswith(b"\x80")
        assert b"\x80\x04\x95" not in file.read_bytes()[:64]
        assert file.stat().st_mode & 0o044 == 0o044, "a model folder is to be shared"


def test_the_card_says_that_it_was_synthetic(toy_model: Path, bundled_model: Path) -> None:
    assert "Trained on synthetic text" in (toy_model / "README.md").read_text(encoding="utf-8")
    assert "Trained on synthetic text" not in (bundled_model / "README.md").read_text(encoding="utf-8")


def test_the_card_shows_names_and_obeys_none(toy_trained: Any, strikes: Any, tmp_path: Path) -> None:
    words = {"zh": "罢工\u202e", "en": "Strikes <img src=x>\n# [more](http://x)"}
    network = toy_trained.coder.network
    before = network.config.codebook
    network.config.codebook = strikes.model_copy(update={"version": "1|`2`", "title": Words(**words)}).model_dump()
    try:
        coder = Coder(network, toy_trained.coder.tokenizer)
        facts = TrainingFacts(3, 3, {"<b>li</b>\u202e\n| x | y": "human"})
        folder = save_model(coder, tmp_path / "m", facts=facts, settings=SETTINGS, manifest=make_manifest("t"))
    finally:
        network.config.codebook = before
    card = (folder / "README.md").read_text(encoding="utf-8")
    for piece in ("<img", "<b>", "\u202e", "[more](", "|`2`", "| x | y"):
        assert piece not in card
    assert "&lt;b&gt;li&lt;/b&gt; \\| x \\| y (human)" in card
    assert "# Strikes &lt;img src=x&gt; # \\[more\\](http://x) / 罢工" in card


def test_auto_classes_load_it(toy_model: Path, toy_trained: Any) -> None:
    config = AutoConfig.from_pretrained(toy_model)
    assert config.model_type == "weijing-coder"
    network = AutoModel.from_pretrained(toy_model)
    assert isinstance(network, CoderNetwork)
    for name, tensor in toy_trained.coder.network.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor), name
    network, info = CoderNetwork.from_pretrained(toy_model, output_loading_info=True)
    assert not network.training
    assert "missing_keys" in info


def test_a_frozen_checkpoint_over_the_embedded_encoder_is_small(embedded: Any, strikes: Any, tmp_path: Path) -> None:
    network = CoderNetwork.start(embedded, strikes)
    for parameter in network.encoder.parameters():
        parameter.requires_grad_(False)
    network.heads.eval()
    folder = save_model(
        Coder(network, embedded.tokenizer), tmp_path / "m", facts=FACTS, settings=SETTINGS, manifest=make_manifest("t")
    )
    with safe_open(folder / "model.safetensors", "pt") as stored:
        assert all(k.startswith("heads.") for k in stored.keys())  # noqa: SIM118
    assert (folder / "model.safetensors").stat().st_size < 5e6
    loaded = Coder.load(folder)
    assert outputs(loaded) == outputs(Coder(network.eval(), embedded.tokenizer))
    again = save_model(loaded, tmp_path / "again", facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"))
    assert (again / "model.safetensors").stat().st_size < 5e6

    config = json.loads((folder / "config.json").read_text())
    config["encoder_hash"] = "0" * 16
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="hash 0000000000000000") as caught:
        Coder.load(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        "flip", "cut", "not safetensors", "no weights", "lost tensor", "lost tensor, no manifest", "bad config",
        "other model", "no tokenizer", "no tokenizer config", "no tokenizer config, no manifest", "bad manifest",
        "manifest without outputs", "wrong shape",
    ],
)  # fmt: skip
def test_a_tampered_folder_is_refused_in_one_line(damage: str, toy_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(toy_model, folder)
    weights = folder / "model.safetensors"
    if damage == "flip":
        data = bytearray(weights.read_bytes())
        data[-3] ^= 0x40
        weights.write_bytes(data)
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-4])
        (folder / "manifest.json").unlink()
    elif damage == "not safetensors":
        weights.write_bytes(b"\x80\x04\x95" + bytes(100))
        (folder / "manifest.json").unlink()
    elif damage == "no weights":
        weights.unlink()
    elif damage.startswith("lost tensor"):
        tensors = load_file(weights)
        del tensors["heads.project.weight"]
        save_file(tensors, weights, metadata={"format": "pt"})
        if "no manifest" in damage:
            (folder / "manifest.json").unlink()
    elif damage == "wrong shape":
        tensors = load_file(weights)
        tensors["heads.project.weight"] = tensors["heads.project.weight"][:5].clone()
        save_file(tensors, weights, metadata={"format": "pt"})
        (folder / "manifest.json").unlink()
    elif damage == "bad config":
        (folder / "config.json").write_text("{")
    elif damage == "other model":
        (folder / "config.json").write_text('{"model_type": "bert"}')
        (folder / "manifest.json").unlink()
    elif damage == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    elif damage.startswith("no tokenizer config"):
        (folder / "tokenizer_config.json").unlink()
        if "no manifest" in damage:
            (folder / "manifest.json").unlink()
    elif damage == "manifest without outputs":
        (folder / "manifest.json").write_text('{"step": "train", "outputs": null}')
    else:
        (folder / "manifest.json").write_text("[")
    with pytest.raises(UserError) as caught:
        Coder.load(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


EDITS: dict[str, dict[str, Any]] = {
    "layers the encoder lacks": {"layers": [99]}, "no layers": {"layers": []}, "layers in words": {"layers": "x"},
    "half layers": {"layers": [-1.5]}, "other width": {"hidden": 7}, "huge width": {"hidden": 10**9},
    "no window": {"max_windows": 0}, "tokens in words": {"max_tokens": "384"}, "training in words": {"training": "x"},
    "calibration in words": {"calibration": "x"}, "thresholds lost": {"calibration": {"thresholds": {"claims": [0.5]}}},
    "no temperature": {"calibration": {"temperature": {"is_protest": 0}}}, "negative rank": {"adapters": {"x": -4}},
    "codebook lost": {"codebook": {}}, "prefix lost": {"prefix": 5}, "variable lost": {},
    "labels lost": {"codebook": {"variables": "x"}},
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_config_is_one_line_and_nothing_of_the_library(
    edit: str, toy_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(toy_model, folder)
    (folder / "manifest.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    config.update(EDITS[edit])
    if edit == "variable lost":
        config["codebook"]["variables"].pop(2)
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError) as caught:
        Coder.load(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_missing_manifest_is_said(toy_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "m"
    shutil.copytree(toy_model, folder)
    Coder.load(folder)
    assert caplog.messages == []
    (folder / "manifest.json").unlink()
    Coder.load(folder)
    assert [m for m in caplog.messages if "has no manifest.json" in m and str(folder) in m] == caplog.messages[-1:]
    assert len(caplog.messages) == 1


def test_a_pickle_is_never_opened(toy_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(toy_model, folder)
    (folder / "manifest.json").unlink()
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"model\.safetensors"):
        Coder.load(folder)


@pytest.mark.parametrize("what", ["missing", "empty", "a file"])
def test_what_is_no_model_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    place = tmp_path / "m"
    if what == "empty":
        place.mkdir()
    elif what == "a file":
        place.write_text("x")
    with pytest.raises(UserError) as caught:
        Coder.load(place)
    assert "\n" not in str(caught.value)


def test_an_existing_folder_is_not_overwritten(toy_trained: Any, toy_model: Path, tmp_path: Path) -> None:
    notes, folder = tmp_path / "notes", tmp_path / "m"
    notes.mkdir()
    (notes / "notes.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(UserError, match="another folder"):
            save_model(
                toy_trained.coder, notes, facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"), force=force
            )
    assert [f.name for f in tmp_path.rglob("*")] == ["notes", "notes.txt"]
    shutil.copytree(toy_model, folder)
    (folder / "config.json").write_text("{}")
    with pytest.raises(UserError, match="--force"):
        save_model(toy_trained.coder, folder, facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"))
    assert (folder / "config.json").read_text() == "{}"
    save_model(toy_trained.coder, folder, facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"), force=True)
    assert outputs(Coder.load(folder)) == outputs(Coder.load(toy_model))
    assert model_hash(folder) != model_hash(tmp_path)
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]


@pytest.mark.parametrize("moment", ["old put aside", "new in place", "old deleted"])
def test_a_kill_while_a_model_is_replaced_leaves_no_half_model(
    moment: str, toy_trained: Any, toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(toy_model, folder)
    rename = Path.rename

    class Killed(BaseException):
        pass

    def stop(*_: Any, **__: Any) -> None:
        raise Killed

    def renamed(self: Path, target: Path) -> Path:
        result = rename(self, target)
        if (target == folder) == (moment != "old put aside"):
            monkeypatch.setattr(Path, "rename", stop)
            if moment != "old deleted":
                stop()
        return result

    def half_deleted(path: Path, *_: Any, **__: Any) -> None:
        (path / "config.json").unlink(missing_ok=True)
        stop()

    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(shutil, "rmtree", half_deleted)
    with pytest.raises(Killed):
        save_model(toy_trained.coder, folder, facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"), force=True)
    monkeypatch.undo()
    assert not folder.exists() or outputs(Coder.load(folder)) == outputs(Coder.load(toy_model))
    save_model(toy_trained.coder, folder, facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"), force=True)
    assert outputs(Coder.load(folder)) == outputs(Coder.load(toy_model))


@pytest.mark.parametrize("place", ["a file", "below a file"])
def test_a_place_where_no_model_can_be_is_one_line(place: str, toy_trained: Any, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.write_text("mine")
    folder = folder if place == "a file" else folder / "m"
    with pytest.raises(UserError) as caught:
        save_model(toy_trained.coder, folder, facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"), force=True)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "m").read_text() == "mine"


def test_a_local_half_precision_encoder_goes_all_the_way(tiny_encoder: Path, strikes: Any, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(tiny_encoder, half)
    encoder = load_encoder(str(half))
    encoder.model.half().save_pretrained(half)
    encoder = load_encoder(str(half))
    network = CoderNetwork.start(encoder, strikes, hidden=8, max_tokens=64, overlap=8)
    coder = Coder(network.eval(), encoder.tokenizer)
    folder = save_model(coder, tmp_path / "m", facts=FACTS, settings=SETTINGS, manifest=make_manifest("t"))
    assert outputs(Coder.load(folder)) == outputs(coder)


def test_more_tokens_than_the_encoder_reads_are_refused(tiny: Any, strikes: Any) -> None:
    with pytest.raises(UserError, match="128 tokens"):
        CoderNetwork.start(tiny, strikes, max_tokens=200)


def test_a_layer_above_the_last_is_refused(tiny: Any, strikes: Any) -> None:
    with pytest.raises(UserError, match="has 2 layers, and no layer 99"):
        CoderNetwork.start(tiny, strikes, layers=(-1, 99), max_tokens=64)
