"""A model against codes that people gave to reports of one's own, and a record that it was done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..configs.codebook import Codebook, Value
from ..configs.errors import UserError
from ..data.artifacts import atomic_write
from ..data.codes import read_codes
from ..data.gold import settle
from ..data.study import Study
from ..evaluation.compare import compare
from ..evaluation.estimate import Estimate
from ..models.checkpoint import DEFAULT_MODEL, model_hash
from ..models.coding import Coder

ENOUGH = 100
"""Reports coded by people, of which a model counts as validated."""

Verdict = Literal["meets", "undecided", "falls_short", "undefined"]


@dataclass(frozen=True)
class Judged:
    """One variable or label: agreement of the model with the settled codes of people.

    ``verdict``: the interval of alpha lies above the codebook's target, holds it, or lies below it.
    """

    variable: str
    label: str | None
    n: int
    prevalence: float | None
    alpha: Estimate
    precision: Estimate | None
    recall: Estimate | None
    target: float
    verdict: Verdict


@dataclass(frozen=True)
class Validation:
    """What came of it. ``model``: its hash; ``n_reports``: coded by people without sight of a prediction."""

    model: str
    study: str
    at: str
    n_reports: int
    coders: tuple[str, ...]
    n_learned: int
    """Reports coded by people that were left out because the model had learned from them or a reprint of them."""
    rows: tuple[Judged, ...]

    @property
    def enough(self) -> bool:
        """Whether it counts."""
        return self.n_reports >= ENOUGH

    def with_verdict(self, verdict: Verdict) -> list[str]:
        """Names of the variables and labels judged so."""
        return [row.label or row.variable for row in self.rows if row.verdict == verdict]


def validate(
    study: Study, model: str | Path | None = None, progress: Callable[[int, int], None] = lambda done, total: None
) -> Validation:
    """Code the study's reports that people have coded, and compare. ``record`` remembers what came of it.

    A report counts if people settled every learned variable that it asks, without a prediction in sight, and the model
    has not learned from it or a reprint of it; codes of models and synthetic ones do not count. ``model``: a
    folder; None for the default coder. Raises ``UserError`` if there is nothing to compare, or the model knows other
    labels than the study's codebook.
    """
    folder = Path(model or DEFAULT_MODEL)
    coder = Coder.load(folder)
    codebook = study.codebook()
    _check_codebooks(coder.codebook, codebook)
    if not study.codes_path.exists():
        raise UserError(f"{study.root}: has no codes; code {ENOUGH} reports first and add them with --codes")
    codes = [c for c in read_codes(study.codes_path) if c.coder_kind == "human" and not c.saw_prediction]
    gold: dict[str, dict[str, Value]] = {}
    for code in settle(codes, codebook, kinds=("human",)):
        if code.value is not None:
            gold.setdefault(code.report_id, {})[code.variable] = code.value
    coded = [r for r in study.reports() if r.id in gold and _complete(coder.codebook, gold[r.id])]
    if not coded:
        raise UserError(
            f"{study.root}: no report has all of {', '.join(v.id for v in coder.codebook.learned)} coded by people "
            "without sight of a prediction"
        )
    known = set(coder.network.config.training.get("learned") or ())
    stories = {r.reprint_group for r in study.reports() if r.content_hash in known}
    reports = [r for r in coded if r.content_hash not in known and (r.reprint_group or "") not in stories]
    if not reports:
        raise UserError(
            f"{study.root}: the model has learned from all {len(coded)} reports that people coded, so they cannot "
            "judge it; code others"
        )
    ready = 0

    def done(n: int) -> None:
        nonlocal ready
        ready += n
        progress(ready, len(reports))

    codings = coder.code([r.text for r in reports], done)
    values = {r.id: c.values for r, c in zip(reports, codings, strict=True)}
    judged = {r.id: {v.id: gold[r.id].get(v.id) for v in coder.codebook.learned} for r in reports}
    return Validation(
        model=model_hash(folder),
        study=str(study.root.resolve()),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        n_reports=len(reports),
        coders=tuple(sorted({c.coder for c in codes})),
        n_learned=len(coded) - len(reports),
        rows=_judge(coder.codebook, judged, values, {r.id: r.reprint_group or r.id for r in reports}),
    )


def record(found: Validation) -> bool:
    """Remember a validation on enough reports, whatever came of it; False if it could not be written down."""
    if not found.enough:
        return False
    path = records_path()
    summary = {
        "n_reports": found.n_reports,
        "study": found.study,
        "at": found.at,
        **{verdict: found.with_verdict(verdict) for verdict in ("meets", "undecided", "falls_short", "undefined")},
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            every = _records() | {found.model: summary}
            temporary.write_text(json.dumps(every, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError:
        return False
    return True


def validated(model: str) -> dict[str, Any] | None:
    """What ``record`` wrote of a model (by its hash), if it was judged here on enough reports."""
    found = _records().get(model)
    return found if isinstance(found, dict) and found.keys() >= {"n_reports", "study", "at", "falls_short"} else None


def _complete(codebook: Codebook, codes: Mapping[str, Value]) -> bool:
    return all(codes.get(v.id) is not None for v in codebook.learned if codebook.is_asked(v, codes))


def _check_codebooks(ours: Codebook, theirs: Codebook) -> None:
    for variable in ours.learned:
        other = next((v for v in theirs.variables if v.id == variable.id), None)
        if other is None or other.type != variable.type or set(other.label_ids) != set(variable.label_ids):
            raise UserError(
                f"the model codes {variable.id!r} by other labels than the study's codebook; train a model in the study"
            )


def _judge(
    codebook: Codebook,
    gold: Mapping[str, Mapping[str, Value]],
    values: Mapping[str, Mapping[str, Value]],
    clusters: Mapping[str, str],
) -> tuple[Judged, ...]:
    compared = compare(codebook, {"people": gold, "model": values}, clusters, reference="people")
    scores = {(r.variable, r.label): r for r in compared.scores if r.scope == "asked" and r.average is None}
    rows = []
    for pair in compared.pairs:
        if pair.scope != "asked" or pair.alpha_kind == "mean_label_alpha":
            continue
        target = codebook.variable(pair.variable).reliability_target or 0.7
        score = scores.get((pair.variable, pair.label))
        rows.append(
            Judged(
                pair.variable,
                pair.label,
                pair.n,
                pair.prevalence_a,
                pair.alpha,
                score.precision if score else None,
                score.recall if score else None,
                target,
                _verdict(pair.alpha, target),
            )
        )
    return tuple(rows)


def _verdict(alpha: Estimate, target: float) -> Verdict:
    if alpha.value is None:
        return "undefined"
    if alpha.low is None or alpha.high is None or alpha.interval_note:
        return "undecided"
    return "meets" if alpha.low >= target else "falls_short" if alpha.high < target else "undecided"


def records_path() -> Path:
    """Where validations are recorded: ``weijing/validations.json`` in the user's data folder."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "weijing" / "validations.json"


def _records() -> dict[str, Any]:
    path = records_path()
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # a damaged record is none: the warning stays
    return found if isinstance(found, dict) else {}
