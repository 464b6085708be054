"""Decoding against trying everything."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from weijing.configs.codebook import Codebook, Value, Variable
from weijing.models.coding import Coder
from weijing.models.decoding import Decoder
from weijing.models.windows import ReadReport

WORDS = {"zh": "词", "en": "word"}
FEW = settings(max_examples=250, deadline=None)


def make(variables: list[dict[str, Any]], constraints: list[dict[str, Any]] = ()) -> Codebook:  # type: ignore[assignment]
    return Codebook.model_validate(
        {
            "name": "c", "version": "1", "title": WORDS, "description": WORDS, "unit": WORDS,
            "variables": [
                {"model": True, "name": WORDS, **v, "labels": [{"id": i, "name": WORDS} for i in v.get("labels", ())]}
                for v in variables
            ],
            "constraints": [
                {"id": f"k{n}", "message": WORDS, "kind": "implication", **c} for n, c in enumerate(constraints)
            ],
        }
    )  # fmt: skip


def worths(variable: Variable, prob: Any, cuts: list[float]) -> list[tuple[Value, float]]:
    """Every value of a variable with its score: the log-probability, thresholds standing where a half would.

    For multi variables it is the sum over labels, as the decoder says.
    """

    def sigmoid_of(p: float, t: float) -> float:
        return 1 / (1 + (1 - p) / p * t / (1 - t))

    if variable.type == "binary":
        p = sigmoid_of(prob, cuts[0])
        return [(True, math.log(p)), (False, math.log(1 - p))]
    if variable.type == "multi":
        found: list[tuple[Value, float]] = []
        for bits in itertools.product([False, True], repeat=len(variable.labels)):
            score = sum(
                math.log(sigmoid_of(p, t) if b else 1 - sigmoid_of(p, t))
                for b, p, t in zip(bits, prob, cuts, strict=True)
            )
            labels: list[str] = [i for i, b in zip(variable.label_ids, bits, strict=True) if b]
            found.append((labels, score))
        return found
    values: list[Value] = list(variable.label_ids)
    if variable.type == "ordinal":
        values = list(range(len(variable.labels)))
    return [(v, math.log(p)) for v, p in zip(values, prob, strict=True)]


def everything(
    codebook: Codebook, probs: dict[str, Any], cuts: dict[str, list[float]]
) -> Iterator[tuple[dict[str, Value], float]]:
    """All codes that break no constraint, with what they lose against each asked variable's best value."""
    gates = {c.variable for v in codebook.learned for c in v.asked_when}
    bound = {c.variable for i in codebook.implications for c in (*i.when, *i.then)}

    def extend(rest: list[Variable], codes: dict[str, Value], loss: float) -> Iterator[tuple[dict[str, Value], float]]:
        if not rest:
            if not codebook.violations(codes):
                yield codes, loss
            return
        variable, *later = rest
        if not codebook.is_asked(variable, codes):
            yield from extend(later, {**codes, variable.id: None}, loss)
            return
        options = worths(variable, probs[variable.id], cuts[variable.id])
        best = max(score for _, score in options)
        # A gate is settled first if it is binary, or if no constraint speaks of it.
        if variable.id in gates and (variable.type == "binary" or variable.id not in bound):
            options = [max(options, key=lambda o: o[1])]
        for value, score in options:
            yield from extend(later, {**codes, variable.id: value}, loss + best - score)

    yield from extend(list(codebook.learned), {}, 0.0)


def loss_of(codebook: Codebook, codes: dict[str, Value], probs: dict[str, Any], cuts: dict[str, list[float]]) -> float:
    total = 0.0
    for variable in codebook.learned:
        if codes[variable.id] is not None:
            options = worths(variable, probs[variable.id], cuts[variable.id])
            total += max(s for _, s in options) - next(s for v, s in options if v == codes[variable.id])
    return total


def compare(codebook: Codebook, probs: dict[str, Any], cuts: dict[str, list[float]]) -> dict[str, Value]:
    found = Decoder(codebook, cuts).decide(probs)
    allowed = list(everything(codebook, probs, cuts))
    assert list(found) == [v.id for v in codebook.learned]
    for variable in codebook.learned:
        assert (found[variable.id] is not None) == codebook.is_asked(variable, found)
        assert found[variable.id] is None or variable.check(found[variable.id]) is None
    if allowed:
        assert not codebook.violations(found)
        least = min(loss for _, loss in allowed)
        assert loss_of(codebook, found, probs, cuts) == pytest.approx(least, abs=1e-6)
    return found


PROB = st.floats(0.01, 0.99)
CUT = st.floats(0.1, 0.9)


@st.composite
def problem(draw: Any, codebook: Codebook) -> tuple[dict[str, Any], dict[str, list[float]]]:
    probs: dict[str, Any] = {}
    cuts: dict[str, list[float]] = {}
    for v in codebook.learned:
        n = len(v.labels) or 1
        numbers = draw(st.lists(PROB, min_size=n, max_size=n))
        cuts[v.id] = draw(st.lists(CUT, min_size=n, max_size=n)) if v.type in ("binary", "multi") else []
        if v.type in ("nominal", "ordinal"):
            numbers = [p / sum(numbers) for p in numbers]
        probs[v.id] = numbers[0] if v.type == "binary" else numbers
    return probs, cuts


VARIABLES: list[dict[str, Any]] = [
    {"id": "gate", "type": "binary"},
    {"id": "many", "type": "multi", "labels": ["a", "b", "c"]},
    {"id": "level", "type": "ordinal", "labels": ["l0", "l1", "l2"]},
    {"id": "kind", "type": "nominal", "labels": ["x", "y"]},
    {"id": "flag", "type": "binary"},
    {"id": "more", "type": "multi", "labels": ["p", "q"]},
]
SINGLE = [
    {"variable": "gate", "equals": True},
    {"variable": "gate", "equals": False},
    {"variable": "level", "at_least": 1},
    {"variable": "level", "equals": 2},
    {"variable": "kind", "equals": "x"},
    {"variable": "flag", "equals": False},
    {"variable": "flag", "equals": True},
]
LABEL = [
    {"variable": "many", "has": "a"},
    {"variable": "many", "has": "b"},
    {"variable": "many", "min_labels": 1},
    {"variable": "many", "min_labels": 2},
    {"variable": "more", "has": "q"},
    {"variable": "more", "min_labels": 2},
]


@st.composite
def constraint(draw: Any) -> dict[str, Any]:
    when = draw(st.lists(st.sampled_from(SINGLE), max_size=2))
    then = draw(st.lists(st.sampled_from(SINGLE), max_size=2))
    if draw(st.booleans()):
        when = [*when, draw(st.sampled_from(LABEL))]
    elif draw(st.booleans()):
        then = [*then, draw(st.sampled_from(LABEL))]
    assume(when and then)
    return {"when": when, "then": then}


@st.composite
def codebooks(draw: Any) -> Codebook:
    variables = [dict(v) for v in VARIABLES]
    for position, variable in enumerate(variables):
        earlier = [c for c in SINGLE if c["variable"] in {v["id"] for v in variables[:position]}]
        if earlier and draw(st.booleans()):
            variable["asked_when"] = [draw(st.sampled_from(earlier))]
    return make(variables, draw(st.lists(constraint(), max_size=4)))


@FEW
@given(st.data())
def test_random_codebooks_against_brute_force(data: Any) -> None:
    codebook = data.draw(codebooks())
    compare(codebook, *data.draw(problem(codebook)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_second_codebook_against_brute_force(data: Any, strikes: Codebook) -> None:
    compare(strikes, *data.draw(problem(strikes)))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_bundled_codebook_breaks_nothing_and_is_best(data: Any, bundled: Codebook) -> None:
    """Twelve functions by five depths: the best labels of a depth are found label by label."""
    probs, cuts = data.draw(problem(bundled))
    found = Decoder(bundled, cuts).decide(probs)
    assert not bundled.violations(found)
    if not found["relevant"]:
        assert all(found[v.id] is None for v in bundled.learned if v.id != "relevant")
        return
    functions, depth = bundled.variable("functions"), bundled.variable("depth")
    best = math.inf
    for level in range(5):
        options = {tuple(v): s for v, s in worths(functions, probs["functions"], cuts["functions"])}  # type: ignore[arg-type]
        top = max(options.values())
        level_worths = dict(worths(depth, probs["depth"], []))  # type: ignore[arg-type]
        for labels, score in options.items():
            codes: dict[str, Value] = {**found, "functions": list(labels), "depth": level}
            loss = top - score + max(level_worths.values()) - level_worths[level]
            if loss < best and not bundled.violations(codes):
                best = loss
    own = loss_of(bundled, found, probs, cuts)
    others = sum(
        loss_of(bundled, {**dict.fromkeys(found), v.id: found[v.id]}, probs, cuts)
        for v in bundled.learned
        if v.id not in ("functions", "depth")
    )
    assert own - others == pytest.approx(best, abs=1e-6)


def test_gate_false_leaves_the_rest_unasked(strikes: Codebook) -> None:
    probs = {"is_protest": 0.2, "claims": [0.9] * 4, "sector": [1, 0, 0], "intensity": [0, 0, 1]}
    found = Decoder(strikes).decide(probs)
    assert found == {"is_protest": False, "claims": None, "sector": None, "intensity": None}


def test_what_hangs_on_a_gate_does_not_pull_at_it() -> None:
    codebook = make(
        [
            {"id": "kind", "type": "nominal", "labels": ["x", "y"]},
            {"id": "level", "type": "ordinal", "labels": ["l0", "l1", "l2"],
             "asked_when": [{"variable": "kind", "equals": "x"}]},
        ],
        [{"when": [{"variable": "kind", "equals": "x"}], "then": [{"variable": "level", "at_least": 0}]}],
    )  # fmt: skip
    found = Decoder(codebook).decide({"kind": [0.55, 0.45], "level": [0.34, 0.33, 0.33]})
    assert found == {"kind": "x", "level": 0}


def test_labels_may_be_a_gate() -> None:
    codebook = make(
        [
            {"id": "many", "type": "multi", "labels": ["a", "b"]},
            {"id": "level", "type": "ordinal", "labels": ["l0", "l1"],
             "asked_when": [{"variable": "many", "has": "a"}]},
        ]
    )  # fmt: skip
    assert Decoder(codebook).decide({"many": [0.9, 0.1], "level": [0.1, 0.9]}) == {"many": ["a"], "level": 1}
    assert Decoder(codebook).decide({"many": [0.1, 0.9], "level": [0.1, 0.9]}) == {"many": ["b"], "level": None}


def test_too_many_labels_are_taken_away() -> None:
    codebook = make(
        [{"id": "flag", "type": "binary"}, {"id": "many", "type": "multi", "labels": ["a", "b", "c"]}],
        [{"when": [{"variable": "many", "min_labels": 2}], "then": [{"variable": "flag", "equals": True}]}],
    )
    found = Decoder(codebook).decide({"flag": 0.01, "many": [0.6, 0.9, 0.55]})
    assert found == {"flag": False, "many": ["b"]}


def test_constraints_that_nothing_satisfies_are_ignored() -> None:
    codebook = make(
        [{"id": "flag", "type": "binary"}, {"id": "many", "type": "multi", "labels": ["a", "b"]}],
        [
            {"when": [{"variable": "flag", "equals": True}], "then": [{"variable": "flag", "equals": False}]},
            {"when": [{"variable": "flag", "equals": False}], "then": [{"variable": "flag", "equals": True}]},
        ],
    )
    assert Decoder(codebook).decide({"flag": 0.7, "many": [0.6, 0.2]}) == {"flag": True, "many": ["a"]}


def test_variables_no_constraint_speaks_of_cost_nothing() -> None:
    """Twelve free variables of ten labels: trying them all would never end."""
    labels = [f"l{i}" for i in range(10)]
    codebook = make([{"id": f"v{i}", "type": "nominal", "labels": labels} for i in range(12)])
    probs = [0.05] * 9 + [0.55]
    assert set(Decoder(codebook).decide({f"v{i}": probs for i in range(12)}).values()) == {"l9"}


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_probabilities_are_no_trouble(p: float, strikes: Codebook) -> None:
    found = Decoder(strikes).decide({"is_protest": 1.0, "claims": [p] * 4, "sector": [1, 0, 0], "intensity": [1, 0, 0]})
    assert not strikes.violations(found)


def test_an_almost_certain_label_is_not_given_up_for_an_uncertain_depth(bundled: Any) -> None:
    functions = dict.fromkeys(bundled.variable("functions").label_ids, 0.02) | {"emergency_alarm": 0.95}
    probs = {"relevant": 0.98, "functions": list(functions.values()), "depth": [0.01, 0.7, 0.02, 0.24, 0.03]}
    found = Decoder(bundled).decide(probs)
    assert (found["functions"], found["depth"]) == (["emergency_alarm"], 3)
    # A label that is more likely absent than not goes, if depth says clearly what it is.
    functions["emergency_alarm"] = 0.55
    functions["public_communication"] = 0.9
    probs |= {"functions": list(functions.values()), "depth": [0.0, 0.96, 0.02, 0.02, 0.0]}
    found = Decoder(bundled).decide(probs)
    assert (found["functions"], found["depth"]) == (["public_communication"], 1)


@pytest.mark.parametrize(
    ("scores", "shown"),
    [
        ([0.3, 0.95, 0.1], [1]),
        ([0.91, 0.2, 0.97], [2, 0]),
        ([0.89, 0.2, 0.97], [2]),
        ([0.19, 0.1, 0.0], []),
        ([0.95, 0.94, 0.93], [0, 1]),
    ],
)
def test_a_second_sentence_is_shown_only_where_it_is_hardly_in_doubt(scores: list[float], shown: list[int]) -> None:
    text = "一。二。三。"
    read = ReadReport([], [(0, 2), (2, 4), (4, 6)], 0, "")
    found = Coder._sentences(text, read, "depth", "2", torch.tensor(scores))
    assert [e.text for e in found] == ([text[2 * i : 2 * i + 2] for i in shown] or [None])
    assert [e.weight for e in found] == (pytest.approx([scores[i] for i in shown]) if shown else [0.81])
