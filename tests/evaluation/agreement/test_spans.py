"""Agreement on evidence: by hand, by a published example, and by what must not matter."""

import json
from dataclasses import asdict

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.configs.errors import UserError
from weijing.evaluation.agreement.spans import merged, span_rows, unitizing_alpha, unitizing_sums
from weijing.evaluation.bootstrap import ClusterBootstrap

FAST = ClusterBootstrap(100)


def row(a, b, lengths, label=None, bootstrap=None, clusters=None):
    labels = [label] if label else []
    return span_rows("v", {"a": a, "b": b}, lengths, clusters or {}, labels=labels, bootstrap=bootstrap)[-1]


def alpha(*coders, length):
    return unitizing_alpha(unitizing_sums([merged(c) for c in coders], length))


def test_by_hand():
    # Of 10 characters each marks 4, two of them both: they differ on 4, 8 of 20 are marked; 16 + 16 + 12 characters
    # would pair with themselves.
    found = row({"r": {None: [(0, 4)]}}, {"r": {None: [(2, 6)]}}, {"r": 10})
    assert found.f1.value == found.f1_both.value == pytest.approx(0.5)
    assert found.alpha.value == pytest.approx(1 - 4 * (20 - 44 / 20) / (8 * 12))


def test_one_who_marks_nothing_has_an_f1_of_0_and_reports_that_neither_marked_are_counted():
    a = {"r": {None: [(0, 4)]}, "s": {None: [(0, 2)]}, "t": {}}
    b = {"r": {None: [(0, 4)]}, "s": {}, "t": {}, "u": {None: [(0, 1)]}}
    found = row(a, b, dict.fromkeys("rstu", 10))
    assert (found.n, found.n_both, found.n_one, found.n_neither) == (3, 1, 1, 1)
    assert (found.f1.value, found.f1.n) == (0.5, 2)
    assert (found.f1_both.value, found.f1_both.n) == (1.0, 1)
    # 2 differ; 4 + 4 + 2 of 60 are marked; 16 + 16 + 4 + 50 pair with themselves.
    assert found.alpha.value == pytest.approx(1 - 2 * (60 - 86 / 60) / (10 * 50))
    assert found.alpha_both.value == 1.0


def test_the_published_example_of_three_coders():
    # Krippendorff 2019, figure 12.11, of which 0.413 is reported; its segments are read off the figure.
    alex = [(0, 7), (7, 13), (30, 32), (32, 37), (37, 44), (44, 60)]
    paul = [(0, 7), (7, 13), (13, 21), (32, 44)]
    suzan = [(0, 7), (7, 13), (13, 21), (32, 37), (37, 41), (41, 44)]
    assert alpha(alex, paul, suzan, length=60) == pytest.approx(0.413, abs=0.001)


def test_with_every_character_a_segment_it_is_the_nominal_alpha_of_characters():
    rng = np.random.default_rng(0)
    codes = rng.random((3, 40)) < 0.3
    coders = [[(i, i + 1) for i in np.flatnonzero(own).tolist()] for own in codes]
    expected = krippendorff.alpha(codes.astype(int), level_of_measurement="nominal")
    assert alpha(*coders, length=40) == pytest.approx(expected)


def test_overlapping_spans_are_one_segment_and_touching_ones_two():
    assert merged([(5, 8), (0, 3), (2, 4), (4, 5)]) == [(0, 4), (4, 5), (5, 8)]
    two, one = [(0, 3), (3, 5)], [(0, 5)]
    assert unitizing_sums([two, one], 9).tolist() == [0, 10, 18, 9 + 4 + 25 + 8]


@st.composite
def texts(draw):
    """Some reports of 12 characters and the spans of two coders in the first 9."""
    span = st.tuples(st.integers(0, 7), st.integers(1, 4)).map(lambda s: (s[0], min(9, s[0] + s[1])))
    return draw(st.lists(st.tuples(st.lists(span, max_size=3), st.lists(span, max_size=3)), min_size=1, max_size=6))


@settings(max_examples=60, deadline=None)
@given(texts(), st.integers(0, 3), st.randoms())
def test_what_does_not_matter(pairs, shift, rng):
    def of(pairs, first=0, shift=0):
        moved = [[[(s + shift, e + shift) for s, e in one] for one in pair] for pair in pairs]
        a, b = ({f"r{i}": {None: p[(c + first) % 2]} for i, p in enumerate(moved)} for c in (0, 1))
        return row(a, b, {f"r{i}": 12 for i in range(len(pairs))})

    def values(found):
        all_of = (found.f1, found.f1_both, found.alpha, found.alpha_both)
        return [e.reason if e.value is None else pytest.approx(e.value) for e in all_of]

    plain = of(pairs)
    shuffled = rng.sample(pairs, len(pairs))
    for other in (of(pairs, first=1), of(pairs, shift=shift), of(shuffled)):
        assert values(other) == values(plain)
    for estimate in (plain.f1, plain.f1_both):
        assert estimate.value is None or 0 <= estimate.value <= 1
    assert plain.alpha.value is None or plain.alpha.value <= 1
    same = of([(a, a) for a, _ in pairs])
    assert same.f1.value in (None, 1.0)
    assert same.alpha.value in (None, 1.0)


def test_spans_at_random_agree_no_better_than_chance():
    rng = np.random.default_rng(1)

    def random():
        starts, sizes = rng.integers(0, 200, size=400).tolist(), rng.integers(5, 30, size=400).tolist()
        # Round the end of the text, so that every character is as likely as any other.
        return {
            f"r{i}": {None: [(s, min(s + n, 200)), *([(0, s + n - 200)] if s + n > 200 else [])]}
            for i, (s, n) in enumerate(zip(starts, sizes, strict=True))
        }

    found = row(random(), random(), {f"r{i}": 200 for i in range(400)}, bootstrap=FAST)
    assert abs(found.alpha.value) < 0.05
    assert found.alpha.low < 0 < found.alpha.high
    assert found.f1.value > 0.05, "what chance alone gives; alpha takes it away"


def test_labels_each_by_themselves_and_the_variable_whatever_the_label():
    a = {"r": {"x": [(0, 4)], "y": [(4, 6)]}}
    b = {"r": {"x": [(4, 6)], "y": [(0, 4)]}}
    whole, x, y, none = span_rows("v", {"a": a, "b": b}, {"r": 10}, {}, labels=["x", "y", "z"], bootstrap=None)
    assert [r.label for r in (whole, x, y, none)] == [None, "x", "y", "z"]
    assert (whole.f1.value, x.f1.value, y.f1.value) == (1.0, 0.0, 0.0)
    assert whole.alpha.value == pytest.approx(1 - 0)
    assert x.alpha.value < 0
    assert (none.f1.reason, none.f1_both.reason) == ("no_spans", "no_common_report")
    assert (none.alpha.reason, none.alpha_both.reason) == ("no_spans", "no_common_report")


def test_reasons_where_there_is_no_value():
    all_of_it = {"r": {None: [(0, 10)]}}
    assert row(all_of_it, all_of_it, {"r": 10}).alpha.reason == "no_variation"
    apart = row({"r": {None: [(0, 1)]}}, {"s": {None: [(0, 1)]}}, {"r": 10, "s": 10})
    assert {e.reason for e in (apart.f1, apart.f1_both, apart.alpha, apart.alpha_both)} == {"no_units"}
    json.dumps([asdict(apart)], allow_nan=False)


def test_reprints_are_drawn_together():
    rng = np.random.default_rng(2)
    a = {f"r{i}": {None: [(0, 10)]} for i in range(80)}
    ends = np.repeat(rng.integers(1, 20, size=20), 4)
    b = {f"r{i}": {None: [(0, int(e))]} for i, e in enumerate(ends)}
    lengths = dict.fromkeys(a, 50)
    alone = row(a, b, lengths, bootstrap=FAST)
    together = row(a, b, lengths, bootstrap=FAST, clusters={f"r{i}": i // 4 for i in range(80)})
    assert (together.n, together.n_clusters, alone.n_clusters) == (80, 20, 80)
    for one, four in ((alone.f1, together.f1), (alone.alpha, together.alpha)):
        assert one.value == four.value
        assert 1.4 < (four.high - four.low) / (one.high - one.low) < 2.8


def test_three_coders_make_three_pairs():
    marked = {c: {"r": {None: [(0, i + 1)]}} for i, c in enumerate("abc")}
    rows = span_rows("v", marked, {"r": 10}, {}, bootstrap=None)
    assert [(r.coder_a, r.coder_b) for r in rows] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert rows[1].f1.value == pytest.approx(2 * 1 / (1 + 3))


@pytest.mark.parametrize("span", [(3, 3), (-1, 2), (5, 11)])
def test_a_span_outside_the_text_is_named(span):
    with pytest.raises(UserError, match=f"report r, coder b: the evidence from {span[0]} to {span[1]}"):
        row({"r": {}}, {"r": {None: [span]}}, {"r": 10})
