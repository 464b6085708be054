import numpy as np
import pytest
from weijing.evaluation.ratings import Ratings, cluster_vector


def test_codes_become_positions_in_the_sorted_categories():
    ratings = Ratings.from_codes({("u", "a"): 3, ("u", "b"): 1, ("v", "a"): None})
    assert ratings.categories == (1, 3)
    assert ratings.values.tolist() == [[1, 0], [-1, -1]]
    assert ratings.counts().tolist() == [[1, 1], [0, 0]]


def test_given_categories_keep_their_order():
    ratings = Ratings.from_codes({("u", "a"): "low", ("u", "b"): "high"}, categories=["low", "mid", "high"])
    assert ratings.values.tolist() == [[0, 2]]


def test_unknown_category():
    with pytest.raises(ValueError, match="none of the categories"):
        Ratings.from_codes({("u", "a"): "x"}, categories=["y"])


def test_label_of_a_multi_variable():
    codes = {("u", "a"): ["x", "y"], ("u", "b"): [], ("v", "a"): None, ("v", "b"): ["y"]}
    ratings = Ratings.from_label(codes, "x")
    assert ratings.categories == (False, True)
    assert ratings.values.tolist() == [[1, 0], [-1, 0]]


def test_units_without_a_cluster_stand_alone():
    numbers = cluster_vector(["u", "v", "w", "x"], {"u": "story", "w": "story", "v": "w"})
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize(
    ("values", "categories", "clusters"),
    [([[0]], (1,), [0]), ([[0, 5]], (1,), [0]), ([[0, 0]], (1, 1), [0]), ([[0, 0]], (1,), [0, 1])],
)
def test_misfits_are_refused(values, categories, clusters):
    with pytest.raises(ValueError, match=r"units|code|category"):
        Ratings(("u",), ("a", "b"), np.array(values), categories, np.array(clusters))
