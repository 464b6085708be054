"""Verdicts, coefficients, evidence and errors on the page: what is shown is what was found, and nothing is hidden."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from made_up_study import HOSTILE, codebook, study
from test_page import check_safe
from weijing.evaluation.errors.slices import TOO_FEW_GROUPS
from weijing.evaluation.estimate import NO_VARIATION, Estimate
from weijing.report.appendix_findings import (
    coefficients_table,
    confusions_table,
    evidence_table,
    reasons_table,
    slices_table,
    verdicts_table,
)
from weijing.report.content import to_json
from weijing.report.findings import Findings
from weijing.report.page_agreement import two
from weijing.report.page_errors import MOST_SUSPECTS, Errors
from weijing.report.page_together import AllCoders
from weijing.report.page_verdicts import Verdicts, still_needed
from weijing.report.parts import ReportContent
from weijing.report.render import render
from weijing.report.words import WORDS, reason

THREE = ("ann", "bob", "eve")


@pytest.fixture(scope="module")
def content() -> ReportContent:
    return study(codebook(), n=60, coders=THREE)


def section(content: ReportContent, name: str) -> str:
    """The HTML of one section."""
    html = render(content)
    check_safe(html)
    found = re.search(f'<section id="{name}">.*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def with_rows(content: ReportContent, change: Any) -> ReportContent:
    judgement = content.findings.judgement
    assert judgement is not None
    rows = tuple(change(row) for row in judgement.rows)
    return found(content, judgement=replace(judgement, rows=rows))


def found(content: ReportContent, **values: Any) -> ReportContent:
    return replace(content, findings=replace(content.findings, **values))


def test_every_verdict_is_told_with_its_figures_and_its_sentence(content: ReportContent) -> None:
    judgement = content.findings.judgement
    assert judgement is not None
    assert {row.candidate for row in judgement.rows} == {"net", "tfidf"}
    shown = section(content, "verdicts")
    for row in judgement.rows:
        assert row.verdict.words.en in shown
        assert row.verdict.words.zh in shown
        if row.beside.difference.value is not None:
            assert two(row.beside.difference.value) in shown
    tallies = {str(t.name.en): {answer: n for answer, _, _, n in t.counts} for t in Verdicts(content).tallies()}
    asked = [row for row in judgement.rows if row.scope == "asked"]
    for coder, counts in tallies.items():
        for answer, n in counts.items():
            assert n == sum(r.candidate == coder and r.verdict.answer == answer for r in asked)


@pytest.mark.parametrize(("answer", "sign"), [("yes", "✓"), ("no", "✕"), ("cannot_say", "?")])
def test_a_verdict_is_told_by_word_and_sign(content: ReportContent, answer: Any, sign: str) -> None:
    changed = with_rows(content, lambda row: replace(row, verdict=replace(row.verdict, answer=answer)))
    shown = section(changed, "verdicts")
    table = shown[shown.index("<tbody") :]
    assert WORDS[f"answer_{answer}"].en in table
    assert f'<i aria-hidden="true">{sign}</i>' in table
    for other in {"yes", "no", "cannot_say"} - {answer}:
        assert f"verdict {other}" not in table


def test_a_changed_difference_moves_the_drawing_and_the_figure(content: ReportContent) -> None:
    def moved(row: Any) -> Any:
        return replace(row, beside=replace(row.beside, difference=Estimate(-0.4321, -0.8765, 0.1234, n=60)))

    before, after = Verdicts(content).plots(), Verdicts(with_rows(content, moved)).plots()
    assert before != after
    assert "−0.43 [−0.88, 0.12]" in after[0]
    assert "−0.43" in section(with_rows(content, moved), "verdicts")
    assert f"{two(-0.1)}".rstrip("0") in after[0]


def test_a_difference_that_is_undefined_is_not_drawn_and_says_why(content: ReportContent) -> None:
    def undefined(row: Any) -> Any:
        return replace(row, beside=replace(row.beside, difference=Estimate(None, reason=NO_VARIATION)))

    changed = with_rows(content, undefined)
    assert Verdicts(changed).plots() == []
    assert reason(NO_VARIATION).en in section(changed, "verdicts")


@pytest.mark.parametrize("kind", ["human", "synthetic"])
def test_coders_are_called_what_they_are(kind: str) -> None:
    shown = section(study(codebook(), n=40, coders=THREE, kind=kind), "verdicts")
    assert f"Held against 3 {kind} coders" in shown
    other = {"human": "synthetic", "synthetic": "human"}[kind]
    assert WORDS[f"among_{kind}"].en in shown
    assert WORDS[f"among_{other}"].en not in shown
    assert f"3 {other} coders" not in shown
    assert (WORDS["verdicts_synthetic"].en in shown) == (kind == "synthetic")


def test_people_are_not_mixed_with_synthetic_coders() -> None:
    kinds = {"ann": "human", "bob": "human", "eve": "synthetic", "net": "model", "tfidf": "baseline"}
    mixed = study(codebook(), n=40, coders=THREE, kinds=kinds)
    judgement = mixed.findings.judgement
    assert judgement is not None
    assert judgement.panel == ("ann", "bob")
    assert {c for row in mixed.findings.together for c in row.coders} == {"ann", "bob"}
    assert {c for row in mixed.findings.evidence for c in (row.coder_a, row.coder_b)} == {"ann", "bob"}


@pytest.mark.parametrize(
    ("coders", "key"), [(("ann",), "verdicts_one_coder"), (("ann", "bob"), "verdicts_two_coders"), (THREE, None)]
)
def test_what_few_coders_cannot_show_is_said(coders: tuple[str, ...], key: str | None) -> None:
    few = study(codebook(), n=40, coders=coders)
    shown = section(few, "verdicts")
    for one in ("verdicts_one_coder", "verdicts_two_coders"):
        assert (WORDS[one].zh in shown) == (one == key)
    judgement = few.findings.judgement
    assert judgement is not None
    if key:
        assert "yes" not in {row.verdict.answer for row in judgement.rows}
    if len(coders) == 2:
        third = [row.verdict for row in judgement.rows if row.verdict.third_coder]
        assert third
        assert all("third coder" in still_needed(verdict).en for verdict in third)


def test_too_few_reports_say_so(content: ReportContent) -> None:
    few = study(codebook(), n=10, coders=THREE)
    shown = section(few, "verdicts")
    assert WORDS["reason_few_reports"].en in shown
    assert reason("few_reports").en in shown
    assert "None" not in shown


def test_without_models_there_is_nothing_to_judge() -> None:
    alone = found(study(codebook()), judgement=None)
    assert section(alone, "verdicts") == ""
    assert 'href="#verdicts"' not in render(alone)


def test_the_coders_consensus_stands_beside_the_settled_codes(content: ReportContent) -> None:
    together = Verdicts(content).consensus()
    assert together
    shown = section(content, "verdicts")
    assert WORDS["consensus"].en in shown
    judgement = content.findings.judgement
    assert judgement is not None
    changed = [replace(c, majority=Estimate(0.4242, 0.1, 0.5, n=9), majority_ties=31) for c in judgement.consensus]
    after = section(found(content, judgement=replace(judgement, consensus=tuple(changed))), "verdicts")
    assert "0.42" in after
    assert "31 ties" in after
    assert "31 ties" not in shown


def test_each_coefficient_is_in_its_variables_table(content: ReportContent) -> None:
    shown = section(content, "agreement")
    for row in content.findings.together:
        for one in row.measured:
            assert one.estimate.value is None or two(one.estimate.value) in shown
    whole = next(row for row in content.findings.together if row.variable == "grade")
    assert [m.name for m in whole.measured] == ["percent", "alpha_ordinal", "conger", "fleiss", "gwet"]
    assert WORDS["measure_gwet_weighted"].zh in shown
    measured = tuple(replace(m, estimate=Estimate(0.1357, 0.0246, 0.8642, n=5)) for m in whole.measured)
    together = tuple(replace(r, measured=measured) if r is whole else r for r in content.findings.together)
    assert "[0.02, 0.86]" not in shown
    assert "[0.02, 0.86]" in section(found(content, together=together), "agreement")


@pytest.mark.parametrize("kind", ["human", "synthetic"])
def test_the_coefficients_say_whose_they_are(kind: str) -> None:
    shown = section(study(codebook(), coders=("ann", "bob"), kind=kind), "agreement")
    assert f"Coders: ann ({kind}), bob ({kind})." in shown


def test_an_undefined_coefficient_says_why() -> None:
    alike = study(codebook(20), n=3, coders=("ann", "bob"))
    undefined = [m for row in alike.findings.together for m in row.measured if m.estimate.reason == NO_VARIATION]
    assert undefined
    table = AllCoders(alike).table("topics")
    assert table is not None
    shown = section(alike, "agreement")
    assert reason(NO_VARIATION).en in shown[shown.index(WORDS["coefficients"].en) :]


def test_perfect_agreement_has_no_standard_error(content: ReportContent) -> None:
    whole = next(row for row in content.findings.together if row.variable == "fits")
    measured = tuple(
        replace(m, estimate=Estimate(1.0, 1.0, 1.0, n=60, interval_note="no_spread"), standard_error=0.0)
        for m in whole.measured
    )
    table = AllCoders(found(content, together=(replace(whole, measured=measured),))).table("fits")
    assert table is not None
    assert all(cell is not None and cell.error is None for line in table.lines for cell in line.cells)


def test_agreement_on_evidence_is_shown_by_label_and_pair(content: ReportContent) -> None:
    rows = content.findings.evidence
    assert {row.label for row in rows} == {None, "l0", "l1", "l2"}
    assert len(rows) == 4 * 3
    shown = section(content, "agreement")
    assert WORDS["spans"].en in shown
    for row in rows:
        assert f"{row.n_both} / {row.n_one} / {row.n_neither}" in shown
    changed = tuple(replace(row, f1_both=Estimate(None, reason="no_common_report")) for row in rows)
    assert reason("no_common_report").en in section(found(content, evidence=changed), "agreement")


def test_pairs_confused_are_told_named_and_found(content: ReportContent) -> None:
    one = next(c for c in content.findings.confusions if c.coder == "net" and c.variable == "topics")
    pair = replace(one.pairs[0], named=False, found=True, a_to_b=17, reference_a=23)
    changed = found(content, confusions=(replace(one, pairs=(pair,)),))
    (table,) = Errors(changed, []).confused()
    assert [p.pair for p in table.pairs] == [pair]
    shown = section(changed, "errors")
    assert "17 / 23" in shown
    assert "○" in shown
    assert "●" in shown
    never = replace(pair, named=True, found=False, a_to_b=0, b_to_a=0)
    (table,) = Errors(found(content, confusions=(replace(one, pairs=(never,)),)), []).confused()
    assert (len(table.pairs), len(table.never)) == (0, 1)


def test_kinds_of_reports_are_flagged_or_say_why_not(content: ReportContent) -> None:
    one = next(s for s in content.findings.slices if s.variable == "topics" and s.rows)
    row = replace(one.rows[0], p=0.0001, p_adjusted=0.0004, flagged=True, reason=None, slice="genre", level="<b>x")
    changed = found(content, slices=(replace(one, n_tests=97, rows=(row,)),))
    shown = section(changed, "errors")
    assert "⚑" in shown
    assert "&lt; 0.001" in shown
    assert "97 tests in all" in shown
    assert "&lt;b&gt;x" in shown
    untested = replace(row, p=None, p_adjusted=None, flagged=False, reason=TOO_FEW_GROUPS)
    shown = section(found(content, slices=(replace(one, rows=(untested,)),)), "errors")
    assert "⚑" not in shown
    assert reason(TOO_FEW_GROUPS).en in shown


def test_codes_in_doubt_lead_to_their_report(content: ReportContent) -> None:
    suspects = content.findings.suspects
    assert len(suspects) > MOST_SUSPECTS
    shown = section(content, "errors")
    html = render(content)
    for one in suspects[:MOST_SUSPECTS]:
        assert one.en in shown
    links = set(re.findall(r'href="#(doc-\d+)"', shown))
    assert links
    assert all(f'id="{anchor}"' in html for anchor in links)
    assert f"{len(suspects) - MOST_SUSPECTS} more are not listed" in shown
    hidden = replace(content, documents=(), hardest=())
    assert 'href="#doc' not in section(hidden, "errors")
    assert section(found(content, suspects=suspects[:1]), "errors").count("<li><p") == 1


def test_nothing_found_is_nothing_shown(content: ReportContent) -> None:
    bare = replace(content, findings=Findings(), confusions=())
    assert section(bare, "errors") == ""
    assert WORDS["spans"].en not in section(bare, "agreement")
    for make in (verdicts_table, reasons_table, coefficients_table, evidence_table, confusions_table, slices_table):
        assert make(bare).rows == ()


def test_every_finding_is_in_a_table(content: ReportContent) -> None:
    findings = content.findings
    judgement = findings.judgement
    assert judgement is not None
    assert len(verdicts_table(content).rows) == len(reasons_table(content).rows) == len(judgement.rows)
    assert len(coefficients_table(content).rows) == sum(len(r.measured) for r in findings.together)
    assert len(evidence_table(content).rows) == len(findings.evidence)
    assert len(confusions_table(content).rows) == sum(len(c.pairs) for c in findings.confusions)
    tested = [row for s in findings.slices for row in s.rows if row.p_adjusted is not None]
    assert len(slices_table(content).rows) == len(tested)
    for make in (verdicts_table, coefficients_table, evidence_table):
        note = make(content).note
        assert note is not None
        assert "ann (synthetic)" in note.en
        assert "human" not in note.en


def test_all_of_it_is_in_the_numbers(content: ReportContent) -> None:
    data = to_json(content)["findings"]
    judgement = content.findings.judgement
    assert judgement is not None
    assert len(data["judgement"]["rows"]) == len(judgement.rows)
    assert data["judgement"]["rows"][0]["verdict"]["words"]["en"] == judgement.rows[0].verdict.words.en
    assert {key: len(data[key]) for key in ("together", "evidence", "confusions", "slices", "suspects")} == {
        key: len(getattr(content.findings, key)) for key in ("together", "evidence", "confusions", "slices", "suspects")
    }


def test_hostile_names_are_words_in_all_of_it() -> None:
    book = codebook(name=HOSTILE[0] + HOSTILE[9])
    nasty = study(book, n=40, texts=HOSTILE, coders=(HOSTILE[2], HOSTILE[8], HOSTILE[1]))
    for name in ("agreement", "verdicts", "errors"):
        shown = section(nasty, name)
        assert shown
        assert "<script>alert" not in shown
        assert "<img" not in shown
