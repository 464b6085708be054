"""The rows of a comparison: coder with coder, coder with reference."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from .estimate import Estimate
from .tables import Scope

AlphaKind = Literal["nominal", "ordinal", "mean_label_alpha"]
Average = Literal["macro", "micro"]


@dataclass(frozen=True)
class PairRow:
    """Agreement of two coders on a variable (``label`` None) or one label of it, where both coded it.

    ``n``: units that both coded, of ``n_clusters`` reprint groups. ``percent`` is a share, 0 to 1: same code;
    for a multi variable as a whole, the very same labels. ``alpha_kind``: ``nominal`` or ``ordinal``
    (Krippendorff's alpha with that metric; labels are taken as present or absent), or ``mean_label_alpha``
    for a multi variable as a whole: the mean alpha of those labels that have one (``labels_averaged`` of
    them). Prevalences are None for variables as a whole, unless binary, and without units.
    """

    variable: str
    scope: Scope
    coder_a: str
    coder_b: str
    n: int
    n_clusters: int
    percent: float | None
    alpha: Estimate
    alpha_kind: AlphaKind
    label: str | None = None
    prevalence_a: float | None = None
    prevalence_b: float | None = None
    labels_averaged: int | None = None


@dataclass(frozen=True)
class ScoreRow:
    """Scores of a coder against the reference, on the ``n`` units that both coded.

    What the row is about: one label (``label``), the average over labels (``average``), a binary variable or
    a variable as a whole (both None). Fields that do not apply to that are None. ``agreement``: same code;
    for a multi variable as a whole, the very same labels; for a label or average, share of right yes-or-no
    decisions. ``prevalence`` is the reference's. ``confusion``: rows the reference's codes, columns the
    coder's, in the order of ``categories`` (nominal and ordinal). ``distance``: mean absolute difference of
    ordinal codes.
    """

    variable: str
    scope: Scope
    coder: str
    n: int
    n_clusters: int
    agreement: Estimate
    label: str | None = None
    average: Average | None = None
    prevalence: float | None = None
    prevalence_coder: float | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    precision: Estimate | None = None
    recall: Estimate | None = None
    specificity: Estimate | None = None
    f1: Estimate | None = None
    labels_averaged: int | None = None
    categories: tuple[str, ...] | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    distance: Estimate | None = None


@dataclass(frozen=True)
class Comparison:
    """Every pair of coders, the reference too, and every other coder against the reference if any."""

    codebook: str
    codebook_version: str
    coders: tuple[str, ...]
    reference: str | None
    n_reports: int
    draws: int | None
    seed: int | None
    level: float | None
    pairs: tuple[PairRow, ...]
    scores: tuple[ScoreRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, tuples, strings and numbers, fit for ``json.dumps``."""
        return asdict(self)
