import pytest
from weijing.evaluation.errors.multiplicity import adjusted


def test_by_hand():
    # Times 4 / rank: 0.04, 0.06, 0.04, 0.5; none above the next larger.
    found = adjusted({"a": 0.01, "d": 0.5, "c": 0.03, "b": 0.03})
    assert found == pytest.approx({"a": 0.04, "b": 0.04, "c": 0.04, "d": 0.5})


def test_no_tests():
    assert adjusted({}) == {}
