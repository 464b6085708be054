"""Make the default coder from the demonstration corpus and the passages, and put it where the package keeps it.

It stands on the adapted encoder, which ``make_encoder.py`` makes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from weijing.configs.load import load_codebook
from weijing.configs.settings import read_settings
from weijing.data.artifacts import make_manifest, sha256_file
from weijing.data.demo.corpus import demo_hashes, read_demo
from weijing.data.passages import PASSAGES
from weijing.models.checkpoint import DEFAULT_MODEL, save_model
from weijing.models.encoders.adapted import FOLDER as ADAPTED_FOLDER
from weijing.training.study import card_scores, training_facts
from weijing.training.targets import build_examples
from weijing.training.train import train

SETTINGS = read_settings({})
LARGEST = 10_000_000


def main() -> None:
    """Train, save, check the size."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=DEFAULT_MODEL)
    arguments.add_argument("--cache", type=Path, default=Path("build/model"), help="keeps the sentence states")
    given = arguments.parse_args()

    codebook = load_codebook()
    corpus = read_demo(codebook)
    examples = build_examples(corpus.reports, corpus.gold, corpus.codes, codebook, SETTINGS.coder_weight)
    dumped = SETTINGS.model_dump(mode="json")
    made_from = demo_hashes() | {PASSAGES.name: sha256_file(PASSAGES)}
    manifest = make_manifest("train", inputs=made_from, settings=dumped, seed=SETTINGS.seed, codebook=codebook)
    started = time.perf_counter()

    def show(what: str, done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            print(f"{what} {done} of {total}, {time.perf_counter() - started:.0f} s", flush=True)

    trained = train(codebook, examples, SETTINGS, cache=given.cache, progress=show)
    folder = save_model(
        trained.coder,
        given.out,
        facts=training_facts(examples, corpus.codes, trained.n_passages),
        settings=dumped,
        manifest=manifest,
        scores=card_scores(codebook, examples, trained),
        scores_about=(
            "Against the settled codes of the demonstration corpus, each report coded by heads trained without its "
            "reprint group: other words, but the same writers and styles. Expect less on real reports."
        ),
        with_tokenizer=False,
        force=True,
    )
    size = sum(f.stat().st_size for own in (folder, ADAPTED_FOLDER) for f in own.glob("*.safetensors"))
    print(f"{folder}: {size / 1e6:.1f} MB of safetensors with the encoder's changes")
    print(f"learned from {len(examples)} reports and {trained.n_passages} passages")
    if size > LARGEST:
        raise SystemExit(f"{size} bytes are more than the {LARGEST} that travel in the package")


if __name__ == "__main__":
    main()
