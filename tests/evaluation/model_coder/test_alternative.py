"""The alternative annotator test: by hand, against scipy, on the paper's public data, and by simulation."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from weijing.evaluation.model_coder.alternative import alternative_test, needed_level
from weijing.evaluation.model_coder.codings import Codings
from weijing.evaluation.model_coder.losses import clustered_mean

ROOT = Path(__file__).resolve().parents[3]
HAND = {"a": (1, 1, 0, 0), "b": (1, 0, 0, 1), "c": (1, 1, 1, 0), "m": (1, 0, 0, 0)}
"""Before b and c, m and a tie on every report; b and c are each beaten by m on one of four, and never beat it."""


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(columns, measure="nominal", categories=None):
    """Codings of columns by coder, None where missing."""
    n = len(next(iter(columns.values())))
    codes = {c: {f"r{u}": v for u, v in enumerate(x) if v is not None} for c, x in columns.items()}
    return Codings.from_codes(codes, [f"r{u}" for u in range(n)], measure=measure, categories=categories)


def run(codings, clusters=None, panel=None, **more):
    panel = panel or tuple(c for c in codings.coders if c != "m")
    clusters = np.arange(codings.coded.shape[1]) if clusters is None else clusters
    return alternative_test(codings, panel, "m", clusters, **more)


def drawn(rng, n, rights, k=2):
    """Columns of coders who give the truth with the probability of their name, else another category."""
    truth = rng.integers(k, size=n)
    return {
        name: np.where(rng.random(n) < right, truth, (truth + rng.integers(1, k, size=n)) % k).tolist()
        for name, right in rights.items()
    }


def test_by_hand():
    found = run(made({coder: x * 10 for coder, x in HAND.items()}))
    a, b, c = found.coders
    assert [t.n for t in found.coders] == [40, 40, 40]
    assert (a.advantage, a.coder_advantage, a.loss, a.se) == (1, 1, 0, 0)
    assert (b.advantage, b.coder_advantage, b.loss) == (1, 0.75, -0.25)
    assert (c.advantage, c.coder_advantage, c.loss) == (1, 0.75, -0.25)
    se = (0.1875 / 39) ** 0.5  # losses: 10 of -1, 30 of 0
    assert b.se == pytest.approx(se)
    assert b.t == pytest.approx((-0.25 - 0.15) / se)
    assert a.t is None
    assert a.p == pytest.approx(0.85**40)  # no loss in 40 stories, were there one in 15 of 100
    assert a.p_adjusted == pytest.approx(
        0.85**40 * (1 + 1 / 2 + 1 / 3)
    )  # the largest of three: 3 p (1 + 1/2 + 1/3) / 3
    assert (found.winning_rate, found.advantage, found.passes) == (1.0, 1.0, True)
    assert (found.fails, found.two_coders, found.reason, found.third_coder) == (False, False, None, None)


def test_is_the_paired_t_test_where_every_report_is_its_own_story():
    rng = np.random.default_rng(1)
    columns = drawn(rng, 90, {"a": 0.8, "b": 0.7, "m": 0.7}, k=3)
    for epsilon in (0.0, 0.15):
        found = run(made(columns), epsilon=epsilon)
        for coder, other in ("ab", "ba"):
            x = np.array([v == w for v, w in zip(columns[coder], columns[other], strict=True)], float)
            m = np.array([v == w for v, w in zip(columns["m"], columns[other], strict=True)], float)
            wins, lost = (m >= x).astype(float), (x >= m).astype(float)
            expected = stats.ttest_rel(lost - epsilon, wins, alternative="less")
            test = next(t for t in found.coders if t.coder == coder)
            assert (test.t, test.p) == pytest.approx((expected.statistic, expected.pvalue))
            assert (test.advantage, test.coder_advantage) == (wins.mean(), lost.mean())


def test_copies_of_a_report_in_one_story_add_nothing():
    columns = drawn(np.random.default_rng(2), 60, {"a": 0.8, "b": 0.8, "c": 0.8, "m": 0.7})
    alone = run(made(columns))
    copied = run(made({c: list(np.repeat(x, 4)) for c, x in columns.items()}), np.repeat(np.arange(60), 4))
    taken_apart = run(made({c: list(np.repeat(x, 4)) for c, x in columns.items()}))
    for one, four, apart in zip(alone.coders, copied.coders, taken_apart.coders, strict=True):
        assert (four.n, four.n_clusters) == (240, 60)
        assert (four.loss, four.se, four.p) == pytest.approx((one.loss, one.se, one.p))
        assert apart.se < 0.6 * one.se


def test_clustered_mean_by_hand():
    # residuals 0.5, 0.5 in one cluster and -0.5, -0.5 in the other: sums 1 and -1; 2/1 * 2 / 16
    assert clustered_mean(np.array([1.0, 1, 0, 0]), np.array([0, 0, 1, 1])) == (0.5, 0.5, 2)
    assert clustered_mean(np.array([1.0, 0, 1, 0]), np.array([0, 0, 1, 1])) == (0.5, 0.0, 2)


def test_ordinal_codes_are_scored_by_root_mean_squares():
    # before 0 and 4: root mean square from 2 is 2, from 0 it is 8 ** 0.5, though both are 2 steps off on average
    found = run(made({"a": [0], "b": [0], "c": [4], "m": [2]}, "ordinal", range(5)))
    a = found.coders[0]
    assert (found.alignment, a.advantage, a.coder_advantage) == ("rmse", 1, 0)


def test_label_sets_are_scored_by_mean_jaccard():
    def sets(values):
        coders, n = ("a", "b", "c", "m"), len(values[0])
        array = np.array([[[x in labels for x in "xyz"] for labels in row] for row in values]).astype(int)
        return Codings("v", None, "asked", "sets", coders, (False, True), array, np.ones((4, n), bool))

    # before xy and x, x scores (1/2 + 1) / 2 and xy (1 + 1/2) / 2: a tie; nothing scores 0, but 1 before nothing
    found = run(sets([["xy", "", "z"], ["xy", "xy", ""], ["x", "x", ""], ["x", "x", ""]]))
    a = found.coders[0]
    assert (found.alignment, a.n) == ("jaccard", 3)
    assert a.advantage == 1
    assert a.coder_advantage == pytest.approx(1 / 3)


def test_only_reports_of_coder_candidate_and_another_coder_count():
    codings = made(
        {"a": [1, 1, None, 1, 0], "b": [1, None, 1, None, 1], "c": [None, None, 1, 0, 1], "m": [1, 1, 1, None, 0]}
    )
    found = run(codings)
    assert [t.n for t in found.coders] == [2, 3, 2]  # a: 0, 4; b: 0, 2, 4; c: 2, 4
    assert {t.reason for t in found.coders} == {found.reason} == {"few_reports"}
    assert found.passes is found.winning_rate is found.advantage is None


def test_thirty_stories_are_needed():
    columns = {coder: x * 8 for coder, x in HAND.items()}
    assert run(made(columns)).reason is None
    few = run(made(columns), np.repeat(np.arange(29), 2)[:32])
    assert few.reason == "few_reports"
    assert few.coders[0].needed.reports == 28  # 32 reports are 16 stories, 60 are 30


def test_coders_without_enough_reports_are_not_in_the_winning_rate():
    columns = drawn(np.random.default_rng(3), 100, {"a": 0.9, "b": 0.9, "c": 0.9, "m": 0.9})
    columns["c"][20:] = [None] * 80
    found = run(made(columns))
    assert [t.reason for t in found.coders] == [None, None, "few_reports"]
    assert [t.coder for t in found.tested] == ["a", "b"]
    assert found.winning_rate in (0, 0.5, 1)
    assert found.advantage == pytest.approx(np.mean([t.advantage for t in found.tested]))
    assert found.coders[2].needed.reports == 10  # 20 reports of 20 stories, 30 are needed


def test_adjusted_as_benjamini_and_yekutieli_have_it():
    columns = drawn(np.random.default_rng(4), 80, {"a": 0.6, "b": 0.9, "c": 0.7, "d": 0.8, "m": 0.75})
    found = run(made(columns))
    p = np.array([t.p for t in found.coders])
    order, m = np.argsort(p), 4
    limits = np.arange(1, m + 1) * 0.05 / (m * sum(1 / i for i in range(1, m + 1)))
    below = np.flatnonzero(p[order] <= limits)
    expected = order[: below.max() + 1] if len(below) else []
    assert {i for i, t in enumerate(found.coders) if t.p_adjusted <= 0.05} == set(expected)
    assert 0 < found.winning_rate < 1  # else this would show little
    assert found.winning_rate == len(expected) / m


def test_level_at_which_half_the_coders_are_rejected_together():
    assert needed_level(0.05, 2) == pytest.approx(0.05 / (2 * 1.5))
    assert needed_level(0.05, 3) == pytest.approx(2 * 0.05 / (3 * (1 + 1 / 2 + 1 / 3)))


@pytest.mark.parametrize("stories", [1, 4])
def test_a_loss_of_epsilon_is_taken_for_less_in_five_of_a_hundred(stories):
    """Coder b always says 0, a does so with 0.9 and m with 0.75: rho^h - rho^f = 0.15, the edge of H0."""
    rng, runs, below, above = np.random.default_rng(5), 600, 0, 0
    for _ in range(runs):
        columns = {"a": rng.random(60) > 0.9, "b": np.zeros(60, int), "m": rng.random(60) > 0.75}
        columns = {c: np.repeat(x.astype(int), stories).tolist() for c, x in columns.items()}
        a = run(made(columns, categories=(0, 1)), np.repeat(np.arange(60), stories)).coders[0]
        below += a.p < 0.05
        above += 1 - a.p < 0.05
    error = (0.05 * 0.95 / runs) ** 0.5
    assert below / runs < 0.05 + 3 * error
    assert above / runs < 0.05 + 4 * error  # the side of small samples' skew


def test_a_candidate_as_good_as_the_coders_passes_as_often_as_its_power_says():
    rng, rights = np.random.default_rng(6), {"a": 0.85, "b": 0.85, "c": 0.85, "m": 0.85}
    tests = [run(made(drawn(rng, 100, rights))) for _ in range(150)]
    rejected = np.mean([[t.p < needed_level(0.05, 3) for t in test.coders] for test in tests])
    predicted = np.mean([[t.power_if_equal or 1 for t in test.coders] for test in tests])
    assert rejected == pytest.approx(predicted, abs=0.07)
    assert 0.5 < predicted < 0.95  # else this would show little
    assert not any(test.fails for test in tests)


def test_a_noisy_candidate_does_not_pass_and_a_bad_one_fails():
    rng, people = np.random.default_rng(7), {"a": 0.9, "b": 0.9, "c": 0.9}
    noisy = [run(made(drawn(rng, 150, people | {"m": 0.72}))) for _ in range(60)]
    assert np.mean([t.passes for t in noisy]) < 0.1
    bad = [run(made(drawn(rng, 150, people | {"m": 0.5}))) for _ in range(60)]
    assert np.mean([t.fails for t in bad]) > 0.95
    assert not any(t.passes for t in bad)


def test_the_reports_still_needed_would_be_enough_four_times_in_five():
    rng, rights = np.random.default_rng(8), {"a": 0.85, "b": 0.85, "c": 0.85, "m": 0.82}
    large = run(made(drawn(rng, 20_000, rights)))
    needed = [
        round(t.n * ((0.8416 - stats.norm.ppf(needed_level(0.05, 3))) * t.se / (0.15 - t.loss)) ** 2)
        for t in large.coders
    ]
    small = [run(made(drawn(rng, int(np.mean(needed)), rights))) for _ in range(200)]
    assert np.mean([[t.p < needed_level(0.05, 3) for t in test.coders] for test in small]) == pytest.approx(
        0.8, abs=0.07
    )
    open_test = next(t for t in small if not t.passes and t.needed.reports)
    coder = sorted((t.needed.reports, t.coder) for t in open_test.coders if t.needed.reports is not None)
    assert open_test.needed.reports == coder[1][0]  # two of three must be rejected


def test_no_number_of_reports_helps_on_the_wrong_side():
    found = run(made(drawn(np.random.default_rng(9), 60, {"a": 0.95, "b": 0.95, "c": 0.95, "m": 0.6})))
    assert not found.passes
    assert {(t.needed.reports, t.needed.reason) for t in found.coders} == {(None, "wrong_side")}
    assert (found.needed.reports, found.needed.reason) == (None, "wrong_side")


def test_order_of_coders_and_reports_does_not_matter():
    rng = np.random.default_rng(10)
    columns = drawn(rng, 80, {"a": 0.9, "b": 0.8, "c": 0.7, "m": 0.8}, k=3)
    columns["b"][5:30] = [None] * 25
    stories = np.arange(80) // 2
    found = run(made(columns), stories)
    order = rng.permutation(80)
    mixed = {c: [columns[c][u] for u in order] for c in ("m", "c", "a", "b")}
    again = run(made(mixed), stories[order], panel=("c", "a", "b"))
    for test in found.coders:
        other = next(t for t in again.coders if t.coder == test.coder)
        assert (other.n, other.n_clusters, other.needed) == (test.n, test.n_clusters, test.needed)
        assert (other.loss, other.se, other.p_adjusted) == pytest.approx((test.loss, test.se, test.p_adjusted))
    assert (again.winning_rate, again.passes) == (found.winning_rate, found.passes)


def test_two_coders_say_how_many_reports_a_third_must_code():
    found = run(made(drawn(np.random.default_rng(11), 60, {"a": 0.8, "b": 0.8, "m": 0.85})))
    assert found.two_coders
    assert found.passes is not None
    assert found.third_coder.reports >= 30
    one, two = found.coders
    assert one.power == pytest.approx(
        stats.norm.cdf((0.15 - one.loss) / one.se + stats.norm.ppf(needed_level(0.05, 2)))
    )
    wanted = [60 * ((0.8416 - stats.norm.ppf(needed_level(0.05, 3))) * t.se / (0.15 - t.loss)) ** 2 for t in (one, two)]
    assert found.third_coder.reports == pytest.approx(max(30, *wanted), abs=1.01)


def test_one_coder_no_coder_no_overlap():
    one = run(made({"a": [1] * 40, "m": [1] * 40}))
    assert (one.reason, one.passes, one.coders[0].n, one.needed.reports) == ("no_panel", None, 0, None)
    none = run(made({"m": [1] * 40}), panel=("a",))
    assert (none.reason, none.coders) == ("no_panel", ())
    apart = run(made({"a": [1, None, None], "b": [None, 1, None], "m": [None, None, 1]}))
    assert (apart.reason, {t.n for t in apart.coders}) == ("few_reports", {0})
    assert (apart.third_coder.reports, apart.third_coder.reason) == (None, "no_codes")


def test_bad_calls():
    with pytest.raises(ValueError, match="epsilon"):
        run(made(HAND), epsilon=1.0)
    with pytest.raises(ValueError, match="'m' has no codes"):
        alternative_test(made({"a": [1]}), ("a",), "m", np.arange(1))


framing = loaded(ROOT / "benchmarks" / "alternative.py")

if framing.folder().is_dir():

    @pytest.fixture(scope="module")
    def published():
        return framing.framing_tests(framing.folder())

    @pytest.mark.parametrize("model", framing.PUBLISHED)
    def test_reproduces_the_figures_published_for_news_framing(published, model):
        found = published[model]
        assert (round(found.winning_rate, 2), round(found.advantage, 2)) == framing.PUBLISHED[model]
