"""The one door, on a codebook about fruit: nothing may depend on the words of the bundled one."""

import json

import numpy as np
import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.model_coder.judge import judge

WORDS = {"zh": "词", "en": "word"}
FAST = ClusterBootstrap(200)
TASTES = ("sweet", "sour", "bitter")
HUMANS = {"a": "human", "b": "human", "c": "human", "m": "model", "n": "model"}


def variable(name, kind, *labels, **more):
    return {"id": name, "type": kind, "name": WORDS, "labels": [{"id": x, "name": WORDS} for x in labels], **more}


IS_FRUIT = [{"variable": "fruit", "equals": True}]
FRUIT = Codebook.model_validate(
    {
        "name": "fruit",
        "version": "1",
        **dict.fromkeys(("title", "description", "unit"), WORDS),
        "variables": [
            variable("fruit", "binary"),
            variable("tastes", "multi", *TASTES, asked_when=IS_FRUIT),
            variable("colour", "nominal", "red", "green", "blue", asked_when=IS_FRUIT),
            variable("ripeness", "ordinal", "unripe", "ripe", "rotten", asked_when=IS_FRUIT),
            variable("remark", "text"),
        ],
    }
)


def made_up(n=200, rights=None, seed=0):
    """Codes of coders who see the truth with the probability given; two reports a story; nobody tastes bitterness."""
    rng = np.random.default_rng(seed)
    rights = rights or {"a": 0.9, "b": 0.9, "c": 0.9, "m": 0.92, "n": 0.3}
    truth = rng.random((n, 3)) < (0.7, 0.5, 0.4)
    colour, ripe = rng.integers(3, size=(2, n))
    codes = {coder: {} for coder in rights}
    for coder, right in rights.items():
        for u in range(n):

            def seen(value, guess, right=right):
                return value if rng.random() < right else guess

            if not seen(truth[u, 0], rng.random() < 0.7):
                codes[coder][f"r{u}"] = {"fruit": False}
                continue
            codes[coder][f"r{u}"] = {
                "fruit": True,
                "tastes": [t for t, has in zip(TASTES, truth[u, 1:], strict=False) if seen(has, rng.random() < 0.5)],
                "colour": ("red", "green", "blue")[seen(colour[u], rng.integers(3))],
                "ripeness": int(seen(ripe[u], rng.integers(3))),
            }
    return codes, {f"r{u}": u // 2 for u in range(n)}


def pick(found, candidate="m", variable="fruit", label=None, scope="asked"):
    rows = [r for r in found.rows if (r.candidate, r.variable, r.label, r.scope) == (candidate, variable, label, scope)]
    assert len(rows) == 1
    return rows[0]


@pytest.fixture(scope="module")
def judged():
    codes, clusters = made_up()
    gold = {report: dict(code) for report, code in codes["a"].items()}
    return judge(FRUIT, codes | {"gold": gold}, clusters, HUMANS, ["m", "n"], reference="gold", bootstrap=FAST)


def test_every_variable_label_and_scope_of_every_candidate(judged):
    whole = {("fruit", None, "asked"), ("ripeness", None, "asked")}
    for scope in ("asked", "all"):
        whole |= {("tastes", label, scope) for label in (None, *TASTES)}
        whole |= {("colour", label, scope) for label in (None, "red", "green", "blue")}
    for candidate in ("m", "n"):
        assert {(r.variable, r.label, r.scope) for r in judged.rows if r.candidate == candidate} == whole
    assert (judged.panel, judged.panel_kind) == (("a", "b", "c"), "human")
    assert {pick(judged, variable=v).test.alignment for v in ("fruit", "tastes", "ripeness")} == {
        "accuracy", "jaccard", "rmse",
    }  # fmt: skip
    assert {row.verdict.answer for row in judged.rows if row.label == "bitter"} == {"cannot_say"}


def test_a_good_candidate_may_a_bad_one_may_not(judged):
    assert pick(judged, "m").verdict.answer == "yes"
    assert pick(judged, "m", "tastes").verdict.answer == "yes"
    assert pick(judged, "n").verdict.answer == "no"
    assert {r.verdict.answer for r in judged.rows if r.candidate == "n" and r.label != "bitter"} <= {"no", "cannot_say"}


def test_is_fit_for_json(judged):
    plain = json.loads(json.dumps(judged.to_dict(), allow_nan=False))
    row = plain["rows"][0]
    assert row["verdict"]["words"]["en"].startswith(("May", "Cannot"))
    assert row["verdict"]["reasons"][0]["words"]["zh"]
    assert plain["kinds"] == HUMANS
    assert plain["consensus"]


def test_consensus_stands_beside_the_settled_codes(judged):
    assert {(c.variable, c.label) for c in judged.consensus} == {(r.variable, r.label) for r in judged.rows} - {
        ("tastes", None)
    }
    fruit = next(c for c in judged.consensus if c.variable == "fruit")
    assert (fruit.panel, fruit.n, fruit.n_settled) == (("a", "b", "c"), 200, 200)
    assert 0.85 < fruit.majority.value < 1


def test_synthetic_coders_stand_in_only_where_there_are_no_people():
    codes, clusters = made_up(60)
    kinds = {"a": "synthetic", "b": "synthetic", "c": "synthetic", "m": "model", "n": "model"}
    found = judge(FRUIT, codes, clusters, kinds, ["m"], bootstrap=FAST)
    assert (found.panel, found.panel_kind, found.consensus) == (("a", "b", "c"), "synthetic", ())
    assert all("synthetic" in row.verdict.words.en for row in found.rows)
    one = judge(FRUIT, codes, clusters, kinds | {"a": "human"}, ["m"], bootstrap=FAST)
    assert (one.panel, one.panel_kind) == (("a",), "human")
    assert {row.verdict.reasons[0].code for row in one.rows} == {"no_panel"}


def test_a_coder_may_be_a_candidate():
    codes, clusters = made_up(60, {"a": 0.9, "b": 0.9, "c": 0.9})
    found = judge(FRUIT, codes, clusters, HUMANS, ["c"], bootstrap=FAST)
    assert found.panel == ("a", "b")
    assert pick(found, "c").test.two_coders
    assert pick(found, "c").verdict.answer != "yes"


def test_order_does_not_matter():
    codes, clusters = made_up(80)
    turned = {c: dict(reversed(codes[c].items())) for c in ("n", "c", "m", "b", "a")}
    one = judge(FRUIT, codes, clusters, HUMANS, ["m"], bootstrap=FAST)
    other = judge(FRUIT, turned, clusters, HUMANS, ["m"], bootstrap=FAST)
    for row in one.rows:
        again = pick(other, "m", row.variable, row.label, row.scope)
        assert again.verdict == row.verdict
        assert again.test.advantage == pytest.approx(row.test.advantage)


def test_without_draws_nothing_is_said():
    codes, clusters = made_up(60)
    found = judge(FRUIT, codes, clusters, HUMANS, ["m"], bootstrap=None)
    assert {row.verdict.answer for row in found.rows} == {"cannot_say"}
    assert found.draws is found.interval_level is None


def test_candidates_who_met_nobody():
    codes = {"a": {"r": {"fruit": True}}, "b": {"r": {"fruit": True}}, "m": {"s": {"fruit": True}}}
    found = judge(FRUIT, codes, {}, HUMANS, ["m"], bootstrap=FAST)
    assert [row.variable for row in found.rows] == ["fruit"]  # m has no other codes
    assert (found.rows[0].beside.n, found.rows[0].verdict.needed.reports) == (0, 30)


@pytest.mark.parametrize(
    ("kinds", "candidates", "reference", "message"),
    [
        (HUMANS, ["x"], None, "no codes of 'x'; coders are a, m"),
        (HUMANS, ["m"], "x", "no codes of 'x'"),
        (HUMANS, ["m"], "m", "cannot be a candidate"),
        ({"m": "model"}, ["m"], None, "'a' is of kind None; give human, model, synthetic"),
    ],
)
def test_bad_calls(kinds, candidates, reference, message):
    codes = {"a": {"r": {"fruit": True}}, "m": {"r": {"fruit": True}}}
    with pytest.raises(UserError, match=message):
        judge(FRUIT, codes, {}, kinds, candidates, reference=reference)
