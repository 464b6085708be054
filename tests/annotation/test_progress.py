from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from weijing.annotation.drift import FEWEST, change, drift
from weijing.annotation.plan import Assignment
from weijing.annotation.progress import progress
from weijing.cli.status import lines
from weijing.configs.codebook import Codebook
from weijing.data.artifacts import text_hash
from weijing.data.codes import Code, by_coder
from weijing.data.demo.corpus import read_demo
from weijing.data.report import Report
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.compare import compare

QUICK = ClusterBootstrap(draws=200)
REPORTS = [Report(f"r{i}", f"第{i}号。工人集体拉起横幅抗议。", reprint_group=f"g{i // 2}") for i in range(120)]


def gate(coder: str, i: int, value: bool, number: int | None = 1, **more: Any) -> Code:
    return Code(f"r{i}", coder, "is_protest", value, round=number, **more)


def shown(found: Any) -> str:
    return "\n".join(lines(found))


def test_nothing_yet(strikes: Codebook) -> None:
    found = progress([], [], [], strikes)
    assert (found.work, found.agreement, found.drift, found.undecided) == ((), (), (), 0)
    assert "nothing is planned or coded yet" in shown(found)


def test_planned_only(strikes: Codebook) -> None:
    found = progress([], [Assignment(1, "r1", "a", "train"), Assignment(1, "r2", "a", "train")], REPORTS, strikes)
    (work,) = found.work
    assert (work.assigned, work.coded, work.open, work.lead_time) == (2, 0, 2, None)
    assert found.drift_reason == "no round has codes"
    assert shown(found)


def test_one_coder(strikes: Codebook) -> None:
    plan = [Assignment(1, f"r{i}", "a", "train") for i in range(4)]
    times = [(0, 10.0), (1, 20.0), (2, 60.0), (7, None)]
    codes = [gate("a", i, False, lead_time=t) for i, t in times] + [gate("a", 3, True, lead_time=1000.0)]
    found = progress(codes, plan, REPORTS, strikes)
    (work,) = found.work
    assert (work.assigned, work.coded, work.open, work.lead_time) == (4, 5, 0, 40.0)
    assert work.problems == 3  # of report 3: claims, sector and intensity are missing
    (agreement,) = found.agreement
    assert agreement.reason == "only a coded; agreement needs two coders"
    assert "only a coded" in shown(found)


def test_two_coders_who_share_nothing(strikes: Codebook) -> None:
    found = progress([gate("a", 1, False), gate("b", 2, False)], [], REPORTS, strikes)
    assert [one.reason for one in found.agreement] == ["no report was coded by two"]


def test_agreement_is_that_of_evaluate(bundled: Codebook) -> None:
    demo = read_demo(bundled)
    groups = {r.id: r.reprint_group or r.id for r in demo.reports}
    found = progress(demo.codes, [], demo.reports, bundled, QUICK)
    (agreement,) = found.agreement
    expected = compare(bundled, by_coder(demo.codes), groups, bootstrap=QUICK).pairs
    assert agreement.pairs == tuple(row for row in expected if row.n)
    assert [(w.coder, w.coded, w.problems) for w in found.work] == [
        (c, 803, 0) for c in ("author", "coder_a", "coder_b")
    ]
    text = shown(found)
    assert "coder_a – coder_b" in text
    assert "nan" not in text.lower()
    assert "drift needs a coder with codes in two rounds" in text


def test_what_coders_had_seen_is_no_agreement(strikes: Codebook) -> None:
    codes = [gate("a", 1, True), gate("b", 1, True, saw_prediction=True), gate("c", 1, True, saw_codes=True)]
    found = progress(codes, [], REPORTS, strikes)
    assert (found.not_independent, len(found.work)) == (2, 3)
    assert found.agreement[0].reason == "only a coded; agreement needs two coders"


def test_codes_that_the_codebook_does_not_allow_stop_nothing(strikes: Codebook) -> None:
    codes = [gate("a", 1, True), gate("b", 1, True), replace(gate("b", 2, True), value="perhaps"),
             Code("r3", "b", "unheard_of", 1, round=1)]  # fmt: skip
    found = progress(codes, [], REPORTS, strikes)
    assert found.agreement[0].pairs[0].n == 1
    assert found.work[1].problems > 1


def two_rounds(strict: bool) -> list[Code]:
    """Two coders agree in round 1; in round 2, b says yes to everything if ``strict`` is False."""
    rng = np.random.default_rng(3)
    truth = rng.random(120) < 0.5
    codes = []
    for i in range(120):
        number = 1 if i < 60 else 2
        codes.append(gate("a", i, bool(truth[i]), number))
        codes.append(gate("b", i, bool(truth[i]) or (number == 2 and not strict), number))
    return codes


def test_drift_of_one_coder_is_flagged(strikes: Codebook) -> None:
    found = progress(two_rounds(strict=False), [], REPORTS, strikes, QUICK)
    flagged = {(d.coder, d.variable, d.what) for d in found.drift if d.flagged}
    # Of agreement both know: who of two changed, only the shares tell.
    assert flagged == {("b", "is_protest", "share"), ("b", "is_protest", "agreement"), ("a", "is_protest", "agreement")}
    (row,) = [d for d in found.drift if (d.coder, d.what) == ("b", "share")]
    assert row.values[2] == (1.0, 60)
    assert row.change.value == pytest.approx(1 - row.values[1][0])
    assert "not adjusted" in shown(found)
    assert "b, is_protest, share" in shown(found)


def test_no_drift_is_not_flagged(strikes: Codebook) -> None:
    found = progress(two_rounds(strict=True), [], REPORTS, strikes, QUICK)
    assert not [d for d in found.drift if d.flagged and d.what == "agreement"]


def test_few_reports_are_said_to_be_few(strikes: Codebook) -> None:
    codes = [c for c in two_rounds(strict=False) if int(c.report_id[1:]) < 60 + FEWEST - 1]
    found = progress(codes, [], REPORTS, strikes, QUICK)
    assert {d.change.reason for d in found.drift} == {"too_few_reports"}
    assert "rest on too few reports" in shown(found)


def test_drift_by_chance_is_about_as_often_flagged_as_said(bundled: Codebook) -> None:
    demo = read_demo(bundled)
    groups = {r.id: r.reprint_group or r.id for r in demo.reports}
    half = {r.id: int(text_hash(groups[r.id]), 16) % 2 + 1 for r in demo.reports}
    codes = [replace(c, round=half[c.report_id], code_id="") for c in demo.codes]
    rounds = {n: by_coder(c for c in codes if c.round == n) for n in (1, 2)}
    found, reason = drift(rounds, bundled, groups, QUICK)
    assert reason is None
    judged = [d for d in found if d.change.low is not None]
    assert len(judged) > 100
    assert sum(d.flagged for d in found) / len(judged) < 0.12


def test_change_is_the_difference_of_means_and_its_interval_knows_clusters() -> None:
    rng = np.random.default_rng(1)
    values = (rng.random((400, 2)) < [0.3, 0.6]).astype(float)
    latter = np.arange(400) >= 200
    alone = change(values, latter, np.arange(400), QUICK)
    for q in range(2):
        assert alone[q].value == pytest.approx(values[200:, q].mean() - values[:200, q].mean())
    copies = change(np.repeat(values, 5, axis=0), np.repeat(latter, 5), np.repeat(np.arange(400), 5), QUICK)
    assert [(c.value, c.low, c.high) for c in copies] == [pytest.approx((a.value, a.low, a.high)) for a in alone]
