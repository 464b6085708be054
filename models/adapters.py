"""Low-rank changes of an encoder's linear maps: W + B A (LoRA; Hu et al. 2022). Trained by peft, kept here.

A trained coder holds the factors and merges them into the encoder when it is loaded, so that it reads as fast as an
encoder that was never adapted.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Adapters(nn.Module):
    """The factors by linear map: ``<name>.down`` A [rank, in], ``<name>.up`` B [out, rank], dots written as dashes."""

    def __init__(self, encoder: nn.Module, ranks: Mapping[str, int]) -> None:
        super().__init__()
        self.ranks = dict(ranks)
        for name, rank in ranks.items():
            linear = encoder.get_submodule(name)
            own = nn.Module()
            own.down = nn.Parameter(torch.zeros(rank, linear.in_features), requires_grad=False)
            own.up = nn.Parameter(torch.zeros(linear.out_features, rank), requires_grad=False)
            self.add_module(_key(name), own)

    @staticmethod
    def attach(encoder: nn.Module, names: list[str], rank: int, dropout: float = 0.05) -> None:
        """Put adapters to be trained beside the named linear maps; the maps themselves stop learning."""
        from peft import LoraConfig, inject_adapter_in_model

        settings = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=dropout, target_modules=names)
        inject_adapter_in_model(settings, encoder)

    @classmethod
    def taken_from(cls, encoder: nn.Module) -> Adapters:
        """Merge trained adapters into an encoder, free it of them, and return what they came to."""
        from peft.tuners.lora import LoraLayer

        found = {name: module for name, module in encoder.named_modules() if isinstance(module, LoraLayer)}
        factors: dict[str, tuple[Tensor, Tensor]] = {}
        for name, module in found.items():
            ((which, down),) = module.lora_A.items()
            factors[name] = (down.weight.detach(), module.lora_B[which].weight.detach() * module.scaling[which])
            parent, _, own = name.rpartition(".")
            setattr(encoder.get_submodule(parent), own, module.get_base_layer())
        adapters = cls(encoder, {name: len(down) for name, (down, _) in factors.items()})
        with torch.no_grad():
            for name, (down, up) in factors.items():
                own = adapters.get_submodule(_key(name))
                own.down.copy_(down)
                own.up.copy_(up)
        adapters.merge_into(encoder)
        return adapters

    @torch.no_grad()
    def merge_into(self, encoder: nn.Module) -> None:
        """Add B A to each map's weight."""
        for name in self.ranks:
            own = self.get_submodule(_key(name))
            encoder.get_submodule(name).weight += own.up @ own.down


def _key(name: str) -> str:
    return name.replace(".", "-")
