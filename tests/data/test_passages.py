"""The passages: whole, coded as the codebook allows, counted in their README, and no part of the corpus."""

from __future__ import annotations

from collections import Counter

import pytest
from weijing.configs.load import load_codebook
from weijing.data.demo.corpus import read_demo
from weijing.data.passages import PASSAGES, Passage, read_passages

README = (PASSAGES.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return list(read_passages())


def test_codes_are_allowed_and_shown_by_words_of_the_text(passages: list[Passage]) -> None:
    codebook = load_codebook()
    for p in passages:
        for name, value in p.codes.items():
            assert codebook.variable(name).check(value) is None, p.id
            assert codebook.is_asked(codebook.variable(name), p.codes), p.id
        assert not codebook.violations(p.codes), p.id
        functions = p.codes.get("functions") or []
        assert isinstance(functions, list)
        assert list(p.quotes.get("functions", {})) == functions, p.id
        assert all(quote in p.text for quote in p.quotes.get("functions", {}).values()), p.id


def test_each_is_there_once(passages: list[Passage]) -> None:
    assert len({p.id for p in passages}) == len({p.text for p in passages}) == len(passages)


def test_a_pair_has_two_codes(passages: list[Passage]) -> None:
    sizes = Counter(p.pair for p in passages)
    codes = {pair: {repr(p.codes) for p in passages if p.pair == pair} for pair, n in sizes.items() if n > 1}
    assert not [pair for pair, found in codes.items() if len(found) < 2]
    assert sum(n for n in sizes.values() if n > 1) > len(passages) / 2


def test_no_passage_shares_twelve_characters_with_the_corpus(passages: list[Passage]) -> None:
    reports = read_demo(load_codebook()).reports
    known = {r.text[i : i + 12] for r in reports for i in range(len(r.text) - 11)}
    assert not [p.id for p in passages if any(p.text[i : i + 12] in known for i in range(len(p.text) - 11))]


def test_the_readme_counts_them(passages: list[Passage]) -> None:
    kinds = Counter(p.kind for p in passages)
    in_scope = sum(p.codes["relevant"] is True for p in passages)
    assert f"{len(passages):,} sentences" in README
    for name, n in [
        ("clauses (one sentence, seldom two)", kinds["clause"]),
        ("passages (two to four sentences)", kinds["passage"]),
        ("briefs (a small report)", kinds["brief"]),
        ("in scope", in_scope),
    ]:
        assert f"| {name} | {n:,} |" in README
