"""Altered copies keep codes and evidence."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from weijing.training.augment import converted, copies, edited, excerpt, noisy
from weijing.training.targets import Example

SENTENCES = st.lists(st.text("警微信报案发布群众", min_size=1, max_size=12), min_size=1, max_size=9)


def example(text: str, *spans: tuple[int, int]) -> Example:
    return Example("r1", "g", text, {}, {}, {0: spans} if spans else {}, frozenset({0}))


@st.composite
def marked(draw: st.DrawFn) -> Example:
    text = "".join(f"{s}。" for s in draw(SENTENCES))
    start = draw(st.integers(0, len(text) - 1))
    return example(text, (start, draw(st.integers(start + 1, len(text)))))


@given(marked(), st.integers(0, 99))
def test_an_excerpt_keeps_every_word_of_the_evidence(given_: Example, seed: int) -> None:
    made = excerpt(given_, np.random.default_rng(seed))
    ((before,),), ((after,),) = given_.evidence.values(), made.evidence.values()
    assert made.text[slice(*after)] == given_.text[slice(*before)]


@given(marked(), st.integers(0, 99))
def test_noise_moves_the_evidence_along(given_: Example, seed: int) -> None:
    made = noisy(given_, np.random.default_rng(seed))
    ((before,),), ((after,),) = given_.evidence.values(), made.evidence.values()
    assert made.text[slice(*after)] == given_.text[slice(*before)]
    assert len(made.text) > len(given_.text)


@given(marked(), st.data())
def test_any_edits_leave_of_a_span_what_they_do_not_touch(given_: Example, data: st.DataObject) -> None:
    n = len(given_.text)
    cuts = sorted(data.draw(st.sets(st.integers(0, n), max_size=6)))
    edits = [(a, b, data.draw(st.sampled_from(["", "x", "yy"]))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    made = edited(given_, edits)
    ((start, end),) = given_.evidence[0]
    gone = {i for a, b, _ in edits for i in range(a, b)}
    left = "".join(given_.text[i] for i in range(start, end) if i not in gone)
    spans = made.evidence.get(0, ())
    assert "".join(c for s in spans for c in made.text[slice(*s)] if c not in "xy") == left


def test_a_report_out_of_scope_keeps_most_of_itself_in_one_piece() -> None:
    text = "".join(f"第{i}句说的是别的事情。" for i in range(10))
    for seed in range(20):
        made = excerpt(example(text), np.random.default_rng(seed))
        assert made.text in text
        assert made.text.count("。") >= 6


def test_scripts_are_converted_both_ways_and_spans_stay() -> None:
    simple = example("县公安局开通微信报警，群众发来位置后派警处理。", (0, 4))
    traditional = converted(simple)
    assert traditional.text == "縣公安局開通微信報警，羣衆發來位置後派警處理。"
    assert traditional.evidence == simple.evidence
    assert converted(traditional).text == simple.text


def test_copies_are_the_same_for_one_seed_and_never_empty() -> None:
    given_ = example("派出所建了群。群里有人报案。民警回复。", (0, 6))
    assert copies(given_, 3) == copies(given_, 3)
    assert all(c.text.strip() and c.text != given_.text for seed in range(30) for c in copies(given_, seed))
    assert copies(example("短。"), 1) == copies(example("短。"), 1)
