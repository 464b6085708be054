from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.evaluation.agreement.distances import disagreements, distances

QUICK = settings(deadline=None, max_examples=60)
LABEL_SETS = st.lists(st.frozensets(st.sampled_from("abcde")), min_size=1, max_size=8, unique=True)


def between(metric, a, b):
    return distances(metric, (frozenset(a), frozenset(b)))[0, 1]


@pytest.mark.parametrize(
    ("a", "b", "masi", "jaccard"),
    [
        ("a", "ab", 1 - 1 / 2 * 2 / 3, 1 / 2),
        ("ab", "abcd", 1 - 2 / 4 * 2 / 3, 2 / 4),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3, 2 / 3),
        ("abc", "bcd", 1 - 2 / 4 * 1 / 3, 2 / 4),
        ("a", "b", 1, 1),
        ("", "a", 1, 1),
    ],
)
def test_label_sets_by_hand(a, b, masi, jaccard):
    assert between("masi", a, b) == between("masi", b, a) == pytest.approx(masi)
    assert between("jaccard", a, b) == between("jaccard", b, a) == pytest.approx(jaccard)


def test_the_set_without_labels_is_like_itself():
    assert distances("masi", (frozenset(),)).tolist() == [[0.0]]


@QUICK
@given(LABEL_SETS)
def test_masi_lies_between_jaccard_and_one(sets):
    masi, jaccard = distances("masi", sets), distances("jaccard", sets)
    assert (jaccard <= masi + 1e-12).all()
    assert (masi <= 1).all()
    assert ((masi == 0) == np.eye(len(sets), dtype=bool)).all()
    assert np.array_equal(masi, masi.T)


@QUICK
@given(LABEL_SETS)
def test_sets_of_one_label_each_are_nominal(sets):
    single = list({frozenset([label]) for labels in sets for label in labels})
    for metric in ("masi", "jaccard"):
        assert np.array_equal(distances(metric, single), distances("nominal", single))


def test_jaccard_keeps_the_triangle():
    sets = [frozenset(s) for size in range(4) for s in combinations("abc", size)]
    d = distances("jaccard", sets)
    assert (d[:, None, :] <= d[:, :, None] + d[None, :, :] + 1e-12).all()


def test_interval_and_ratio():
    assert distances("interval", (1, 2, 5))[0].tolist() == [0, 1, 16]
    assert distances("ratio", (0, 1, 3))[1] == pytest.approx([1, 0, 1 / 4])


@pytest.mark.parametrize(
    ("weights", "first_row"),
    [
        ("identity", [0, 1, 1, 1]),
        ("linear", [0, 1 / 3, 2 / 3, 1]),
        ("quadratic", [0, 1 / 9, 4 / 9, 1]),
        ("ordinal", [0, 1 / 6, 3 / 6, 1]),
    ],
)
def test_weights_of_words_go_by_position(weights, first_row):
    assert disagreements(weights, ("none", "few", "some", "many"))[0] == pytest.approx(first_row)


def test_weights_of_numbers_go_by_their_values_but_the_ordinal_ones():
    assert disagreements("linear", (1, 2, 5))[0] == pytest.approx([0, 1 / 4, 1])
    assert disagreements("quadratic", (1, 2, 5))[0] == pytest.approx([0, 1 / 16, 1])
    assert disagreements("ordinal", (1, 2, 5))[0] == pytest.approx([0, 1 / 3, 1])


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic", "ordinal"])
def test_one_category_or_none(weights):
    assert disagreements(weights, (7,)).tolist() == [[0.0]]
    assert disagreements(weights, ()).shape == (0, 0)


def test_label_sets_have_no_order_to_weigh_by():
    with pytest.raises(ValueError, match="order"):
        disagreements("linear", (frozenset("a"), frozenset("b")))


def test_unknown_names():
    with pytest.raises(ValueError, match="unknown metric"):
        distances("polar", (1, 2))
    with pytest.raises(ValueError, match="unknown weights"):
        disagreements("radical", (1, 2))
