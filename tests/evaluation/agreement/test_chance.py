"""Chance-corrected agreement against an oracle, by its properties and at its borders; printed ones: test_published."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.agreement.chance import EXPECTED, chance_corrected, chance_corrected_counts, standard_error
from weijing.evaluation.agreement.distances import disagreements
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.ratings import Ratings

OF_MANY = tuple(c for c in EXPECTED if c != "cohen")
OF_COUNTS = ("percent", "fleiss", "brennan_prediger", "gwet", "krippendorff")
QUICK = settings(deadline=None, max_examples=60)
WEIGHTS = ("identity", "linear", "quadratic", "ordinal")


def coded(values, categories=(0, 1, 2, 3), clusters=None):
    """Ratings from units x coders positions in the categories, -1 missing."""
    values = np.asarray(values)
    units, coders = values.shape
    groups = np.arange(units) if clusters is None else np.asarray(clusters)
    names = tuple(f"u{u}" for u in range(units)), tuple(f"c{c}" for c in range(coders))
    return Ratings(*names, values, categories, groups)


def point(values, coefficient, weights="identity", **more):
    return chance_corrected(coded(values, **more), coefficient, weights, bootstrap=None)


def drawn(rng, units, coders, shares, agreement, missing=0.0):
    """Codes of coders who know the truth with probability sqrt(agreement) and otherwise guess."""
    truth = rng.choice(len(shares), p=shares, size=(units, 1))
    guess = rng.choice(len(shares), p=shares, size=(units, coders))
    values = np.where(rng.random(guess.shape) < np.sqrt(agreement), truth, guess)
    values[rng.random(values.shape) < missing] = -1
    return values


@pytest.mark.parametrize("hundred", range(10))
def test_cohen_agrees_with_scikit_learn_on_units_that_both_coded(hundred):
    rng = np.random.default_rng(hundred)
    defined = 0
    for step in range(100):
        k = int(rng.integers(2, 6))
        values = drawn(rng, rng.integers(2, 30), 2, rng.dirichlet(np.ones(k)), rng.random(), rng.random() * 0.6)
        both = values[(values >= 0).all(axis=1)]
        weights = ("identity", "linear", "quadratic")[step % 3]
        found = point(values, "cohen", weights, categories=tuple(range(k))).coefficient
        assert found.n == len(both)
        if len(np.unique(both)) < 2:
            assert (found.value, found.reason) == (None, "no_variation" if len(both) else "no_pairs")
            continue
        theirs = None if weights == "identity" else weights
        expected = cohen_kappa_score(both[:, 0], both[:, 1], labels=list(range(k)), weights=theirs)
        assert found.value == pytest.approx(expected, abs=1e-10)
        defined += 1
    assert defined > 70


def by_definition(values, d, coefficient):
    """The coefficient from its definition, pair by pair of codes; d is the disagreement of two categories."""
    k, units = len(d), [[c for c in row if c >= 0] for row in values]
    pairs = [[d[a][b] for i, a in enumerate(u) for j, b in enumerate(u) if i != j] for u in units]
    observed = np.mean([np.mean(p) for p in pairs if p])
    shares = np.mean([[u.count(c) / len(u) for c in range(k)] for u in units if u], axis=0)
    own = [[np.mean(col[col >= 0] == c) for c in range(k)] for col in values.T if (col >= 0).any()]
    two = [(p, q) for i, p in enumerate(own) for j, q in enumerate(own) if i != j]
    expected = {
        "percent": 1,
        "fleiss": sum(shares[a] * shares[b] * d[a][b] for a in range(k) for b in range(k)),
        "brennan_prediger": np.mean(d),
        "gwet": 1 - np.sum(1 - d) / (k * (k - 1)) * sum(s * (1 - s) for s in shares),
        "conger": np.mean([sum(p[a] * q[b] * d[a][b] for a in range(k) for b in range(k)) for p, q in two]),
    }[coefficient]
    return 1 - observed / expected


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("coefficient", [c for c in OF_MANY if c != "krippendorff"])
def test_agrees_with_the_definition_pair_by_pair(coefficient, weights):
    rng = np.random.default_rng(1)
    categories = (1, 2, 4, 5)
    d = disagreements(weights, categories)
    for _ in range(20):
        values = drawn(rng, 25, rng.integers(2, 6), rng.dirichlet(np.ones(4)), rng.random(), rng.random() * 0.5)
        found = point(values, coefficient, weights, categories=categories).coefficient
        assert found.value == pytest.approx(by_definition(values, d, coefficient), abs=1e-10)


@pytest.mark.parametrize(("weights", "metric"), [("identity", "nominal"), ("quadratic", "interval")])
def test_alpha_beside_the_others_is_alpha(weights, metric):
    rng = np.random.default_rng(2)
    ratings = coded(drawn(rng, 60, 3, [0.4, 0.3, 0.2, 0.1], 0.6, 0.2), (1, 2, 4, 8), np.arange(60) // 2)
    found, alone = chance_corrected(ratings, "krippendorff", weights).coefficient, krippendorff_alpha(ratings, metric)
    assert (found.value, found.n) == (pytest.approx(alone.value), alone.n)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))


@pytest.mark.parametrize("coefficient", OF_COUNTS)
def test_counts_are_enough_where_nobody_asks_who_coded(coefficient):
    rng = np.random.default_rng(3)
    values = drawn(rng, 50, 4, [0.4, 0.3, 0.2, 0.1], 0.5, 0.2)
    ratings = coded(values, clusters=np.arange(50) // 3)
    from_counts = chance_corrected_counts(ratings.counts(), coefficient, "linear", clusters=ratings.clusters)
    assert from_counts == chance_corrected(ratings, coefficient, "linear")


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("coefficient", OF_MANY)
@pytest.mark.parametrize("size", [1, 3])
def test_linearised_error_is_near_the_jackknife_and_the_bootstrap(coefficient, weights, size):
    rng = np.random.default_rng(4)
    first = drawn(rng, 150, 4, [0.4, 0.3, 0.2, 0.1], 0.5)
    first[:, 2:][rng.random((150, 2)) < 0.3] = -1
    values, clusters = np.repeat(first, size, axis=0), np.repeat(np.arange(150), size)
    found = chance_corrected(coded(values, clusters=clusters), coefficient, weights)
    kept = np.array([point(values[clusters != c], coefficient, weights).coefficient.value for c in range(150)])
    jackknife = np.sqrt(149 / 150 * np.square(kept - kept.mean()).sum())
    assert found.standard_error == pytest.approx(jackknife, rel=0.02)
    half = (found.coefficient.high - found.coefficient.low) / 2
    assert half == pytest.approx(1.96 * found.standard_error, rel=0.12)


def test_units_with_one_code_enlarge_the_error_because_gwet_takes_their_number_as_given():
    rng = np.random.default_rng(8)
    values = drawn(rng, 200, 2, [0.5, 0.5], 0.8)
    lone = np.r_[values, np.column_stack([rng.integers(0, 2, 100), np.full(100, -1)])]
    without, beside = (point(v, "percent").standard_error for v in (values, lone))
    share = point(values, "percent").coefficient.value
    assert without == pytest.approx(np.sqrt(share * (1 - share) / 199))
    assert beside > 1.5 * without


def test_error_of_units_that_are_their_own_clusters_is_that_of_a_mean():
    x = np.random.default_rng(5).normal(size=40)
    assert standard_error(x, np.arange(40)) == pytest.approx(x.std(ddof=1) / np.sqrt(40))
    assert standard_error(x, np.zeros(40, dtype=int)) is None


def test_raw_agreement_and_prevalence_stand_beside():
    values = [[0, 0, 0], [0, 1, -1], [1, -1, -1]]
    found = point(values, "gwet", "linear", categories=("no", "yes", "both"))
    assert (found.percent.value, found.percent.n) == (1 / 2, 2)  # without weights, of units with two codes
    assert found.categories == ("no", "yes", "both")
    assert found.prevalence == (pytest.approx(1.5 / 3), pytest.approx(1.5 / 3), 0)
    of_alpha = point(values, "krippendorff", categories=("no", "yes", "both"))
    assert of_alpha.prevalence == (pytest.approx(1.5 / 2), pytest.approx(0.5 / 2), 0)  # not the unit with one code


def test_skewed_prevalence_splits_kappa_from_ac1():
    """The first paradox of Feinstein & Cicchetti (1990): 95 of 100 alike, kappa about 0, for nearly all say no."""
    values = np.array([[0, 0]] * 95 + [[0, 1]] * 3 + [[1, 0]] * 2)
    assert point(values, "cohen", categories=(0, 1)).coefficient.value == pytest.approx(-0.0246, abs=5e-5)
    assert point(values, "gwet", categories=(0, 1)).coefficient.value == pytest.approx(0.9474, abs=5e-5)
    assert point(values, "percent", categories=(0, 1)).coefficient.value == 0.95


def test_categories_that_never_occur_count_for_those_who_spread_chance_over_them():
    values = np.array([[0, 0], [1, 1], [0, 1]] * 5)
    for coefficient in OF_MANY:
        two, four = (point(values, coefficient, categories=c).coefficient.value for c in ((0, 1), (0, 1, 2, 3)))
        assert (two == pytest.approx(four)) == (coefficient not in ("brennan_prediger", "gwet"))


@pytest.mark.parametrize("coefficient", EXPECTED)
@pytest.mark.parametrize("values", [np.zeros((0, 2), dtype=int), [[-1, -1]], [[0, -1], [-1, 1]]])
def test_without_two_codes_of_a_unit_there_is_a_reason(coefficient, values):
    found = chance_corrected(coded(values), coefficient)
    assert (found.coefficient.value, found.coefficient.reason, found.standard_error) == (None, "no_pairs", None)
    assert found.percent.reason == "no_pairs"


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("coefficient", EXPECTED)
@pytest.mark.parametrize("categories", [(0,), (0, 1)])
def test_one_category_only(coefficient, weights, categories):
    found = chance_corrected(coded([[0, 0]] * 4, categories), coefficient, weights)
    spreads = coefficient in ("brennan_prediger", "gwet") and len(categories) > 1
    if spreads or coefficient == "percent":
        assert found.coefficient.value == 1
    else:
        assert (found.coefficient.value, found.coefficient.reason) == (None, "no_variation")
        assert found.standard_error is None
    assert found.percent.value == 1


def test_one_cluster_has_no_error_and_no_interval():
    found = chance_corrected(coded([[0, 0], [1, 1], [0, 1]], clusters=[4, 4, 4]), "fleiss")
    assert found.coefficient.value is not None
    assert found.standard_error is None
    assert (found.coefficient.low, found.coefficient.interval_note) == (None, "one_cluster")


def test_a_coder_of_one_unit_leaves_no_draw_undefined():
    values = np.array([[0, 0, -1], [1, 1, -1], [0, 1, -1], [1, 0, -1], [1, 1, 1]])
    for coefficient in ("conger", "gwet"):
        assert chance_corrected(coded(values), coefficient).coefficient.undefined_share == 0


def test_perfect_agreement_of_a_few_is_no_certainty():
    few, many = (chance_corrected(coded([[0, 0], [1, 1]] * n), "cohen") for n in (10, 200))
    assert few.coefficient.value == few.coefficient.high == few.percent.value == few.percent.high == 1
    assert 0.6 < few.coefficient.low < 0.9 < many.coefficient.low < many.percent.low < 1


def test_coders_who_coded_nothing_do_not_count():
    values = np.array([[0, 0, -1], [1, 1, -1], [0, 1, -1]])
    assert point(values, "conger").coefficient == point(values[:, :2], "conger").coefficient


def test_cohen_is_for_two():
    with pytest.raises(ValueError, match="two coders"):
        point([[0, 0, 1]], "cohen")


@pytest.mark.parametrize("coefficient", ["cohen", "conger"])
def test_counts_do_not_say_who_coded(coefficient):
    with pytest.raises(ValueError, match="who gave which code"):
        chance_corrected_counts(np.array([[2, 0]]), coefficient)


@pytest.mark.parametrize(
    ("counts", "more"),
    [
        (np.array([1, 2]), {}),
        (np.array([[0.5, 1.5]]), {}),
        (np.array([[-1, 2]]), {}),
        (np.array([[1, 2]]), {"categories": "abc"}),
        (np.array([[1, 2]]), {"clusters": np.arange(2)}),
    ],
)
def test_tables_that_are_no_counts(counts, more):
    with pytest.raises(ValueError, match=r"counts are|categories and clusters"):
        chance_corrected_counts(counts, "fleiss", **more)


def test_label_sets_have_plain_coefficients_but_no_weights():
    ratings = Ratings.from_label_sets({("u", "a"): ["x"], ("u", "b"): ["x"], ("v", "a"): [], ("v", "b"): ["x", "y"]})
    assert chance_corrected(ratings, "percent", bootstrap=None).coefficient.value == 0.5
    with pytest.raises(ValueError, match="order"):
        chance_corrected(ratings, "gwet", "linear")


@st.composite
def studies(draw):
    """Units x coders of codes 0 to 3, -1 missing, with at least one pair that differs."""
    units, coders = draw(st.integers(2, 12)), draw(st.integers(2, 4))
    flat = draw(st.lists(st.integers(-1, 3), min_size=units * coders, max_size=units * coders))
    values = np.array(flat).reshape(units, coders)
    assume(any(len(set(row[row >= 0])) > 1 for row in values))
    return values


def same(one, two):
    assert one.coefficient.value == pytest.approx(two.coefficient.value)
    assert one.standard_error == pytest.approx(two.standard_error)


@QUICK
@given(studies(), st.sampled_from(OF_MANY), st.sampled_from(WEIGHTS), st.randoms())
def test_units_and_coders_have_no_order(values, coefficient, weights, random):
    rows, columns = (random.sample(range(n), n) for n in values.shape)
    same(point(values, coefficient, weights), point(values[rows][:, columns], coefficient, weights))


@QUICK
@given(studies(), st.sampled_from(OF_MANY), st.permutations(range(4)))
def test_nominal_categories_have_no_order(values, coefficient, names):
    same(point(values, coefficient), point(np.where(values >= 0, np.array(names)[values], -1), coefficient))


@QUICK
@given(studies(), st.sampled_from(OF_MANY), st.sampled_from(WEIGHTS))
def test_a_scale_read_from_its_other_end_is_the_same_scale(values, coefficient, weights):
    same(point(values, coefficient, weights), point(np.where(values >= 0, 3 - values, -1), coefficient, weights))


@QUICK
@given(studies(), st.sampled_from(OF_MANY), st.sampled_from(WEIGHTS))
def test_agreement_is_below_one_unless_perfect(values, coefficient, weights):
    found = point(values, coefficient, weights)
    assert found.coefficient.value is None or found.coefficient.value < 1
    perfect = np.where(values >= 0, np.arange(len(values))[:, None] % 2, -1)
    alike = point(perfect, coefficient, weights).coefficient
    assert alike.value is None or alike.value == pytest.approx(1)
    assert alike.reason in (None, "no_variation")


def test_same_seed_same_result():
    ratings = coded(drawn(np.random.default_rng(7), 40, 2, [0.5, 0.5], 0.5), (0, 1, 2, 3))
    one, two, three = (chance_corrected(ratings, "gwet", bootstrap=ClusterBootstrap(200, seed=s)) for s in (1, 1, 2))
    assert one == two
    assert one != three
