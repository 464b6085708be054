from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.data.codes import Code, Span
from weijing.data.gold import settle
from weijing.data.report import Report
from weijing.models.heads import Slots, probabilities
from weijing.training.losses import code_loss, evidence_loss
from weijing.training.splits import group_folds, hold_out
from weijing.training.targets import Example, build_examples, evidence_targets, priors, stack_targets, vector

TEXT = "工人拉起横幅。他们要钱。厂区停摆。"


def code(coder: str, variable: str, value: Any, *spans: tuple[int, int, str | None], **more: Any) -> Code:
    found = tuple(Span(a, b, TEXT[a:b], label) for a, b, label in spans)
    return Code("r", coder, variable, value, found, round=1, **more)


def example_of(codes: list[Code], strikes: Any, weight: float = 0.3) -> Example:
    (example,) = build_examples([Report("r", TEXT)], settle(codes, strikes), codes, strikes, weight)
    return example


def test_vectors_by_type(strikes: Any) -> None:
    assert vector(strikes.variable("is_protest"), True) == (1.0,)
    assert vector(strikes.variable("claims"), ["pay_rise"]) == (0.0, 1.0, 0.0, 0.0)
    assert vector(strikes.variable("sector"), "services") == (0.0, 0.0, 1.0)
    assert [vector(strikes.variable("intensity"), k) for k in range(3)] == [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]


def test_targets_mix_the_settled_code_with_the_coders(strikes: Any) -> None:
    codes = [
        code("a", "is_protest", True),
        code("b", "is_protest", True),
        code("c", "is_protest", False),
        code("a", "intensity", 2),
        code("b", "intensity", 0),
        code("d", "intensity", 1, purpose="adjudication"),
    ]
    example = example_of(codes, strikes)
    assert example.gold == {"is_protest": True, "intensity": 1}
    assert example.targets["is_protest"] == pytest.approx((0.7 + 0.3 * 2 / 3,))
    assert example.targets["intensity"] == pytest.approx((0.7 + 0.15, 0.15))
    assert example_of(codes, strikes, 0.0).targets["intensity"] == (1.0, 0.0)
    assert example.group == "r"


def test_unasked_variables_are_masked(strikes: Any) -> None:
    no = example_of([code("a", "is_protest", False)], strikes)
    yes = example_of([code("a", "is_protest", True), code("a", "sector", "factory")], strikes)
    targets, masks = stack_targets([no, yes], strikes)
    assert targets["is_protest"].tolist() == [0, 1]
    assert masks["is_protest"].tolist() == [1, 1]
    assert masks["sector"].tolist() == [0, 1]
    assert masks["claims"].tolist() == [0, 0]
    assert targets["intensity"].shape == (2, 2)
    shares = priors([no, yes], strikes)
    assert shares["is_protest"].tolist() == [0.5]
    assert shares["sector"].tolist() == [0, 1, 0]
    assert shares["claims"].tolist() == [0.5] * 4


def test_evidence_goes_to_the_slots_of_its_labels(strikes: Any) -> None:
    example = example_of(
        [
            code("a", "is_protest", True, (0, 6, None)),
            code("a", "claims", ["wage_arrears", "pay_rise"], (7, 12, "wage_arrears")),
            code("a", "sector", "factory", (12, 17, None)),
            code("a", "intensity", 1),
        ],
        strikes,
    )
    slots = Slots.of(strikes)
    at = {v.id: slots.of_variable(v.id).start for v in strikes.learned}
    claims, sector = at["claims"], at["sector"]
    assert example.evidence == {at["is_protest"]: ((0, 6),), claims: ((7, 12),), sector + 1: ((12, 17),)}
    # Present without a span is unknown (pay_rise, intensity); absent labels have no evidence, and that is known.
    assert example.evidence_known == {at["is_protest"], claims, claims + 2, claims + 3, sector, sector + 1, sector + 2}
    target, mask = evidence_targets(example, [(0, 7), (7, 12), (12, 17)], slots.width)
    assert target.sum(0)[claims] == 1
    assert target[1, claims] == 1
    assert mask[:, claims + 1].sum() == 0
    assert target[2, sector + 1] == 1


@pytest.mark.parametrize(
    ("span", "hit"),
    [
        ((0, 10), [1, 0, 0]),
        ((8, 11), [1, 0, 0]),  # two thirds of the span
        ((9, 12), [0, 1, 0]),
        ((9, 11), [1, 1, 0]),  # half on either side
        ((4, 26), [1, 1, 1]),
        ((6, 24), [0, 1, 0]),  # less than half of the outer sentences
        ((30, 31), [0, 0, 0]),
    ],
)
def test_a_sentence_is_evidence_by_half(span: tuple[int, int], hit: list[int]) -> None:
    example = Example("r", "g", "", {}, {}, {0: (span,)}, frozenset({0}))
    target, mask = evidence_targets(example, [(0, 10), (10, 20), (20, 30)], 2)
    assert target[:, 0].tolist() == hit
    assert target[:, 1].tolist() == [0, 0, 0]
    assert mask.tolist() == [[1, 0]] * 3


def test_losses_by_hand(strikes: Any) -> None:
    variables = tuple(strikes.learned)
    logits = {
        "is_protest": torch.tensor([0.5, -1.0]),
        "claims": torch.tensor([[1.0, -1.0, 0.0, 2.0], [0.0] * 4]),
        "sector": torch.tensor([[1.0, 2.0, 3.0], [0.0] * 3]),
        "intensity": torch.tensor([[0.2, -0.4], [5.0, 5.0]]),
    }
    targets = {
        "is_protest": torch.tensor([0.9, 0.0]),
        "claims": torch.tensor([[1.0, 0.0, 0.5, 0.0], [0.0] * 4]),
        "sector": torch.tensor([[0.0, 0.2, 0.8], [0.0] * 3]),
        "intensity": torch.tensor([[1.0, 0.3], [0.0, 0.0]]),
    }
    masks = {k: torch.tensor([1.0, 0.0]) for k in logits} | {"is_protest": torch.tensor([1.0, 1.0])}

    def bce(x: float, t: float) -> float:
        p = 1 / (1 + math.exp(-x))
        return -t * math.log(p) - (1 - t) * math.log(1 - p)

    total = (bce(0.5, 0.9) + bce(-1.0, 0.0)) / 2
    total += sum(bce(x, t) for x, t in zip([1, -1, 0, 2], [1, 0, 0.5, 0], strict=True)) / 2
    norm = math.log(sum(math.exp(x) for x in (1, 2, 3)))
    total += -(0.2 * (2 - norm) + 0.8 * (3 - norm)) / 2
    p = probabilities(strikes.variable("intensity"), logits["intensity"])[0].tolist()
    total += -(0.7 * math.log(p[1]) + 0.3 * math.log(p[2])) / 2
    assert code_loss(variables, logits, targets, masks).item() == pytest.approx(total, abs=1e-5)

    scores, target = torch.tensor([[1.0, -2.0], [0.5, 3.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    by_hand = (bce(1, 1) + bce(-2, 0) + bce(0.5, 0)) / 2
    assert evidence_loss(scores, target, mask).item() == pytest.approx(by_hand, abs=1e-6)
    assert evidence_loss(torch.zeros(0, 2), torch.zeros(0, 2), torch.zeros(0, 2)).item() == 0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), min_size=12, max_size=60),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_groups_never_straddle(rows: list[tuple[int, str]], folds: int, seed: int) -> None:
    groups, strata = [f"g{g}" for g, _ in rows], [s for _, s in rows]
    if len(set(groups)) < folds:
        with pytest.raises(ValueError, match="cannot make"):
            group_folds(groups, strata, folds, seed)
        return
    fold_of = group_folds(groups, strata, folds, seed)
    assert fold_of == group_folds(groups, strata, folds, seed)
    for group in set(groups):
        assert len({f for f, g in zip(fold_of, groups, strict=True) if g == group}) == 1
    assert set(fold_of) == set(range(folds)), "a fold is empty"
    learn, held = hold_out(groups, strata, 0.2, seed)
    assert sorted(learn + held) == list(range(len(rows)))
    assert learn
    assert held
    assert not {groups[i] for i in learn} & {groups[i] for i in held}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=10, max_size=80), st.integers(2, 5), st.integers(0, 99))
def test_folds_are_balanced_by_stratum(strata: list[str], folds: int, seed: int) -> None:
    fold_of = np.array(group_folds([str(i) for i in range(len(strata))], strata, folds, seed))
    sizes = np.bincount(fold_of, minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    for stratum in set(strata):
        own = np.bincount(fold_of[np.array(strata) == stratum], minlength=folds)
        assert own.max() - own.min() <= 1
