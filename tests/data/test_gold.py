from collections.abc import Sequence
from pathlib import Path

import pytest
from weijing.configs.codebook import Codebook, Value
from weijing.data.codes import Code, Span
from weijing.data.gold import GoldCode, read_gold, settle, write_gold

CODERS = ("anna", "ben", "cai", "dan")


def votes(variable: str, *values: Value) -> list[Code]:
    return [Code("r", coder, variable, value) for coder, value in zip(CODERS, values, strict=False)]


def outcome(codebook: Codebook, codes: Sequence[Code], variable: str) -> tuple[Value, str]:
    gate = [] if variable == "relevant" else votes("relevant", True, True)
    gold = {g.variable: g for g in settle([*gate, *codes], codebook)}
    return gold[variable].value, gold[variable].how


@pytest.mark.parametrize(
    ("variable", "values", "settled"),
    [
        ("relevant", [True], (True, "single")),
        ("relevant", [True, True], (True, "agreed")),
        ("relevant", [True, False], (False, "tie")),
        ("relevant", [True, True, False], (True, "majority")),
        ("functions", [["portal", "tips"], ["tips", "portal"]], (["tips", "portal"], "agreed")),
        ("functions", [["tips"], ["tips", "groups"], ["groups"]], (["tips", "groups"], "majority")),
        ("functions", [["tips"], ["groups", "tips"]], (["tips"], "tie")),
        ("functions", [[], ["groups"]], ([], "tie")),
        ("depth", [1, 3], (1, "tie")),
        ("depth", [0, 2, 3], (2, "majority")),
        ("depth", [3, 1, 1, 2], (1, "tie")),
        ("depth", [1, 2, 2, 3], (2, "majority")),
        ("kind", ["tender", "news"], ("news", "tie")),
        ("kind", ["tender", "tender", "news"], ("tender", "majority")),
        ("agency", ["乙", "甲", "甲"], ("甲", "majority")),
    ],
)
def test_how_votes_are_settled(
    codebook: Codebook, variable: str, values: list[Value], settled: tuple[Value, str]
) -> None:
    assert outcome(codebook, votes(variable, *values), variable) == settled
    assert outcome(codebook, list(reversed(votes(variable, *values))), variable) == settled


def test_an_adjudication_wins_over_any_majority(codebook: Codebook) -> None:
    codes = [*votes("depth", 1, 1, 1), Code("r", "anna", "depth", 3, purpose="adjudication")]
    assert outcome(codebook, codes, "depth") == (3, "adjudicated")
    gold = settle([*votes("relevant", True), *codes], codebook)
    assert [g.n_coders for g in gold] == [1, 3]


def test_nothing_is_settled_behind_a_closed_gate(codebook: Codebook) -> None:
    codes = [*votes("relevant", True, False), *votes("depth", 2), *votes("agency", "")]
    assert [g.variable for g in settle(codes, codebook)] == ["relevant", "agency"]


def test_models_and_values_that_cannot_be_do_not_vote(codebook: Codebook) -> None:
    codes = [
        Code("r", "anna", "relevant", False),
        Code("r", "bert", "relevant", True, coder_kind="model"),
        Code("r", "ben", "relevant", "yes"),
    ]
    assert [(g.value, g.how) for g in settle(codes, codebook)] == [(False, "single")]
    assert settle(codes[1:], codebook) == []


def test_evidence_is_that_of_the_coders_who_were_followed(codebook: Codebook) -> None:
    tips, groups = Span(0, 2, "举报", "tips"), Span(5, 7, "群里", "groups")
    codes = [
        Code("r", "anna", "functions", ["tips", "groups"], (groups, tips)),
        Code("r", "ben", "functions", ["tips"], (tips,)),
        Code("r", "cai", "functions", ["tips"], (Span(8, 9, "报", "tips"),)),
    ]
    gold = settle([*votes("relevant", True), *codes], codebook)[1]
    assert gold.evidence == (tips, Span(8, 9, "报", "tips"))


def test_round_trip(tmp_path: Path, codebook: Codebook) -> None:
    gold = [
        GoldCode("r", "functions", [], (), "agreed", 2),
        GoldCode("r", "relevant", True, (Span(0, 1, "𠮷"),), "tie", 2),
        GoldCode("r", "depth", 0, (), "single", 1),
    ]
    write_gold(tmp_path / "g.parquet", gold)
    assert read_gold(tmp_path / "g.parquet") == gold
