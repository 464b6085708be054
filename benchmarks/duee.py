"""DuEE event sentences, 65 labels: the same code with a codebook generated from the labels.

    make bench-duee DATA=path/to/duee

``DATA/train.csv`` has columns label (joined by "|") and content. One tenth is kept by a fixed seed and touched once,
at the end; epochs and thresholds are chosen inside the other nine. Interrupted, the same command goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import time
from pathlib import Path

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC
from transformers.utils.logging import enable_propagation
from weijing.configs.codebook import Codebook, Label, Variable, Words
from weijing.configs.settings import read_settings
from weijing.data.artifacts import text_hash
from weijing.training.splits import hold_out
from weijing.training.targets import Example, vector
from weijing.training.train import train

SEED = 65


def codebook_of(labels: list[str]) -> Codebook:
    """A codebook with one multi variable."""
    return Codebook(
        name="duee",
        version="1",
        title=Words(zh="事件类型", en="Event types"),
        description=Words(zh="由标签生成", en="Generated from the labels"),
        unit=Words(zh="一句", en="one sentence"),
        variables=[
            Variable(
                id="event",
                type="multi",
                name=Words(zh="事件", en="event"),
                model=True,
                labels=[Label(id=f"e{i:02d}", name=Words(zh=name, en=name)) for i, name in enumerate(labels)],
            )
        ],
    )


def main() -> None:
    """Run the race and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--out", type=Path, default=Path("build/bench-duee"))
    arguments.add_argument("--epochs", type=int, default=5)
    arguments.add_argument("--limit", type=int, default=None, help="use this many sentences only (a trial run)")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    enable_propagation()

    with open(given.data / "train.csv", encoding="utf-8", newline="") as file:
        rows = [(row["content"], sorted(set(row["label"].split("|")))) for row in csv.DictReader(file)]
    rows = rows[: given.limit]
    names = sorted({label for _, labels in rows for label in labels})
    codebook = codebook_of(names)
    variable = codebook.variable("event")
    ids = dict(zip(names, variable.label_ids, strict=True))
    examples = []
    for i, (text, labels) in enumerate(rows):
        value = [ids[label] for label in labels]
        examples.append(
            Example(
                str(i), text_hash(text), text, {"event": value}, {"event": vector(variable, value)}, {}, frozenset()
            )
        )
    inside, outside = hold_out([e.group for e in examples], [" ".join(e.gold["event"]) for e in examples], 0.1, SEED)
    learn, test = [examples[i] for i in inside], [examples[i] for i in outside]
    print(f"{len(rows)} sentences, {len(names)} labels: {len(learn)} inside, {len(test)} kept", flush=True)

    settings = read_settings(
        {
            "regime": "finetune",
            "epochs": given.epochs,
            "batch_reports": 32,
            "trained_layers": None,
            "adapter_rank": None,
            "encoder_learning_rate": 3e-4,
            "encoder_dropout": 0.1,
            "learning_rate": 1e-3,
            "hidden": 384,
            "dropout": 0.1,
            "layer_decay": 0.95,
            "calibration_share": 0.1,
            "evidence_weight": 0.0,
            "encoder": {"max_tokens": 256, "overlap": 32, "layers": [-1]},
            "seed": SEED,
        }
    )
    started = time.perf_counter()
    run = text_hash(settings.model_dump_json() + repr([(e.text, e.gold) for e in learn]))
    trained = train(codebook, learn, settings, workdir=given.out / f"checkpoints-{run}")
    seconds = time.perf_counter() - started

    binarizer = MultiLabelBinarizer(classes=variable.label_ids)
    truth = binarizer.fit_transform([e.gold["event"] for e in test])
    codings = trained.coder.code([e.text for e in test])
    ours = binarizer.transform([c.values["event"] for c in codings])
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    linear = OneVsRestClassifier(LinearSVC()).fit(
        vectorizer.fit_transform([e.text for e in learn]), binarizer.transform([e.gold["event"] for e in learn])
    )
    theirs = linear.predict(vectorizer.transform([e.text for e in test]))
    table = {
        name: {
            "micro_f1": round(f1_score(truth, guess, average="micro", zero_division=0), 4),
            "macro_f1": round(f1_score(truth, guess, average="macro", zero_division=0), 4),
            "exact": round(float((truth == guess).all(1).mean()), 4),
        }
        for name, guess in (("weijing finetune, embedded", ours), ("TF-IDF + LinearSVC", theirs))
    }
    print(f"epochs, by held-out log-likelihood inside the nine tenths: {json.dumps(trained.history)}")
    print(f"trained in {seconds / 60:.1f} min (this run), {torch.get_num_threads()} threads")
    print(f"{'':28}{'micro-F1':>10}{'macro-F1':>10}{'exact':>10}")
    for name, row in table.items():
        print(f"{name:28}{row['micro_f1']:10.4f}{row['macro_f1']:10.4f}{row['exact']:10.4f}")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "result.json").write_text(json.dumps(table, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
