"""Whether a coder codes otherwise than before: in the latest round, against all earlier ones.

A share also changes where the reports of the rounds differ; agreement with the others on the same reports does so
less. Intervals are of one change each: of twenty, about one excludes 0 by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..configs.codebook import Codebook
from ..evaluation.bootstrap import ClusterBootstrap, estimate
from ..evaluation.compare import COMPARED
from ..evaluation.estimate import Bools, Estimate, Floats, Ints, divide
from ..evaluation.ratings import cluster_vector
from ..evaluation.tables import CodesByCoder, Table, encode

FEWEST = 20
"""Reports on either side; with fewer, an interval says too little."""
TOO_FEW = "too_few_reports"


@dataclass(frozen=True)
class Drift:
    """A coder's shares of one label, or agreement with the other coders on it, by round.

    ``label`` is None for a binary variable. ``values``: round → share of the coder's reports that have the label, or
    mean share of the other coders who say the same of the label, with the number of reports it rests on. ``change``:
    the latest of these rounds less all before, ``flagged`` if its interval excludes 0.
    """

    coder: str
    variable: str
    label: str | None
    what: Literal["share", "agreement"]
    values: Mapping[int, tuple[float, int]]
    change: Estimate
    flagged: bool


def drift(
    rounds: Mapping[int, CodesByCoder],
    codebook: Codebook,
    clusters: Mapping[str, str],
    bootstrap: ClusterBootstrap,
) -> tuple[list[Drift], str | None]:
    """Drift of every coder of several rounds, and if there is none, why. ``clusters``: report → reprint group."""
    coders = sorted({coder for codes in rounds.values() for coder in codes})
    several = [coder for coder in coders if sum(coder in codes for codes in rounds.values()) > 1]
    if not several:
        return [], "drift needs a coder with codes in two rounds" if coders else "no round has codes"
    # A report coded in two rounds is two units, in one cluster.
    units = list(dict.fromkeys((n, report_id) for n, by in rounds.items() for own in by.values() for report_id in own))
    names = [f"{number} {report_id}" for number, report_id in units]
    codes = {
        coder: {f"{n} {r}": coded for n, by in rounds.items() for r, coded in by.get(coder, {}).items()}
        for coder in coders
    }
    groups = cluster_vector(names, {name: clusters.get(r, r) for name, (_, r) in zip(names, units, strict=True)})
    numbers = np.array([number for number, _ in units])
    found: list[Drift] = []
    for variable in codebook.coded:
        if variable.type in COMPARED:
            table = encode(codebook, variable, codes, names, "asked")
            for coder in several:
                if coder in table.coders:
                    found += _of_coder(table, table.coders.index(coder), numbers, groups, bootstrap)
    return found, None


def _of_coder(table: Table, c: int, numbers: Ints, groups: Ints, bootstrap: ClusterBootstrap) -> Iterator[Drift]:
    present, labels = _decisions(table)
    own = table.coded[c]
    others = table.coded.copy()
    others[c] = False
    same = ((present == present[c]) & others[..., None]).sum(axis=0)
    agreement = divide(same.astype(np.float64), others.sum(axis=0).astype(np.float64)[:, None])
    yield from _rows(table, c, labels, "share", present[c].astype(np.float64), own, numbers, groups, bootstrap)
    both: Bools = own & others.any(axis=0)
    yield from _rows(table, c, labels, "agreement", agreement, both, numbers, groups, bootstrap)


def _decisions(table: Table) -> tuple[Bools, Sequence[str | None]]:
    """(coders, units, labels) yes or no of each label, the codes of an ordinal variable being its labels."""
    if table.present is not None:
        return table.present, table.labels or (None,)
    assert table.codes is not None
    return table.codes[..., None] == np.arange(len(table.categories)), table.categories


def _rows(
    table: Table,
    c: int,
    labels: Sequence[str | None],
    what: Literal["share", "agreement"],
    values: Floats,
    counted: Bools,
    numbers: Ints,
    groups: Ints,
    bootstrap: ClusterBootstrap,
) -> Iterator[Drift]:
    """A row a label, of (units, labels) ``values`` where ``counted``; nothing if all are of one round."""
    values, numbers, groups = values[counted], numbers[counted], groups[counted]
    present = sorted({int(n) for n in numbers})
    if len(present) < 2:
        return
    changes = change(values, numbers == present[-1], groups, bootstrap)
    for label, column, found in zip(labels, values.T, changes, strict=True):
        by_round = {n: (float(column[numbers == n].mean()), int((numbers == n).sum())) for n in present}
        # An interval that is a point says nothing.
        told = found.low is not None and found.high is not None and found.interval_note is None
        flagged = told and not found.low <= 0 <= found.high  # type: ignore[operator]
        yield Drift(table.coders[c], table.variable.id, label, what, by_round, found, flagged)


def change(values: Floats, latter: Bools, clusters: Ints, bootstrap: ClusterBootstrap) -> list[Estimate]:
    """Mean of the ``latter`` of the (units, Q) values less that of the others, for each column."""
    n = values.shape[1]
    if min(latter.sum(), (~latter).sum()) < FEWEST:
        return [Estimate(None, reason=TOO_FEW, n=len(values))] * n
    after, before = latter.astype(np.float64)[:, None], (~latter).astype(np.float64)[:, None]
    contributions = np.hstack([values * after, values * before, after, before])

    def statistic(sums: Floats) -> Floats:
        return divide(sums[..., :n], sums[..., 2 * n, None]) - divide(sums[..., n : 2 * n], sums[..., 2 * n + 1, None])

    return estimate(statistic, contributions, clusters, bootstrap, n=len(values), reasons=lambda _: TOO_FEW)
