"""Encoder and heads as one Hugging Face model.

A checkpoint whose encoder anyone can get again (embedded, hub) holds only what training changed: the encoder is named
in the config with its content hash, fetched through ``load_encoder`` and checked. With a local encoder, or with
``include_encoder=True``, the checkpoint holds everything.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from .adapters import Adapters
from .batch import sentence_states
from .checks import check_config, check_layers
from .encoders import EMBEDDED, Encoder, load_encoder, without_pooler
from .heads import ReportHeads


class CoderConfig(PreTrainedConfig):
    """Everything but weights that a trained coder needs; see ``CoderNetwork``.

    ``layers``: whose states the heads read, side by side; -1 is the encoder's last, 0 its embeddings. ``adapters``: the
    rank of the change of each adapted linear map of the encoder, by its name there.
    """

    model_type = "weijing-coder"

    def __init__(
        self,
        codebook: dict[str, Any] | None = None,
        encoder_name: str = EMBEDDED,
        encoder_hash: str = "",
        encoder_revision: str | None = None,
        encoder_config: dict[str, Any] | None = None,
        include_encoder: bool = False,
        prefix: str = "",
        max_tokens: int = 384,
        overlap: int = 64,
        max_windows: int = 256,
        layers: Sequence[int] = (-1,),
        adapters: dict[str, int] | None = None,
        hidden: int = 256,
        dropout: float = 0.2,
        calibration: dict[str, Any] | None = None,
        training: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.codebook = codebook or {}
        self.encoder_name = encoder_name
        self.encoder_hash = encoder_hash
        self.encoder_revision = encoder_revision
        self.encoder_config = encoder_config or {}
        self.include_encoder = include_encoder
        self.prefix = prefix
        self.max_tokens = max_tokens
        self.overlap = overlap
        self.max_windows = max_windows
        self.layers = list(layers)
        self.adapters = adapters or {}
        self.hidden = hidden
        self.dropout = dropout
        self.calibration = calibration or {}
        self.training = training or {}


@dataclass
class CoderOutput(ModelOutput):
    """Logits by variable, evidence scores [S, L], sentence states [S, d]."""

    logits: dict[str, Tensor] | None = None
    evidence: Tensor | None = None
    states: Tensor | None = None


class CoderNetwork(PreTrainedModel):
    """Windows of reports -> logits of every learned variable. Inputs as in ``models.batch.Batch``."""

    config_class = CoderConfig
    base_model_prefix = "coder"
    _keys_to_ignore_on_load_missing = [r"^encoder\."]  # noqa: RUF012
    _supports_sdpa = True
    encoder: PreTrainedModel
    adapters: Adapters
    heads: ReportHeads

    def __init__(self, config: CoderConfig) -> None:
        super().__init__(config)
        check_config(config)
        settings = dict(config.encoder_config)
        kind = AutoConfig.for_model(settings.pop("model_type", "bert"), **settings)
        check_layers(config.layers, getattr(kind, "num_hidden_layers", 0))
        self.encoder = AutoModel.from_config(kind, **without_pooler(kind.model_type))
        self.adapters = Adapters(self.encoder, config.adapters)
        self.heads = _heads(Codebook.model_validate(config.codebook), config, self.encoder)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """The encoder comes trained and the heads initialise themselves."""

    @classmethod
    def start(cls, encoder: Encoder, codebook: Codebook, **settings: Any) -> CoderNetwork:
        """An untrained coder over a loaded encoder."""
        longest = min(
            encoder.tokenizer.model_max_length,
            getattr(encoder.model.config, "max_position_embeddings", None) or math.inf,
        )
        if settings.get("max_tokens", 0) > longest:
            raise UserError(f"encoder {encoder.name}: reads {longest:.0f} tokens at most; lower max_tokens")
        depth = getattr(encoder.model.config, "num_hidden_layers", 0)
        asked = settings.pop("layers", (-1,))
        if max(asked) > depth:
            raise UserError(f"encoder {encoder.name}: has {depth} layers, and no layer {max(asked)}; -1 is its last")
        # A layer that a shallow encoder lacks is its lowest.
        layers = sorted({max(depth + 1 + i, 0) - depth - 1 for i in asked})
        config = CoderConfig(
            layers=layers,
            codebook=codebook.model_dump(mode="json"),
            encoder_name=encoder.name,
            encoder_hash=encoder.content_hash,
            encoder_revision=encoder.content_hash if encoder.kind == "hub" else None,
            encoder_config=encoder.model.config.to_diff_dict() | {"model_type": encoder.model.config.model_type},
            include_encoder=settings.pop("include_encoder", encoder.kind == "local"),
            prefix=encoder.prefix,
            **settings,
        )
        with torch.device("meta"):
            network = cls(config)
        network.encoder = encoder.model
        network.heads = _heads(codebook, config, encoder.model)
        return network

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        sentence_ids: Tensor,
        sentence_report: Tensor,
        n_reports: int,
    ) -> CoderOutput:
        """Run encoder and heads; shapes as in ``Batch``."""
        states = self.states(input_ids, attention_mask, sentence_ids, len(sentence_report))
        logits, evidence = self.heads(states, sentence_report, n_reports)
        return CoderOutput(logits=logits, evidence=evidence, states=states)

    def states(self, input_ids: Tensor, attention_mask: Tensor, sentence_ids: Tensor, n_sentences: int) -> Tensor:
        """Sentence states [S, d]: all that the heads need of the encoder."""
        if not len(input_ids):
            return self.heads.state_mean.new_zeros(n_sentences, len(self.heads.state_mean))
        every = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        ).hidden_states
        # Pooled layer by layer: the concatenated token states are never made.
        return torch.cat([sentence_states(every[i].float(), sentence_ids, n_sentences) for i in self.config.layers], 1)

    def absorb_adapters(self) -> None:
        """Merge the adapters being trained into the encoder, and keep them for the checkpoint."""
        adapters = Adapters.taken_from(self.encoder)
        if not self.config.include_encoder:
            self.adapters = adapters
            self.config.adapters = adapters.ranks

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """Write config and safetensors, without the encoder's untouched weights unless they are included."""
        state = kwargs.pop("state_dict", None) or self.state_dict()
        if not self.config.include_encoder:
            trained = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
            state = {k: v for k, v in state.items() if not k.startswith("encoder.") or k in trained}
        super().save_pretrained(save_directory, state_dict=state, **kwargs)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike[str], *args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint; weights it leaves out come from the encoder named in its config."""
        wants_info = kwargs.pop("output_loading_info", False)
        kwargs["use_safetensors"] = True  # never a pickle
        try:
            network, info = super().from_pretrained(
                pretrained_model_name_or_path, *args, output_loading_info=True, **kwargs
            )
        except RuntimeError as error:
            if "mismatched" not in str(error):
                raise
            raise UserError(
                f"{pretrained_model_name_or_path}: its weights are not of the sizes that config.json says; "
                "get the model anew"
            ) from None
        left_out = set(network.state_dict()) - set(_stored_keys(pretrained_model_name_or_path, kwargs))
        lost = sorted(k for k in left_out if network.config.include_encoder or not k.startswith("encoder."))
        if lost:
            raise UserError(f"{pretrained_model_name_or_path}: {len(lost)} weight(s) are missing, such as {lost[0]}")
        strange = sorted(info["unexpected_keys"])
        if strange:
            raise UserError(
                f"{pretrained_model_name_or_path}: {len(strange)} weight(s) have no place in the model of its "
                f"config.json, such as {strange[0]}"
            )
        if left_out:
            encoder = load_encoder(network.config.encoder_name, network.config.prefix, network.config.encoder_revision)
            if encoder.content_hash != network.config.encoder_hash:
                raise UserError(
                    f"{pretrained_model_name_or_path}: was trained on encoder {network.config.encoder_name} with hash "
                    f"{network.config.encoder_hash}, but the one here has {encoder.content_hash}; "
                    "install the version it was trained with, or train again"
                )
            base = encoder.model.state_dict()
            wanted = {k: base[k.removeprefix("encoder.")] for k in left_out if k.removeprefix("encoder.") in base}
            network.load_state_dict(wanted, strict=False)
            network.adapters.merge_into(network.encoder)
            for name, parameter in network.named_parameters():
                # So that saving it again leaves them out again.
                parameter.requires_grad_(name not in left_out)
        network.eval()
        return (network, info) if wants_info else network


def _heads(codebook: Codebook, config: CoderConfig, encoder: PreTrainedModel) -> ReportHeads:
    return ReportHeads(codebook, encoder.config.hidden_size * len(config.layers), config.hidden, config.dropout)


def _stored_keys(source: str | os.PathLike[str], options: dict[str, Any]) -> list[str]:
    from safetensors import safe_open
    from transformers.utils import cached_file

    hub = {k: options[k] for k in ("revision", "cache_dir", "token", "local_files_only") if k in options}
    with safe_open(cached_file(str(source), "model.safetensors", **hub), "pt") as tensors:
        return list(tensors.keys())


AutoConfig.register(CoderConfig.model_type, CoderConfig)
AutoModel.register(CoderConfig, CoderNetwork)
