"""Majority and Dawid-Skene, beside the settled codes."""

import numpy as np
import pytest
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.model_coder.codings import Codings
from weijing.evaluation.model_coder.consensus import consensus, dawid_skene, settle

FAST = ClusterBootstrap(200)


def made(columns, **more):
    n = len(next(iter(columns.values())))
    codes = {c: {f"r{u}": v for u, v in enumerate(x) if v is not None} for c, x in columns.items()}
    return Codings.from_codes(codes, [f"r{u}" for u in range(n)], **more)


def ids(codings):
    return [f"r{u}" for u in range(codings.coded.shape[1])]


def test_majority_by_hand():
    codings = made(
        {
            "a": ["x", "x", "y", None, "x"],
            "b": ["x", "y", "y", None, None],
            "c": ["x", "y", None, "x", "y"],
            "gold": ["x", "x", "y", "x", None],
        }
    )
    found = consensus(codings, "abc", ids(codings), "gold")
    assert [u.report for u in found] == ["r0", "r1", "r2", "r4"]  # one coder of r3
    assert [u.majority for u in found] == ["x", "y", "y", None]
    assert [u.share for u in found] == pytest.approx([1, 2 / 3, 1, 1 / 2])
    assert [u.settled for u in found] == ["x", "x", "y", None]
    row = settle(codings, "abc", ids(codings), np.arange(5), FAST, "gold")
    assert (row.n, row.n_settled, row.majority_ties) == (4, 3, 0)
    assert row.majority.value == pytest.approx(2 / 3)
    assert {"r1", "r4"} <= {u.report for u in row.disputed}
    assert "r0" not in {u.report for u in row.disputed}


def em(values, k, steps=200):
    """Dawid and Skene's EM, for codes of every coder on every unit."""
    given = np.eye(k)[values]  # coders, units, k
    t = given.mean(0)
    for _ in range(steps):
        prior = t.mean(0)
        errors = np.einsum("uj,cul->cjl", t, given) / t.sum(0)[None, :, None]
        t = prior * np.exp(np.einsum("cul,cjl->uj", given, np.log(np.maximum(errors, 1e-10))))
        t /= t.sum(1, keepdims=True)
    return t


def test_posteriors_are_those_of_the_em():
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=150)
    values = np.stack([np.where(rng.random(150) < p, truth, rng.integers(3, size=150)) for p in (0.9, 0.8, 0.5)])
    found = dawid_skene(values, np.ones(values.shape, bool), 3)
    expected = em(values, 3)
    assert np.abs(found - expected).mean() < 0.005  # it stops at a tolerance
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.98
    assert found.sum(axis=1) == pytest.approx(np.ones(150))


def test_a_good_coder_outweighs_two_who_guess():
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=400)

    def coder(right):
        return np.where(rng.random(400) < right, truth, 1 - truth).tolist()

    columns = {"a": coder(0.97), "b": coder(0.95), "c": coder(0.55), "d": coder(0.55), "e": coder(0.55)}
    codings = made(columns | {"gold": truth.tolist()})
    row = settle(codings, "abcde", ids(codings), np.arange(400), FAST, "gold")
    assert row.dawid_skene.value > 0.93
    assert row.dawid_skene.value > row.majority.value + 0.05
    assert row.dawid_skene.low > row.majority.value


def test_ties_are_left_undecided_and_counted():
    codings = made({"a": [0, 1] * 10, "b": [1, 0] * 10, "gold": [0] * 20})
    row = settle(codings, "ab", ids(codings), np.arange(20), FAST, "gold")
    assert (row.majority_ties, row.majority.value, row.majority.reason) == (20, None, "no_units")
    assert len(row.disputed) == 20


def test_without_reference_without_overlap_and_a_label_never_used():
    codings = made({"a": [0, None, 0], "b": [0, 0, 0]}, categories=(False, True))
    row = settle(codings, "ab", ids(codings), np.arange(3), FAST)
    assert (row.n, row.n_settled, row.majority.reason, row.disputed) == (2, 0, "no_units", ())
    found = consensus(codings, "ab", ids(codings))
    assert {(u.majority, u.dawid_skene, u.posterior) for u in found} == {(False, False, 1.0)}
    apart = made({"a": [0, None], "b": [None, 0]})
    assert settle(apart, "ab", ids(apart), np.arange(2), FAST).n == 0


def test_order_does_not_matter():
    rng = np.random.default_rng(3)
    truth = rng.integers(3, size=60)
    columns = {c: np.where(rng.random(60) < 0.7, truth, rng.integers(3, size=60)).tolist() for c in "abc"}
    order = rng.permutation(60)
    one = made(columns)
    found = {u.report: u for u in consensus(one, "abc", ids(one))}
    other = made({c: [columns[c][u] for u in order] for c in "cab"})
    for u in consensus(other, "abc", [f"r{u}" for u in order]):
        assert (u.majority, u.dawid_skene) == (found[u.report].majority, found[u.report].dawid_skene)
        assert u.posterior == pytest.approx(found[u.report].posterior, abs=1e-6)


def test_label_sets_are_settled_label_by_label():
    sets = Codings("v", None, "asked", "sets", ("a",), (False, True), np.zeros((1, 1, 2), int), np.ones((1, 1), bool))
    with pytest.raises(ValueError, match="label by label"):
        consensus(sets, "a", ["r0"])
