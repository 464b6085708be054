import numpy as np
import pytest
from weijing.evaluation import bootstrap as module
from weijing.evaluation.agreement.alpha import alpha_of, coincidences, krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap, cluster_sums, estimate
from weijing.evaluation.estimate import Estimate, divide
from weijing.evaluation.ratings import Ratings


def mean(sums):
    return divide(sums[..., :1], sums[..., 1:])


def columns(x):
    return np.column_stack([x, np.ones(len(x))])


def reason(_):
    return "why"


def test_weights_sum_to_the_number_of_clusters():
    weights = np.concatenate(list(ClusterBootstrap(500).weights(7)))
    assert weights.shape == (500, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(7), abs=0.2)
    assert weights.var(axis=0) == pytest.approx(np.full(7, 6 / 7), abs=0.2)


def test_weights_of_one_give_the_point_estimate():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, size=(30, 3))
    ratings = Ratings.from_codes({(f"u{u}", f"c{c}"): int(v) for (u, c), v in np.ndenumerate(values)})
    flat = coincidences(ratings.counts()).reshape(30, 16)
    for metric in ("nominal", "ordinal"):
        draw = alpha_of((np.ones((1, 30)) @ flat).reshape(1, 4, 4), metric)
        assert draw[0] == pytest.approx(krippendorff_alpha(ratings, metric, None).value)


def test_a_weight_of_two_is_a_unit_twice():
    rng = np.random.default_rng(1)
    counts = rng.multinomial(3, [0.5, 0.3, 0.2], size=12)
    weights = np.r_[2, 0, 3, np.ones(9, int)]
    flat = coincidences(counts).reshape(12, 9)
    doubled = coincidences(np.repeat(counts, weights, axis=0)).sum(axis=0)
    for metric in ("nominal", "ordinal"):
        assert alpha_of((weights @ flat).reshape(3, 3), metric) == pytest.approx(alpha_of(doubled, metric))


def test_same_seed_same_interval_other_seed_another():
    x = np.random.default_rng(2).normal(size=50)
    one, two, three = (
        estimate(mean, columns(x), np.arange(50), ClusterBootstrap(seed=seed), n=50, reasons=reason)[0]
        for seed in (1, 1, 2)
    )
    assert one == two
    assert one.low != three.low


def test_blocks_do_not_change_the_draws(monkeypatch):
    whole = np.concatenate(list(ClusterBootstrap(50).weights(9)))
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 60)
    assert len(list(ClusterBootstrap(50).weights(9))) > 1
    assert np.array_equal(np.concatenate(list(ClusterBootstrap(50).weights(9))), whole)


def test_interval_of_a_mean_is_near_the_normal_one():
    x = np.random.default_rng(3).normal(size=400)
    found = estimate(mean, columns(x), np.arange(400), ClusterBootstrap(), n=400, reasons=reason)[0]
    half = 1.96 * x.std() / 20
    assert (found.low, found.high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.012)


def test_copies_in_one_cluster_do_not_narrow_the_interval():
    x = np.random.default_rng(4).normal(size=60)
    alone = estimate(mean, columns(x), np.arange(60), ClusterBootstrap(), n=60, reasons=reason)[0]
    four, groups = np.repeat(x, 4), np.repeat(np.arange(60), 4)
    copied = estimate(mean, columns(four), groups, ClusterBootstrap(), n=240, reasons=reason)[0]
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))


def test_cluster_sums():
    sums = cluster_sums(np.array([[1.0], [2.0], [4.0]]), np.array([7, 3, 7]))
    assert sums.tolist() == [[2.0], [5.0]]


def test_an_estimate_has_a_value_or_a_reason():
    with pytest.raises(ValueError, match="either"):
        Estimate(None)
    with pytest.raises(ValueError, match="either"):
        Estimate(1.0, reason="no_pairs")


@pytest.mark.parametrize(("draws", "level"), [(0, 0.95), (10, 1.0)])
def test_bad_settings(draws, level):
    with pytest.raises(ValueError, match="bootstrap"):
        ClusterBootstrap(draws, level=level)
