import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.calibration import calibration, calibration_error, wilson_interval


def test_ece_and_brier_by_hand():
    predicted = np.array([0.1, 0.3, 0.6, 0.9, 1.0])
    outcome = np.array([0, 1, 1, 1, 0], dtype=bool)
    found = calibration(predicted, outcome, bins=2)
    # bin 0-0.5: mean 0.2, observed 0.5; bin 0.5-1: mean 2.5/3, observed 2/3
    assert [b.count for b in found.bins] == [2, 3]
    assert [b.mean_predicted for b in found.bins] == pytest.approx([0.2, 2.5 / 3])
    assert [b.observed for b in found.bins] == pytest.approx([0.5, 2 / 3])
    assert found.ece == pytest.approx(2 / 5 * 0.3 + 3 / 5 * (2.5 / 3 - 2 / 3))
    assert found.brier == pytest.approx((0.01 + 0.49 + 0.16 + 0.01 + 1) / 5)


def test_edges_belong_to_the_lower_bin_and_0_to_the_first():
    found = calibration(np.array([0.0, 0.5, 0.51, 1.0]), np.array([0, 0, 1, 1], bool), bins=2)
    assert [b.count for b in found.bins] == [2, 2]


def test_empty_bins_stay_empty():
    found = calibration(np.array([0.05, 0.95]), np.array([0, 1], bool), bins=4)
    middle = found.bins[1]
    assert (middle.count, middle.mean_predicted, middle.observed, middle.observed_low) == (
        0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("seed", range(20))
def test_adaptive_bins_are_about_equal_and_keep_ties_together(seed):
    rng = np.random.default_rng(seed)
    predicted = rng.beta(0.5, 2, 200)
    found = calibration(predicted, rng.random(200) < predicted, bins=5, binning="adaptive")
    assert [b.count for b in found.bins] == [40] * 5
    rounded = np.round(predicted, 1)
    found = calibration(rounded, rng.random(200) < predicted, bins=10, binning="adaptive")
    assert sum(b.count for b in found.bins) == 200
    assert all(b.low <= b.mean_predicted <= b.high + 1e-12 for b in found.bins if b.count)


def test_all_predictions_equal():
    found = calibration(np.full(10, 0.3), np.arange(10) < 3, binning="adaptive")
    assert sum(b.count for b in found.bins) == 10
    assert found.ece == pytest.approx(0)
    assert calibration(np.zeros(3), np.zeros(3, bool), binning="adaptive").brier == 0
    assert calibration(np.ones(3), np.ones(3, bool), binning="adaptive").ece == 0


def test_perfect_calibration_has_small_ece_and_brier_agrees_with_sklearn():
    rng = np.random.default_rng(0)
    predicted = rng.random(20_000)
    outcome = rng.random(20_000) < predicted
    found = calibration(predicted, outcome)
    assert found.ece < 0.015
    assert found.brier == pytest.approx(brier_score_loss(outcome, predicted))


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (3, 17), (1, 1), (250, 1000)])
def test_wilson_agrees_with_scipy(successes, n):
    expected = binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson_interval(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_nothing_known_without_units():
    assert wilson_interval(0, 0) == (0, 1)
    found = calibration(np.array([]), np.array([], bool))
    assert (found.ece, found.brier, found.reason, found.bins) == (None, None, "no_units", ())


@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_probabilities_are_checked(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration(np.array([wrong]), np.array([True]))


def test_the_error_with_its_interval_is_the_one_of_the_diagram() -> None:
    rng = np.random.default_rng(4)
    predicted = rng.random(400)
    outcome = rng.random(400) < predicted**2
    found = calibration_error(predicted, outcome, None, ClusterBootstrap(300))
    assert found.value == pytest.approx(calibration(predicted, outcome).ece)
    assert found.low is not None
    assert found.high is not None
    assert 0.05 < found.low < found.value < found.high < 0.35
    assert calibration_error(predicted[:0], outcome[:0]).value is None
