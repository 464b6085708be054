"""The benchmark's splits and probes: what must not leak, and what an arm is scored on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from weijing.configs.load import load_codebook
from weijing.data.demo.corpus import read_demo
from weijing.training.targets import build_examples


@pytest.fixture(scope="module")
def quality() -> Any:
    path = Path(__file__).parents[1] / "benchmarks" / "quality.py"
    spec = importlib.util.spec_from_file_location("quality", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["quality"] = module
    spec.loader.exec_module(module)
    return module


def test_no_style_and_no_story_stands_on_both_sides(quality: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    codebook = load_codebook()
    corpus = read_demo(codebook)
    examples = build_examples(corpus.reports, corpus.gold, corpus.codes, codebook)
    fold_of = quality.style_folds(corpus.styles, [e.report_id for e in examples])
    seen: list[str] = []

    def baseline(codebook: Any, learn: Any, texts: Any) -> list[dict[str, Any]]:
        test = [e for e in examples if e.text in set(texts)]
        assert len(test) == len(texts)
        assert not {corpus.styles[e.report_id] for e in test} & {corpus.styles[e.report_id] for e in learn}
        assert not {e.group for e in test} & {e.group for e in learn}
        assert len(learn) > 500
        seen.extend(e.report_id for e in test)
        return [{} for _ in texts]

    monkeypatch.setattr(quality, "baseline_codes", baseline)
    for fold in range(quality.FOLDS):
        quality.run(quality.BASELINE, fold, examples, fold_of, corpus.styles, codebook, Path())
    assert sorted(seen) == sorted(e.report_id for e in examples)


def test_likelihood_is_that_of_the_settled_codes(
    quality: Any, toy_trained: Any, toy_examples: Any, strikes: Any
) -> None:
    good = quality.likelihood(strikes, toy_examples, toy_trained.unseen)
    shuffled = dict(zip(toy_trained.unseen, reversed(list(toy_trained.unseen.values())), strict=True))
    assert quality.likelihood(strikes, toy_examples, shuffled) < good <= 0
