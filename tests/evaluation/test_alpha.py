"""Krippendorff's alpha against published worked examples, an oracle and hand-made borders."""

import krippendorff
import numpy as np
import pytest
from weijing.evaluation.alpha import coincidences, krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.ratings import Ratings

# Krippendorff (2011), 4 observers x 12 units
KRIPPENDORFF_2011 = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
# Wikipedia, "Krippendorff's alpha", 3 coders x 15 units
WIKIPEDIA = """
. . . . . 3 4 1 2 1 1 3 3 . 3
1 . 2 1 3 3 4 3 . . . . . . .
. . 2 1 3 4 4 . 2 1 1 3 3 . 4
"""


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


def read(text):
    rows = [line.split() for line in text.split("\n") if line]
    return ratings_of(np.array([[np.nan if v == "." else float(v) for v in row] for row in rows]))


def point(ratings, metric="nominal"):
    return krippendorff_alpha(ratings, metric, bootstrap=None)


def test_alpha_nominal_of_krippendorffs_example_published_in_the_irrcac_readme():
    estimate = point(read(KRIPPENDORFF_2011))
    assert estimate.value == pytest.approx(0.74342, abs=5e-6)
    assert estimate.n == 11


@pytest.mark.parametrize(("metric", "value"), [("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)])
def test_alpha_of_krippendorffs_example_oracle_values(metric, value):
    assert point(read(KRIPPENDORFF_2011), metric).value == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("metric", "value"), [("nominal", 0.691), ("interval", 0.811)])
def test_alpha_published_in_wikipedia(metric, value):
    assert round(point(read(WIKIPEDIA), metric).value, 3) == value


@pytest.mark.parametrize(("metric", "value"), [("nominal", 0.691358), ("ordinal", 0.806721), ("interval", 0.810845)])
def test_alpha_of_wikipedias_example_oracle_values(metric, value):
    assert point(read(WIKIPEDIA), metric).value == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("seed", range(300))
def test_agrees_with_the_krippendorff_package_with_missing_codes(seed):
    rng = np.random.default_rng(seed)
    coders, units, k = rng.integers(2, 6), rng.integers(3, 30), rng.integers(2, 6)
    matrix = rng.integers(0, k, size=(coders, units)).astype(float)
    matrix = np.where(rng.random(matrix.shape) < rng.random() * 0.8, matrix[:1], matrix)  # some agreement
    matrix[rng.random(matrix.shape) < rng.random() * 0.7] = np.nan
    ratings = ratings_of(matrix, categories=[float(c) for c in range(k)])
    pairable = (~np.isnan(matrix)).sum(axis=0) >= 2
    used = matrix[:, pairable]
    if len(np.unique(used[~np.isnan(used)])) < 2:
        expected_reason = "no_variation" if pairable.any() else "no_pairs"
        assert point(ratings).value is None
        assert point(ratings).reason == expected_reason
        return
    for metric in ("nominal", "ordinal", "interval", "ratio"):
        expected = krippendorff.alpha(matrix, level_of_measurement=metric, value_domain=list(range(k)))
        assert point(ratings, metric).value == pytest.approx(expected, abs=1e-10)


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
    for metric in ("nominal", "ordinal", "interval", "ratio"):
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
@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
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
    with pytest.raises(ValueError, match="unknown metric"):
        krippendorff_alpha(read(WIKIPEDIA), "polar")


def test_ratio_metric_refuses_negative_numbers():
    ratings = Ratings.from_codes({("u", "a"): -1, ("u", "b"): 1}, clusters=None)
    with pytest.raises(ValueError, match="negative"):
        krippendorff_alpha(ratings, "ratio", ClusterBootstrap(10))
