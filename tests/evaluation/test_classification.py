import numpy as np
import pytest
from sklearn import metrics
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.classification import binary_scores, code_scores, confusion_matrix, multi_scores


def same(estimate, expected):
    if np.isnan(expected):
        assert estimate.value is None
        assert estimate.reason
    else:
        assert estimate.value == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_sklearn(seed):
    rng = np.random.default_rng(seed)
    n, labels = rng.integers(1, 40), rng.integers(2, 6)
    shares = rng.random(labels) * rng.integers(0, 2, labels)  # about half of the labels never occur
    reference, coder = rng.random((n, labels)) < shares, rng.random((n, labels)) < shares * rng.random()
    found = multi_scores(reference, coder, bootstrap=None)
    for average, rates in (("macro", found.macro), ("micro", found.micro)):
        for name in ("precision", "recall", "f1"):
            score = getattr(metrics, f"{name}_score")
            same(getattr(rates, name), score(reference, coder, average=average, zero_division=np.nan))
    for i, label in enumerate(found.labels):
        for name in ("precision", "recall", "f1"):
            score = getattr(metrics, f"{name}_score")
            expected = score(reference[:, i], coder[:, i], zero_division=np.nan)
            same(getattr(label.rates, name), expected)
        same(label.rates.agreement, metrics.accuracy_score(reference[:, i], coder[:, i]))
        tn, fp, fn, tp = metrics.confusion_matrix(reference[:, i], coder[:, i], labels=[0, 1]).ravel()
        assert (label.tp, label.fp, label.fn, label.tn) == (tp, fp, fn, tn)
    same(found.exact, metrics.accuracy_score(reference, coder))


def test_counts_and_rates_by_hand():
    reference = np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    coder = np.array([1, 1, 0, 1, 0, 0, 0, 0], dtype=bool)
    found = binary_scores(reference, coder)
    assert (found.n, found.tp, found.fp, found.fn, found.tn) == (8, 2, 1, 1, 4)
    assert found.prevalence == pytest.approx(3 / 8)
    rates = found.rates
    assert rates.precision.value == pytest.approx(2 / 3)
    assert rates.recall.value == pytest.approx(2 / 3)
    assert rates.specificity.value == pytest.approx(4 / 5)
    assert rates.f1.value == pytest.approx(2 / 3)
    assert rates.agreement.value == pytest.approx(6 / 8)
    assert rates.f1.low < rates.f1.value < rates.f1.high


@pytest.mark.parametrize(
    ("reference", "coder", "reasons"),
    [
        ([0, 0], [0, 0], ("no_predicted", "no_reference", None, "no_positives", None)),
        ([1, 1], [0, 0], ("no_predicted", None, "no_negatives", None, None)),
        ([0, 0], [1, 0], (None, "no_reference", None, None, None)),
        ([], [], ("no_units",) * 5),
    ],
)
def test_undefined_rates_have_reasons(reference, coder, reasons):
    rates = binary_scores(np.array(reference, bool), np.array(coder, bool)).rates
    for estimate, reason in zip(vars(rates).values(), reasons, strict=True):
        assert estimate.reason == reason
        assert (estimate.value is None) == (reason is not None)


def test_a_false_prediction_of_an_absent_label_counts_in_macro_f1_and_a_silent_label_does_not():
    reference = np.array([[1, 0, 0], [1, 0, 0]], bool)
    coder = np.array([[1, 1, 0], [1, 0, 0]], bool)
    assert multi_scores(reference, coder).macro.f1.value == pytest.approx(0.5)  # labels 1, 0, left out


def test_no_label_to_average():
    nothing = np.zeros((3, 2), bool)
    assert multi_scores(nothing, nothing).macro.f1.reason == "no_defined_label"
    assert multi_scores(nothing, nothing).micro.f1.reason == "no_positives"


def test_micro_f1_interval_is_that_of_a_plain_resampling_loop():
    rng = np.random.default_rng(5)
    reference = rng.random((80, 3)) < 0.4
    coder = reference ^ (rng.random((80, 3)) < 0.2)
    groups = np.arange(80) // 2
    found = multi_scores(reference, coder, groups, ClusterBootstrap(4000))
    draws = {"micro": [], "macro": []}
    for _ in range(400):
        units = np.concatenate([[2 * g, 2 * g + 1] for g in rng.integers(0, 40, 40)])
        for average, values in draws.items():
            values.append(metrics.f1_score(reference[units], coder[units], average=average))
    for average, values in draws.items():
        estimate = getattr(found, average).f1
        assert (estimate.low, estimate.high) == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.025)


def test_confusion_exact_agreement_and_distance():
    reference, coder = np.array([0, 1, 2, 2]), np.array([0, 2, 2, 0])
    found = code_scores(reference, coder, 4)
    assert found.confusion == ((1, 0, 0, 0), (0, 0, 1, 0), (1, 0, 1, 0), (0, 0, 0, 0))
    assert (found.exact.value, found.distance.value) == (0.5, 0.75)
    assert np.array_equal(
        confusion_matrix(reference, coder, 3), metrics.confusion_matrix(reference, coder, labels=[0, 1, 2])
    )


def test_code_scores_without_units():
    found = code_scores(np.array([], int), np.array([], int), 2)
    assert (found.exact.reason, found.distance.reason) == ("no_units", "no_units")
    assert found.confusion == ((0, 0), (0, 0))


def test_shapes_and_codes_are_checked():
    with pytest.raises(ValueError, match="units x labels"):
        multi_scores(np.zeros((2, 2), bool), np.zeros((2, 3), bool))
    with pytest.raises(ValueError, match="one code a unit"):
        code_scores(np.array([0]), np.array([0, 1]), 2)
    with pytest.raises(ValueError, match="not in"):
        code_scores(np.array([0]), np.array([-1]), 2)
