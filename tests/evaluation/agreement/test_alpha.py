"""Krippendorff's alpha against an oracle, by its properties and at its borders; printed values: test_published.py."""

import tracemalloc
from itertools import combinations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from weijing.evaluation.agreement.alpha import coincidences, krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.ratings import Ratings

QUICK = settings(deadline=None, max_examples=60)
METRICS = ("nominal", "ordinal", "interval", "ratio")


def ratings_of(matrix, clusters=None, categories=None):
    """Ratings from coders x units numbers, NaN missing."""
    coders, units = matrix.shape
    codes = {
        (f"u{u}", f"c{c}"): None if np.isnan(matrix[c, u]) else float(matrix[c, u])
        for u in range(units)
        for c in range(coders)
    }
    by_unit = None if clusters is None else {f"u{u}": int(k) for u, k in enumerate(clusters)}
    return Ratings.from_codes(codes, categories=categories, clusters=by_unit)


def point(ratings, metric="nominal"):
    return krippendorff_alpha(ratings, metric, bootstrap=None)


def some_matrix(rng):
    """Coders x units with some agreement and some codes missing, and the number of categories."""
    coders, units, k = rng.integers(2, 6), rng.integers(3, 30), int(rng.integers(2, 6))
    matrix = rng.integers(0, k, size=(coders, units)).astype(float)
    matrix = np.where(rng.random(matrix.shape) < rng.random() * 0.8, matrix[:1], matrix)
    matrix[rng.random(matrix.shape) < rng.random() * 0.7] = np.nan
    return matrix, k


@pytest.mark.parametrize("hundred", range(10))
def test_agrees_with_the_krippendorff_package_with_missing_codes(hundred):
    rng = np.random.default_rng(hundred)
    defined = 0
    for _ in range(100):
        matrix, k = some_matrix(rng)
        ratings = ratings_of(matrix, categories=[float(c) for c in range(k)])
        pairable = (~np.isnan(matrix)).sum(axis=0) >= 2
        used = matrix[:, pairable]
        if len(np.unique(used[~np.isnan(used)])) < 2:
            expected_reason = "no_variation" if pairable.any() else "no_pairs"
            assert (point(ratings).value, point(ratings).reason) == (None, expected_reason)
            continue
        defined += 1
        for metric in METRICS:
            expected = krippendorff.alpha(matrix, level_of_measurement=metric, value_domain=list(range(k)))
            assert point(ratings, metric).value == pytest.approx(expected, abs=1e-10)
    assert defined > 80


def apart(metric, a, b):
    """Distance of two label sets by the definition, one pair at a time."""
    if a == b:
        return 0.0
    overlap = len(a & b) / len(a | b)
    if metric == "jaccard":
        return 1 - overlap
    return 1 - overlap * (2 / 3 if a < b or b < a else 1 / 3)


@pytest.mark.parametrize("metric", ["masi", "jaccard"])
def test_label_sets_agree_with_the_krippendorff_package(metric):
    rng = np.random.default_rng(5)
    sets = [frozenset(s) for size in range(5) for s in combinations("abcd", size)]
    for _ in range(100):
        matrix, k = some_matrix(rng)
        kinds = rng.permutation(len(sets))[:k]
        given = {key: v for key, v in np.ndenumerate(matrix) if not np.isnan(v)}
        ratings = Ratings.from_label_sets({(f"u{u}", f"c{c}"): sets[kinds[int(v)]] for (c, u), v in given.items()})
        found = point(ratings, metric)
        if found.value is None:
            continue

        def distance(v1, v2, i1, i2, n_v, dtype, kinds=kinds):
            pairs = np.broadcast(v1, v2)
            flat = [apart(metric, sets[kinds[int(a)]], sets[kinds[int(b)]]) for a, b in pairs]
            return np.array(flat).reshape(pairs.shape)

        expected = krippendorff.alpha(matrix, level_of_measurement=distance, value_domain=list(range(k)))
        assert found.value == pytest.approx(expected, abs=1e-10)


def test_words_are_no_label_sets():
    ratings = Ratings.from_codes({("u", "a"): "x", ("u", "b"): "y"})
    with pytest.raises(ValueError, match="sets of labels"):
        krippendorff_alpha(ratings, "masi")


def test_label_sets_are_no_numbers():
    ratings = Ratings.from_label_sets({("u", "a"): ["x"], ("u", "b"): []})
    with pytest.raises(ValueError, match="numbers"):
        krippendorff_alpha(ratings, "interval")


def test_hundreds_of_distinct_sets_stay_cheap():
    """By coincidences of all pairs of 500 sets the contributions alone would take 500 x 500 x 2,000 numbers, 4 GB."""
    rng = np.random.default_rng(6)
    kinds = [frozenset(np.flatnonzero([i >> b & 1 for b in range(9)]).astype(str)) for i in range(500)]
    codes = {(f"u{u}", c): kinds[rng.integers(500)] for u in range(2000) for c in "abc"}
    tracemalloc.start()
    found = krippendorff_alpha(Ratings.from_label_sets(codes), "masi", ClusterBootstrap(20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.value == pytest.approx(0.0, abs=0.02)
    assert found.low < found.value < found.high
    assert peak < 200_000_000


@st.composite
def studies(draw):
    """Units x coders of codes 0 to 3, -1 missing, of which some pair differs."""
    units, coders = draw(st.integers(2, 12)), draw(st.integers(2, 4))
    flat = draw(st.lists(st.integers(-1, 3), min_size=units * coders, max_size=units * coders))
    values = np.array(flat).reshape(units, coders)
    ratings = coded(values)
    assume(point(ratings).value is not None)
    return values


def coded(values):
    units, coders = values.shape
    names = tuple(f"u{u}" for u in range(units)), tuple(f"c{c}" for c in range(coders))
    return Ratings(*names, values, (0, 1, 2, 3), np.arange(units))


@QUICK
@given(studies(), st.sampled_from(METRICS))
def test_a_unit_with_one_code_changes_nothing(values, metric):
    lone = np.full((1, values.shape[1]), -1)
    lone[0, 0] = 3
    more = point(coded(np.r_[values, lone]), metric)
    assert more.value == pytest.approx(point(coded(values), metric).value)
    assert more.n == point(coded(values), metric).n


@QUICK
@given(studies(), st.sampled_from(METRICS), st.randoms())
def test_units_and_coders_have_no_order(values, metric, random):
    rows, columns = (random.sample(range(n), n) for n in values.shape)
    assert point(coded(values[rows][:, columns]), metric).value == pytest.approx(point(coded(values), metric).value)


@QUICK
@given(studies(), st.permutations(range(4)))
def test_nominal_categories_have_no_order(values, names):
    renamed = np.where(values >= 0, np.array(names)[values], -1)
    assert point(coded(renamed)).value == pytest.approx(point(coded(values)).value)


@QUICK
@given(studies(), st.sampled_from(METRICS))
def test_alpha_is_one_where_and_only_where_all_pairs_agree(values, metric):
    differ = any(len(set(row[row >= 0])) > 1 for row in values)
    assert (point(coded(values), metric).value == pytest.approx(1)) == (not differ)


def test_coincidences_of_a_unit_sum_to_its_number_of_codes():
    counts = np.array([[2, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 2]])
    assert coincidences(counts).sum(axis=(1, 2)) == pytest.approx([3, 0, 0, 4])


def test_order_of_coders_and_units_does_not_matter():
    rng = np.random.default_rng(3)
    matrix = rng.integers(0, 4, size=(3, 40)).astype(float)
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    codes = {(f"u{u}", f"c{c}"): None if np.isnan(v) else int(v) for (c, u), v in np.ndenumerate(matrix)}
    clusters = {f"u{u}": u // 2 for u in range(40)}
    shuffled = [list(codes.items())[i] for i in rng.permutation(len(codes))]
    for metric in METRICS:
        one = krippendorff_alpha(Ratings.from_codes(codes, clusters=clusters), metric)
        two = krippendorff_alpha(Ratings.from_codes(dict(shuffled), clusters=clusters), metric)
        assert two.value == pytest.approx(one.value, abs=1e-12)
        assert (two.low, two.high) == pytest.approx((one.low, one.high), abs=1e-12)


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ({("u", "a"): None, ("u", "b"): None}, "no_pairs"),
        ({}, "no_pairs"),
        ({("u", "a"): 1, ("v", "a"): 2}, "no_pairs"),
        ({("u", "a"): 1, ("u", "b"): None, ("v", "b"): 2}, "no_pairs"),
        ({("u", "a"): 1, ("u", "b"): 1, ("v", "a"): 1, ("v", "b"): 1}, "no_variation"),
        ({("u", "a"): 1, ("u", "b"): 1, ("v", "a"): 2, ("v", "b"): None}, "no_variation"),
    ],
    ids=["all missing", "nothing", "one coder", "never both", "one category", "one category among pairs"],
)
@pytest.mark.parametrize("metric", METRICS)
def test_undefined_alpha_has_a_reason(codes, reason, metric):
    estimate = krippendorff_alpha(Ratings.from_codes(codes), metric)
    assert (estimate.value, estimate.low, estimate.high, estimate.reason) == (None, None, None, reason)


def test_one_unit_has_a_value_but_no_interval():
    estimate = krippendorff_alpha(Ratings.from_codes({("u", "a"): 1, ("u", "b"): 2}))
    assert estimate.value == pytest.approx(0.0)
    assert (estimate.low, estimate.high, estimate.interval_note) == (None, None, "one_cluster")


def test_perfect_agreement_of_a_few_is_no_certainty():
    few, many = (
        krippendorff_alpha(Ratings.from_codes({(f"u{u}", c): u % 2 for u in range(n) for c in "ab"})) for n in (20, 400)
    )
    assert few.value == few.high == 1
    assert 0.6 < few.low < 0.9 < many.low < 1
    assert few.interval_note is None


def test_one_report_with_the_label_says_next_to_nothing():
    codes = {(f"u{u}", c): u == 0 for u in range(100) for c in "ab"}
    estimate = krippendorff_alpha(Ratings.from_codes(codes))
    assert estimate.value == estimate.high == 1
    assert estimate.low < 0.4
    assert estimate.undefined_share == 0


def test_words_have_no_interval_metric():
    ratings = Ratings.from_codes({("u", "a"): "x", ("u", "b"): "y"})
    with pytest.raises(ValueError, match="numbers"):
        krippendorff_alpha(ratings, "interval")


def test_unknown_metric():
    ratings = Ratings.from_codes({("u", "a"): 1, ("u", "b"): 2})
    with pytest.raises(ValueError, match="unknown metric"):
        krippendorff_alpha(ratings, "polar")


def test_ratio_metric_refuses_negative_numbers():
    ratings = Ratings.from_codes({("u", "a"): -1, ("u", "b"): 1}, clusters=None)
    with pytest.raises(ValueError, match="negative"):
        krippendorff_alpha(ratings, "ratio", ClusterBootstrap(10))
