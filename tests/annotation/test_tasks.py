from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from weijing.annotation.interface import ABSENCE, MARKS, NOTE, SPANS, shown, span_labels
from weijing.annotation.tasks import annotations_of, coder_id, read_annotation, result_of, task_of
from weijing.configs.codebook import Codebook, Variable
from weijing.configs.errors import UserError
from weijing.configs.load import load_codebook
from weijing.data.codes import Code, Span, check_codes, pass_of
from weijing.data.demo.corpus import read_demo
from weijing.data.report import Report

STRIKES = Path(__file__).parents[1] / "codebooks" / "strikes.yaml"
BOOKS = [load_codebook(), load_codebook(STRIKES)]
REPORT = Report("r1", "𠮷村派出所🚓建了微信群。\n<b>报案</b>𪚥可以扫码，\U0002f9f4&amp;等。")
QUICK = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def said(code: Code) -> tuple[object, ...]:
    return code.variable, code.value, code.evidence, code.absence, code.unsure, code.note


def test_the_demonstration_corpus_comes_back_as_it_was(bundled: Codebook) -> None:
    demo = read_demo(bundled)
    reports = {report.id: report for report in demo.reports}
    passes: dict[Any, list[Code]] = {}
    for code in demo.codes:
        passes.setdefault(pass_of(code), []).append(code)
    assert len({coder for _, coder, *_ in passes}) == 4
    for (report_id, coder, purpose, _), codes in passes.items():
        back = read_annotation(
            {"result": result_of(codes, bundled)}, reports[report_id], bundled, coder, purpose=purpose
        )
        assert back.problems == ()
        assert [said(c) for c in back.codes] == [said(c) for c in codes]


@st.composite
def codings(draw: st.DrawFn, book: Codebook) -> list[Code]:
    """Codes of one report that break no rule for themselves (but constraints, maybe)."""
    codes: list[Code] = []
    values: dict[str, Any] = {}
    names = list(span_labels(book).values())
    for variable in shown(book):
        if not book.is_asked(variable, values):
            continue
        value = draw(_values(variable))
        values[variable.id] = value
        labels = [i for v, i in names if v.id == variable.id and (i is None or i in value)]
        spans = []
        for label in draw(st.lists(st.sampled_from(labels), max_size=3)) if labels else []:
            start = draw(st.integers(0, len(REPORT.text) - 1))
            end = draw(st.integers(start + 1, len(REPORT.text)))
            spans.append(Span(start, end, REPORT.text[start:end], label))
        absence = variable.evidence and not spans and draw(st.booleans())
        note = draw(st.none() | st.text(max_size=9))
        codes.append(
            Code("r1", "anna", variable.id, value, tuple(spans), absence, unsure=draw(st.booleans()), note=note)
        )
    return codes


def _values(variable: Variable) -> st.SearchStrategy[Any]:
    if variable.type == "binary":
        return st.booleans()
    if variable.type == "ordinal":
        return st.integers(0, len(variable.labels) - 1)
    if variable.type == "nominal":
        return st.sampled_from(variable.label_ids)
    if variable.type == "text":
        return st.text(max_size=9)
    return st.sets(st.sampled_from(variable.label_ids)).map(lambda s: [i for i in variable.label_ids if i in s])


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
@given(data=st.data())
@QUICK
def test_codes_come_back_as_they_were(book: Codebook, data: st.DataObject) -> None:
    codes = data.draw(codings(book))
    back = read_annotation({"result": result_of(codes, book)}, REPORT, book, "anna")
    broken = book.violations({c.variable: c.value for c in codes})
    if not broken:
        assert back.problems == ()
        assert [said(c) for c in back.codes] == [said(c) for c in codes]
    else:
        refused = {p.variable for p in back.problems}
        assert refused
        assert {said(c)[0] for c in back.codes} == {c.variable for c in codes} - refused
        assert {repr(said(c)) for c in back.codes} <= {repr(said(c)) for c in codes}


def _items(book: Codebook) -> st.SearchStrategy[Any]:
    names = [v.id + kind for v in shown(book) for kind in ("", MARKS, NOTE)]
    words = [i for v in book.variables for i in v.label_ids] + ["true", "false", "(none)", "unsure", ABSENCE, "x"]
    place = st.integers(-2, len(REPORT.text) + 2)
    span = st.fixed_dictionaries(
        {"start": place, "end": place, "labels": st.lists(st.sampled_from([*span_labels(book), "x"]), max_size=2)},
        optional={"text": st.sampled_from(["微信", "x"]) | st.none()},
    )
    chosen = st.lists(st.sampled_from(words), max_size=3)
    return st.one_of(
        st.builds(lambda n, c: {"from_name": n, "value": {"choices": c}}, st.sampled_from(names), chosen),
        st.builds(lambda v: {"from_name": SPANS, "value": v}, span),
        st.builds(lambda n, t: {"from_name": n, "value": {"text": t}}, st.sampled_from(names), st.lists(st.text())),
        st.recursive(st.none() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s) | st.lists(s)),
    )


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
@given(data=st.data())
@QUICK
def test_whatever_comes_in_only_codes_that_stand_come_out(book: Codebook, data: st.DataObject) -> None:
    codes = data.draw(codings(book))
    result = data.draw(st.permutations(result_of(codes, book) + data.draw(st.lists(_items(book), max_size=6))))
    back = read_annotation({"result": result, "id": 7}, REPORT, book, "anna")
    assert {p.kind for p in check_codes(back.codes, [REPORT], book)} <= {"missing"}
    kept = {c.variable for c in back.codes}
    refused = {p.variable for p in back.problems}
    assert not kept & refused
    assert all(p.annotation == 7 and p.found and p.todo and "\n" not in p.todo for p in back.problems)
    for name in {c.variable for c in codes}:
        assert name in kept | refused


GATE_YES = {"from_name": "is_protest", "value": {"choices": ["true"]}}
CLAIM = {"from_name": "claims", "value": {"choices": ["wage_arrears"]}}
SECTOR = {"from_name": "sector", "value": {"choices": ["factory"]}}
LEVEL = {"from_name": "intensity", "value": {"choices": ["stoppage"]}}
GOOD = [GATE_YES, CLAIM, SECTOR, LEVEL]


def _span(start: int, end: int, text: str | None, label: str) -> dict[str, Any]:
    return {"from_name": SPANS, "value": {"start": start, "end": end, "text": text, "labels": [label]}}


@pytest.mark.parametrize(
    ("result", "variable", "found"),
    [
        ([GATE_YES, CLAIM, SECTOR], "intensity", "has no code"),
        ([{**GATE_YES, "value": {"choices": ["false"]}}, LEVEL], "intensity", "not asked"),
        ([LEVEL], "intensity", "not asked"),
        ([*GOOD[:2], LEVEL, {**SECTOR, "value": {"choices": ["farm"]}}], "sector", "unknown label 'farm'"),
        ([*GOOD, {**SECTOR, "value": {"choices": ["building"]}}], "sector", "unknown label"),
        ([GATE_YES, SECTOR, LEVEL, {**CLAIM, "value": {"choices": ["pay_rise", "x"]}}], "claims", "label(s) 'x'"),
        ([GATE_YES, SECTOR, LEVEL, {**CLAIM, "value": {"choices": ["(none)"]}}], "claims", "[protest_has_claim]"),
        ([*GOOD, {**CLAIM, "value": {"choices": ["plant_occupation"]}}], "intensity", "intensity_floors"),
        ([*GOOD, _span(0, 2, "微信", "intensity")], "intensity", "the code says '微信'"),
        ([*GOOD, _span(0, 99, None, "intensity")], "intensity", "not within"),
        ([*GOOD, _span(0, 2, "𠮷村", "claims:pay_rise")], "claims", "evidence of pay_rise, which is not coded"),
        ([*GOOD, _span(0, 2, "𠮷村", "hours")], None, "labelled 'hours', which is no label"),
        ([*GOOD, {"from_name": "hours", "value": {"choices": ["x"]}}], None, "cannot be read"),
        ([*GOOD, {"type": "relation", "from_id": "a", "to_id": "b"}], None, "cannot be read"),
        ([GATE_YES, CLAIM, SECTOR, _span(0, 2, "𠮷村", "intensity")], "intensity", "but no answer"),
        ([*GOOD, {"from_name": "intensity-marks", "value": {"choices": ["sure"]}}], "intensity", "no mark"),
        ([*GOOD, {"from_name": "intensity", "value": {"rating": 3}}], "intensity", "cannot be read"),
    ],
)
def test_what_a_coder_has_to_mend(strikes: Codebook, result: list[Any], variable: str | None, found: str) -> None:
    back = read_annotation({"result": result, "id": 3}, REPORT, strikes, "anna")
    hits = [p for p in back.problems if p.variable == variable and found in p.found]
    assert hits, [str(p) for p in back.problems]
    assert str(hits[0]).startswith("report r1, anna")
    assert variable not in {c.variable for c in back.codes}


def test_one_bad_code_takes_no_good_one_with_it(strikes: Codebook) -> None:
    back = read_annotation({"result": [*GOOD, _span(0, 2, "x", "intensity")]}, REPORT, strikes, "anna")
    assert [c.variable for c in back.codes] == ["is_protest", "claims", "sector"]
    assert len(back.problems) == 1


def test_what_hangs_on_a_bad_gate_waits(strikes: Codebook) -> None:
    back = read_annotation({"result": [*GOOD, _span(0, 2, "x", "is_protest")]}, REPORT, strikes, "anna")
    assert back.codes == ()
    assert [p.variable for p in back.problems] == ["is_protest", "claims", "sector", "intensity"]


def test_facts_of_the_annotation_are_in_its_codes(strikes: Codebook) -> None:
    annotation: Mapping[str, Any] = {
        "result": GOOD, "updated_at": "2024-05-01T08:00:00.5Z", "created_at": "2024-04-01T08:00:00Z", "lead_time": 12,
    }  # fmt: skip
    code = read_annotation(annotation, REPORT, strikes, "anna", round=2, purpose="reliability").codes[0]
    assert (code.at, code.lead_time, code.round, code.purpose) == ("2024-05-01T08:00:00.5Z", 12.0, 2, "reliability")
    assert code.codebook_version == strikes.version
    again = read_annotation(annotation, REPORT, strikes, "anna", round=2, purpose="reliability")
    assert again.codes[0].code_id == code.code_id
    skipped = read_annotation({**annotation, "was_cancelled": True}, REPORT, strikes, "anna")
    assert (skipped.codes, skipped.problems[0].found) == ((), "the report was skipped")


def test_what_the_interface_has_no_place_for_is_not_written(strikes: Codebook) -> None:
    for code in (
        Code("r1", "anna", "place", "x"),
        Code("r1", "anna", "sector", "farm"),
        Code("r1", "anna", "sector", "factory", (Span(0, 1, "𠮷"),)),
    ):
        with pytest.raises(UserError, match="report r1, anna"):
            result_of([code], strikes)
    assert result_of([Code("r1", "anna", "sector", None)], strikes) == []


def test_predictions_pass_label_studios_own_check(bundled: Codebook) -> None:
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    from weijing.annotation.interface import labelling_config

    interface = sdk.LabelInterface(labelling_config(bundled))
    demo = read_demo(bundled)
    for report in demo.reports[:5]:
        codes = [c for c in demo.codes if c.report_id == report.id and c.coder == "author"]
        codes[0] = replace(codes[0], unsure=True, note="<b>")
        assert interface.validate_prediction({"result": result_of(codes, bundled)}, return_errors=True) == []
        assert interface.validate_task(task_of(report))


def test_exports_are_read_however_they_name_the_coder() -> None:
    assert coder_id({"completed_by": 4}) == coder_id({"completed_by": {"id": 4, "email": "a@example.org"}}) == 4
    assert coder_id({}) is coder_id({"completed_by": None}) is coder_id({"completed_by": True}) is None
    annotation = {"id": 1}
    assert annotations_of({"annotations": [annotation, 5], "predictions": [7]}) == [annotation]


def test_a_task_has_ascii_keys_and_the_text_as_it_is() -> None:
    report = replace(REPORT, outlet="晨报", date="2019-05", province="福建", county="某县")
    data = task_of(report)["data"]
    assert data == {"id": "r1", "title": "", "text": REPORT.text, "meta": "晨报 · 2019-05 · 福建某县"}
    assert task_of(REPORT)["data"]["meta"] == "r1"
