"""Prior shift: the worked odds, the way back, and a simulation with a known share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from weijing.evaluation.prior_shift import estimated_prevalence, shifted

SHARES = st.floats(0.01, 0.99)


def test_odds_are_multiplied_by_the_ratio_of_prior_odds() -> None:
    # Odds 1 at prior odds 1, read at prior odds 1/9.
    np.testing.assert_allclose(shifted(np.array([0.0, 0.5, 1.0]), 0.5, 0.1), [0, 0.1, 1])


@given(st.lists(SHARES, min_size=1), SHARES, SHARES)
def test_there_and_back_changes_nothing_and_order_is_kept(values: list[float], old: float, new: float) -> None:
    predicted = np.sort(np.array(values))
    moved = shifted(predicted, old, new)
    assert (np.diff(moved) >= 0).all()
    np.testing.assert_allclose(shifted(moved, new, old), predicted, atol=1e-9)


@pytest.mark.parametrize("share", [0.03, 0.2, 0.7])
def test_the_share_of_another_collection_is_found(share: float) -> None:
    rng = np.random.default_rng(5)
    learned_at, n = 0.6, 20_000
    truth = rng.random(n) < share
    x = rng.normal(np.where(truth, 1.0, -1.0), 1.2)
    yes, no = norm.pdf(x, 1, 1.2), norm.pdf(x, -1, 1.2)
    predicted = learned_at * yes / (learned_at * yes + (1 - learned_at) * no)
    assert estimated_prevalence(predicted, learned_at) == pytest.approx(share, abs=0.02)
    # Unadjusted, the mean probability is far off.
    assert abs(predicted.mean() - share) > 0.04
    adjusted = shifted(predicted, learned_at, share)
    assert adjusted.mean() == pytest.approx(share, abs=0.02)


def test_the_ends_are_refused_and_never_reached() -> None:
    with pytest.raises(ValueError, match="ends excluded"):
        shifted(np.array([0.5]), 0.5, 1.0)
    with pytest.raises(ValueError, match="no reports"):
        estimated_prevalence(np.array([]), 0.5)
    assert estimated_prevalence(np.full(10, 1e-9), 0.5) == pytest.approx(0.05)
    assert estimated_prevalence(np.array([0.9]), 0.4) == pytest.approx(0.4)
