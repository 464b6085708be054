"""The alternative annotator test on public data: winning rates and average advantage probabilities beside those
published.

    python benchmarks/alternative.py [FOLDER]

``FOLDER`` holds ``human_annotations.json`` and ``llm_annotations.json`` of the news framing data of Calderon,
Reichart & Dror (2025); by default ``alttest_framing`` in the folder that WEIJING_DATASETS names, or in
``../shared/datasets``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from weijing.evaluation.model_coder.alternative import AlternativeTest, alternative_test
from weijing.evaluation.model_coder.codings import Codings

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = {
    "gpt-4o": (1.00, 0.92),
    "gemini_pro": (1.00, 0.91),
    "gpt-4o-mini": (1.00, 0.87),
    "gemini_flash": (1.00, 0.83),
    "llama-31": (0.50, 0.80),
    "mistral-v03": (0.25, 0.80),
}
"""Winning rate and average advantage probability at epsilon 0.15."""


def folder() -> Path:
    """Where the data are, if they are there."""
    return Path(os.environ.get("WEIJING_DATASETS") or ROOT.parent / "shared" / "datasets") / "alttest_framing"


def framing_tests(place: Path) -> dict[str, AlternativeTest]:
    """The test of every language model."""
    people = json.loads((place / "human_annotations.json").read_text(encoding="utf-8"))
    models = json.loads((place / "llm_annotations.json").read_text(encoding="utf-8"))
    units = sorted({unit for codes in people.values() for unit in codes})
    codings = Codings.from_codes(people | models, units)
    alone = np.arange(len(units))
    return {model: alternative_test(codings, tuple(people), model, alone, epsilon=0.15) for model in models}


def main() -> None:
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else folder()
    tests = framing_tests(place)
    print(f"{'model':14} {'omega':>6} {'published':>9} {'rho':>6} {'published':>9}  reports of each coder")
    for model, (omega, rho) in PUBLISHED.items():
        test = tests[model]
        reports = ", ".join(str(c.n) for c in test.coders)
        print(f"{model:14} {test.winning_rate:6.2f} {omega:9.2f} {test.advantage:6.2f} {rho:9.2f}  {reports}")


if __name__ == "__main__":
    main()
