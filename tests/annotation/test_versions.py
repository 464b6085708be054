"""Whatever coders do on the server, what stands is what it says now, and nothing that was pulled is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weijing.annotation.tasks import Coding, read_annotation
from weijing.annotation.versions import Changes, Pass, Reading, answered, changes
from weijing.configs.codebook import Codebook
from weijing.data.codes import Code, current
from weijing.data.report import Report

REPORTS, VARIABLES = ("r1", "r2"), ("x", "y")
State = dict[Pass, dict[str, int]]
answers = st.dictionaries(st.sampled_from(VARIABLES), st.integers(0, 2))
states = st.dictionaries(st.tuples(st.sampled_from(REPORTS), st.sampled_from(["a", "b"]), st.just(1)), answers)


def readings(state: State, origin: str | None, at: str) -> dict[Pass, Reading]:
    return {
        (report_id, coder, number): Reading(
            Coding(tuple(Code(report_id, coder, v, x, at=at, round=number) for v, x in said.items()), ()),
            frozenset(said),
            origin,
        )
        for (report_id, coder, number), said in state.items()
    }


def step(known: list[Code], state: State, origin: str, at: str) -> Changes:
    live = {origin: set(REPORTS)}
    made = changes(readings(state, origin, at), known, live, f"{at[:-1]}9")
    assert len({c.code_id for c in (*known, *made.codes)}) == len(known) + len(made.codes)
    again = changes(readings(state, origin, at), [*known, *made.codes], live, "2031-01-01")
    assert (again.codes, again.superseding, again.deleted) == ((), 0, 0)
    return made


def standing(codes: list[Code]) -> dict[Any, Any]:
    return {(c.report_id, c.coder, c.round, c.variable): c.value for c in current(codes)}


@given(st.lists(states, max_size=6))
def test_what_stands_is_what_the_server_says(sequence: list[State]) -> None:
    known: list[Code] = []
    for day, state in enumerate(sequence, 1):
        known += step(known, state, "p", f"2030-01-0{day}T00:00:00").codes
        assert standing(known) == {(*who, v): x for who, said in state.items() for v, x in said.items()}


@given(states, states)
def test_a_project_made_anew_takes_nothing_back(before: State, after: State) -> None:
    known = list(step([], before, "old", "2030-01-01T00:00:00").codes)
    made = step(known, after, "new", "2030-01-02T00:00:00")
    assert made.deleted == 0
    expected = standing(known) | {(*who, v): x for who, said in after.items() for v, x in said.items()}
    assert standing([*known, *made.codes]) == expected


@given(states, states)
def test_a_file_brings_what_is_newer_and_takes_nothing_back(before: State, after: State) -> None:
    known = list(step([], before, "p", "2030-01-02T00:00:00").codes)
    late = changes(readings(after, None, "2030-01-03T00:00:00"), known, {}, "now")
    early = changes(readings(after, None, "2030-01-01T00:00:00"), known, {}, "now")
    said = {(*who, v): x for who, own in after.items() for v, x in own.items()}
    assert standing([*known, *late.codes]) == standing(known) | said
    assert standing([*known, *early.codes]) == said | standing(known)
    assert early.older == sum(key in said and said[key] != x for key, x in standing(known).items())
    assert late.deleted == early.deleted == 0


def test_an_answer_that_became_unfit_is_not_taken_back() -> None:
    who: Pass = ("r1", "a", 1)
    known = list(step([], {who: {"x": 1, "y": 2}}, "p", "2030-01-01T00:00:00").codes)
    unfit = {who: Reading(Coding((), ()), frozenset({"x"}), "p")}
    made = changes(unfit, known, {"p": {"r1"}}, "2030-01-02")
    assert [(c.variable, c.deleted, c.supersedes) for c in made.codes] == [("y", True, known[1].code_id)]


def test_a_task_that_is_gone_takes_nothing_back() -> None:
    known = list(step([], {("r1", "a", 1): {"x": 1}}, "p", "2030-01-01T00:00:00").codes)
    assert changes({}, known, {"p": {"r2"}}, "now").codes == ()
    assert changes({}, known, {"p": {"r1"}}, "now").deleted == 1


def test_codes_from_elsewhere_are_not_taken_back_nor_overwritten() -> None:
    sheet = Code("r1", "a", "x", 1, at="2030-01-02T00:00:00", round=1)
    assert changes({}, [sheet], {"p": {"r1"}}, "now").codes == ()
    made = changes(readings({("r1", "a", 1): {"x": 2}}, "p", "2030-01-01T00:00:00"), [sheet], {"p": {"r1"}}, "now")
    assert (made.codes, made.older) == ((), 1)
    verdict = replace(sheet, purpose="adjudication", code_id="label-studio:p:1")
    assert changes({}, [verdict], {"p": {"r1"}}, "now").codes == ()


def test_a_skipped_annotation_answers_nothing() -> None:
    items = [{"from_name": "x"}, {"from_name": "y", "value": {}}]
    assert answered({"result": items}) == {"x", "y"}
    assert answered({"result": items, "was_cancelled": True}) == frozenset()
    assert answered({"result": []}) == frozenset()


UNREADABLE: list[Any] = [None, 5, "x", {}, {"from_name": "is_protest", "value": {"choices": ["true"]}}]


@pytest.mark.parametrize("result", [*UNREADABLE, ["?"], [{"value": {}}], [{"from_name": 5}]])
def test_what_cannot_be_read_is_listed_and_takes_nothing_back(strikes: Codebook, result: Any) -> None:
    who: Pass = ("r1", "a", 1)
    known = list(step([], {who: {"is_protest": 1, "sector": 2}}, "p", "2030-01-01T00:00:00").codes)
    annotation = {"id": 3, "result": result, "updated_at": "2030-01-02T00:00:00"}
    coding = read_annotation(annotation, Report("r1", "工人讨薪。"), strikes, "a", round=1)
    assert coding.codes == ()
    assert len(coding.problems) == 1
    made = changes({who: Reading(coding, answered(annotation), "p")}, known, {"p": {"r1"}}, "2030-01-03")
    assert (made.codes, made.deleted) == ((), 0)
