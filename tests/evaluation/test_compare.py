"""Comparisons on a codebook about fruit: nothing may depend on the words of the bundled one."""

import json
import time

import numpy as np
import pytest
from sklearn import metrics
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.compare import compare
from weijing.evaluation.ratings import Ratings

WORDS = {"zh": "词", "en": "word"}
FAST = ClusterBootstrap(200)
IS_FRUIT = [{"variable": "fruit", "equals": True}]


def labels(*ids):
    return [{"id": i, "name": WORDS} for i in ids]


def variable(name, kind, *label_ids, **more):
    return {"id": name, "type": kind, "name": WORDS, "labels": labels(*label_ids), **more}


def codebook(*variables):
    words = dict.fromkeys(("title", "description", "unit"), WORDS)
    return Codebook.model_validate({"name": "fruit", "version": "1", **words, "variables": list(variables)})


FRUIT = codebook(
    variable("fruit", "binary"),
    variable("tastes", "multi", "sweet", "sour", "bitter", asked_when=IS_FRUIT),
    variable("colour", "nominal", "red", "green", "blue", asked_when=IS_FRUIT),
    variable("ripeness", "ordinal", "unripe", "ripe", "rotten", asked_when=IS_FRUIT),
    variable("peeled", "binary", asked_when=[{"variable": "ripeness", "at_least": 1}]),
    variable("remark", "text"),
    variable("weight", "ordinal", "light", "heavy", source="extracted"),
)


def no(**more):
    return {"fruit": False, **more}


def yes(tastes=(), colour="red", ripeness=0, **more):
    return {"fruit": True, "tastes": list(tastes), "colour": colour, "ripeness": ripeness, **more}


def pick(rows, **wanted):
    found = [row for row in rows if all(getattr(row, k) == v for k, v in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def made_up(n=60, coders="abg", seed=0):
    rng = np.random.default_rng(seed)
    codes = {coder: {} for coder in coders}
    for u in range(n):
        is_fruit, ripe, colour = rng.random() < 0.8, int(rng.integers(3)), int(rng.integers(3))
        tastes = rng.random(3) < 0.4
        for coder in coders:
            if rng.random() < 0.1:
                continue  # did not get this report
            if (rng.random() < 0.1) ^ is_fruit:
                flipped = tastes ^ (rng.random(3) < 0.15)
                code = yes(
                    [t for t, has in zip(("sweet", "sour", "bitter"), flipped, strict=True) if has],
                    ("red", "green", "blue")[colour if rng.random() < 0.8 else int(rng.integers(3))],
                    ripe if rng.random() < 0.8 else int(rng.integers(3)),
                )
                code["peeled"] = bool(rng.random() < 0.5) if code["ripeness"] else None
            else:
                code = no()
            codes[coder][f"r{u}"] = code
    return codes, {f"r{u}": u // 2 for u in range(n)}


def test_rows_agree_with_alpha_of_ratings():
    codes, clusters = made_up()
    found = compare(FRUIT, codes, clusters, bootstrap=FAST)
    pair = {(u, c): code for c in "ab" for u, code in codes[c].items()}

    def both_asked(name):
        asked = {key: code.get(name) for key, code in pair.items()}
        return {k: v for k, v in asked.items() if asked.get((k[0], "a" if k[1] == "b" else "b")) is not None}

    def alpha(ratings, metric="nominal"):
        return krippendorff_alpha(ratings, metric, FAST)

    def same(row, expected):
        assert row.alpha.n == row.n == expected.n
        assert row.alpha.value == pytest.approx(expected.value)
        assert (row.alpha.low, row.alpha.high) == pytest.approx((expected.low, expected.high))

    ab = {"coder_a": "a", "coder_b": "b", "scope": "asked"}
    fruit = Ratings.from_codes(both_asked("fruit"), clusters=clusters)
    same(pick(found.pairs, variable="fruit", **ab), alpha(fruit))
    colour = Ratings.from_codes(both_asked("colour"), categories=("red", "green", "blue"), clusters=clusters)
    same(pick(found.pairs, variable="colour", label=None, **ab), alpha(colour))
    ripeness = Ratings.from_codes(both_asked("ripeness"), clusters=clusters)
    row = pick(found.pairs, variable="ripeness", **ab)
    same(row, alpha(ripeness, "ordinal"))
    assert row.alpha_kind == "ordinal"
    tastes = both_asked("tastes")
    for label in ("sweet", "sour", "bitter"):
        expected = alpha(Ratings.from_label(tastes, label, clusters=clusters))
        same(pick(found.pairs, variable="tastes", label=label, **ab), expected)
    whole = pick(found.pairs, variable="tastes", label=None, **ab)
    parts = [pick(found.pairs, variable="tastes", label=x, **ab).alpha.value for x in ("sweet", "sour", "bitter")]
    assert (whole.alpha_kind, whole.labels_averaged) == ("mean_label_alpha", 3)
    assert whole.alpha.value == pytest.approx(np.mean(parts))
    assert whole.alpha.low < whole.alpha.value < whole.alpha.high


def test_only_coded_variables_with_categories_and_two_coders():
    codes = {
        "a": {"r": yes(remark="x", weight=0), "s": no()},
        "b": {"r": yes(remark="x", weight=0) | {"tastes": None}},
    }
    found = compare(FRUIT, codes, {}, bootstrap=FAST)
    assert {row.variable for row in found.pairs if row.scope == "asked"} == {"fruit", "colour", "ripeness"}
    assert "tastes" not in {row.variable for row in found.pairs}  # b was asked and did not say
    assert found.scores == ()


def test_coders_who_never_met_have_a_reason():
    found = compare(FRUIT, {"a": {"r": yes(["sweet"])}, "b": {"s": yes()}}, {}, reference="b", bootstrap=FAST)
    assert {row.n for row in found.pairs} == {0}
    assert {row.alpha.reason for row in found.pairs} == {"no_pairs"}
    assert {row.percent for row in found.pairs} == {None}
    assert all(row.agreement.reason == "no_units" and row.prevalence is None for row in found.scores)


def test_asked_counts_only_reports_both_were_asked_and_all_takes_a_closed_gate_as_absent():
    codes = {
        "a": {"r": yes(["sweet"]), "s": yes(["sweet"]), "t": no(), "u": no(), "v": {"fruit": None}},
        "b": {"r": yes(["sweet"]), "s": no(), "t": yes(["sour"]), "u": no(), "v": yes(["sweet"])},
    }
    found = compare(FRUIT, codes, {}, reference="b", bootstrap=FAST)
    asked = pick(found.pairs, variable="tastes", label="sweet", scope="asked")
    assert (asked.n, asked.prevalence_a, asked.percent) == (1, 1.0, 1.0)
    everything = pick(found.pairs, variable="tastes", label="sweet", scope="all")
    assert (everything.n, everything.prevalence_a, everything.prevalence_b) == (4, 0.5, 0.25)
    assert everything.percent == 0.75
    score = pick(found.scores, variable="tastes", label="sweet", scope="all")
    assert (score.tp, score.fp, score.fn, score.tn) == (1, 1, 0, 2)
    colour = pick(found.scores, variable="colour", label=None, average=None, scope="all")
    assert colour.categories == ("red", "green", "blue", "(not asked)")
    assert colour.confusion == ((1, 0, 0, 1), (0, 0, 0, 0), (0, 0, 0, 0), (1, 0, 0, 1))
    assert {row.scope for row in found.pairs if row.variable in ("fruit", "ripeness")} == {"asked"}


def test_a_gate_higher_up_closes_the_way_too():
    codes = {
        "a": {"r": no(), "s": yes(ripeness=0), "t": yes(ripeness=1, peeled=True)},
        "b": {"r": yes(ripeness=2, peeled=True), "s": no(), "t": yes(ripeness=1, peeled=True)},
    }
    row = pick(compare(FRUIT, codes, {}, bootstrap=FAST).pairs, variable="peeled", scope="all")
    assert (row.n, row.prevalence_a, row.prevalence_b) == (3, pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_end_to_end_leaves_out_who_only_screens_but_not_who_never_opens_the_gate():
    codes = {
        "gold": {"r": yes(["sweet"]), "s": no()},
        "screener": {"r": {"fruit": True}, "s": no()},
        "sceptic": {"r": no(), "s": no()},
    }
    found = compare(FRUIT, codes, {}, reference="gold", bootstrap=FAST)
    rows = [row for row in found.scores if (row.variable, row.label) == ("tastes", "sweet")]
    assert [(row.coder, row.scope, row.recall.value) for row in rows] == [("sceptic", "all", 0.0)]


def test_scores_agree_with_sklearn():
    codes, clusters = made_up(seed=1)
    found = compare(FRUIT, codes, clusters, reference="g", bootstrap=FAST)
    both = [
        u for u in codes["g"] if codes["g"][u]["fruit"] and codes["a"].get(u, no())["fruit"]
    ]  # fmt: skip
    names = ("sweet", "sour", "bitter")
    gold, model = (np.array([[x in codes[c][u]["tastes"] for x in names] for u in both], dtype=int) for c in "ga")
    for average in ("macro", "micro"):
        row = pick(found.scores, variable="tastes", coder="a", average=average, scope="asked")
        assert row.f1.value == pytest.approx(metrics.f1_score(gold, model, average=average))
        assert row.f1.low < row.f1.value < row.f1.high
    exact = pick(found.scores, variable="tastes", coder="a", label=None, average=None, scope="asked")
    assert exact.agreement.value == pytest.approx((gold == model).all(axis=1).mean())
    gold, model = (np.array([codes[c][u]["ripeness"] for u in both]) for c in "ga")
    row = pick(found.scores, variable="ripeness", coder="a")
    assert np.array_equal(row.confusion, metrics.confusion_matrix(gold, model, labels=[0, 1, 2]))
    assert row.distance.value == pytest.approx(metrics.mean_absolute_error(gold, model))
    assert row.agreement.value == pytest.approx(metrics.accuracy_score(gold, model))


def test_order_of_coders_and_reports_does_not_matter():
    codes, clusters = made_up(seed=2)
    turned = {c: dict(reversed(codes[c].items())) for c in reversed(codes)}
    one, two = (compare(FRUIT, c, clusters, bootstrap=FAST) for c in (codes, turned))
    assert len(one.pairs) == len(two.pairs)
    for row in one.pairs:
        same = {"variable": row.variable, "label": row.label, "scope": row.scope}
        other = pick(two.pairs, coder_a=row.coder_b, coder_b=row.coder_a, **same)
        assert (other.n, other.percent, other.prevalence_b) == (row.n, row.percent, row.prevalence_a)
        assert other.alpha.value == pytest.approx(row.alpha.value)
        assert other.alpha.low == pytest.approx(row.alpha.low)


def test_reprints_widen_the_interval():
    codes, _ = made_up(80, seed=3)
    copied = {c: {f"{u}-{k}": x for u, x in by.items() for k in range(3)} for c, by in codes.items()}
    groups = {f"{u}-{k}": u for by in codes.values() for u in by for k in range(3)}
    clustered, naive = (
        pick(compare(FRUIT, copied, g, bootstrap=FAST).pairs, variable="fruit", coder_a="a", coder_b="b").alpha
        for g in (groups, {})
    )
    assert clustered.value == naive.value
    assert clustered.high - clustered.low > 1.3 * (naive.high - naive.low)


def test_to_dict_is_json_without_numpy_or_nan():
    codes, clusters = made_up(20)
    found = compare(FRUIT, codes, clusters, reference="g", bootstrap=FAST).to_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again["pairs"][0]["alpha"]["value"] == found["pairs"][0]["alpha"]["value"]
    assert (again["reference"], again["draws"], again["coders"]) == ("g", 200, ["a", "b", "g"])

    def leaves(x):
        inside = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else None
        return [x] if inside is None else [leaf for part in inside for leaf in leaves(part)]

    assert {type(leaf) for leaf in leaves(found)} <= {str, int, float, type(None)}


def test_nobody_and_nothing():
    found = compare(FRUIT, {}, {})
    assert (found.pairs, found.scores, found.n_reports) == ((), (), 0)
    assert compare(FRUIT, {"a": {"r": yes()}}, {}).pairs == ()


def test_without_bootstrap_there_are_no_intervals():
    codes, clusters = made_up(20)
    found = compare(FRUIT, codes, clusters, bootstrap=None)
    assert {row.alpha.low for row in found.pairs} == {None}
    assert found.draws is None


def test_errors_name_the_report_and_the_coder():
    with pytest.raises(UserError, match=r"report r, coder a, tastes: unknown label"):
        compare(FRUIT, {"a": {"r": yes(["salty"])}, "b": {"r": yes()}}, {})
    with pytest.raises(UserError, match="reference 'gold'"):
        compare(FRUIT, {"a": {}}, {}, reference="gold")


def test_a_thousand_reports_four_coders_fifteen_labels_take_seconds():
    names = [f"l{i}" for i in range(15)]
    book = codebook(variable("fruit", "binary"), variable("kinds", "multi", *names, asked_when=IS_FRUIT))
    rng = np.random.default_rng(0)
    codes = {
        c: {
            f"r{u}": {
                "fruit": True,
                "kinds": [x for x, p in zip(names, rng.random(15), strict=True) if p < 0.2],
            }
            for u in range(1000)
        }
        for c in "abcd"
    }
    start = time.perf_counter()
    found = compare(book, codes, {}, reference="d", bootstrap=ClusterBootstrap(1000))
    assert time.perf_counter() - start < 10
    assert len(found.pairs) == 6 * (1 + 2 * 16)
