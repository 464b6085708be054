from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.annotation.adjudicate import adjudication_task, disagreements, offered, read_decisions
from weijing.annotation.adjudicate_page import adjudication_config, side_by_side
from weijing.annotation.tasks import result_of
from weijing.configs.codebook import Codebook
from weijing.configs.load import load_codebook
from weijing.data.codes import Code, Span, current
from weijing.data.demo.corpus import read_demo
from weijing.data.gold import settle
from weijing.data.report import Report

BOOK = load_codebook(Path(__file__).parents[1] / "codebooks" / "strikes.yaml")
REPORT = Report("r1", "工人集体拉起横幅抗议。他们讨要拖欠的血汗钱。")
NAMES = {7: "judge"}
QUICK = settings(deadline=None, max_examples=60)


def code(coder: str, variable: str, value: Any, **more: Any) -> Code:
    return Code("r1", coder, variable, value, **{"codebook_version": BOOK.version, **more})


def protest(coder: str, claims: list[str], intensity: int = 1, **more: Any) -> list[Code]:
    return [
        code(coder, "is_protest", True, **more), code(coder, "claims", claims, **more),
        code(coder, "sector", "factory", **more), code(coder, "intensity", intensity, **more),
    ]  # fmt: skip


def no_protest(coder: str, **more: Any) -> list[Code]:
    return [code(coder, "is_protest", False, **more)]


def decided(codes: list[Code], answers: dict[str, Any], at: str = "2026-01-01T00:00:00Z", **task: Any) -> Any:
    """The adjudicator opens the task of what ``codes`` leave open and submits ``answers``."""
    (found,) = disagreements(codes, BOOK)
    data = adjudication_task(found, REPORT, BOOK, **task)["data"]
    said = [Code("r1", "", name, value) for name, value in answers.items()]
    annotation = {"id": 1, "completed_by": 7, "result": result_of(said, BOOK), "updated_at": at, "lead_time": 9.0}
    return {"data": data, "annotations": [annotation]}


def pulled(codes: list[Code], *tasks: Any) -> Any:
    return read_decisions(tasks, [REPORT], BOOK, codes, NAMES)


WHOLE = {"is_protest": True, "claims": ["wage_arrears"], "sector": "factory", "intensity": 1}
TWO = [*protest("a", ["wage_arrears"]), *protest("b", ["wage_arrears", "pay_rise"])]


def test_what_differs_is_listed_and_what_is_agreed_is_offered() -> None:
    (found,) = disagreements(TWO, BOOK)
    assert (found.differing, found.undecided, found.changed) == (("claims",), ("claims",), ())
    assert found.settled == {"is_protest": True, "sector": "factory", "intensity": 1}
    assert offered(found, BOOK) == result_of([code("", name, value) for name, value in found.settled.items()], BOOK)


def test_what_only_some_were_asked_hangs_on_the_gate() -> None:
    (found,) = disagreements([*protest("a", ["pay_rise"]), *no_protest("b")], BOOK)
    assert found.undecided == ("is_protest", "claims", "sector", "intensity")
    assert found.settled == {}
    # Two who were asked agree, a third was not asked: that is still to be decided.
    (found,) = disagreements([*protest("a", ["pay_rise"]), *protest("c", ["pay_rise"]), *no_protest("b")], BOOK)
    assert found.undecided == ("is_protest", "claims", "sector", "intensity")


def test_who_does_not_count() -> None:
    other = protest("b", ["pay_rise"])
    for more in ({"coder_kind": "model"}, {"saw_codes": True}, {"purpose": "adjudication"}, {"round": 2}):
        codes = [*protest("a", ["wage_arrears"], round=1), *(replace(c, **{"round": 1, **more}) for c in other)]
        assert disagreements(codes, BOOK, round_number=1) == []
    codes = [*protest("a", ["wage_arrears"]), *(replace(c, coder_kind="model") for c in other)]
    assert len(disagreements(codes, BOOK, kinds=("human", "model"))) == 1
    # Thought again, now the same.
    again = replace(TWO[5], value=["wage_arrears"], supersedes=TWO[5].code_id, code_id="")
    assert disagreements([*TWO, again], BOOK) == []


def test_order_of_labels_and_a_blank_are_no_disagreement() -> None:
    codes = [*protest("a", ["wage_arrears", "pay_rise"]), *protest("b", ["pay_rise", "wage_arrears"])]
    assert disagreements(codes, BOOK) == []
    assert disagreements([c for c in codes if (c.coder, c.variable) != ("b", "sector")], BOOK) == []


@st.composite
def several(draw: st.DrawFn) -> list[Code]:
    """Codes of up to four coders of one report."""
    codes: list[Code] = []
    for coder in "abcd"[: draw(st.integers(0, 4))]:
        claims = draw(st.lists(st.sampled_from(BOOK.variable("claims").label_ids), unique=True))
        codes += draw(st.sampled_from([protest(coder, claims, draw(st.integers(0, 2))), no_protest(coder)]))
    return codes


@QUICK
@given(several(), st.randoms())
def test_symmetric_in_coders_and_in_their_order(codes: list[Code], random: Any) -> None:
    renamed = {"a": "d", "b": "c", "c": "b", "d": "a"}
    swapped = [replace(c, coder=renamed[c.coder], code_id="") for c in codes]
    shuffled = random.sample(codes, len(codes))
    found = [
        [(d.differing, d.undecided, dict(d.settled)) for d in disagreements(own, BOOK)]
        for own in (codes, swapped, shuffled)
    ]
    assert found[0] == found[1] == found[2]


@QUICK
@given(several())
def test_listed_exactly_where_two_say_different_things(codes: list[Code]) -> None:
    answers: dict[str, set[str]] = {}
    for c in codes:
        value = sorted(c.value) if isinstance(c.value, list) else c.value
        answers.setdefault(c.variable, set()).add(repr(value))
    assert bool(disagreements(codes, BOOK)) == any(len(said) > 1 for said in answers.values())


@QUICK
@given(several(), st.lists(st.sampled_from(BOOK.variable("claims").label_ids), unique=True), st.integers(0, 2))
def test_a_decision_leaves_the_originals_and_nothing_to_decide(
    codes: list[Code], claims: list[str], intensity: int
) -> None:
    if not disagreements(codes, BOOK):
        return
    task = decided(codes, {**WHOLE, "claims": claims, "intensity": intensity})
    read = pulled(codes, task)
    after = [*codes, *read.codes]
    if read.problems:  # the answers break a constraint of the codebook
        assert BOOK.violations({**WHOLE, "claims": claims, "intensity": intensity})
        return
    assert {c.purpose for c in read.codes} == {"adjudication"}
    assert [c for c in current(after) if c.purpose != "adjudication"] == current(codes)
    assert disagreements(after, BOOK) == []
    assert [c.code_id for c in pulled(after, task).codes if c not in after] == []
    gold = {g.variable: g for g in settle(after, BOOK)}
    wanted = {**WHOLE, "claims": _ordered(claims), "intensity": intensity}
    for name in task["data"]["asked"]:
        assert (gold[name].how, gold[name].value) == ("adjudicated", wanted[name])


def _ordered(claims: list[str]) -> list[str]:
    return [label for label in BOOK.variable("claims").label_ids if label in claims]


def test_a_decision_is_only_what_was_asked_or_changed() -> None:
    read = pulled(TWO, decided(TWO, WHOLE))
    assert [(c.variable, c.coder, c.saw_codes, c.lead_time) for c in read.codes] == [("claims", "judge", True, 9.0)]
    read = pulled(TWO, decided(TWO, {**WHOLE, "sector": "services"}))
    assert {c.variable: c.value for c in read.codes} == {"claims": ["wage_arrears"], "sector": "services"}
    # And back again: that is a change too.
    after = [*TWO, *read.codes]
    task = decided(TWO, WHOLE, at="2026-01-02T00:00:00Z")
    again = [c for c in pulled(after, task).codes if c not in after]
    assert [(c.variable, c.value, c.supersedes) for c in again] == [("sector", "factory", read.codes[1].code_id)]
    assert {g.variable: g.value for g in settle([*after, *again], BOOK)}["sector"] == "factory"


def test_a_gate_decided_closes_what_hangs_on_it() -> None:
    codes = [*protest("a", ["pay_rise"]), *no_protest("b")]
    read = pulled(codes, decided(codes, {"is_protest": False}))
    assert [(c.variable, c.value) for c in read.codes] == [("is_protest", False)]
    assert not read.problems
    assert disagreements([*codes, *read.codes], BOOK) == []
    assert [g.variable for g in settle([*codes, *read.codes], BOOK)] == ["is_protest"]


def test_what_was_left_undecided_is_told_and_asked_again() -> None:
    codes = [*protest("a", ["pay_rise"]), *no_protest("b")]
    read = pulled(codes, decided(codes, {"is_protest": True, "claims": ["pay_rise"], "intensity": 1}))
    assert [(p.variable, p.coder) for p in read.problems] == [("sector", "judge")]
    (left,) = disagreements([*codes, *read.codes], BOOK)
    assert left.undecided == ("sector",)
    assert left.settled["claims"] == ["pay_rise"]


def test_codes_that_change_after_a_decision_are_asked_again() -> None:
    after = [*TWO, *pulled(TWO, decided(TWO, WHOLE)).codes]
    same = replace(TWO[5], at="2026-01-03T00:00:00Z", note="again", supersedes=TWO[5].code_id, code_id="")
    assert disagreements([*after, same], BOOK) == []
    other = replace(same, value=["layoff_terms"], code_id="")
    (found,) = disagreements([*after, other], BOOK)
    assert (found.undecided, found.changed) == (("claims",), ("claims",))
    (found,) = disagreements([*after, *protest("c", ["wage_arrears"])], BOOK)
    assert found.changed == ("claims",)


def test_a_decision_about_codes_that_changed_meanwhile_is_listed_and_not_taken() -> None:
    task = decided(TWO, WHOLE)
    other = replace(TWO[5], value=["layoff_terms"], supersedes=TWO[5].code_id, code_id="")
    read = pulled([*TWO, other], task)
    assert not read.codes
    (problem,) = read.problems
    assert (problem.variable, "changed since" in problem.found) == ("claims", True)
    newer = decided([*TWO, other], WHOLE)
    assert newer["data"]["id"] != task["data"]["id"]
    # What was taken before the change stays known.
    after = [*TWO, *pulled(TWO, task).codes, other]
    assert not pulled(after, task).problems
    newer["annotations"][0]["updated_at"] = "2026-02-01T00:00:00Z"
    assert len(pulled(after, task, newer).codes) == 1


def test_what_a_gate_closed_later_is_no_answer() -> None:
    codes = [*protest("a", ["pay_rise"], round=1), *no_protest("a", round=2), *no_protest("b", round=2)]
    assert disagreements(codes, BOOK) == []
    assert disagreements(codes, BOOK, round_number=1) == []


def test_models_where_asked() -> None:
    codes = [*TWO[:4], *(replace(c, coder_kind="model", code_id="") for c in TWO[4:])]
    kinds = ("human", "model")
    (found,) = disagreements(codes, BOOK, kinds=kinds)
    task = decided(TWO, WHOLE)
    task["data"] = adjudication_task(found, REPORT, BOOK, kinds=kinds)["data"]
    read = pulled(codes, task)
    assert [c.variable for c in read.codes] == ["claims"]
    assert disagreements([*codes, *read.codes], BOOK, kinds=kinds) == []


def test_a_task_of_another_project_and_a_report_that_is_gone() -> None:
    task = decided(TWO, WHOLE)
    assert pulled(TWO, {"data": {"id": "r1", "text": "x"}, "annotations": task["annotations"]}).codes == ()
    (problem,) = read_decisions([task], [], BOOK, TWO, NAMES).problems
    assert "corpus" in problem.found


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[Any] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@QUICK
@given(st.text(), st.text(min_size=1), st.text())
def test_nothing_that_coders_write_becomes_markup(note: str, coder: str, quote: str) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=1>\"'&lt;" + note
    codes = protest(coder + "<b>", ["pay_rise"], note=hostile, evidence=(Span(0, 1, quote + hostile, "pay_rise"),))
    page = _Tags(side_by_side({c.coder: {x.variable: x for x in codes} for c in codes}, BOOK, ("claims",)))
    assert page.tags <= {"div", "h4", "table", "tr", "th", "td", "b", "p", "details", "summary"}
    assert not page.attributes
    assert "<script>alert(1)</script>" in page.text


def test_masked_names() -> None:
    codes = {c: {x.variable: x for x in protest(c, ["pay_rise"])} for c in ("coder_one", "coder_two", "coder_three")}
    assert "coder_one" in side_by_side(codes, BOOK, ("claims",))
    pages = {side_by_side(codes, BOOK, ("claims",), mask=f"r{i}") for i in range(20)}
    assert not any("coder" in page for page in pages)
    marked = dict(codes, coder_one={"claims": code("coder_one", "claims", ["layoff_terms"])})
    where = {side_by_side(marked, BOOK, ("claims",), mask=f"r{i}").index("✓") for i in range(20)}
    assert len(where) > 1  # A is not always the same


@pytest.mark.parametrize("book", [BOOK, load_codebook()])
def test_the_page_holds_the_whole_interface(book: Codebook) -> None:
    page = fromstring(adjudication_config(book))
    names = [e.get("name") for e in page.iter() if e.get("name")]
    assert len(names) == len(set(names))
    assert {v.id for v in book.coded} <= set(names)
    assert [e.get("value") for e in page.iter("HyperText")] == ["$codes"]


def test_the_demonstration_corpus(bundled: Codebook) -> None:
    demo = read_demo(bundled)
    alone = [c for c in demo.codes if c.purpose != "adjudication"]
    reports = {r.id: r for r in demo.reports}
    values: dict[tuple[str, str], set[str]] = {}
    for c in alone:
        values.setdefault((c.report_id, c.variable), set()).add(
            repr(sorted(c.value) if isinstance(c.value, list) else c.value)
        )
    found = disagreements(alone, bundled)
    assert {d.report_id for d in found} == {report for (report, _), said in values.items() if len(said) > 1}
    assert len({c.coder for c in alone}) == 3
    for d in found:
        task = adjudication_task(d, reports[d.report_id], bundled)["data"]
        assert (task["report"], task["text"]) == (d.report_id, reports[d.report_id].text)
        assert all(v not in d.settled for v in d.undecided)
        offered(d, bundled)
    # The adjudicator of the corpus decided on most of it; what is left is listed, and none as changed.
    left = disagreements(demo.codes, bundled)
    how = Counter(g.how for g in demo.gold)
    assert len(left) < len(found)
    assert how["adjudicated"] > 0
    assert not any(d.changed for d in left)
    assert {(d.report_id, v) for d in left for v in d.undecided}.isdisjoint(
        (g.report_id, g.variable) for g in demo.gold if g.how == "adjudicated"
    )


def test_an_empty_decision_is_listed() -> None:
    task = decided(TWO, {})
    read = pulled(TWO, task)
    assert read.codes == ()
    assert [(p.report_id, p.coder, p.found) for p in read.problems] == [("r1", "judge", "was submitted empty")]
