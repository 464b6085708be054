"""The alternative annotator test: is the candidate as good a stand-in for the coders as each of them is?

Source: Calderon, Reichart & Dror (2025), The Alternative Annotator Test for LLM-as-a-Judge, ACL, section 3. Each
coder j is left out in turn. On report i, S is how well the candidate, and j, agree with the coders who remain: the
share of them with the same code (nominal), the negative root mean squared difference (ordinal), the mean Jaccard
index (label sets). W^f_ij = 1 if the candidate does at least as well as j, W^h_ij = 1 if j does at least as well as
the candidate; their means are the advantage probabilities rho^f_j and rho^h_j. H0: rho^f_j <= rho^h_j - epsilon, by a
one-sided paired t-test, over coders by Benjamini & Yekutieli (2001). The winning rate is the share of coders with H0
rejected; 0.5 passes.

Ours: reports of one story are a cluster, and the variance is cluster-robust (Liang & Zeger 1986) with clusters less
one degrees of freedom, which is the paper's where every report is its own story. Without any spread there is no t;
then (1 - epsilon)^clusters bounds the probability of seeing no loss under H0. Power and the reports still needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from ..estimate import Ints
from .codings import Codings, Measure
from .losses import ENOUGH, Observed, observe
from .power import NO_CODES, WRONG_SIDE, Needed, more, power

EPSILON = {"experts": 0.2, "skilled": 0.15, "crowd": 0.1}
"""What a coder's work costs more than the candidate's, as a share of reports: the paper's, by who the coders are."""
LEVEL = 0.05
"""False discovery rate over the coders."""
WINS = 0.5
"""Winning rate that passes."""

NO_PANEL = "no_panel"
"""No test: fewer than two coders."""
FEW_REPORTS = "few_reports"
"""No test: too few reports or stories coded by the coder, another coder and the candidate."""

Alignment = Literal["accuracy", "rmse", "jaccard"]
ALIGNMENT: dict[Measure, Alignment] = {"nominal": "accuracy", "ordinal": "rmse", "sets": "jaccard"}


@dataclass(frozen=True)
class CoderTest:
    """The candidate against one coder, before those who remain.

    ``n``: reports that this coder, the candidate and another coder coded, of ``n_clusters`` stories. ``advantage``:
    rho^f; ``coder_advantage``: rho^h; ``loss``: rho^h - rho^f, with ``se``. ``p``: of H0, ``p_adjusted`` by
    Benjamini-Yekutieli; ``p_worse``: of the opposite (that the loss is at most epsilon), adjusted too. ``power``: at
    the loss observed; ``power_if_equal``: had the candidate no loss; both at the level that half of the coders' tests
    need to be rejected together. ``reason`` says why there is no test.
    """

    coder: str
    n: int
    n_clusters: int
    advantage: float | None
    coder_advantage: float | None
    loss: float | None
    se: float | None
    needed: Needed
    t: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    p_worse: float | None = None
    power: float | None = None
    power_if_equal: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class AlternativeTest:
    """What came of it. ``winning_rate`` (omega) and ``advantage`` (rho) go over the coders tested.

    ``passes`` None: no test, and why (``reason``). ``fails``: for half of the coders or more the loss is shown to be
    above epsilon; a test that neither passes nor fails is open. ``two_coders``: each is compared with a single other,
    so that passing shows less than with three. ``needed``: reports still needed to pass; ``third_coder``: reports
    that a third coder would have to code, where there are two.
    """

    candidate: str
    alignment: Alignment
    epsilon: float
    level: float
    coders: tuple[CoderTest, ...]
    winning_rate: float | None
    advantage: float | None
    passes: bool | None
    fails: bool
    two_coders: bool
    needed: Needed
    third_coder: Needed | None
    reason: str | None = None

    @property
    def tested(self) -> tuple[CoderTest, ...]:
        """The coders with reports enough."""
        return tuple(c for c in self.coders if c.reason is None)


def alternative_test(
    codings: Codings,
    panel: Sequence[str],
    candidate: str,
    clusters: Ints,
    *,
    epsilon: float = EPSILON["skilled"],
    level: float = LEVEL,
) -> AlternativeTest:
    """Test ``candidate`` against the coders of ``panel`` who have codes. ``clusters``: (units,) story of each report.

    Codes that were given with the candidate's in sight must be left out beforehand. ValueError if the candidate has
    no codes or epsilon is not in 0 … 1.
    """
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon must be at least 0 and below 1; found {epsilon}")
    rows, c = codings.rows(panel), codings.row(candidate)
    observed = [observe(codings, j, [k for k in rows if k != j], c, clusters) for j in rows]
    tested = [o for o in observed if o.enough]
    p_adjusted = _adjusted([o.p(epsilon) for o in tested])
    p_worse = _adjusted([o.p_worse(epsilon) for o in tested])
    each = needed_level(level, max(2, len(rows)))
    lacking = NO_PANEL if len(rows) < 2 else FEW_REPORTS
    shown = {o.coder: p for o, p in zip(tested, zip(p_adjusted, p_worse, strict=True), strict=True)}
    tests = [_test(o, epsilon, each, shown.get(o.coder, (None, None)), lacking) for o in observed]
    wins = [p <= level for p in p_adjusted]
    rate = sum(wins) / len(wins) if wins else None
    passes = None if rate is None else rate >= WINS
    return AlternativeTest(
        candidate=candidate,
        alignment=ALIGNMENT[codings.measure],
        epsilon=epsilon,
        level=level,
        coders=tuple(tests),
        winning_rate=rate,
        advantage=float(np.mean([o.advantage for o in tested])) if tested else None,
        passes=passes,
        fails=passes is False and sum(p <= level for p in p_worse) >= WINS * len(tested),
        two_coders=len(rows) == 2,
        needed=Needed(0) if passes else _needed_by_half([t.needed for t in tests]),
        third_coder=_third_coder(observed, epsilon, level) if len(rows) == 2 else None,
        reason=None if tested else lacking,
    )


def needed_level(level: float, coders: int) -> float:
    """The p-value at which half of the coders' hypotheses are rejected together: k level / (m sum_i 1/i), k = m/2.

    Benjamini & Yekutieli (2001), theorem 1.3; k is rounded up.
    """
    return ceil(coders * WINS) * level / (coders * sum(1 / i for i in range(1, coders + 1)))


def _test(
    o: Observed, epsilon: float, level: float, shown: tuple[float | None, float | None], reason: str
) -> CoderTest:
    """``shown``: adjusted p and p of the opposite, None without a test, for which ``reason`` is then given."""
    p_adjusted, p_worse = shown
    if o.n == 0:
        return CoderTest(o.coder, 0, 0, None, None, None, None, Needed(ENOUGH), reason=reason)
    times = o.times_needed(epsilon, level)
    spread, tested = o.se > 0, p_adjusted is not None
    return CoderTest(
        o.coder,
        o.n,
        o.n_clusters,
        o.advantage,
        o.coder_advantage,
        o.loss,
        o.se if o.n_clusters > 1 else None,
        Needed(None, WRONG_SIDE) if times is None else Needed(more(o.n, times)),
        t=o.t(epsilon) if tested else None,
        p=o.p(epsilon) if tested else None,
        p_adjusted=p_adjusted,
        p_worse=p_worse,
        power=power(epsilon - o.loss, o.se, level) if tested and spread else None,
        power_if_equal=power(epsilon, o.se, level) if tested and spread else None,
        reason=None if tested else reason,
    )


def _adjusted(p: list[float]) -> list[float]:
    from scipy.stats import false_discovery_control

    return [float(x) for x in false_discovery_control(p, method="by")] if p else []


def _needed_by_half(needed: list[Needed]) -> Needed:
    """As many reports as half of the coders need, those that need fewest."""
    if len(needed) < 2:
        return Needed(None, NO_PANEL)
    found = sorted(n.reports for n in needed if n.reports is not None)
    half = ceil(len(needed) * WINS)
    return Needed(found[half - 1]) if len(found) >= half else Needed(None, WRONG_SIDE)


def _third_coder(observed: list[Observed], epsilon: float, level: float) -> Needed:
    """Reports that a third coder must share with the two, if they differ from each other as the two do."""
    if not all(o.n for o in observed):
        return Needed(None, NO_CODES)
    each = needed_level(level, 3)
    times = [o.times_needed(epsilon, each) for o in observed]
    totals = [ceil(o.n * x - 1e-9) for o, x in zip(observed, times, strict=True) if x is not None]
    return Needed(max(ENOUGH, *totals)) if len(totals) == len(times) else Needed(None, WRONG_SIDE)
