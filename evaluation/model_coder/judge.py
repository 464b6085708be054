"""One door: candidates side by side against the coders, by variable and label."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...configs.codebook import Codebook, Words
from ...configs.errors import UserError
from ..bootstrap import ClusterBootstrap
from ..ratings import cluster_vector
from ..tables import CodesByCoder, Scope, encode, scopes
from .alternative import EPSILON, LEVEL, AlternativeTest, alternative_test
from .beside import Beside, beside
from .codings import Codings, codings_of
from .consensus import Consensus, settle
from .verdict import MARGIN, Verdict, decide
from .words import CoderKind

JUDGED = ("binary", "multi", "nominal", "ordinal")
KINDS = ("human", "model", "synthetic")
PANEL_KINDS: tuple[CoderKind, ...] = ("human", "synthetic")
"""Whose codes candidates are held against: people's; where there are none, synthetic ones. Never a model's."""


@dataclass(frozen=True)
class Judged:
    """One candidate on a variable (``label`` None) or one of its labels."""

    variable: str
    label: str | None
    scope: Scope
    candidate: str
    test: AlternativeTest
    beside: Beside
    verdict: Verdict


@dataclass(frozen=True)
class Judgement:
    """Every candidate on every variable and label; with a reference, what the coders say together beside it.

    ``kinds``: of all coders and candidates. ``panel``: the coders whom candidates are held against, of ``panel_kind``
    (None if there are none). ``draws``, ``seed``: of the intervals, None without.
    """

    codebook: str
    codebook_version: str
    candidates: tuple[str, ...]
    panel: tuple[str, ...]
    panel_kind: CoderKind | None
    kinds: dict[str, str]
    reference: str | None
    n_reports: int
    epsilon: float
    level: float
    margin: float
    draws: int | None
    seed: int | None
    interval_level: float | None
    rows: tuple[Judged, ...]
    consensus: tuple[Consensus, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, tuples, strings and numbers, fit for ``json.dumps``."""
        return asdict(self, dict_factory=_plain)


def judge(
    codebook: Codebook,
    codes: CodesByCoder,
    clusters: Mapping[str, Hashable],
    kinds: Mapping[str, str],
    candidates: Sequence[str],
    *,
    epsilon: float = EPSILON["skilled"],
    margin: float = MARGIN,
    level: float = LEVEL,
    reference: str | None = None,
    bootstrap: ClusterBootstrap | None = ClusterBootstrap(),  # noqa: B008  (frozen)
) -> Judgement:
    """Judge ``candidates`` (names in ``codes``) against the other coders.

    ``codes`` must be blind: codes given with predictions in sight (``saw_prediction``) are left out by the caller.
    ``clusters``: reprint group of each report; one that is not in it is a group of its own. ``kinds``: human, model
    or synthetic, of every coder but the reference. ``reference``: the name of the settled codes, which are no
    coder's; with it, the coders' consensus is set beside them. A scope is that of ``tables``; a candidate without
    codes of a variable is not judged on it. Without ``bootstrap`` there are no intervals, and no verdict but "cannot
    say yet". UserError for an unknown candidate, reference or kind, or a value that the codebook does not allow.
    """
    panel, panel_kind = _panel(codes, kinds, candidates, reference)
    report_ids = tuple(dict.fromkeys(report for by_report in codes.values() for report in by_report))
    groups = cluster_vector(report_ids, clusters)
    rows: list[Judged] = []
    together: list[Consensus] = []
    for variable in codebook.coded:
        for scope in scopes(variable) if variable.type in JUDGED else ():
            for codings in codings_of(encode(codebook, variable, codes, report_ids, scope)):
                for name in candidates:
                    if name in codings.coders:
                        test = alternative_test(codings, panel, name, groups, epsilon=epsilon, level=level)
                        compared = beside(codings, panel, name, groups, bootstrap)
                        rows.append(_judged(codings, name, test, compared, panel_kind, margin, bootstrap))
                if reference in codings.coders and codings.measure != "sets":
                    together.append(settle(codings, panel, report_ids, groups, bootstrap, reference))
    return Judgement(
        codebook=codebook.name,
        codebook_version=codebook.version,
        candidates=tuple(candidates),
        panel=panel,
        panel_kind=panel_kind if panel else None,
        kinds={name: kinds[name] for name in codes if name != reference},
        reference=reference,
        n_reports=len(report_ids),
        epsilon=epsilon,
        level=level,
        margin=margin,
        draws=bootstrap.draws if bootstrap else None,
        seed=bootstrap.seed if bootstrap else None,
        interval_level=bootstrap.level if bootstrap else None,
        rows=tuple(rows),
        consensus=tuple(together),
    )


def _panel(
    codes: CodesByCoder, kinds: Mapping[str, str], candidates: Sequence[str], reference: str | None
) -> tuple[tuple[str, ...], CoderKind]:
    known = ", ".join(codes) or "none"
    for name in (*candidates, *([reference] if reference is not None else ())):
        if name not in codes:
            raise UserError(f"no codes of {name!r}; coders are {known}")
    if reference in candidates:
        raise UserError(f"{reference!r} is the reference and cannot be a candidate; name another")
    for name in codes:
        if name != reference and kinds.get(name) not in KINDS:
            raise UserError(f"coder {name!r} is of kind {kinds.get(name)!r}; give {', '.join(KINDS)}")
    others = [name for name in codes if name not in candidates and name != reference]
    for kind in PANEL_KINDS:
        panel = tuple(name for name in others if kinds[name] == kind)
        if panel:
            return panel, kind
    return (), PANEL_KINDS[0]


def _judged(
    codings: Codings,
    name: str,
    test: AlternativeTest,
    compared: Beside,
    kind: CoderKind,
    margin: float,
    bootstrap: ClusterBootstrap | None,
) -> Judged:
    level = bootstrap.level if bootstrap else ClusterBootstrap().level
    verdict = decide(test, compared, kind=kind, margin=margin, level=level)
    return Judged(codings.variable, codings.label, codings.scope, name, test, compared, verdict)


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value.model_dump() if isinstance(value, Words) else value for key, value in pairs}
