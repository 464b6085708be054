"""The one door to encoders: the embedded one, plain or adapted, a local folder, or a name on the Hugging Face hub."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ...configs.errors import UserError
from ..checks import one_line
from ..quiet import no_library_words
from .adapted import adapt
from .embedded import embedded_folder
from .reach import hub_answers

EMBEDDED = "embedded"
ADAPTED = "adapted"
"""The embedded encoder with what it learned from the project's passages."""
OWN = (EMBEDDED, ADAPTED)


@dataclass(frozen=True)
class Encoder:
    """A loaded encoder. ``content_hash`` identifies its weights wherever they came from."""

    name: str
    kind: Literal["embedded", "local", "hub"]
    content_hash: str
    prefix: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast


def load_encoder(name: str = EMBEDDED, prefix: str | None = None, revision: str | None = None) -> Encoder:
    """Load an encoder by name.

    ``name`` is ``embedded`` or ``adapted``, a folder with a Hugging Face encoder, or a hub name such as
    ``hfl/chinese-macbert-base``. ``prefix`` is put before every window; by default "query: " for the embedded
    encoder, which was trained with it, and nothing for others. ``revision``: the
    commit of a hub encoder. Raises ``UserError`` if the encoder cannot be had.
    """
    kind: Literal["embedded", "local", "hub"] = "embedded" if name in OWN else "local" if Path(name).is_dir() else "hub"
    if kind == "hub" and (Path(name).is_absolute() or name.startswith((".", "~")) or name.count("/") > 1):
        raise UserError(f"encoder {name!r}: there is no such folder")
    source = str(embedded_folder()) if kind == "embedded" else name
    # Without a network, what an earlier run fetched is used, and nothing else is tried.
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    options["local_files_only"] = kind != "hub" or not hub_answers(name, revision)
    try:
        with no_library_words():
            tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True, **options)
            config = AutoConfig.from_pretrained(source, **options)
            model = AutoModel.from_pretrained(
                source,
                use_safetensors=True,
                dtype=torch.float32,  # half precision is for storing: processors compute it slowly, heads are float32
                **options,
                **without_pooler(config.model_type),
            )
    except Exception as error:  # whatever a damaged folder makes the libraries raise, the user needs one line
        if kind == "embedded":
            raise UserError(
                f"encoder {name!r}: its converted copy is damaged ({one_line(error)}); delete the folder {source}, "
                "and it is made anew"
            ) from None
        raise UserError(
            f"encoder {name!r} cannot be loaded ({one_line(error)}); "
            "use 'embedded', a folder with config.json and safetensors, or a hub name you can reach"
        ) from None
    # Without its files a tokenizer is made all the same, and knows nothing but special tokens.
    if not tokenizer.is_fast or len(tokenizer) <= len(set(tokenizer.all_special_ids)):
        raise UserError(f"encoder {name!r} has no fast tokenizer; weijing needs one for character offsets")
    if tokenizer.pad_token_id is None:
        raise UserError(f"encoder {name!r} has no padding token, without which no batch can be made; use another one")
    commit = str(getattr(model.config, "_commit_hash", None) or "unknown")
    content = commit if kind == "hub" else _weights_hash(Path(source))
    chosen = prefix if prefix is not None else "query: " if kind == "embedded" else ""
    if name == ADAPTED:
        content = adapt(model, content)
    model.eval()
    return Encoder(name, kind, content, chosen, model, tokenizer)


def without_pooler(model_type: str) -> dict[str, bool]:
    """Options that leave out a pooling layer, which nothing here reads, for the architectures that have one."""
    return {"add_pooling_layer": False} if model_type in ("bert", "roberta", "xlm-roberta") else {}


def _weights_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.safetensors"), folder / "config.json", folder / "tokenizer.json"]):
        if file.is_file():
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]
