"""Likely mistakes in made-up codes: by hand, and noise put in on purpose."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.evaluation.errors.suspects import confident_errors, model_suspects, reprint_suspects

WORDS = {"zh": "词", "en": "word"}
TASTES = ("sweet", "sour", "bitter")


def variable(name, kind, *labels):
    made = [{"id": i, "name": {"zh": f"{i}味", "en": i.title()}} for i in labels]
    return {"id": name, "type": kind, "name": {"zh": "词", "en": name.title()}, "labels": made, "model": True}


def codebook(*variables):
    words = dict.fromkeys(("title", "description", "unit"), WORDS)
    return Codebook.model_validate({"name": "fruit", "version": "1", **words, "variables": list(variables)})


FRUIT = codebook(
    variable("fruit", "binary"),
    variable("tastes", "multi", *TASTES),
    variable("colour", "nominal", "red", "green", "blue"),
    variable("ripe", "ordinal", "raw", "ripe", "rotten"),
)


def test_thresholds_are_the_mean_probability_of_those_coded_so():
    given = np.array([0, 0, 0, 1, 1])
    yes = np.array([0.1, 0.2, 0.75, 0.7, 0.9])
    # t of no: mean of 0.9, 0.8, 0.25; of yes: mean of 0.7, 0.9 = 0.8. 0.75 is below it.
    assert confident_errors(given, np.stack([1 - yes, yes], axis=1)) == []
    yes[2] = 0.85
    assert confident_errors(given, np.stack([1 - yes, yes], axis=1)) == [(2, 1)]


def test_a_class_that_is_confident_but_less_likely_than_the_code_is_no_error():
    yes = np.array([0.3, 0.05, 0.05, 0.3, 0.2])
    given = np.array([0, 0, 0, 1, 1])
    # t of yes is 0.25, which 0.3 exceeds; t of no is 0.867, which 0.7 does not.
    assert confident_errors(given, np.stack([1 - yes, yes], axis=1)) == []


def test_a_class_that_nobody_gave_is_never_proposed():
    predicted = np.array([[0.1, 0.1, 0.8], [0.9, 0.05, 0.05]])
    assert confident_errors(np.array([0, 0]), predicted) == []


def one_wrong():
    """Eight reports of which r0 is coded wrongly in every variable, and the probabilities of a model that knows."""
    settled, probabilities = {}, {}
    for i in range(8):
        truth = bool(i % 2)
        code = (not truth) if i == 0 else truth
        settled[f"r{i}"] = {
            "fruit": code,
            "tastes": ["sour"] if code else [],
            "colour": "green" if code else "red",
            "ripe": int(code),
        }
        p = 0.9 if truth else 0.04
        probabilities[f"r{i}"] = {
            "fruit": p,
            "tastes": {"sweet": 0.01, "sour": p, "bitter": 0.01},
            "colour": {"red": 1 - p, "green": p, "blue": 0.0},
            "ripe": [1 - p, p, 0.0],
        }
    return settled, probabilities


def test_every_type_of_variable():
    settled, probabilities = one_wrong()
    codes = {"ann": {"r0": settled["r0"]}, "ben": {"r0": {**settled["r0"], "tastes": [], "colour": "red"}}, "cai": {}}
    found = model_suspects(FRUIT, settled, probabilities, codes)
    told = {(s.variable, s.label): s for s in found}
    assert {s.report_id for s in found} == {"r0"}
    assert set(told) == {("fruit", None), ("tastes", "sour"), ("colour", None), ("ripe", None)}
    answers = {key: (s.code, s.proposed, s.coders) for key, s in told.items()}
    assert answers == {
        ("fruit", None): (True, False, ("ann", "ben")),
        ("tastes", "sour"): (True, False, ("ann",)),
        ("colour", None): ("green", "red", ("ann",)),
        ("ripe", None): (1, 0, ("ann", "ben")),
    }
    for s in found:
        assert (s.probability, s.probability_proposed) == pytest.approx((0.04, 0.96))
        assert s.margin == pytest.approx(-0.92)
    assert "“sour味：是”" in told["tastes", "sour"].zh
    assert "“Sour: no” 96%" in told["tastes", "sour"].en
    assert "“1 Ripe”" in told["ripe", None].en
    json.dumps([asdict(s) for s in found], allow_nan=False)


def test_reports_without_a_code_or_a_probability_are_left_out():
    settled, probabilities = one_wrong()
    settled["r0"] = {"fruit": None}
    del probabilities["r1"]
    settled["new"] = {"fruit": True}
    assert model_suspects(FRUIT, settled, probabilities, {}) == []


def noisy(rng, n, noise):
    """True label sets, calibrated probabilities of them, and codes of which a share ``noise`` is turned round."""
    probabilities = rng.beta(0.35, 0.8, size=(n, 3))
    truth = rng.random((n, 3)) < probabilities
    flipped = rng.random((n, 3)) < noise
    settled = {
        f"r{i}": {"tastes": [t for t, has in zip(TASTES, row, strict=True) if has]}
        for i, row in enumerate(truth ^ flipped)
    }
    predicted = {f"r{i}": {"tastes": dict(zip(TASTES, p.tolist(), strict=True))} for i, p in enumerate(probabilities)}
    return settled, predicted, flipped


@pytest.mark.parametrize("noise", [0.03, 0.1])
def test_noise_put_in_comes_out_on_top(noise):
    settled, predicted, flipped = noisy(np.random.default_rng(0), 1000, noise)
    found = model_suspects(FRUIT, settled, predicted, {})
    wrong = [flipped[int(s.report_id[1:]), TASTES.index(s.label)] for s in found]
    k = round(flipped.sum() / 3)
    assert np.mean(wrong[:k]) > 0.7
    assert np.mean(wrong[:k]) > np.mean(wrong) > 2 * noise
    assert [s.margin for s in found] == sorted(s.margin for s in found)


def test_noise_in_single_codes_comes_out_on_top():
    rng = np.random.default_rng(1)
    n, noise = 1000, 0.08
    predicted = rng.dirichlet([0.15, 0.15, 0.15], size=n)
    truth = (rng.random((n, 1)) > predicted.cumsum(axis=1)).sum(axis=1).clip(max=2)
    flipped = rng.random(n) < noise
    coded = np.where(flipped, (truth + rng.integers(1, 3, size=n)) % 3, truth)
    colours = ("red", "green", "blue")
    settled = {f"r{i}": {"colour": colours[c], "ripe": int(c)} for i, c in enumerate(coded)}
    model = {
        f"r{i}": {"colour": dict(zip(colours, p.tolist(), strict=True)), "ripe": p.tolist()}
        for i, p in enumerate(predicted)
    }
    found = model_suspects(FRUIT, settled, model, {})
    for name in ("colour", "ripe"):
        own = [s for s in found if s.variable == name]
        assert np.mean([flipped[int(s.report_id[1:])] for s in own[:40]]) > 0.8
    assert len(own) == len(found) / 2, "the same question asked as a name and as a step"


def test_reprints_coded_otherwise():
    settled = {
        "a": {"tastes": ["sweet"], "colour": "red", "ripe": 1},
        "b": {"tastes": ["sweet", "sour"], "colour": "red", "ripe": 1},
        "c": {"tastes": ["sweet"], "colour": "blue", "ripe": None},
        "d": {"tastes": [], "colour": "green", "ripe": 0},
        "e": {"tastes": ["bitter"], "colour": "green", "ripe": 0},
        "alone": {"tastes": ["sour"], "colour": "blue", "ripe": 2},
    }
    stories = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}
    codes = {"ann": {"b": {"tastes": ["sour"]}}, "ben": {"b": {"tastes": []}}}
    found = reprint_suspects(FRUIT, settled, stories, codes)
    assert [(s.report_id, s.variable, s.label, s.code, s.proposed) for s in found] == [
        ("b", "tastes", "sour", True, False),
        ("c", "colour", None, "blue", "red"),
        ("d", "tastes", "bitter", False, True),
        ("e", "tastes", "bitter", True, False),
    ]
    assert [s.coders for s in found] == [("ann",), (), (), ()]
    assert {s.source for s in found} == {"reprint"}
    assert "2 of 2 other reprints" in found[0].en
    assert "2 个转载中有 2 个" in found[0].zh
    assert (found[0].probability, found[0].margin) == (None, None)


def test_where_reprints_are_coded_in_as_many_ways_all_are_suspect_once():
    settled = {r: {"colour": c} for r, c in zip("abc", ("red", "green", "blue"), strict=True)}
    found = reprint_suspects(FRUIT, settled, dict.fromkeys("abc", 1), {})
    assert sorted((s.report_id, s.code) for s in found) == [("a", "red"), ("b", "green"), ("c", "blue")]


@pytest.mark.parametrize(
    ("variable", "probability"),
    [("fruit", 1.2), ("tastes", {"sweet": 0.1}), ("ripe", [0.5, 0.5]), ("colour", [0.1, 0.2, float("nan")])],
)
def test_probabilities_that_do_not_fit_are_named(variable, probability):
    settled, probabilities = one_wrong()
    probabilities["r3"][variable] = probability
    with pytest.raises(UserError, match=f"report r3, {variable}: the probabilities"):
        model_suspects(FRUIT, settled, probabilities, {})


def test_a_code_that_the_codebook_does_not_know_is_named():
    with pytest.raises(UserError, match="report r, colour: the settled code unknown label 'pink'"):
        model_suspects(FRUIT, {"r": {"colour": "pink"}}, {"r": {"colour": [1, 0, 0]}}, {})
