"""Make the default coder from the demonstration corpus, and put it where the package keeps it.

Interrupted, the same command goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from weijing.configs.load import load_codebook
from weijing.configs.settings import read_settings
from weijing.data.artifacts import make_manifest, text_hash
from weijing.data.demo.corpus import demo_hashes, read_demo
from weijing.models.checkpoint import DEFAULT_MODEL, save_model
from weijing.training.study import card_scores, training_facts
from weijing.training.targets import build_examples
from weijing.training.train import train

SETTINGS = read_settings({"regime": "finetune", "calibration_share": 0.15})
LARGEST = 10_000_000


def main() -> None:
    """Train, save, check the size."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=DEFAULT_MODEL)
    arguments.add_argument("--work", type=Path, default=Path("build/model"), help="checkpoints of an interrupted run")
    given = arguments.parse_args()

    codebook = load_codebook()
    corpus = read_demo(codebook)
    examples = build_examples(corpus.reports, corpus.gold, corpus.codes, codebook, SETTINGS.coder_weight)
    dumped = SETTINGS.model_dump(mode="json")
    manifest = make_manifest("train", inputs=demo_hashes(), settings=dumped, seed=SETTINGS.seed, codebook=codebook)
    started = time.perf_counter()

    def show(what: str, done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            print(f"{what} {done} of {total}, {time.perf_counter() - started:.0f} s", flush=True)

    workdir = given.work / text_hash(repr([demo_hashes(), dumped]))
    trained = train(codebook, examples, SETTINGS, workdir=workdir, progress=show)
    folder = save_model(
        trained.coder,
        given.out,
        facts=training_facts(examples, corpus.codes),
        settings=dumped,
        manifest=manifest,
        scores=card_scores(codebook, examples, trained),
        scores_about=(
            "Against the settled codes of the calibration split of the demonstration corpus, on which epochs and "
            "thresholds were chosen too: other words, but the same writers. Expect less on real reports."
        ),
        with_tokenizer=False,
        force=True,
    )
    size = sum(f.stat().st_size for f in folder.glob("*.safetensors"))
    print(f"{folder}: {size / 1e6:.1f} MB of safetensors, {len(trained.unseen)} reports kept for calibration")
    print(f"epochs: {trained.history}")
    if size > LARGEST:
        raise SystemExit(f"{size} bytes are more than the {LARGEST} that travel in the package")


if __name__ == "__main__":
    main()
