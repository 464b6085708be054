"""What coders say together, by majority and by Dawid and Skene's model, beside the settled codes.

Source: Dawid & Skene (1979), Maximum likelihood estimation of observer error-rates using the EM algorithm, Applied
Statistics 28, as in `crowd-kit`: each coder has a matrix of errors, and a report's posterior weighs the codes by it.
The categories of an ordinal variable are taken as names. Label sets are settled label by label.

Settled codes usually come from the same coders, who agreed on most of them: agreement with them flatters both
methods, and only the reports on which methods differ tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..bootstrap import ClusterBootstrap, estimate
from ..estimate import NO_UNITS, Bools, Estimate, Floats, Ints, divide
from ..tables import Scope
from .codings import Category, Codings

STEPS = 100
TIE = 1e-6


@dataclass(frozen=True)
class UnitConsensus:
    """What became of one report coded by ``coders`` of the panel; a value is None where two are equally likely.

    ``share``: of the coders, for ``majority`` (or for each of the tied); ``posterior``: probability of
    ``dawid_skene``. ``settled`` is the reference's code, None without one.
    """

    report: str
    coders: int
    majority: Category | None
    share: float
    dawid_skene: Category | None
    posterior: float
    settled: Category | None

    @property
    def disputed(self) -> bool:
        """Whether the methods, or a method and the settled code, differ or are undecided."""
        settled = self.majority if self.settled is None else self.settled
        return self.majority is None or not self.majority == self.dawid_skene == settled


@dataclass(frozen=True)
class Consensus:
    """Consensus on the ``n`` reports that at least two coders coded.

    ``majority`` and ``dawid_skene``: share of the reports with a settled code where the method gives that code, out
    of those where it gives one; the others are ``majority_ties`` and ``dawid_skene_ties`` (of the reports with a
    settled code). ``disputed``: the reports on which not all is one.
    """

    variable: str
    label: str | None
    scope: Scope
    panel: tuple[str, ...]
    n: int
    n_settled: int
    majority: Estimate
    majority_ties: int
    dawid_skene: Estimate
    dawid_skene_ties: int
    disputed: tuple[UnitConsensus, ...]


def consensus(
    codings: Codings, panel: Sequence[str], report_ids: Sequence[str], reference: str | None = None
) -> list[UnitConsensus]:
    """Consensus of each report that two coders of ``panel`` coded, in the order of the reports.

    ``report_ids``: (units,). ``reference``: the coder whose codes are the settled ones. ValueError for label sets,
    which are settled label by label.
    """
    if codings.measure == "sets":
        raise ValueError("label sets are settled label by label")
    rows = codings.rows(panel)
    used = np.flatnonzero(codings.coded[rows].sum(axis=0) >= 2)
    counts = codings.counts(rows)[used, 0]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    posteriors = dawid_skene(codings.values[rows][:, used, 0], codings.coded[rows][:, used], len(codings.categories))
    settled: list[Category | None] = [None] * len(used)
    if reference is not None and reference in codings.coders:
        r = codings.row(reference)
        settled = [codings.categories[codings.values[r, u, 0]] if codings.coded[r, u] else None for u in used.tolist()]
    found = []
    for i, u in enumerate(used.tolist()):
        majority, dawid = _greatest(shares[i]), _greatest(posteriors[i])
        found.append(
            UnitConsensus(
                report_ids[u],
                int(counts[i].sum()),
                None if majority is None else codings.categories[majority],
                float(shares[i].max()),
                None if dawid is None else codings.categories[dawid],
                float(posteriors[i].max()),
                settled[i],
            )
        )
    return found


def settle(
    codings: Codings,
    panel: Sequence[str],
    report_ids: Sequence[str],
    clusters: Ints,
    bootstrap: ClusterBootstrap | None,
    reference: str | None = None,
) -> Consensus:
    """Consensus and its agreement with the settled codes. ``clusters``: (units,) story of each report."""
    units = consensus(codings, panel, report_ids, reference)
    story = dict(zip(report_ids, clusters.tolist(), strict=True))
    known = [u for u in units if u.settled is not None]
    groups = np.array([story[u.report] for u in known], dtype=np.int64)
    found = [[u.majority for u in known], [u.dawid_skene for u in known]]
    right = [_share_right(values, [u.settled for u in known], groups, bootstrap) for values in found]
    ties = [sum(value is None for value in values) for values in found]
    return Consensus(
        codings.variable,
        codings.label,
        codings.scope,
        tuple(codings.coders[r] for r in codings.rows(panel)),
        len(units),
        len(known),
        right[0],
        ties[0],
        right[1],
        ties[1],
        tuple(u for u in units if u.disputed),
    )


def dawid_skene(values: Ints, coded: Bools, k: int) -> Floats:
    """(units, k) posteriors of the categories from (coders, units) codes; every unit needs one."""
    n = values.shape[1]
    posteriors = np.zeros((n, k))
    if n == 0:
        return posteriors
    import warnings

    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    unit, coder = np.nonzero(coded.T)
    frame = pd.DataFrame({"task": unit, "worker": coder, "label": values.T[unit, coder]})
    with warnings.catch_warnings():  # its pandas calls are deprecated ones
        warnings.simplefilter("ignore")
        found = DawidSkene(STEPS).fit(frame).probas_
    posteriors[np.ix_(found.index.to_numpy(), found.columns.to_numpy())] = found.to_numpy()
    return posteriors


def _greatest(shares: Floats) -> int | None:
    """Position of the greatest share; None if two are equal."""
    greatest = np.flatnonzero(shares >= shares.max() - TIE)
    return int(greatest[0]) if len(greatest) == 1 else None


def _share_right(
    values: list[Category | None], settled: list[Category | None], clusters: Ints, bootstrap: ClusterBootstrap | None
) -> Estimate:
    decided = np.array([value is not None for value in values], dtype=np.bool_)
    right = np.array([v == s for v, s in zip(values, settled, strict=True)], dtype=np.float64)[decided]
    contributions = np.column_stack([right, np.ones(len(right))])

    def statistic(sums: Floats) -> Floats:
        return divide(sums[..., :1], sums[..., 1:])

    n = len(right)
    return estimate(statistic, contributions, clusters[decided], bootstrap, n=n, reasons=lambda _: NO_UNITS)[0]
