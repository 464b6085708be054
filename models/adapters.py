"""Low-rank changes of an encoder's linear maps: W + B A (LoRA; Hu et al. 2022). Trained by peft, kept here.

A trained coder holds the factors and merges them into the encoder when it is loaded, so that it reads as fast as an
encoder that was never adapted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Adapters(nn.Module):
    """The factors of each linear map: ``down`` A [rank, in] and ``up`` B [out, rank], scaling included."""

    def __init__(self, encoder: nn.Module, ranks: Mapping[str, int]) -> None:
        super().__init__()
        self.ranks = dict(ranks)
        self.down, self.up = nn.ParameterDict(), nn.ParameterDict()
        for name, rank in ranks.items():
            weight = encoder.get_submodule(name).get_parameter("weight")
            self.down[_key(name)] = nn.Parameter(torch.zeros(rank, weight.shape[1]), requires_grad=False)
            self.up[_key(name)] = nn.Parameter(torch.zeros(weight.shape[0], rank), requires_grad=False)

    @staticmethod
    def attach(encoder: nn.Module, names: Sequence[str], rank: int, dropout: float = 0.05) -> None:
        """Put adapters to be trained beside the named linear maps; the maps themselves stop learning."""
        from peft import LoraConfig, inject_adapter_in_model

        settings = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=dropout, target_modules=list(names))
        inject_adapter_in_model(settings, encoder)

    @classmethod
    def taken_from(cls, encoder: nn.Module) -> Adapters:
        """Free an encoder of trained adapters, merge them into it, and return what they came to."""
        from peft.tuners.lora import LoraLayer

        factors: dict[str, tuple[Tensor, Tensor]] = {}
        found: list[tuple[str, Any]] = [(n, m) for n, m in encoder.named_modules() if isinstance(m, LoraLayer)]
        for name, module in found:
            ((which, down),) = module.lora_A.items()
            factors[name] = down.weight.detach(), module.lora_B[which].weight.detach() * module.scaling[which]
            parent, _, own = name.rpartition(".")
            setattr(encoder.get_submodule(parent), own, module.get_base_layer())
        adapters = cls(encoder, {name: len(down) for name, (down, _) in factors.items()})
        with torch.no_grad():
            for name, (down, up) in factors.items():
                adapters.down[_key(name)].copy_(down)
                adapters.up[_key(name)].copy_(up)
        adapters.merge_into(encoder)
        return adapters

    @torch.no_grad()
    def merge_into(self, encoder: nn.Module) -> None:
        """Add B A to each map's weight."""
        for name in self.ranks:
            change = self.up[_key(name)] @ self.down[_key(name)]
            encoder.get_submodule(name).get_parameter("weight").add_(change)


def _key(name: str) -> str:
    return name.replace(".", "-")
