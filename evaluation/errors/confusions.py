"""Labels that a coder takes for one another, against the pairs that the codebook warns of (``confusable``).

A confusion a → b, of a variable with one code a report: the reference has a, the coder b. Of a multi variable: the
reference has a without b, the coder b without a.

Chance, of a multi variable, is that "a missed" and "b added" are independent in the reports whose reference lacks b. A
code that is missed must have another put in its place; there chance is that it is drawn from the others as common as
they are with reference and coder together. ``lift`` is what was found over what chance expects, in both directions
together. A code among two can be missed in one way only: its lift is 1.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...configs.codebook import Codebook, Variable
from ..bootstrap import ClusterBootstrap, estimate
from ..estimate import NO_UNITS, Bools, Estimate, Floats, Ints, divide
from ..tables import CodesByCoder
from .against import Against, against
from .suggestions import Suggestion, add_a_rule, not_borne_out

DEFAULT = ClusterBootstrap()
WITH_PAIRS = ("multi", "nominal", "ordinal")
LEAST_GROUPS = 3
"""Reprint groups in which a confusion must occur before it is called found."""
CELLS_AT_ONCE = 20_000_000

NO_SUCH_REFERENCE = "no_reference_without_the_other"
"""The reference never has the one label without the other, so they could not be confused in that direction."""
NO_CONFUSIONS = "no_confusions"
"""The coder takes no label of the variable for another."""
NO_ERRORS = "no_errors"
"""Neither is the one label missed and the other added anywhere, so nothing is expected by chance."""


@dataclass(frozen=True)
class Confusion:
    """How often a coder takes label ``a`` for ``b`` and ``b`` for ``a``, in the codebook's order.

    ``reference_a``: reports whose reference has a without b; of these the coder has b without a in ``a_to_b``, and
    neither in ``omitted_a`` (of a variable with one code a report: any third label). ``n_clusters``: reprint groups
    with a confusion of the two. ``expected``: confusions in both directions that chance gives.
    ``rate_a_to_b`` is ``a_to_b`` / ``reference_a``; ``share`` the pair's part of all confusions of the variable
    (a report in which two labels are missed and two added counts four); ``lift`` found / expected. ``named``: the
    codebook calls one of them confusable with the other. ``found``: in ``LEAST_GROUPS`` reprint groups or more, with
    an interval of the lift that lies above 1 (without intervals: a lift above 1). This is a screening: no
    multiplicity is accounted for.
    """

    a: str
    b: str
    named: bool
    found: bool
    reference_a: int
    reference_b: int
    a_to_b: int
    b_to_a: int
    omitted_a: int
    omitted_b: int
    n_clusters: int
    expected: float
    rate_a_to_b: Estimate
    rate_b_to_a: Estimate
    share: Estimate
    lift: Estimate


@dataclass(frozen=True)
class Confusions:
    """A coder's confusions of a variable, on ``n`` reports that reference and coder both coded.

    ``pairs``: those named or confused at least once, most frequent first. ``unnamed``: found, though the codebook
    does not warn of them. ``not_found``: the codebook warns of them, and they were not found.
    """

    variable: str
    coder: str
    reference: str
    n: int
    n_clusters: int
    n_confusions: int
    pairs: tuple[Confusion, ...]
    unnamed: tuple[Suggestion, ...]
    not_found: tuple[Suggestion, ...]


def named_pairs(variable: Variable) -> frozenset[frozenset[str]]:
    """The pairs of labels of which either calls the other confusable."""
    pairs = (frozenset((label.id, other)) for label in variable.labels for other in label.confusable)
    return frozenset(pair for pair in pairs if len(pair) == 2)


def confusions(
    codebook: Codebook,
    codes: CodesByCoder,
    clusters: Mapping[str, Hashable],
    *,
    reference: str,
    bootstrap: ClusterBootstrap | None = DEFAULT,
) -> list[Confusions]:
    """Confusions of every coder but the reference, of each coded variable that has labels, where both were asked it.

    ``clusters``: reprint group of each report; one that is not in it is a group of its own. UserError for an unknown
    reference or a value that the codebook does not allow.
    """
    variables = [v for v in codebook.coded if v.type in WITH_PAIRS]
    return [_of(one, reference, bootstrap) for one in against(codebook, variables, codes, clusters, reference)]


def _of(one: Against, reference: str, bootstrap: ClusterBootstrap | None) -> Confusions:
    variable, has, gave, clusters = one.variable, one.has, one.gave, one.clusters
    missed, added = has & ~gave, gave & ~has
    everything = missed.sum(axis=1) * added.sum(axis=1)
    occurs = missed.T.astype(np.int64) @ added.astype(np.int64)
    named = named_pairs(variable)
    ids = variable.label_ids
    shown = [
        (i, j)
        for i, j in combinations(range(len(ids)), 2)
        if frozenset((ids[i], ids[j])) in named or occurs[i, j] or occurs[j, i]
    ]
    # Pairs share their draws, as many at a time as memory holds.
    at_once = max(1, CELLS_AT_ONCE // (12 * max(1, len(has))))
    pairs = []
    for start in range(0, len(shown), at_once):
        some = shown[start : start + at_once]
        sums = np.stack([_contributions(has, gave, i, j, variable.type == "multi") for i, j in some], axis=1)
        found = _estimates(sums, everything, clusters, bootstrap)
        for p, (i, j) in enumerate(some):
            warned = frozenset((ids[i], ids[j])) in named
            pairs.append(_pair(ids[i], ids[j], warned, sums[:, p], clusters, found[4 * p : 4 * p + 4], bootstrap))
    pairs.sort(key=lambda pair: -pair.a_to_b - pair.b_to_a)
    return Confusions(
        variable.id,
        one.coder,
        reference,
        n=len(has),
        n_clusters=len(np.unique(clusters)),
        n_confusions=int(everything.sum()),
        pairs=tuple(pairs),
        unnamed=tuple(
            add_a_rule(variable, p.a, p.b, p.a_to_b + p.b_to_a, p.n_clusters) for p in pairs if p.found and not p.named
        ),
        not_found=tuple(
            not_borne_out(variable, p.a, p.b, p.a_to_b + p.b_to_a, p.reference_a + p.reference_b)
            for p in pairs
            if p.named and not p.found
        ),
    )


def _contributions(has: Bools, gave: Bools, i: int, j: int, several: bool) -> Floats:
    """(units, 12), for each direction: a without b, confused, omitted, a missed, and the share that is b by chance.

    The share's numerator and denominator: b added, of those that lack it, where ``several`` labels may be given; else
    codes that are b, of those that are not a.
    """
    parts = []
    for a, b in ((i, j), (j, i)):
        lacks = ~has[:, b]
        alone = has[:, a] & lacks
        missed, added = alone & ~gave[:, a], lacks & gave[:, b]
        by_chance = [added, lacks] if several else [has[:, b] * 1 + gave[:, b], 2 - (has[:, a] * 1 + gave[:, a])]
        parts += [alone, missed & added, missed & ~added, missed, *by_chance]
    return np.column_stack(parts).astype(np.float64)


def _estimates(sums: Floats, everything: Ints, clusters: Ints, bootstrap: ClusterBootstrap | None) -> list[Estimate]:
    """Both rates, share and lift of each pair, one pair after the other, from its (units, pairs, 12) contributions."""
    n, n_pairs, _ = sums.shape

    def statistic(totals: Floats) -> Floats:
        by_way = totals[..., :-1].reshape(*totals.shape[:-1], n_pairs, 2, 6)
        alone, confused, _, missed, b_is, b_may_be = np.moveaxis(by_way, -1, 0)
        both = confused.sum(axis=-1)
        last = np.stack([divide(both, totals[..., -1:]), divide(both, _expected(missed, b_is, b_may_be))], axis=-1)
        return np.concatenate([divide(confused, alone), last], axis=-1).reshape(*totals.shape[:-1], n_pairs * 4)

    reasons = (NO_SUCH_REFERENCE, NO_SUCH_REFERENCE, NO_CONFUSIONS, NO_ERRORS)
    contributions: Floats = np.column_stack([sums.reshape(n, n_pairs * 12), everything]).astype(np.float64)
    return estimate(
        statistic, contributions, clusters, bootstrap, n=n, reasons=lambda q: reasons[q % 4] if n else NO_UNITS
    )


def _pair(
    a: str,
    b: str,
    named: bool,
    sums: Floats,
    clusters: Ints,
    found: Sequence[Estimate],
    bootstrap: ClusterBootstrap | None,
) -> Confusion:
    rate_a, rate_b, share, lift = found
    first, second = sums.sum(axis=0).reshape(2, 6)
    groups = len(np.unique(clusters[(sums[:, 1] + sums[:, 7]) > 0]))
    above = lift.low if bootstrap is not None else lift.value
    return Confusion(
        a,
        b,
        named=named,
        found=groups >= LEAST_GROUPS and above is not None and above > 1 + 1e-9,
        reference_a=int(first[0]),
        reference_b=int(second[0]),
        a_to_b=int(first[1]),
        b_to_a=int(second[1]),
        omitted_a=int(first[2]),
        omitted_b=int(second[2]),
        n_clusters=groups,
        expected=float(_expected(*np.stack([first, second])[:, 3:].T)),
        rate_a_to_b=rate_a,
        rate_b_to_a=rate_b,
        share=share,
        lift=lift,
    )


def _expected(missed: Floats, b_is: Floats, b_may_be: Floats) -> Floats:
    """(...) expected confusions of the two directions (..., 2) together."""
    each = divide(missed * b_is, b_may_be)
    expected: Floats = np.where(np.isnan(each), 0.0, each).sum(axis=-1)
    return expected
