import numpy as np
import pytest
from weijing.evaluation import draws
from weijing.evaluation.draws import dirichlet, interchangeable, multinomial


def all_of(blocks):
    return np.concatenate(list(blocks))


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("counts", [np.ones(7, int), np.array([4, 1, 2])], ids=["one by one", "by kind"])
def test_weights_of_kinds_are_sums_of_weights_of_clusters(counts):
    weights = all_of(multinomial(rng(), counts, 4000))
    p = counts / 7
    assert weights.shape == (4000, len(counts))
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean(axis=0) == pytest.approx(counts, abs=0.08)
    assert np.cov(weights.T) == pytest.approx(7 * (np.diag(p) - np.outer(p, p)), abs=0.12)


@pytest.mark.parametrize("mass", [np.ones(7), np.array([4.0, 1, 2]), np.array([6.0, 0.5, 0.5])])
def test_random_weights_have_the_moments_of_a_dirichlet_distribution(mass):
    weights = all_of(dirichlet(rng(), mass, 7, 4000))
    p = mass / 7
    assert weights.sum(axis=1) == pytest.approx(np.full(4000, 7))
    assert weights.mean(axis=0) == pytest.approx(mass, abs=0.08)
    assert np.cov(weights.T) == pytest.approx(49 / 8 * (np.diag(p) - np.outer(p, p)), abs=0.12)


@pytest.mark.parametrize("counts", [np.ones(9, int), np.array([4, 3, 2])])
@pytest.mark.parametrize("weights", [multinomial, lambda rng, counts, draws: dirichlet(rng, counts, 9, draws)])
def test_blocks_do_not_change_the_draws(monkeypatch, counts, weights):
    whole = all_of(weights(rng(), counts, 50))
    monkeypatch.setattr(draws, "CELLS_AT_ONCE", 20)
    assert len(list(weights(rng(), counts, 50))) > 1
    assert np.array_equal(all_of(weights(rng(), counts, 50)), whole)
    assert not np.array_equal(all_of(weights(rng(1), counts, 50)), whole)


def test_kinds_are_the_distinct_rows_in_order():
    sums = np.array([[2.0, 1], [0, 3], [2, 1], [0, 1]] * 5)
    kinds = interchangeable(sums)
    assert kinds.sums.tolist() == [[0, 1], [0, 3], [2, 1]]
    assert kinds.counts.tolist() == [5, 5, 10]


def test_sums_that_differ_by_the_order_of_addition_are_of_one_kind():
    one, other = (0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3)
    assert one != other
    assert interchangeable(np.array([[one], [other]] * 4)).counts.tolist() == [8]


def test_clusters_that_are_hardly_ever_alike_stay_as_they_are():
    sums = rng().normal(size=(10, 2))
    kinds = interchangeable(sums)
    assert np.array_equal(kinds.sums, sums)
    assert (kinds.counts == 1).all()
    assert len(interchangeable(sums[:0]).counts) == 0


def test_more_combinations_than_an_integer_holds_are_told_apart():
    distinct = rng().integers(0, 10**6, size=(50, 40)).astype(float)
    kinds = interchangeable(np.repeat(distinct, 8, axis=0))
    assert len(kinds.sums) == 50
    assert (kinds.counts == 8).all()
