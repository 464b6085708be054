"""Scores by slices of made-up reports."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.classification import multi_scores
from weijing.evaluation.errors import slices as module
from weijing.evaluation.errors.permutation import Permutations
from weijing.evaluation.errors.slices import LEAST_GROUPS, slice_scores

FAST = ClusterBootstrap(200)
FEW = Permutations(2000, 50)
WORDS = {"zh": "词", "en": "word"}
TASTES = ("sweet", "sour", "bitter")


def variable(name, kind, *labels, **more):
    made = [{"id": i, "name": WORDS} for i in labels]
    return {"id": name, "type": kind, "name": WORDS, "labels": made, "model": True, **more}


def codebook(*variables):
    words = dict.fromkeys(("title", "description", "unit"), WORDS)
    return Codebook.model_validate({"name": "fruit", "version": "1", **words, "variables": list(variables)})


FRUIT = codebook(
    variable("fruit", "binary"),
    variable("tastes", "multi", *TASTES),
    variable("colour", "nominal", "red", "green", "blue"),
    variable("ripe", "ordinal", "raw", "ripe", "rotten"),
    variable("seen", "binary", model=False),
)


def made_up(rng, n, wrong):
    """Codes of reference and coder; ``wrong``: (n,) how likely each yes-or-no decision of the coder is wrong."""
    gold, coder = {}, {}
    for i in range(n):
        has, errs = rng.random(3) < 0.4, rng.random(3) < wrong[i]
        single, slips = rng.integers(0, 3, size=3), rng.random(3) < wrong[i]
        other = np.where(slips, (single + 1) % 3, single)
        colours = ("red", "green", "blue")
        for codes, tastes, s in ((gold, has, single), (coder, has ^ errs, other)):
            codes[f"r{i}"] = {
                "fruit": bool(s[0] > 0),
                "tastes": [t for t, is_so in zip(TASTES, tastes, strict=True) if is_so],
                "colour": colours[s[1]],
                "ripe": int(s[2]),
                "seen": True,
            }
    return {"gold": gold, "coder": coder}


def scores(codes, slices, clusters=None, bootstrap=FAST, permutations=FEW):
    found = slice_scores(
        FRUIT, codes, clusters or {}, slices, reference="gold", bootstrap=bootstrap, permutations=permutations
    )
    return {f.variable: f for f in found}


def pick(found, **wanted):
    (one,) = [r for r in found.rows if all(getattr(r, k) == v for k, v in wanted.items())]
    return one


def by(n, level):
    return {f"r{i}": level(i) for i in range(n)}


def test_scores_are_those_of_the_reports_of_the_level():
    codes = made_up(np.random.default_rng(0), 90, np.full(90, 0.2))
    slices = {"size": by(90, lambda i: ("big", "mid", "small")[i % 3])}
    found = scores(codes, slices)
    assert list(found) == ["fruit", "tastes", "colour", "ripe"], "those the classifier learns"

    def present(coder, ids):
        return np.array([[t in codes[coder][i]["tastes"] for t in TASTES] for i in ids])

    ids = [f"r{i}" for i in range(90) if i % 3 == 1]
    others = [f"r{i}" for i in range(90) if i % 3 != 1]
    here, rest = (multi_scores(present("gold", x), present("coder", x), bootstrap=None) for x in (ids, others))
    exact = pick(found["tastes"], level="mid", measure="agreement")
    micro = pick(found["tastes"], level="mid", measure="micro_f1")
    sour = pick(found["tastes"], level="mid", measure="f1", label="sour")
    for row, inside, outside in (
        (exact, here.exact, rest.exact),
        (micro, here.micro.f1, rest.micro.f1),
        (sour, here.labels[1].rates.f1, rest.labels[1].rates.f1),
    ):
        assert (row.n, row.n_clusters, row.score.n, row.rest.n, row.difference.n) == (30, 30, 30, 60, 90)
        assert row.score.value == pytest.approx(inside.value)
        assert row.rest.value == pytest.approx(outside.value)
        assert row.difference.value == pytest.approx(inside.value - outside.value)
        assert row.score.low < row.score.value < row.score.high
        assert row.difference.low < row.difference.value < row.difference.high
    colour = pick(found["colour"], level="mid", measure="agreement")
    same = [codes["gold"][i]["colour"] == codes["coder"][i]["colour"] for i in ids]
    assert colour.score.value == pytest.approx(np.mean(same))
    assert {(r.measure, r.label) for r in found["fruit"].rows} == {("agreement", None), ("f1", None)}
    assert {r.label for r in found["ripe"].rows} == {None, "raw", "ripe", "rotten"}


def test_a_slice_that_is_coded_worse_is_flagged_and_no_other():
    n = 400
    wrong = np.where(np.arange(n) % 4 == 0, 0.4, 0.1)
    codes = made_up(np.random.default_rng(1), n, wrong)
    slices = {
        "script": by(n, lambda i: "old" if i % 4 == 0 else "new"),
        "coin": by(n, lambda i: "heads" if (i // 4) % 2 else "tails"),
        "year": by(n, lambda i: str(2015 + (i * 7 // 4) % 5)),
    }
    tastes = scores(codes, slices)["tastes"]
    flagged = {(r.slice, r.level) for r in tastes.rows if r.flagged}
    assert flagged == {("script", "old"), ("script", "new")}
    old, new = (pick(tastes, level=level, measure="micro_f1") for level in ("old", "new"))
    assert old.difference.value == -new.difference.value < -0.2
    assert old.difference.high < 0
    assert (old.p, old.p_adjusted) == (new.p, new.p_adjusted), "of two levels, one test"
    once = {(r.slice, r.measure, r.label) if r.slice != "year" else r: r for r in tastes.rows}
    assert tastes.n_tests == len(once) == 5 * (1 + 1 + 5)
    ps = [r.p for r in once.values()]
    assert sorted(r.p_adjusted for r in once.values()) == pytest.approx(sorted(false_discovery_control(ps)))


def test_false_alarms_over_all_slices_of_a_variable_are_rare():
    n, runs, alarms = 160, 30, 0
    rng = np.random.default_rng(2)
    for _ in range(runs):
        codes = made_up(rng, n, np.full(n, 0.2))
        slices = {f"s{j}": by(n, lambda i: "abcd"[rng.integers(4)]) for j in range(3)}
        of_colour = {c: {r: {"colour": x["colour"]} for r, x in of.items()} for c, of in codes.items()}
        found = scores(of_colour, slices, bootstrap=None, permutations=Permutations(1000, 20))
        alarms += any(r.flagged for r in found["colour"].rows)
    assert alarms / runs <= 0.15, "5% would be expected at most; 15% is three standard errors above"


def test_too_few_groups_are_scored_but_not_tested():
    n = 60
    codes = made_up(np.random.default_rng(3), n, np.full(n, 0.2))
    few = LEAST_GROUPS - 1
    slices = {"province": by(n, lambda i: "small" if i < few else "large"), "all": by(n, lambda i: "one")}
    found = scores(codes, slices)["tastes"]
    small = pick(found, level="small", measure="agreement")
    assert (small.n, small.p, small.p_adjusted, small.flagged, small.reason) == (
        few,
        None,
        None,
        False,
        "too_few_groups",
    )
    assert small.score.value is not None
    assert (small.score.low, small.score.interval_note) == (None, "too_few_groups")
    assert small.rest.low is not None
    assert small.difference.low is None
    one = pick(found, level="one", measure="agreement")
    assert (one.reason, one.rest.reason, one.difference.reason) == ("one_level", "no_units", "no_units")
    assert found.n_tests == 0


def test_reprints_count_as_one_story():
    n = 60
    codes = made_up(np.random.default_rng(4), n, np.full(n, 0.2))
    slices = {"size": by(n, lambda i: "big" if i < 20 else "small")}
    row = pick(scores(codes, slices, by(n, lambda i: i // 5))["tastes"], level="big", measure="agreement")
    assert (row.n, row.n_clusters, row.n_bearing, row.n_bearing_rest, row.reason) == (20, 4, 4, 8, "too_few_groups")


def test_a_label_that_nobody_gave_has_a_reason_and_nothing_is_nan():
    n = 50
    codes = {c: by(n, lambda i: {"tastes": ["sweet"]}) for c in ("gold", "coder")}
    found = scores(codes, {"size": by(n, lambda i: "ab"[i % 2])})["tastes"]
    sour = pick(found, level="a", measure="f1", label="sour")
    assert (sour.score.reason, sour.difference.reason, sour.reason) == ("no_positives",) * 3
    sweet = pick(found, level="a", measure="f1", label="sweet")
    assert (sweet.difference.value, sweet.p) == (0.0, 1.0)
    json.dumps(asdict(found), allow_nan=False)


def test_reports_without_a_level_are_in_no_slice():
    n = 60
    codes = made_up(np.random.default_rng(5), n, np.full(n, 0.2))
    some = {r: level for r, level in by(n, lambda i: "ab"[i % 2]).items() if int(r[1:]) < 40}
    row = pick(scores(codes, {"x": some, "y": {}})["colour"], level="a", measure="agreement")
    assert (row.n, row.rest.n) == (20, 20)


def test_levels_taken_a_few_at_a_time_give_the_same_but_for_the_draws(monkeypatch):
    codes = made_up(np.random.default_rng(6), 120, np.full(120, 0.2))
    slices = {"x": by(120, lambda i: "abcde"[i % 5])}
    whole = scores(codes, slices)
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 1)
    for variable, apart in scores(codes, slices).items():
        for one, two in zip(whole[variable].rows, apart.rows, strict=True):
            assert (one.level, one.measure, one.label, one.p) == (two.level, two.measure, two.label, two.p)
            assert one.difference.value == two.difference.value
            assert one.difference.low == pytest.approx(two.difference.low, abs=0.1)


def test_an_unknown_reference_is_named():
    with pytest.raises(UserError, match="no codes of the reference 'silver'"):
        slice_scores(FRUIT, {"a": {}}, {}, {}, reference="silver")
