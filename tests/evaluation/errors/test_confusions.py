"""Confusions of made-up labels: nothing may depend on the words of the bundled codebook."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.configs.load import load_codebook
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.errors import confusions as module
from weijing.evaluation.errors.confusions import confusions, named_pairs

FAST = ClusterBootstrap(400)
WORDS = {"zh": "词", "en": "word"}


def codebook(*variables):
    words = dict.fromkeys(("title", "description", "unit"), WORDS)
    return Codebook.model_validate({"name": "fruit", "version": "1", **words, "variables": list(variables)})


def variable(name, kind, labels, confusable=()):
    def label(i):
        others = [b for a, b in confusable if a == i]
        return {"id": i, "name": {"zh": f"{i}味", "en": i.title()}, "confusable": others}

    return {"id": name, "type": kind, "name": WORDS, "labels": [label(i) for i in labels]}


TASTES = codebook(variable("tastes", "multi", ["sweet", "sour", "bitter", "salty"], [("sour", "bitter")]))
COLOUR = codebook(variable("colour", "nominal", ["red", "green", "blue"], [("red", "green")]))


def of(book, name, pairs, bootstrap=None, clusters=None):
    """``pairs``: the reference's and the coder's code of each report."""
    codes = {
        "gold": {f"r{i}": {name: reference} for i, (reference, _) in enumerate(pairs)},
        "coder": {f"r{i}": {name: coder} for i, (_, coder) in enumerate(pairs)},
    }
    (found,) = confusions(book, codes, clusters or {}, reference="gold", bootstrap=bootstrap)
    return found


def pair(found, a, b):
    (one,) = [p for p in found.pairs if (p.a, p.b) == (a, b)]
    return one


def test_a_confusion_of_label_sets_by_hand():
    found = of(
        TASTES,
        "tastes",
        [
            (["sour"], ["bitter"]),  # sour → bitter
            (["sour", "salty"], ["bitter", "salty"]),  # sour → bitter; salty is right and confused with nothing
            (["sour"], []),  # omitted
            (["sour"], ["sour", "bitter"]),  # bitter added, sour not missed
            (["sour", "bitter"], ["bitter"]),  # the reference has both
            (["sour"], ["sour"]),
            (["bitter"], ["sour"]),  # bitter → sour
            ([], ["bitter"]),  # added, nothing missed
            (["sweet"], ["sweet"]),
            ([], []),
        ],
    )
    one = pair(found, "sour", "bitter")
    assert (one.reference_a, one.a_to_b, one.omitted_a) == (5, 2, 1)
    assert (one.reference_b, one.b_to_a, one.omitted_b) == (1, 1, 0)
    assert (one.rate_a_to_b.value, one.rate_b_to_a.value) == (0.4, 1.0)
    # Lacking bitter: 8 reports, in 3 sour is missed and in 4 bitter added; lacking sour: 4, 1 and 1.
    assert one.expected == pytest.approx(3 * 4 / 8 + 1 * 1 / 4)
    assert one.lift.value == pytest.approx(3 / (3 * 4 / 8 + 1 * 1 / 4))
    assert (found.n, found.n_confusions, one.share.value) == (10, 3, 1.0)
    assert one.named
    assert [(p.a, p.b) for p in found.pairs] == [("sour", "bitter")], "no other pair is named or confused"


def test_a_report_with_two_missed_and_two_added_counts_each_combination():
    found = of(TASTES, "tastes", [(["sweet", "sour"], ["bitter", "salty"])])
    assert found.n_confusions == 4
    assert {(p.a, p.b, p.a_to_b, p.share.value) for p in found.pairs} == {
        (a, b, 1, 0.25) for a in ("sweet", "sour") for b in ("bitter", "salty")
    }


def test_off_diagonal_cells_of_single_codes():
    pairs = [("red", "green")] * 3 + [("green", "red")] * 2 + [("red", "blue"), ("red", "red"), ("blue", "blue")]
    found = of(COLOUR, "colour", pairs)
    one = pair(found, "red", "green")
    assert (one.reference_a, one.a_to_b, one.omitted_a, one.b_to_a) == (5, 3, 1, 2)
    # Of 16 codes 8 are not red, 5 of them green, and red is missed 4 times; 11 are not green, 8 of them red.
    assert one.expected == pytest.approx(4 * 5 / 8 + 2 * 8 / 11)
    assert one.share.value == pytest.approx(5 / 6)
    assert pair(found, "red", "blue").a_to_b == 1
    assert sum(p.a_to_b + p.b_to_a for p in found.pairs) == found.n_confusions == 6


def test_one_pair_that_makes_nearly_all_errors_is_found():
    rng = np.random.default_rng(3)
    names = np.array(["red", "green", "blue"])
    truth = rng.integers(0, 3, size=300)
    wrong = rng.random(300)
    coded = np.where((truth == 0) & (wrong < 0.3), 2, np.where(wrong < 0.02, (truth + 1) % 3, truth))
    found = of(COLOUR, "colour", list(zip(names[truth].tolist(), names[coded].tolist(), strict=True)), FAST)
    assert [(s.a, s.b) for s in found.unnamed] == [("red", "blue")]
    assert [(s.a, s.b) for s in found.not_found] == [("red", "green")]


def test_of_two_codes_there_is_one_way_to_err():
    book = codebook(variable("ripe", "ordinal", ["raw", "ripe"]))
    found = of(book, "ripe", [(0, 1)] * 7 + [(1, 0)] * 2 + [(0, 0), (1, 1)] * 10, FAST)
    assert found.pairs[0].lift.value == pytest.approx(1)
    assert not found.pairs[0].found


def test_ordinal_steps_are_labels_too():
    book = codebook(variable("ripe", "ordinal", ["raw", "ripe", "rotten"], [("rotten", "ripe")]))
    found = of(book, "ripe", [(1, 2), (2, 2), (0, 1), (2, 1)])
    assert (pair(found, "ripe", "rotten").a_to_b, pair(found, "ripe", "rotten").b_to_a) == (1, 1)
    assert pair(found, "ripe", "rotten").named
    assert not pair(found, "raw", "ripe").named


def confused_at_random(rng, n, together):
    """Labels missed and added at random; in a share ``together`` of the reports with sweet, salty takes its place."""
    names = np.array(["sweet", "sour", "bitter", "salty"])
    pairs = []
    for _ in range(n):
        has = rng.random(4) < 0.3
        gave = has ^ (rng.random(4) < 0.08)
        if has[0] and not has[3] and rng.random() < together:
            gave[[0, 3]] = False, True
        pairs.append((names[has].tolist(), names[gave].tolist()))
    return pairs


def test_a_pair_confused_beyond_chance_is_found_and_a_rule_suggested():
    found = of(TASTES, "tastes", confused_at_random(np.random.default_rng(0), 600, 0.3), FAST)
    assert (found.unnamed[0].a, found.unnamed[0].b) == (found.pairs[0].a, found.pairs[0].b) == ("sweet", "salty")
    assert [(s.a, s.b) for s in found.not_found] == [("sour", "bitter")]
    assert "“sweet味”" in found.unnamed[0].zh
    assert "“Salty”" in found.unnamed[0].en
    one = pair(found, "sweet", "salty")
    assert one.rate_a_to_b.low < 0.3 < one.rate_a_to_b.high
    assert one.lift.low > 1
    json.dumps(asdict(found), allow_nan=False)


def test_errors_that_have_nothing_to_do_with_each_other_are_seldom_called_confusions():
    rng = np.random.default_rng(1)
    runs = [of(TASTES, "tastes", confused_at_random(rng, 300, 0), FAST) for _ in range(40)]
    always_there = [pair(found, "sour", "bitter") for found in runs]
    ratio = sum(p.a_to_b + p.b_to_a for p in always_there) / sum(p.expected for p in always_there)
    assert ratio == pytest.approx(1, abs=0.3), "as many as independence expects"
    assert sum(p.found for found in runs for p in found.pairs) <= 0.03 * 6 * len(runs)


def test_reprints_of_one_story_find_nothing():
    pairs = [(["sweet"], ["salty"])] * 10 + [(["sweet"], ["sweet"]), (["salty"], ["salty"])] * 20
    assert pair(of(TASTES, "tastes", pairs, FAST), "sweet", "salty").found
    one_story = {f"r{i}": "story" for i in range(10)}
    one = pair(of(TASTES, "tastes", pairs, FAST, one_story), "sweet", "salty")
    assert (one.a_to_b, one.n_clusters, one.found) == (10, 1, False)


def test_perfect_codes_and_none_at_all_have_reasons():
    perfect = pair(of(TASTES, "tastes", [(["sweet"], ["sweet"])] * 3, FAST), "sour", "bitter")
    assert (perfect.rate_a_to_b.reason, perfect.share.reason) == ("no_reference_without_the_other", "no_confusions")
    assert (perfect.lift.reason, perfect.expected, perfect.found) == ("no_errors", 0.0, False)
    codes = {"gold": {"r": {"tastes": []}}, "coder": {"s": {"tastes": []}}}
    (apart,) = confusions(TASTES, codes, {}, reference="gold", bootstrap=FAST)
    assert (apart.n, apart.pairs[0].rate_a_to_b.reason, apart.pairs[0].lift.reason) == (0, "no_units", "no_units")


def test_pairs_taken_a_few_at_a_time_give_the_same_but_for_the_draws(monkeypatch):
    pairs = confused_at_random(np.random.default_rng(2), 100, 0.2)
    whole = of(TASTES, "tastes", pairs, FAST)
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 1)
    apart = of(TASTES, "tastes", pairs, FAST)
    for one, two in zip(whole.pairs, apart.pairs, strict=True):
        assert (one.a, one.b, one.a_to_b, one.b_to_a, one.expected) == (
            two.a,
            two.b,
            two.a_to_b,
            two.b_to_a,
            two.expected,
        )
        assert (one.share.value, one.lift.value) == (two.share.value, two.lift.value)
        assert one.share.high == pytest.approx(two.share.high, abs=0.05)


def test_each_coder_but_the_reference():
    codes = {c: {"r": {"colour": "red"}} for c in ("a", "gold", "b")}
    found = confusions(COLOUR, codes, {}, reference="gold", bootstrap=None)
    assert [(f.coder, f.reference) for f in found] == [("a", "gold"), ("b", "gold")]
    with pytest.raises(UserError, match="no codes of the reference 'silver'"):
        confusions(COLOUR, codes, {}, reference="silver")


def test_the_bundled_codebook_names_pairs_whichever_label_does():
    functions = next(v for v in load_codebook().coded if v.type == "multi" and v.model)
    named = named_pairs(functions)
    assert all(frozenset((label.id, other)) in named for label in functions.labels for other in label.confusable)
    one_way = [(a.id, b) for a in functions.labels for b in a.confusable if a.id not in functions.label(b).confusable]
    assert one_way, "some pairs are named by one of their labels only"
    assert len(named) == (sum(len(a.confusable) for a in functions.labels) + len(one_way)) // 2
