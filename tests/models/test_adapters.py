"""Adapters: trained beside the encoder, merged into it, stored without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModel
from weijing.configs.errors import UserError
from weijing.models import network as network_module
from weijing.models.adapters import Adapters
from weijing.models.encoders import load_encoder
from weijing.models.network import CoderNetwork

INPUTS = {"input_ids": torch.arange(5, 25)[None], "attention_mask": torch.ones(1, 20, dtype=torch.long)}


def adapted(encoder: nn.Module) -> list[str]:
    names = [n for n, m in encoder.named_modules() if isinstance(m, nn.Linear) and "layer.1" in n]
    Adapters.attach(encoder, names, rank=3)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return names


def out(encoder: Any) -> torch.Tensor:
    with torch.no_grad():
        state: torch.Tensor = encoder.eval()(**INPUTS).last_hidden_state
    return state


def test_merged_adapters_compute_what_they_computed_beside_the_encoder(tiny_encoder: Path) -> None:
    encoder = AutoModel.from_pretrained(tiny_encoder)
    plain = out(encoder)
    names = adapted(encoder)
    trained = {n for n, p in encoder.named_parameters() if p.requires_grad}
    assert trained
    assert all("lora_" in n for n in trained)
    beside = out(encoder)
    assert not torch.allclose(beside, plain, atol=1e-3)
    found = Adapters.taken_from(encoder)
    assert found.ranks == dict.fromkeys(names, 3)
    torch.testing.assert_close(out(encoder), beside)
    fresh = AutoModel.from_pretrained(tiny_encoder)
    assert [n for n, _ in encoder.named_parameters()] == [n for n, _ in fresh.named_parameters()]
    found.merge_into(fresh)
    torch.testing.assert_close(out(fresh), beside)


def test_a_checkpoint_holds_the_factors_and_not_the_encoder(
    strikes: Any, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(str(tiny_encoder))
    network = CoderNetwork.start(encoder, strikes, max_tokens=64, overlap=8, layers=(-7, -1), include_encoder=False)
    assert network.config.layers == [-3, -1], "a layer that a shallow encoder lacks is its lowest"
    assert network.heads.state_mean.shape == (128,)
    for parameter in network.encoder.parameters():
        parameter.requires_grad_(False)
    adapted(network.encoder)
    network.absorb_adapters()
    expected = out(network.encoder)
    network.save_pretrained(tmp_path / "m")
    stored = load_file(tmp_path / "m" / "model.safetensors")
    assert any(k.startswith("adapters.") for k in stored)
    assert not any(k.startswith("encoder.") for k in stored)
    asked = []

    def door(*given: Any) -> Any:
        asked.append(given)
        return load_encoder(str(tiny_encoder))

    monkeypatch.setattr(network_module, "load_encoder", door)
    loaded = CoderNetwork.from_pretrained(tmp_path / "m")
    assert asked
    torch.testing.assert_close(out(loaded.encoder), expected)
    loaded.save_pretrained(tmp_path / "again")
    again = load_file(tmp_path / "again" / "model.safetensors")
    assert stored.keys() == again.keys()
    assert all(torch.equal(stored[k], again[k]) for k in stored)
    del stored["adapters.up." + next(iter(network.adapters.up))]
    from safetensors.torch import save_file

    save_file(stored, tmp_path / "again" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="missing"):
        CoderNetwork.from_pretrained(tmp_path / "again")


def test_an_included_encoder_is_stored_merged(strikes: Any, tiny_encoder: Path, tmp_path: Path) -> None:
    network = CoderNetwork.start(load_encoder(str(tiny_encoder)), strikes, max_tokens=64, overlap=8)
    adapted(network.encoder)
    network.absorb_adapters()
    network.save_pretrained(tmp_path / "m")
    assert not any(k.startswith("adapters.") for k in load_file(tmp_path / "m" / "model.safetensors"))
    loaded = CoderNetwork.from_pretrained(tmp_path / "m")
    torch.testing.assert_close(out(loaded.encoder), out(network.encoder))
