import numpy as np
import pytest
from scipy import stats
from weijing.evaluation.agreement.alpha import alpha_of, coincidences, counts_alpha, krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap, cluster_sums, estimate, stretches
from weijing.evaluation.draws import interchangeable
from weijing.evaluation.estimate import Estimate, divide
from weijing.evaluation.pseudo import Pseudo
from weijing.evaluation.ratings import Ratings

APART = 1.0 - np.eye(3)


def mean(sums):
    return divide(sums[..., :1], sums[..., 1:])


def columns(x):
    return np.column_stack([x, np.ones(len(x))])


def reason(_):
    return "why"


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


def test_units_in_another_order_have_the_same_interval():
    rng = np.random.default_rng(5)
    counts, clusters = rng.multinomial(3, [0.6, 0.3, 0.1], size=90), np.repeat(np.arange(30), 3)
    order = rng.permutation(90)
    one = counts_alpha(counts, clusters, ClusterBootstrap(200), APART)
    two = counts_alpha(counts[order], clusters[order], ClusterBootstrap(200), APART)
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high), abs=1e-12)


def test_draws_by_kind_give_the_interval_of_draws_one_by_one():
    yes = np.arange(300) < 60  # two kinds
    by_kind = estimate(mean, columns(yes), np.arange(300), ClusterBootstrap(8000), n=300, reasons=reason)[0]
    apart = columns(yes + np.linspace(0, 1e-6, 300))  # the same but for what nobody sees
    one_by_one = estimate(mean, apart, np.arange(300), ClusterBootstrap(8000), n=300, reasons=reason)[0]
    assert (by_kind.low, by_kind.high) == pytest.approx((one_by_one.low, one_by_one.high), abs=0.006)


def test_pseudo_clusters_give_the_jeffreys_interval_of_a_share():
    yes = np.arange(40) < 3
    half = Pseudo(np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([0.5, 0.5]))
    bootstrap = ClusterBootstrap(40_000)
    found = estimate(mean, columns(yes), np.arange(40), bootstrap, n=40, reasons=reason, pseudo=half)[0]
    stretch = stretches(mean, interchangeable(columns(yes)), half, 0.95)[0]
    tail = stats.norm.cdf(-1.96 * stretch)
    assert found.value == 3 / 40
    assert (found.low, found.high) == pytest.approx(stats.beta.ppf([tail, 1 - tail], 3.5, 37.5), abs=0.003)


def test_an_interval_with_pseudo_clusters_holds_its_point():
    none = Pseudo(np.array([[1.0, 1.0]]), np.array([0.5]))
    found = estimate(mean, columns(np.zeros(30)), np.arange(30), ClusterBootstrap(), n=30, reasons=reason, pseudo=none)
    assert found[0].value == found[0].low == 0 < found[0].high


NOTHING = Pseudo(np.zeros((1, 2)), np.zeros(1))


@pytest.mark.parametrize("n", [5, 11, 200])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_stretch_of_a_mean_is_hesterbergs(n, level):
    x = np.random.default_rng(6).normal(size=n)
    expected = np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1) / stats.norm.ppf((1 + level) / 2)
    assert stretches(mean, interchangeable(columns(x)), NOTHING, level) == pytest.approx([expected], rel=1e-3)


def test_a_statistic_that_few_clusters_make_is_stretched_more():
    def agreement(yes):
        counts = np.stack([np.where(yes, 0, 2), np.where(yes, 2, 0)], axis=1)
        counts[:: len(yes) // 4] = 1
        return counts

    def stretch(positives):
        counts = agreement(np.arange(400) % (400 // positives) == 1)
        kinds = interchangeable(coincidences(counts).reshape(400, 4))
        return stretches(
            lambda sums: alpha_of(sums.reshape(*sums.shape[:-1], 2, 2), "nominal")[..., None],
            kinds,
            Pseudo(np.zeros((1, 4)), np.zeros(1)),
            0.95,
        )[0]

    assert stretch(4) > 1.05 > stretch(200) > 1


def test_undefined_draws_are_counted():
    x = np.column_stack([np.ones(10), np.arange(10) == 0]).astype(float)  # unit 0 is not drawn: undefined
    found = estimate(mean, x, np.arange(10), ClusterBootstrap(), n=10, reasons=reason)[0]
    assert found.undefined_share == pytest.approx(0.9**10, abs=0.04)


def test_draws_that_are_all_the_same_are_noted():
    found = estimate(mean, columns(np.ones(20)), np.arange(20), ClusterBootstrap(), n=20, reasons=reason)[0]
    assert (found.low, found.high, found.interval_note) == (1, 1, "no_spread")


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
