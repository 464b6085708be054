import numpy as np
import pytest
from weijing.evaluation.agreement.alpha import coincidences
from weijing.evaluation.pseudo import AGREEMENT, DISAGREEMENT, Pseudo, pseudo_clusters, side_by_side


def contribute(counts):
    return coincidences(counts).reshape(len(counts), -1)


def test_agreement_on_each_category_and_disagreement_as_chance_has_it():
    counts = np.array([[2, 0, 0]] * 5 + [[0, 2, 0]] * 3 + [[0, 0, 2]] * 2)
    found = pseudo_clusters(contribute, counts, pairs=4)
    *agreed, apart = found.sums.reshape(-1, 3, 3)
    for category, one in enumerate(agreed):
        assert one[category, category] == one.sum() == 8
    assert apart.sum() == pytest.approx(8)
    chance = np.outer([0.5, 0.3, 0.2], [0.5, 0.3, 0.2])
    np.fill_diagonal(chance, 0)
    assert apart == pytest.approx(8 * chance / chance.sum())
    assert found.mass == pytest.approx(np.log2(3) * np.array([AGREEMENT / 3] * 3 + [DISAGREEMENT]))


def test_more_categories_have_more_as_far_as_there_is_need():
    two, *many = (pseudo_clusters(contribute, 2 * np.eye(k, dtype=int), pairs=1).mass for k in (2, 8, 40))
    assert two == pytest.approx([AGREEMENT / 2, AGREEMENT / 2, DISAGREEMENT])
    for mass in many:
        assert (mass[:-1].sum(), mass[-1]) == pytest.approx((3 * AGREEMENT, 3 * DISAGREEMENT))


def test_categories_that_do_not_occur_have_none():
    found = pseudo_clusters(contribute, np.array([[2, 0, 0], [0, 0, 2]]), pairs=1)
    assert found.sums.reshape(-1, 3, 3)[:, 1].sum() == 0
    assert len(found.mass) == 3


def test_side_by_side_each_shows_in_its_own_sums_alone():
    one, two = Pseudo(np.array([[1.0, 2.0]]), np.array([0.5])), Pseudo(np.array([[3.0], [4.0]]), np.array([0.1, 0.2]))
    both = side_by_side([one, two])
    assert both.sums.tolist() == [[1, 2, 0], [0, 0, 3], [0, 0, 4]]
    assert both.mass.tolist() == [0.5, 0.1, 0.2]
