"""May the candidate stand beside the coders? A rule of three answers.

yes: the alternative annotator test passes with at least three coders tested, **and** the lower end of the interval of
(agreement with the candidate - agreement among coders) is above -0.10.

no: the upper end of that interval is below -0.10, **or** the test fails with at least three coders tested: for half of
them or more the candidate's loss is shown to be above epsilon. That is evidence; not to pass, with whatever power, is
none.

cannot say yet: everything else. Always so with fewer than two coders, with fewer than 30 stories coded by the candidate
and two coders, with fewer than 10 stories in which the codes vary (intervals of agreement promise too much there), and
without an interval.

So neither yes nor no follows from a lack of evidence. The margin of 0.10 is an argument: the loss of agreement that
one puts up with, as in a trial of non-inferiority (Piaggio et al. 2012, Reporting of noninferiority and equivalence
randomized trials, JAMA 308). Each variable and label is judged by itself: nothing corrects for how many are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...configs.codebook import Words
from . import words
from .alternative import AlternativeTest
from .beside import Beside
from .losses import ENOUGH
from .power import NO_CODES, NO_INTERVAL, WRONG_SIDE, Needed, more, reports_for_margin
from .words import CoderKind

Answer = Literal["yes", "no", "cannot_say"]
ReasonCode = Literal[
    "no_panel",  # fewer than two coders
    "few_reports",  # fewer than 30 stories coded by the candidate and two coders
    "rare",  # fewer than ten stories in which the codes vary
    "no_interval",  # the difference has no interval that measures certainty
    "test_passes",
    "test_fails",
    "test_open",  # neither
    "two_coders",  # whatever the test says, it says it of two coders only
    "few_tested",  # three coders, of whom fewer have reports enough
    "agrees",  # the difference is shown to be above -margin
    "agrees_less",  # it is shown to be below -margin
    "difference_open",  # its interval holds -margin
]

MARGIN = 0.10
COMPARED = 3
"""Coders whom the test needs for a verdict."""
VARIED = 10
"""Stories in which the codes must vary."""


@dataclass(frozen=True)
class Reason:
    """One reason of a verdict, and what it says with the numbers."""

    code: ReasonCode
    words: Words


@dataclass(frozen=True)
class Verdict:
    """The answer, its reasons (those that decide first), and all of it in words.

    ``needed``: further reports, coded by the candidate and two coders or more, that would probably (80%) settle what
    is open if figures stay as they are; 0 if nothing is open, None with a reason where more of the same would not
    help. ``third_coder``: reports that a third coder would have to code, where there are two.
    """

    answer: Answer
    reasons: tuple[Reason, ...]
    needed: Needed
    third_coder: Needed | None
    words: Words


def decide(
    test: AlternativeTest, compared: Beside, *, kind: CoderKind, margin: float = MARGIN, level: float = 0.95
) -> Verdict:
    """The verdict from the two comparisons, by the rule above.

    ``kind``: what the coders are. ``level``: of the interval of the difference. ValueError unless the margin is above
    0.
    """
    if margin <= 0:
        raise ValueError(f"the margin must be above 0; found {margin}")
    lacking = _lacking(test, compared)
    if lacking:
        code, needed = lacking
        reason = Reason(code, words.of_lack(code, test, compared, kind, ENOUGH, VARIED))
        return _verdict("cannot_say", [reason], needed, None, test, kind)
    by_test, by_difference = _of_test(test), _of_difference(compared, margin)
    reasons = [
        Reason(by_test, words.of_test(by_test, test, kind, ENOUGH)),
        Reason(by_difference, words.of_difference(by_difference, compared, margin, level)),
    ]
    if by_test == "test_fails" or by_difference == "agrees_less":
        reasons.sort(key=lambda r: r.code not in ("test_fails", "agrees_less"))
        return _verdict("no", reasons, Needed(0), None, test, kind)
    if by_test == "test_passes" and by_difference == "agrees":
        return _verdict("yes", reasons, Needed(0), None, test, kind)
    reasons.sort(key=lambda r: r.code in ("test_passes", "agrees"))
    needed = _greater(_for_test(test), reports_for_margin(compared.difference, margin, level))
    return _verdict("cannot_say", reasons, needed, test.third_coder, test, kind)


def _lacking(test: AlternativeTest, compared: Beside) -> tuple[ReasonCode, Needed] | None:
    """What there is too little of to look any further, and the reports that would be enough."""
    if len(test.coders) < 2:
        return "no_panel", Needed(None, NO_CODES)
    if compared.n_clusters < ENOUGH:
        return "few_reports", Needed(more(compared.n, ENOUGH / compared.n_clusters) if compared.n else ENOUGH)
    if compared.n_varied < VARIED:
        rare = Needed(more(compared.n, VARIED / compared.n_varied)) if compared.n_varied else Needed(None, NO_CODES)
        return "rare", rare
    if compared.difference.low is None or compared.difference.interval_note is not None:
        return "no_interval", Needed(None, NO_INTERVAL)
    return None


def _of_test(test: AlternativeTest) -> ReasonCode:
    if test.two_coders:
        return "two_coders"
    if len(test.tested) < COMPARED:
        return "few_tested"
    return "test_passes" if test.passes else "test_fails" if test.fails else "test_open"


def _of_difference(compared: Beside, margin: float) -> ReasonCode:
    low, high = compared.difference.low, compared.difference.high
    if low is not None and low > -margin:
        return "agrees"
    return "agrees_less" if high is not None and high < -margin else "difference_open"


def _for_test(test: AlternativeTest) -> Needed:
    """Reports needed by the test; with two coders none would do."""
    if test.two_coders:
        return Needed(0)  # what is missing is a coder
    lacking = sorted(c.needed.reports or 0 for c in test.coders if c.reason is not None)
    wanted = COMPARED - len(test.tested)
    return _greater(test.needed, Needed(lacking[wanted - 1])) if wanted > 0 else test.needed


def _greater(one: Needed, other: Needed) -> Needed:
    for needed in (one, other):
        if needed.reports is None:
            return needed
    return one if (one.reports or 0) >= (other.reports or 0) else other


def _verdict(
    answer: Answer,
    reasons: list[Reason],
    needed: Needed,
    third: Needed | None,
    test: AlternativeTest,
    kind: CoderKind,
) -> Verdict:
    missing = words.of_needed(needed, third, against=needed.reason == WRONG_SIDE)
    said = words.of_verdict(answer, [r.words for r in reasons], missing, len(test.coders), kind)
    return Verdict(answer, tuple(reasons), needed, third, said)
