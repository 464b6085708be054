"""What to code next: one report of each chosen story, with the reason, recorded in the study's design.

Three sources are mixed by given shares: reports that the model is most unsure of, reports unlike any that is coded, and
the next ranks of the study's one random permutation, whose coded beginning stays a probability sample whatever the
others choose. Sealed stories are never offered, nor are stories that have codes or are in another round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..configs.codebook import Words
from ..configs.errors import UserError
from ..data.artifacts import Manifest, locked, make_manifest, manifest_fits, write_manifest
from ..data.codes import Code, current, read_codes
from ..data.design import DesignRow, read_design, write_design
from ..data.report import Report
from ..data.study import Study

if TYPE_CHECKING:
    from ..training.train import Progress
    from .coverage import Found
    from .states import Seen

SHARES = {"uncertainty": 0.5, "coverage": 0.2, "permutation": 0.3}
"""Strategies, and what share of a round each gets unless told otherwise."""


@dataclass(frozen=True)
class Offer:
    """A report to be coded, which stands for its reprint group."""

    report_id: str
    reprint_group: str
    round: int
    purpose: str
    """``probability`` where the random order chose it, else ``train``."""
    strategy: str
    score: float | None
    """From 0 to 1: how unsure the model is, or what share of the reports are of its kind. None where chance chose."""
    inclusion_prob: float | None
    """Within its batch, if the probability sample has come to it once this round is coded."""
    reason: Words


@dataclass(frozen=True)
class Selection:
    """A round of offers, in random order. ``again``: it had been recorded before and is given as it was."""

    round: int
    offers: tuple[Offer, ...]
    again: bool
    notes: tuple[str, ...] = ()


def select(
    study: Study,
    n: int = 50,
    shares: Mapping[str, float] | None = None,
    *,
    round_number: int | None = None,
    force: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Selection:
    """The next ``n`` reports to code, recorded in the design; fewer if there are fewer.

    Without ``round_number`` it is the last round selected, as long as none of it is coded, or else a new one. A round
    that is recorded is given as it is if it has as many of each strategy; another one takes its place with ``force``,
    which is for rounds that no coder has got. The same codes, model and seed of the study give the same offers.
    """
    from ..training.study import sealed_groups
    from .states import look

    quota = _checked(n, shares, round_number)
    with locked(study.corpus_path):
        sealed = sealed_groups(study)
        reports = study.reports()
        stories = representatives(reports)
        rows = read_design(study.design_path) if study.design_path.exists() else []
        codes = _codes(study)
        group_of = {r.id: r.reprint_group for r in reports}
        coded = {group_of[c.report_id] for c in codes if c.report_id in group_of}
        number = _round(rows, codes, coded) if round_number is None else round_number
        own = {row.reprint_group for row in rows if row.round == number}
        waiting = [
            row
            for row in rows
            if row.reprint_group in stories.keys() - sealed - coded and (row.round is None or row.reprint_group in own)
        ]
        trained = (study.model_path / "config.json").is_file()
        notes = () if trained else (f"{study.model_path}: no trained model yet, so none is offered by uncertainty",)
        counts = _counts(min(n, len(waiting)), quota if trained else _without_model(quota))
        recorded = offers(study, number) if own else []
        if recorded and counts == {s: sum(o.strategy == s for o in recorded) for s in SHARES}:
            if not manifest_fits(study.design_path):
                write_manifest(study.design_path, _manifest(study, n, quota, number))
            return Selection(number, tuple(recorded), again=True, notes=notes)
        if own:
            _check_replaceable(study, number, own & coded, len(recorded) == len(own), force)
        if not waiting:
            raise UserError(
                f"{study.root}: every story that is not sealed is coded or in a round; `weijing add` more reports"
            )
        seen = None
        if counts["uncertainty"] + counts["coverage"]:
            # What is coded or in another round is looked at too: coverage is about what they leave out.
            looked = [row.reprint_group for row in rows if row.reprint_group in stories.keys() - sealed]
            seen = look(study, [stories[g] for g in looked], trained, progress)
        chosen = _choose(waiting, counts, stories, seen, number, study.settings.seed)
        rows = _recorded([_freed(row, rows) if row.reprint_group in own else row for row in rows], chosen, coded)
        manifest = _manifest(study, n, quota, number)
        write_design(study.design_path, rows)
        write_manifest(study.design_path, manifest)
    return Selection(number, tuple(offers(study, number)), again=False, notes=notes)


def offers(study: Study, round_number: int) -> list[Offer]:
    """The offers recorded for a round, in the random order of the design, which does not tell why each was chosen."""
    return [
        Offer(
            row.report_id,
            row.reprint_group,
            round_number,
            row.purpose,
            row.strategy or "",
            row.score,
            row.inclusion_prob,
            _words(row.reason),
        )
        for row in read_design(study.design_path)
        if row.round == round_number and row.report_id is not None
    ]


def representatives(reports: Iterable[Report]) -> dict[str, Report]:
    """Of each reprint group the report with the longest text, from which nothing was cut; then the first dated, by id.

    A report without a group is a story of its own.
    """
    best: dict[str, Report] = {}
    for report in sorted(reports, key=lambda r: (-len(r.text), r.date or "9999", r.id)):
        best.setdefault(report.reprint_group or report.id, report)
    return best


def probability_sample(rows: Sequence[DesignRow], coded: Collection[str | None]) -> dict[str, float]:
    """Reprint group → inclusion probability within its batch, of the probability sample.

    It is what is not sealed of the longest prefix of the permutation in which all that is not sealed is coded, for
    whatever reason.
    """
    sample: list[DesignRow] = []
    for row in sorted(rows, key=lambda row: row.rank):
        if row.purpose == "sealed":
            continue
        if row.reprint_group not in coded:
            break
        sample.append(row)
    batches = [row.stratum for row in rows]
    drawn = [row.stratum for row in sample]
    share = {batch: drawn.count(batch) / batches.count(batch) for batch in set(drawn)}
    return {row.reprint_group: share[row.stratum] for row in sample}


def _checked(n: int, shares: Mapping[str, float] | None, number: int | None) -> dict[str, float]:
    if n < 1:
        raise UserError(f"-n {n}: select at least one report")
    given = {**dict.fromkeys(SHARES, 0.0), **(SHARES if shares is None else shares)}
    if number is not None and number < 1:
        raise UserError(f"--round {number}: selections count from 1")
    unknown = sorted(given.keys() - SHARES.keys())
    if unknown:
        raise UserError(f"shares: there is no strategy {', '.join(unknown)}; there are {', '.join(SHARES)}")
    if not all(0 <= s <= 1e6 for s in given.values()) or not sum(given.values()):
        raise UserError("shares: each is a number from 0, and at least one is more than 0")
    return given


def _without_model(shares: Mapping[str, float]) -> dict[str, float]:
    rest = {**shares, "uncertainty": 0.0}
    return rest if sum(rest.values()) else {**SHARES, "uncertainty": 0.0}


def _counts(n: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Shares of ``n`` in whole numbers, by largest remainder."""
    exact = {s: n * share / sum(shares.values()) for s, share in shares.items()}
    counts = {s: int(e) for s, e in exact.items()}
    for s in sorted(exact, key=lambda s: counts[s] - exact[s])[: n - sum(counts.values())]:
        counts[s] += 1
    return counts


def _codes(study: Study) -> list[Code]:
    """Codes in force by people, or made up for them."""
    every = read_codes(study.codes_path) if study.codes_path.exists() else []
    return [c for c in current(every) if c.coder_kind != "model"]


def _round(rows: Sequence[DesignRow], codes: Sequence[Code], coded: Collection[str | None]) -> int:
    selected = [row for row in rows if row.report_id is not None]
    last = max((row.round or 0 for row in selected), default=0)
    if last and not any(row.reprint_group in coded for row in selected if row.round == last):
        return last
    return max([0, *(row.round or 0 for row in rows), *(c.round or 0 for c in codes)]) + 1


def _check_replaceable(study: Study, number: int, coded: Collection[str | None], selected: bool, force: bool) -> None:
    where = f"{study.design_path}: round {number}"
    if not selected:
        raise UserError(f"{where} was not made by select; name another with --round")
    if coded:
        raise UserError(f"{where} has {len(coded)} coded stories already; name another with --round")
    if not force:
        raise UserError(
            f"{where} was selected otherwise and is not coded yet; --round {number + 1} selects another, --force this "
            "one anew (only if no coder has got it)"
        )


def _choose(
    waiting: Sequence[DesignRow],
    counts: Mapping[str, int],
    stories: Mapping[str, Report],
    seen: Seen | None,
    number: int,
    seed: int,
) -> list[DesignRow]:
    """Rows as they stand once offered. Chance chooses first, so that what it chooses depends on nothing else."""
    chosen = [
        _offered(row, stories[row.reprint_group].id, number, "permutation", None, _turn(row))
        for row in waiting[: counts["permutation"]]
    ]
    if seen is None:
        return chosen
    left = {stories[row.reprint_group].id: row for row in waiting[counts["permutation"] :]}
    if counts["uncertainty"]:
        unsure = sorted(left, key=lambda i: (-seen.doubts[i][0], left[i].rank))
        for report_id in unsure[: counts["uncertainty"]]:
            score, most = seen.doubts[report_id]
            chosen.append(_offered(left.pop(report_id), report_id, number, "uncertainty", score, _doubt(most)))
    for report_id, found in seen.uncovered(left, counts["coverage"], seed):
        score = round(found.size / len(seen.ids), 4)
        chosen.append(_offered(left.pop(report_id), report_id, number, "coverage", score, _kind(found)))
    return chosen


def _offered(
    row: DesignRow, report_id: str, number: int, strategy: str, score: float | None, reason: Words
) -> DesignRow:
    return replace(
        row,
        report_id=report_id,
        round=number,
        purpose="probability" if strategy == "permutation" else "train",
        strategy=strategy,
        score=score,
        reason=f"{_line(reason.zh)}\n{_line(reason.en)}",
    )


def _freed(row: DesignRow, rows: Sequence[DesignRow]) -> DesignRow:
    """The row as it was before it was offered."""
    batch = [r.rank for r in rows if r.stratum == row.stratum]
    return replace(
        row,
        report_id=None,
        round=None,
        purpose="train",
        strategy="permutation",
        score=None,
        reason=f"{row.rank - min(batch) + 1} of {len(batch)} in the random order of {row.stratum}",
    )


def _recorded(rows: Sequence[DesignRow], chosen: Sequence[DesignRow], coded: Collection[str | None]) -> list[DesignRow]:
    """The design with the chosen rows, and with the inclusion probabilities there are once all rounds are coded."""
    new = {row.reprint_group: row for row in chosen}
    rows = [new.get(row.reprint_group, row) for row in rows]
    sample = probability_sample(rows, {*coded, *(row.reprint_group for row in rows if row.round is not None)})
    return [
        row if row.purpose == "sealed" else replace(row, inclusion_prob=sample.get(row.reprint_group)) for row in rows
    ]


def _manifest(study: Study, n: int, shares: Mapping[str, float], number: int) -> Manifest:
    from ..models.checkpoint import model_hash

    return make_manifest(
        "select",
        inputs={
            "corpus": study.corpus_path,
            "codes": study.codes_path if study.codes_path.exists() else "",
            "model": model_hash(study.model_path),
        },
        settings={"n": n, "shares": dict(shares), "round": number},
        seed=study.settings.seed,
        codebook=study.codebook(),
    )


def _turn(row: DesignRow) -> Words:
    return Words(
        zh=f"随机次序轮到它（第 {row.rank + 1} 位），有了它才能估计比例",
        en=f"its turn in the random order (place {row.rank + 1}), so that shares can be estimated",
    )


def _doubt(most: Words) -> Words:
    return Words(zh=f"模型对它把握不大，尤其是“{most.zh}”", en=f"the model is unsure of it, most of all of “{most.en}”")


def _kind(found: Found) -> Words:
    if found.covered:
        return Words(
            zh=f"{found.size} 篇相似报道中的一篇；各类报道都已有选中或编码的",
            en=f"one of {found.size} alike; every kind has a report that is coded or chosen",
        )
    return Words(
        zh=f"代表 {found.size} 篇相似的报道，其中还没有选中或编码的",
        en=f"stands for {found.size} alike, of which none is coded or chosen yet",
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _words(reason: str) -> Words:
    zh, _, en = reason.partition("\n")
    return Words(zh=zh or "–", en=en or zh or "–")
