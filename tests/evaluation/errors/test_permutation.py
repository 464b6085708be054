"""The permutation test against an exact one, and its rate of false alarms where the null holds."""

from itertools import combinations

import numpy as np
import pytest
from weijing.evaluation.errors.permutation import Permutations, permutation_p


def inside(n, k):
    return np.arange(n) < k


def test_it_comes_near_the_p_of_all_permutations():
    a, k = np.array([1, 1, 1, 0, 1, 0, 0, 1, 0, 0.0, 0]), 5
    b = np.array([1, 2, 1, 1, 2, 1, 2, 1, 1, 1.0, 1])

    def studentised(chosen):
        here = np.isin(np.arange(len(a)), chosen)
        (r1, v1), (r0, v0) = (
            (a[s].sum() / b[s].sum(), ((a[s] - a[s].sum() / b[s].sum() * b[s]) ** 2).sum() / b[s].sum() ** 2)
            for s in (here, ~here)
        )
        return (r1 - r0) ** 2 / (v1 + v0)

    found = studentised(range(k))
    exact = np.mean([studentised(c) >= found - 1e-12 for c in combinations(range(len(a)), k)])
    p = permutation_p(np.stack([a, b], axis=1), inside(len(a), k), Permutations(draws=40_000, enough=40_000))
    assert p == pytest.approx(exact, rel=0.05)


def test_it_stops_early_and_gives_about_the_same_p():
    rng = np.random.default_rng(0)
    sums = np.stack([rng.random(60) < 0.7, np.ones(60)], axis=1).astype(float)
    some = permutation_p(sums, inside(60, 20), Permutations(20_000, 400))
    every = permutation_p(sums, inside(60, 20), Permutations(20_000, 20_000))
    assert some == pytest.approx(every, rel=0.2)
    assert permutation_p(sums, inside(60, 20), Permutations(20_000, 400)) == some, "the same seed, the same p"


def test_a_plain_difference_has_the_smallest_p_there_is():
    sums = np.stack([np.arange(60) < 30, np.ones(60)], axis=1).astype(float)
    assert permutation_p(sums, inside(60, 30), Permutations(2000, 100)) == 1 / 2000


def test_no_difference_at_all_has_a_p_of_1():
    sums = np.ones((30, 2))
    assert permutation_p(sums, inside(30, 10), Permutations(500, 100)) == 1.0


@pytest.mark.parametrize("common", [0.5, 0.15])
def test_false_alarms_are_as_rare_as_they_should_be(common):
    """F1 is the same inside and outside, though the label is ``common`` outside and given to every second inside."""
    rng = np.random.default_rng(1)
    n, k, runs = 200, 80, 400
    alarms = 0
    for _ in range(runs):
        positive = rng.random(n) < np.where(inside(n, k), 0.5, common)
        hit = rng.random(n) < 0.7
        sums = np.stack([2.0 * (positive & hit), 2.0 * (positive & hit) + (positive & ~hit)], axis=1)
        alarms += permutation_p(sums, inside(n, k), Permutations(1000, 100)) <= 0.05
    assert 0.02 <= alarms / runs <= 0.085


def test_settings_that_make_no_sense():
    with pytest.raises(ValueError, match="at least one draw"):
        Permutations(draws=10, enough=20)
