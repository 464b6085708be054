"""Who codes what: reports of a round dealt out to coders, some or all of them to more than one.

Every group of reprints goes to one set of coders, the least loaded first. What was assigned once stays, whoever joins
and whatever is added later; nothing depends on the order in which reports or coders are named.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from ..configs.errors import UserError
from ..data.artifacts import locked, make_manifest, manifest_fits, text_hash, write_manifest
from ..data.codes import PURPOSES
from ..data.design import read_design
from ..data.report import Report
from ..data.study import Study
from ..data.tables import read_rows, write_rows
from .select import offers, representatives

PLAN = "plan.parquet"
SEALED_ROUND = 0
"""The round of the sealed stories, which are no selection's; selections count from 1."""
ROUND_PURPOSES = tuple(p for p in PURPOSES if p != "adjudication")
DOUBLE = ("reliability", "sealed")
"""Purposes for which every report has at least two coders."""
SCHEMA = pa.schema(
    [
        ("round", pa.int64()),
        ("report_id", pa.string()),
        ("coder", pa.string()),
        ("purpose", pa.string()),
        ("blind", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Assignment:
    """One report for one coder in one round. ``blind``: the coder sees no prediction."""

    round: int
    report_id: str
    coder: str
    purpose: str
    blind: bool = True


def assign(
    groups: Mapping[str, str],
    coders: Sequence[str],
    *,
    round_number: int,
    purposes: Mapping[str, str],
    seed: int,
    overlap: float = 0.1,
    blind: bool = True,
    earlier: Sequence[Assignment] = (),
) -> list[Assignment]:
    """The assignments of a round that are not among ``earlier`` ones, which never change.

    ``groups``: report id → reprint group, of the reports of earlier rounds too. ``purposes``: report id → purpose, of
    the reports of this round. Of the groups of the round that are not for reliability or sealed, the share ``overlap``
    has two coders, rounded up.
    """
    _check(coders, purposes, overlap, blind)
    # This round's coders of a group come before those it had in other rounds.
    before: dict[str, dict[str, bool]] = {}
    for a in sorted(earlier, key=lambda a: a.round != round_number):
        before.setdefault(groups.get(a.report_id, a.report_id), {}).setdefault(a.coder, a.round == round_number)
    members: dict[str, list[str]] = {}
    for report_id in sorted(purposes):
        members.setdefault(groups[report_id], []).append(report_id)
    drawn = sorted(members, key=lambda g: text_hash(f"{seed} {round_number} {g}"))
    fixed = {g: [c for c, here in before.get(g, {}).items() if here] for g in drawn}
    both = {g for g in drawn if any(purposes[r] in DOUBLE for r in members[g])}
    shared = {g for g in drawn if len(fixed[g]) > 1} - both
    wanted = math.ceil(round(overlap * (len(drawn) - len(both)), 9)) - len(shared)
    both |= shared | set([g for g in drawn if g not in both and not fixed[g]][: max(wanted, 0)])

    there = {(a.report_id, a.coder) for a in earlier if a.round == round_number}
    load = Counter(coder for _, coder in there)
    made = []
    for group in drawn:
        missing = (2 if group in both else 1) - len(fixed[group])
        chance = {c: text_hash(f"{seed} {round_number} {group} {c}") for c in coders}
        known = [c for c, here in before.get(group, {}).items() if not here and c in chance]
        others = sorted(chance.keys() - {*known, *fixed[group]}, key=lambda c: (load[c], chance[c]))
        chosen = [*fixed[group], *[*known, *others][: max(missing, 0)]]
        new = [(r, c) for r in members[group] for c in chosen if (r, c) not in there]
        load.update(c for _, c in new)
        made += [Assignment(round_number, r, c, purposes[r], blind) for r, c in new]
    return sorted(made, key=lambda a: (a.report_id, a.coder))


def plan_study(
    study: Study,
    coders: Sequence[str],
    round_number: int,
    *,
    purpose: str | None = None,
    overlap: float = 0.1,
    blind: bool = True,
) -> list[Assignment]:
    """Assign a round of a study, and record it in ``plan.parquet``; returns all assignments of the round.

    The reports are those selected for the round, for the purposes they were selected for, or all for ``purpose``. Round
    0 is that of the sealed: one report of each sealed story. Run again, only what is new is assigned.
    """
    path = study.root / PLAN
    if not study.design_path.exists():
        raise UserError(f"{study.design_path}: there is no design yet; `weijing add` reports first")
    with locked(path):
        earlier = read_plan(path) if path.exists() else []
        reports = study.reports()
        groups = {r.id: r.reprint_group or r.id for r in reports}
        purposes = _purposes(study, groups, representatives(reports), round_number, purpose, earlier)
        made = assign(
            groups,
            coders,
            round_number=round_number,
            purposes=purposes,
            seed=study.settings.seed,
            overlap=overlap,
            blind=blind,
            earlier=earlier,
        )
        if made:
            write_rows(path, [asdict(a) for a in (*earlier, *made)], SCHEMA)
        if path.exists() and not manifest_fits(path):
            settings = {"round": round_number, "coders": sorted(coders), "overlap": overlap, "blind": blind}
            inputs = {"design": study.design_path, "corpus": study.corpus_path}
            write_manifest(path, make_manifest("plan", inputs=inputs, settings=settings, seed=study.settings.seed))
    return [a for a in (*earlier, *made) if a.round == round_number]


def read_plan(path: Path) -> list[Assignment]:
    """All assignments recorded in a plan, in the order they were made."""
    return [Assignment(**row) for row in read_rows(path, SCHEMA, SCHEMA.names, "plan")]


def loads(assignments: Iterable[Assignment]) -> dict[str, int]:
    """How many reports each coder has, by name."""
    return dict(sorted(Counter(a.coder for a in assignments).items()))


def _purposes(
    study: Study,
    groups: Mapping[str, str],
    stories: Mapping[str, Report],
    number: int,
    purpose: str | None,
    earlier: Sequence[Assignment],
) -> dict[str, str]:
    """Report id → purpose, of the reports of the round."""
    if number != SEALED_ROUND:
        if purpose == "sealed":
            raise UserError(
                f"round {number}: what was selected is not sealed; round {SEALED_ROUND} is that of the sealed"
            )
        selected = {o.report_id: purpose or o.purpose for o in offers(study, number)}
        if not selected:
            raise UserError(f"round {number}: nothing was selected for it; `weijing select` a round first")
        return selected
    if purpose not in (None, "sealed"):
        raise UserError(f"purpose {purpose}: round {SEALED_ROUND} is that of the sealed, which serve no other purpose")
    # A story keeps the report it was assigned with, though a longer reprint may have come in since.
    kept = {groups[a.report_id]: a.report_id for a in earlier if a.round == number and a.report_id in groups}
    sealed = [row.reprint_group for row in read_design(study.design_path) if row.purpose == "sealed"]
    return {kept.get(g) or stories[g].id: "sealed" for g in sealed if g in stories}


def _check(coders: Sequence[str], purposes: Mapping[str, str], overlap: float, blind: bool) -> None:
    if not coders or len({c.strip() for c in coders}) < len(coders) or not all(c.strip() for c in coders):
        raise UserError(f"coders {', '.join(coders) or '(none)'}: name at least one, and each once")
    if not 0 <= overlap <= 1:
        raise UserError(f"overlap {overlap}: a share is from 0 to 1")
    unknown = sorted({*purposes.values()} - {*ROUND_PURPOSES})
    if unknown:
        raise UserError(f"purpose {', '.join(unknown)}: a round is for {', '.join(ROUND_PURPOSES)}")
    if len(coders) < 2 and (overlap > 0 or {*purposes.values()} & {*DOUBLE}):
        raise UserError("one coder alone cannot code anything twice; name a second, or plan without overlap")
    if not blind and {*purposes.values()} - {"train"}:
        raise UserError("only rounds for training alone may show predictions; what is estimated needs blind codes")
