"""Agreement of all coders of a study together, by variable and label: alpha, and the coefficients beside it.

Each coefficient answers another question about chance, and with rare labels they lie far apart; none is read without
the raw agreement and the prevalence. Which coefficient is which: ``chance.py`` and ``alpha.py``.

Label sets of a multi variable are compared whole, by the MASI distance; its labels one by one, present or absent.
Ordinal codes have quadratic weights in kappa and in Gwet's coefficient (then called AC2), and Krippendorff's ordinal
metric in alpha.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...configs.codebook import Codebook
from ..bootstrap import ClusterBootstrap
from ..estimate import Bools, Estimate, Ints
from ..ratings import MISSING, Category, Ratings, cluster_vector
from ..tables import CodesByCoder, Table, encode
from .alpha import krippendorff_alpha
from .chance import Agreement, Coefficient, chance_corrected
from .distances import Weights

Name = Literal["percent", "alpha", "alpha_ordinal", "alpha_masi", "cohen", "conger", "fleiss", "gwet"]

COMPARED = ("binary", "multi", "nominal", "ordinal")
DEFAULT = ClusterBootstrap()


@dataclass(frozen=True)
class Measured:
    """One coefficient. ``standard_error``: Gwet's, None where there is none; ``weights``: of the agreement."""

    name: Name
    weights: Weights
    estimate: Estimate
    standard_error: float | None = None


@dataclass(frozen=True)
class Together:
    """All ``coders`` who have codes of a variable (``label`` None) or of one of its labels.

    ``n``: reports with codes of at least two of them, of ``n_clusters`` reprint groups. ``prevalence``: of each of the
    ``categories`` the share of a report's codes, mean over all reports coded; both empty for label sets.
    """

    variable: str
    label: str | None
    coders: tuple[str, ...]
    n: int
    n_clusters: int
    categories: tuple[Category, ...]
    prevalence: tuple[float, ...]
    measured: tuple[Measured, ...]


def together(
    codebook: Codebook,
    codes: CodesByCoder,
    clusters: Mapping[str, Hashable],
    coders: Sequence[str],
    *,
    bootstrap: ClusterBootstrap | None = DEFAULT,
) -> list[Together]:
    """Agreement of ``coders`` (names in ``codes``) on every coded variable and label, where they were asked.

    ``clusters``: reprint group of each report; one that is not in it is a group of its own. Nothing for a variable
    that fewer than two of them coded. UserError for a value that the codebook does not allow.
    """
    chosen = {name: codes[name] for name in coders}
    report_ids = tuple(dict.fromkeys(report for by_report in chosen.values() for report in by_report))
    groups = cluster_vector(report_ids, clusters)
    found = []
    for variable in codebook.coded:
        if variable.type in COMPARED:
            table = encode(codebook, variable, chosen, report_ids, "asked")
            if len(table.coders) >= 2:
                found += [_together(table, label, ratings, bootstrap) for label, ratings in _ratings(table, groups)]
    return found


def _ratings(table: Table, clusters: Ints) -> Iterator[tuple[str | None, Ratings]]:
    """The variable as a whole, then its labels if it is a multi or nominal one."""
    units = tuple(str(u) for u in range(len(clusters)))

    def made(values: Ints, categories: Sequence[Category]) -> Ratings:
        known = np.where(table.coded, values, MISSING).astype(np.int64)
        return Ratings(units, table.coders, known.T, tuple(categories), clusters)

    if table.codes is not None:
        ordinal = table.variable.type == "ordinal"
        yield None, made(table.codes, range(len(table.categories)) if ordinal else table.categories)
    if table.present is not None:
        if table.variable.type == "multi":
            yield None, _sets(table, table.present, units, clusters)
        for i, label in enumerate(table.labels or (None,)):
            yield label, made(table.present[..., i].astype(np.int64), (False, True))


def _sets(table: Table, present: Bools, units: Sequence[str], clusters: Ints) -> Ratings:
    given = {
        (units[u], table.coders[c]): [table.labels[i] for i in np.flatnonzero(present[c, u])]
        for u in range(len(units))
        for c in range(len(table.coders))
        if table.coded[c, u]
    }
    return Ratings.from_label_sets(given, clusters={unit: int(clusters[int(unit)]) for unit in units})


def _together(table: Table, label: str | None, ratings: Ratings, bootstrap: ClusterBootstrap | None) -> Together:
    pairable = (ratings.values >= 0).sum(axis=1) >= 2
    kappa: Literal["cohen", "conger"] = "cohen" if len(ratings.coders) == 2 else "conger"
    sets = table.variable.type == "multi" and label is None
    ordinal = table.variable.type == "ordinal"
    weights: Weights = "quadratic" if ordinal else "identity"

    def corrected(coefficient: Coefficient) -> Agreement:
        return chance_corrected(ratings, coefficient, weights, bootstrap)

    if sets:
        percent = chance_corrected(ratings, "percent", "identity", bootstrap).percent
        measured = [
            Measured("percent", "identity", percent),
            Measured("alpha_masi", "identity", krippendorff_alpha(ratings, "masi", bootstrap)),
        ]
        prevalence: tuple[float, ...] = ()
    else:
        pi, own, ac = (corrected(c) for c in ("fleiss", kappa, "gwet"))
        measured = [Measured("percent", "identity", pi.percent)]
        if ordinal:
            measured.append(Measured("alpha_ordinal", "identity", krippendorff_alpha(ratings, "ordinal", bootstrap)))
        else:
            alpha = corrected("krippendorff")
            measured.append(Measured("alpha", "identity", alpha.coefficient, alpha.standard_error))
        measured += [
            Measured(kappa, weights, own.coefficient, own.standard_error),
            Measured("fleiss", weights, pi.coefficient, pi.standard_error),
            Measured("gwet", weights, ac.coefficient, ac.standard_error),
        ]
        prevalence = pi.prevalence
    return Together(
        table.variable.id,
        label,
        table.coders,
        n=int(pairable.sum()),
        n_clusters=len(np.unique(ratings.clusters[pairable])),
        categories=ratings.categories if prevalence else (),
        prevalence=prevalence,
        measured=tuple(measured),
    )
