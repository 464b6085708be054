"""Agreement among coders beside agreement with the candidate: by hand, against alpha of ratings, and by simulation."""

import numpy as np
import pytest
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.model_coder.beside import beside
from weijing.evaluation.model_coder.codings import Codings
from weijing.evaluation.ratings import Ratings

FAST = ClusterBootstrap(300)


def made(columns, measure="nominal", categories=None):
    n = len(next(iter(columns.values())))
    codes = {c: {f"r{u}": v for u, v in enumerate(x) if v is not None} for c, x in columns.items()}
    return Codings.from_codes(codes, [f"r{u}" for u in range(n)], measure=measure, categories=categories)


def run(codings, clusters=None, panel=None, bootstrap=FAST):
    panel = panel or tuple(c for c in codings.coders if c != "m")
    clusters = np.arange(codings.coded.shape[1]) if clusters is None else clusters
    return beside(codings, panel, "m", clusters, bootstrap)


def alpha(columns, coders, metric="nominal", used=None):
    """Alpha by the other road, on the reports of ``used``."""
    units = range(len(columns["m"])) if used is None else used
    codes = {(f"r{u}", c): columns[c][u] for c in coders for u in units}
    return krippendorff_alpha(Ratings.from_codes(codes), metric, None).value


def drawn(rng, n, rights, k=2):
    truth = rng.integers(k, size=n)
    return {
        name: np.where(rng.random(n) < right, truth, rng.integers(k, size=n)).tolist() for name, right in rights.items()
    }


def test_by_hand():
    # coders differ on one of four reports, the candidate and the coders on one pair of eight
    found = run(made({"a": [1, 1, 0, 0], "b": [1, 0, 0, 0], "m": [1, 1, 0, 0]}))
    # among: 8 values, 3 of 1 and 5 of 0, 2 of 8 ordered pairs differ: 1 - 7 * 2 / (2 * 3 * 5)
    assert found.among_coders.value == pytest.approx(1 - 7 * 2 / 30)
    # with it: (a, m) and (b, m) on four reports, 8 pairs halved: marginals 3.5 and 4.5, 1 differs in all
    assert found.with_candidate.value == pytest.approx(1 - 7 * 1 / (2 * 3.5 * 4.5))
    assert found.difference.value == pytest.approx(found.with_candidate.value - found.among_coders.value)
    assert (found.n, found.n_clusters, found.n_varied, found.n_passed_over) == (4, 4, 2, 0)
    assert found.measure == "nominal"


@pytest.mark.parametrize("measure", ["nominal", "ordinal"])
def test_figures_are_those_of_alpha(measure):
    columns = drawn(np.random.default_rng(1), 60, {"a": 0.7, "b": 0.6, "c": 0.8, "m": 0.7}, k=4)
    columns["c"][:20] = [None] * 20
    columns["a"][10:15] = columns["m"][55:] = [None] * 5
    found = run(made(columns, measure))
    used = [u for u in range(60) if columns["m"][u] is not None and sum(columns[c][u] is not None for c in "abc") >= 2]
    assert (found.n, found.n_passed_over) == (len(used), 5)
    assert found.among_coders.value == pytest.approx(alpha(columns, "abc", measure, used))
    for left in found.left_out:
        others = [c for c in "abc" if c != left.coder]
        used = [
            u
            for u in range(60)
            if columns[left.coder][u] is not None
            and columns["m"][u] is not None
            and any(columns[c][u] is not None for c in others)
        ]
        assert left.n == len(used)
        assert left.together.value == pytest.approx(alpha(columns, "abc", measure, used))
        assert left.replaced.value == pytest.approx(alpha(columns, [*others, "m"], measure, used))
        assert left.without.value == pytest.approx(alpha(columns, others, measure, used))
        assert left.difference.value == pytest.approx(left.replaced.value - left.together.value)


def test_with_two_coders_who_are_one_the_candidate_agrees_as_alpha_of_two():
    columns = drawn(np.random.default_rng(2), 50, {"a": 0.8, "m": 0.7}, k=3)
    columns["b"] = columns["a"]
    found = run(made(columns))
    assert found.among_coders.value == 1
    assert found.with_candidate.value == pytest.approx(alpha(columns, "am"))


def test_label_sets_are_averaged_over_the_same_labels():
    rng = np.random.default_rng(3)
    values = (rng.random((4, 80, 3)) < 0.1) ^ (rng.random((80, 3)) < 0.4)
    values[:3, :, 2] = False  # no coder gives the third label, the candidate does
    labels = [
        Codings(
            "v",
            x,
            "asked",
            "nominal",
            ("a", "b", "c", "m"),
            (False, True),
            values[..., [i]].astype(int),
            np.ones((4, 80), bool),
        )
        for i, x in enumerate("xyz")
    ]
    whole = Codings("v", None, "asked", "sets", labels[0].coders, (False, True), values.astype(int), labels[0].coded)
    found, parts = run(whole), [run(label) for label in labels]
    assert found.measure == "mean_label_alpha"
    assert found.among_coders.value == pytest.approx(np.mean([p.among_coders.value for p in parts[:2]]))
    assert found.with_candidate.value == pytest.approx(np.mean([p.with_candidate.value for p in parts[:2]]))
    assert parts[2].among_coders.reason == parts[2].difference.reason == "no_variation"
    assert parts[2].n_varied == 0


def test_the_difference_is_known_better_than_its_parts():
    columns = drawn(np.random.default_rng(4), 150, {"a": 0.8, "b": 0.8, "c": 0.8})
    columns["m"] = columns["a"]
    found = run(made(columns), bootstrap=ClusterBootstrap(1000))
    width = {
        name: getattr(found, name).high - getattr(found, name).low
        for name in ("among_coders", "with_candidate", "difference")
    }
    assert width["difference"] < 0.8 * (width["among_coders"] ** 2 + width["with_candidate"] ** 2) ** 0.5
    same = next(left for left in found.left_out if left.coder == "a")
    assert same.difference.value == 0  # of 150 reports: which is no certainty
    assert -0.05 < same.difference.low < 0 < same.difference.high < 0.05


def test_the_interval_of_the_difference_covers_none():
    """A candidate exchangeable with the coders: the true difference is 0."""
    rng, covered = np.random.default_rng(5), 0
    for _ in range(100):
        found = run(made(drawn(rng, 120, {"a": 0.8, "b": 0.8, "c": 0.8, "m": 0.8})), bootstrap=ClusterBootstrap(200))
        covered += found.difference.low <= 0 <= found.difference.high
    assert covered / 100 == pytest.approx(0.94, abs=0.06)


def test_copies_in_one_story_do_not_narrow_the_interval():
    columns = drawn(np.random.default_rng(6), 60, {"a": 0.8, "b": 0.8, "m": 0.8})
    alone = run(made(columns)).difference
    copied = run(made({c: list(np.repeat(x, 4)) for c, x in columns.items()}), np.repeat(np.arange(60), 4))
    assert (copied.n, copied.n_clusters) == (240, 60)
    assert (copied.difference.low, copied.difference.high) == pytest.approx((alone.low, alone.high), abs=0.01)


def test_order_does_not_matter():
    rng = np.random.default_rng(7)
    columns, order = drawn(rng, 60, {"a": 0.8, "b": 0.8, "c": 0.7, "m": 0.8}), rng.permutation(60)
    stories = np.arange(60) // 2
    found = run(made(columns), stories)
    mixed = {c: [columns[c][u] for u in order] for c in ("c", "m", "b", "a")}
    again = run(made(mixed), stories[order])
    for name in ("among_coders", "with_candidate", "difference"):
        one, other = getattr(found, name), getattr(again, name)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_too_little_to_compare():
    one = run(made({"a": [1, 0], "m": [1, 0]}))
    assert (one.n, one.among_coders.reason, one.left_out) == (0, "no_pairs", ())
    apart = run(made({"a": [1, None], "b": [1, None], "m": [None, 0]}))
    assert (apart.n, apart.n_passed_over, apart.difference.reason) == (0, 1, "no_pairs")
    assert apart.left_out[0].without.reason == "no_pairs"
    alike = run(made({"a": [1, 1], "b": [1, 1], "m": [1, 1]}, categories=(0, 1)))
    assert (alike.difference.reason, alike.n_varied) == ("no_variation", 0)
