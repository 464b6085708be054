"""Every coder against the reference, one variable at a time, as yes-or-no arrays."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...configs.codebook import Codebook, Variable
from ...configs.errors import UserError
from ..estimate import Bools, Ints
from ..ratings import cluster_vector
from ..tables import CodesByCoder, encode


@dataclass(frozen=True, eq=False)
class Against:
    """Codes of one variable on the reports that reference and coder both coded.

    ``has`` (the reference) and ``gave`` (the coder) are (units, labels), one column, "yes", for a binary variable.
    ``clusters``: (units,) reprint group of each of ``report_ids``.
    """

    variable: Variable
    coder: str
    report_ids: tuple[str, ...]
    has: Bools
    gave: Bools
    clusters: Ints


def against(
    codebook: Codebook,
    variables: Iterable[Variable],
    codes: CodesByCoder,
    clusters: Mapping[str, Hashable],
    reference: str,
) -> Iterator[Against]:
    """Each coder but the reference, in each variable that both were asked.

    ``clusters``: reprint group of each report; one that is not in it is a group of its own. UserError for an unknown
    reference or a value that the codebook does not allow.
    """
    if reference not in codes:
        raise UserError(f"no codes of the reference {reference!r}; coders are {', '.join(codes) or 'none'}")
    report_ids = tuple(dict.fromkeys(report for by_report in codes.values() for report in by_report))
    groups = cluster_vector(report_ids, clusters)
    for variable in variables:
        table = encode(codebook, variable, codes, report_ids, "asked")
        if reference not in table.coders:
            continue
        given = table.present
        if table.codes is not None:
            given = np.equal(table.codes[..., None], np.arange(len(table.categories)))
        assert given is not None, "a table has codes or labels"
        r = table.coders.index(reference)
        for c, coder in enumerate(table.coders):
            if c != r:
                both = table.coded[r] & table.coded[c]
                ids = tuple(report_ids[u] for u in np.flatnonzero(both))
                yield Against(variable, coder, ids, given[r, both], given[c, both], groups[both])
