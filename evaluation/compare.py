"""Compare coders (people, models, the settled reference) variable by variable, label by label."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from itertools import combinations
from typing import Literal

import numpy as np

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from .agreement.alpha import PlainMetric, alpha_of, coincidences, counts_alpha
from .agreement.distances import distances
from .bootstrap import ClusterBootstrap, estimate
from .classification import DEFAULT, code_scores, multi_scores
from .estimate import NO_DEFINED_LABEL, NO_PAIRS, Bools, Estimate, Floats, Ints, mean_defined
from .pseudo import pseudo_clusters, side_by_side
from .ratings import cluster_vector
from .rows import Comparison, PairRow, ScoreRow
from .tables import CodesByCoder, Table, encode, scopes

COMPARED = ("binary", "multi", "nominal", "ordinal")


def compare(
    codebook: Codebook,
    codes: CodesByCoder,
    clusters: Mapping[str, Hashable],
    *,
    reference: str | None = None,
    bootstrap: ClusterBootstrap | None = DEFAULT,
) -> Comparison:
    """Agreement of every pair of coders, and scores against ``reference`` (a coder's name), with intervals.

    Compared are the codebook's coded variables that at least two coders coded. ``clusters``: reprint group of
    each report; one that is not in it is a group of its own. UserError for an unknown reference or a value
    that the codebook does not allow.
    """
    if reference is not None and reference not in codes:
        raise UserError(f"no codes of the reference {reference!r}; coders are {', '.join(codes) or 'none'}")
    report_ids = tuple(dict.fromkeys(report for by_report in codes.values() for report in by_report))
    groups = cluster_vector(report_ids, clusters)
    pairs: list[PairRow] = []
    scores: list[ScoreRow] = []
    for variable in codebook.coded:
        for scope in scopes(variable) if variable.type in COMPARED else ():
            table = encode(codebook, variable, codes, report_ids, scope)
            names = table.coders
            for a, b in combinations(range(len(names)), 2):
                pairs += pair_rows(table, a, b, groups, bootstrap)
            if reference in names:
                r = names.index(reference)
                for c in range(len(names)):
                    if c != r:
                        scores += score_rows(table, r, c, groups, bootstrap)
    return Comparison(
        codebook=codebook.name,
        codebook_version=codebook.version,
        coders=tuple(codes),
        reference=reference,
        n_reports=len(report_ids),
        draws=bootstrap.draws if bootstrap else None,
        seed=bootstrap.seed if bootstrap else None,
        level=bootstrap.level if bootstrap else None,
        pairs=tuple(pairs),
        scores=tuple(scores),
    )


def pair_rows(table: Table, a: int, b: int, clusters: Ints, bootstrap: ClusterBootstrap | None) -> list[PairRow]:
    """Rows of coders ``a`` and ``b`` of the table: the variable as a whole first, then its labels."""
    both = table.coded[a] & table.coded[b]
    groups = clusters[both]
    row = partial(
        PairRow,
        variable=table.variable.id,
        scope=table.scope,
        coder_a=table.coders[a],
        coder_b=table.coders[b],
        n=len(groups),
        n_clusters=len(np.unique(groups)),
    )
    rows = []
    if table.codes is not None:
        first, second = table.codes[a, both], table.codes[b, both]
        metric: Literal["nominal", "ordinal"] = "ordinal" if table.variable.type == "ordinal" else "nominal"
        alpha = code_alpha(first, second, len(table.categories), metric, groups, bootstrap)
        rows.append(row(percent=_mean(first == second), alpha=alpha, alpha_kind=metric))
    if table.present is not None:
        one, two = table.present[a, both], table.present[b, both]
        *alphas, mean = label_alphas(one, two, groups, bootstrap)
        if table.variable.type == "multi":
            averaged = sum(alpha.value is not None for alpha in alphas)
            same = _mean((one == two).all(axis=1))
            rows.append(row(percent=same, alpha=mean, alpha_kind="mean_label_alpha", labels_averaged=averaged))
        for label, x, y, alpha in zip(table.labels or (None,), one.T, two.T, alphas, strict=True):
            same, in_a, in_b = _mean(x == y), _mean(x), _mean(y)
            rows.append(
                row(
                    label=label,
                    percent=same,
                    alpha=alpha,
                    alpha_kind="nominal",
                    prevalence_a=in_a,
                    prevalence_b=in_b,
                )
            )
    return rows


def code_alpha(
    first: Ints, second: Ints, k: int, metric: PlainMetric, clusters: Ints, bootstrap: ClusterBootstrap | None
) -> Estimate:
    """Alpha of two coders' (units,) codes 0 … k - 1."""
    one = np.eye(k, dtype=np.int64)
    distance = None if metric == "ordinal" else distances(metric, range(k))
    return counts_alpha(one[first] + one[second], clusters, bootstrap, distance)


def label_alphas(one: Bools, two: Bools, clusters: Ints, bootstrap: ClusterBootstrap | None) -> list[Estimate]:
    """Nominal alpha of each label of two coders' (units, labels) codes, then the mean of those defined."""
    n, n_labels = one.shape
    counts = np.stack([2 - one.astype(np.int64) - two, one.astype(np.int64) + two], axis=-1)
    apart = distances("nominal", range(2))
    alphas = [counts_alpha(counts[:, label], clusters, bootstrap, apart) for label in range(n_labels)]
    defined = [label for label, alpha in enumerate(alphas) if alpha.value is not None]

    def contribute(counts: Ints) -> Floats:
        return coincidences(counts).reshape(len(counts), 4)

    def mean(sums: Floats) -> Floats:
        by_label = alpha_of(sums.reshape(*sums.shape[:-1], len(defined), 2, 2), "nominal")
        return mean_defined(by_label)[..., None]

    if not defined:
        return [*alphas, Estimate(None, reason=NO_DEFINED_LABEL if n else NO_PAIRS, n=n)]
    pairs = n / len(np.unique(clusters))
    pseudo = side_by_side([pseudo_clusters(contribute, counts[:, label], pairs) for label in defined])
    contributions = np.concatenate([contribute(counts[:, label]) for label in defined], axis=1)
    found = estimate(mean, contributions, clusters, bootstrap, n=n, reasons=lambda _: NO_DEFINED_LABEL, pseudo=pseudo)
    return [*alphas, *found]


def score_rows(table: Table, r: int, c: int, clusters: Ints, bootstrap: ClusterBootstrap | None) -> list[ScoreRow]:
    """Rows of coder ``c`` against reference ``r``: variable as a whole, macro and micro average, labels."""
    both = table.coded[r] & table.coded[c]
    groups = clusters[both]
    row = partial(
        ScoreRow,
        variable=table.variable.id,
        scope=table.scope,
        coder=table.coders[c],
        n=len(groups),
        n_clusters=len(np.unique(groups)),
    )
    rows = []
    if table.codes is not None:
        reference, coder = table.codes[r, both], table.codes[c, both]
        whole = code_scores(reference, coder, len(table.categories), groups, bootstrap)
        distance = whole.distance if table.variable.type == "ordinal" else None
        confusion, categories = whole.confusion, table.categories
        rows.append(row(agreement=whole.exact, confusion=confusion, categories=categories, distance=distance))
    if table.present is not None:
        scores = multi_scores(table.present[r, both], table.present[c, both], groups, bootstrap)
        if table.variable.type == "multi":
            rows.append(row(agreement=scores.exact))
        if table.labels:
            averaged = sum(label.rates.f1.value is not None for label in scores.labels)
            rows.append(row(average="macro", labels_averaged=averaged, **vars(scores.macro)))
            rows.append(row(average="micro", **vars(scores.micro)))
        for label, found in zip(table.labels or (None,), scores.labels, strict=True):
            rows.append(
                row(
                    label=label,
                    prevalence=found.prevalence,
                    prevalence_coder=(found.tp + found.fp) / found.n if found.n else None,
                    tp=found.tp,
                    fp=found.fp,
                    fn=found.fn,
                    tn=found.tn,
                    **vars(found.rates),
                )
            )
    return rows


def _mean(values: Bools) -> float | None:
    return float(values.mean()) if len(values) else None
