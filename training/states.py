"""Sentence states of coded reports, kept on disk so that each is computed once per encoder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..data.artifacts import atomic_write, text_hash
from ..models.network import CoderNetwork
from ..models.scoring import encode
from ..models.windows import Reader, ReadReport

FLUSH_EVERY = 256


@dataclass(frozen=True)
class EncodedTexts:
    """What the heads learn from: how each text was read, and its sentence states [sentences, d]."""

    read: list[ReadReport]
    states: list[Tensor]
    computed: int
    """How many texts were run through the encoder now; the others came from the cache."""


def encoded(
    network: CoderNetwork,
    reader: Reader,
    texts: Sequence[str],
    cache: Path | None,
    done: Callable[[int], None] | None = None,
) -> EncodedTexts:
    """Sentence states of texts, from the cache where it has them.

    ``cache`` is a folder of safetensors files named by encoder and window settings, with one tensor a text, named by
    the hash of its windows. What is computed is written every few hundred texts, so an interrupted run goes on from
    there.
    """
    read = reader.read(list(texts))
    # By what the encoder sees: another division into sentences or tokens makes other states.
    names = [text_hash(repr(report.windows)) for report in read]
    known: dict[str, Tensor] = {}
    folder = cache / _key(network) if cache else None
    if folder and folder.is_dir():
        wanted = set(names)
        for file in sorted(folder.glob("*.safetensors")):
            try:
                with safe_open(file, "pt") as stored:
                    known.update({name: stored.get_tensor(name) for name in wanted.intersection(stored.keys())})
            except (SafetensorError, OSError):  # a damaged file of a cache is as good as none
                file.unlink(missing_ok=True)
    todo = {name: i for i, name in enumerate(names) if name not in known}
    missing = sorted(todo.values())
    if done:
        done(len(names) - len(missing))
    for start in range(0, len(missing), FLUSH_EVERY):
        chunk = missing[start : start + FLUSH_EVERY]
        fresh = encode(network, [read[i] for i in chunk], reader.tokenizer.pad_token_id, done=done)
        new = {names[i]: state for i, state in zip(chunk, fresh, strict=True)}
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            shard = hashlib.sha256("".join(sorted(new)).encode()).hexdigest()[:16]
            with atomic_write(folder / f"{shard}.safetensors") as path:
                path.write_bytes(save(new))  # a full disk is then an OSError, which is told
        known.update(new)
    return EncodedTexts(read, [known[name] for name in names], len(missing))


def _key(network: CoderNetwork) -> str:
    c = network.config
    settings = json.dumps([c.encoder_hash, c.prefix, c.max_tokens, c.overlap, c.max_windows, c.layers])
    return "states-" + hashlib.sha256(settings.encode()).hexdigest()[:16]
