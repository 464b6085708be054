"""The rule of three answers, on made-up figures at its edges."""

from dataclasses import replace

import numpy as np
import pytest
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.estimate import NO_SPREAD, NO_VARIATION, Estimate
from weijing.evaluation.model_coder.alternative import AlternativeTest, CoderTest, alternative_test
from weijing.evaluation.model_coder.beside import Beside, beside
from weijing.evaluation.model_coder.codings import Codings
from weijing.evaluation.model_coder.power import Needed, power, reports_for_margin
from weijing.evaluation.model_coder.verdict import decide

CODER = CoderTest("a", 100, 100, 0.95, 0.93, -0.02, 0.03, Needed(0), -5.7, 0.0, 0.0, 1.0, 0.99, 0.99)


def alternative(n=3, *, passes=True, fails=False, needed=0):
    coders = tuple(replace(CODER, coder=f"c{i}") for i in range(n))
    two = Needed(77) if n == 2 else None
    return AlternativeTest(
        "m", "accuracy", 0.15, 0.05, coders, 1.0 if passes else 0.0, 0.9, passes, fails, n == 2, Needed(needed), two
    )


def compared(value=0.0, low=-0.05, high=0.05, **more):
    difference = Estimate(value, low, high, n=100, undefined_share=0.0)
    alpha = Estimate(0.8, 0.7, 0.9, n=100)
    facts = {"n": 100, "n_clusters": 90, "n_varied": 30, "n_passed_over": 0} | more
    return Beside("m", "nominal", **facts, among_coders=alpha, with_candidate=alpha, difference=difference, left_out=())


def say(test, figures, kind="human"):
    return decide(test, figures, kind=kind)


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


def test_yes_needs_the_test_and_the_margin():
    found = say(alternative(), compared(low=-0.0999))
    assert (found.answer, codes(found)) == ("yes", ["test_passes", "agrees"])
    assert "3 human coders" in found.words.en
    assert "3 名人工编码员" in found.words.zh
    assert "100 reports in 90 stories" in found.words.en
    at_the_margin = say(alternative(), compared(low=-0.1))
    assert (at_the_margin.answer, codes(at_the_margin)) == ("cannot_say", ["difference_open", "test_passes"])
    open_test = say(alternative(passes=False, needed=140), compared())
    assert (open_test.answer, codes(open_test)) == ("cannot_say", ["test_open", "agrees"])
    assert open_test.needed.reports == 140
    assert "needs 140 more double-coded reports" in open_test.words.en
    assert "140 篇" in open_test.words.zh


def test_no_needs_evidence_of_either_kind():
    less = say(alternative(), compared(-0.2, -0.3, -0.11))
    assert (less.answer, codes(less)) == ("no", ["agrees_less", "test_passes"])
    fails = say(alternative(passes=False, fails=True), compared())
    assert (fails.answer, codes(fails)) == ("no", ["test_fails", "agrees"])
    assert say(alternative(passes=False), compared(-0.2, -0.3, -0.1)).answer == "cannot_say"  # touches the margin


@pytest.mark.parametrize(("low", "high", "answer"), [(-0.01, 0.1, "cannot_say"), (-0.3, -0.2, "no")])
def test_two_coders_are_too_few_for_yes(low, high, answer):
    found = say(alternative(2), compared((low + high) / 2, low, high))
    assert found.answer == answer
    assert "two_coders" in codes(found)
    if answer == "cannot_say":
        assert found.third_coder.reports == 77
        assert "a third coder must code 77 reports" in found.words.en
        assert "第三名编码员编 77 篇" in found.words.zh


def test_failing_before_two_coders_is_no_verdict():
    assert say(alternative(2, passes=False, fails=True), compared()).answer == "cannot_say"


def test_three_coders_of_whom_two_have_reports_enough():
    test = alternative()
    few = replace(test.coders[2], reason="few_reports", needed=Needed(12))
    found = say(replace(test, coders=(*test.coders[:2], few)), compared())
    assert (found.answer, codes(found), found.needed.reports) == ("cannot_say", ["few_tested", "agrees"], 12)


@pytest.mark.parametrize(
    ("test", "facts", "code", "needed"),
    [
        (alternative(1), {}, "no_panel", None),
        (alternative(0), {}, "no_panel", None),
        (alternative(), {"n": 0, "n_clusters": 0}, "few_reports", 30),
        (alternative(), {"n": 40, "n_clusters": 20}, "few_reports", 20),  # 60 reports are 30 stories
        (alternative(), {"n_varied": 4}, "rare", 150),  # 250 reports have 10
        (alternative(), {"n_varied": 0}, "rare", None),
    ],
)
@pytest.mark.parametrize("figures", [(0.0, 0.0, 0.0), (-0.5, -0.6, -0.4)])
def test_nothing_is_said_where_there_is_too_little(test, facts, code, needed, figures):
    found = say(test, compared(*figures, **facts))
    assert (found.answer, codes(found), found.needed.reports) == ("cannot_say", [code], needed)


def test_nothing_is_said_without_an_interval():
    figures = compared()
    for difference in (
        Estimate(None, reason=NO_VARIATION, n=100),
        Estimate(0.0, 0.0, 0.0, None, 100, 0.0, NO_SPREAD),
        Estimate(0.0, n=100),
    ):
        found = say(alternative(), replace(figures, difference=difference))
        assert (found.answer, codes(found)) == ("cannot_say", ["no_interval"])


def test_synthetic_coders_are_never_called_human():
    for test, figures in ((alternative(), compared()), (alternative(2), compared()), (alternative(1), compared())):
        found = say(test, figures, "synthetic").words
        assert "synthetic coder" in found.en
        assert "合成编码员" in found.zh
        assert "says nothing about human coders" in found.en
        assert not found.en.startswith("May stand beside the 3 human")
        assert f"{len(test.coders)} 名人工" not in found.zh


def test_what_speaks_against_the_candidate_promises_no_number():
    found = say(alternative(passes=False), compared(-0.15, -0.3, 0.02))
    assert (found.answer, found.needed.reports, found.needed.reason) == ("cannot_say", None, "wrong_side")
    assert "more reports need not help" in found.words.en


def test_reports_for_the_margin_by_hand():
    # half width 0.196 is a standard error of 0.1; 0.1 off the margin takes (1.96 + 0.8416)^2 times the reports
    needed = reports_for_margin(Estimate(0.0, -0.196, 0.196, n=100), 0.1, 0.95)
    assert needed.reports == pytest.approx(100 * (1.96 + 0.8416) ** 2 - 100, abs=2)
    assert power(0.1, 0.1 / (1.96 + 0.8416), 0.025) == pytest.approx(0.8, abs=0.001)
    assert reports_for_margin(Estimate(0.0, -0.05, 0.05, n=100), 0.1, 0.95).reports == 0


def test_the_margin_is_above_nought():
    with pytest.raises(ValueError, match="margin"):
        decide(alternative(), compared(), kind="human", margin=0)


@pytest.mark.parametrize(("knows", "least", "most"), [(0.9, 0.8, 1.0), (0.71 / 0.9, 0.0, 0.13), (0.5, 0.0, 0.0)])
def test_how_often_the_answer_is_yes(knows, least, most):
    """Coders know the truth with 0.9 and guess otherwise: alpha 0.81. At 0.71 / 0.9 the difference is the margin."""
    rng, runs, n = np.random.default_rng(1), 60, 250
    answers = []
    for _ in range(runs):
        truth = rng.random(n) < 0.4
        values = [np.where(rng.random(n) < right, truth, rng.random(n) < 0.4) for right in (0.9, 0.9, 0.9, knows)]
        array = np.stack(values).astype(int)[..., None]
        codings = Codings("v", "x", "asked", "nominal", (*"abc", "m"), (False, True), array, np.ones((4, n), bool))
        test = alternative_test(codings, "abc", "m", np.arange(n))
        answers.append(say(test, beside(codings, "abc", "m", np.arange(n), ClusterBootstrap(200))).answer)
    assert least <= answers.count("yes") / runs <= most
    assert answers.count("no") / runs <= (1.0 if knows == 0.5 else 0.13)
