"""What the page shows, as plain frozen data that knows nothing of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..configs.codebook import Value, Words
from ..evaluation.calibration import Calibration
from ..evaluation.rows import Comparison
from .findings import Findings
from .run import Coverage, Run

Kind = Literal["human", "synthetic", "model", "baseline", "reference"]
"""What a coder is. ``baseline``: a model that is there for comparison only."""
Measure = Literal["share", "mean", "count"]


class PredictedEvidence(Protocol):
    """A sentence that a prediction rests on; no offsets where it rests on absence."""

    @property
    def variable(self) -> str:
        """Id of the variable."""

    @property
    def value(self) -> str:
        """The code."""

    @property
    def start(self) -> int | None:
        """First code point."""

    @property
    def end(self) -> int | None:
        """One past the last code point."""

    @property
    def weight(self) -> float:
        """How sure."""


class Prediction(Protocol):
    """What the page needs of ``weijing.models.coding.Coding``."""

    @property
    def values(self) -> Mapping[str, Value]:
        """Code by variable."""

    @property
    def probs(self) -> Mapping[str, float | dict[str, float] | list[float]]:
        """Probabilities by variable."""

    @property
    def abstain(self) -> Sequence[str]:
        """Variables to leave to a person."""

    @property
    def evidence(self) -> Sequence[PredictedEvidence]:
        """What the codes rest on."""


@dataclass(frozen=True)
class LabelView:
    """A label, with its number if the variable is ordinal."""

    id: str
    name: Words
    code: int | None = None


@dataclass(frozen=True)
class VariableView:
    """A variable of the codebook. ``gate``: a learned yes-or-no variable that others are asked under."""

    id: str
    type: str
    name: Words
    question: Words | None
    labels: tuple[LabelView, ...]
    learned: bool
    gate: bool
    conditional: bool
    target: float | None


@dataclass(frozen=True)
class CoderView:
    """Who coded, what kind of coder, and how many reports."""

    name: str
    kind: Kind
    n_reports: int


@dataclass(frozen=True)
class Study:
    """What was run."""

    n_reports: int
    n_groups: int
    codebook: str
    codebook_version: str
    codebook_hash: str
    coders: tuple[CoderView, ...]
    reference: str | None
    model: str | None
    model_hash: str | None
    encoder: str | None
    date: str
    seed: int | None
    notices: tuple[Words, ...]

    def kind(self, coder: str) -> Kind | None:
        """What kind of coder that is."""
        if coder == self.reference:
            return "reference"
        return next((c.kind for c in self.coders if c.name == coder), None)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Names of the coders of these kinds."""
        return tuple(c.name for c in self.coders if c.kind in kinds)


@dataclass(frozen=True)
class Reliability:
    """Calibration of a variable, or of one label of it. ``about``: what the probabilities are of."""

    variable: str
    label: str | None
    calibration: Calibration


@dataclass(frozen=True)
class Confusion:
    """Counts by the reference's code (rows) and a coder's code (columns)."""

    variable: str
    coder: str
    categories: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Place:
    """A provincial unit: reports, and the value shown, None without codes."""

    name: str
    n: int
    value: float | None


@dataclass(frozen=True)
class PlaceMap:
    """One number a province: share of yes, mean of an ordinal variable, or the count of reports.

    ``elsewhere``: places that are no provincial unit. ``n_unplaced``: reports that name no place. ``source``:
    whose codes these are (None for counts).
    """

    variable: str | None
    measure: Measure
    source: str | None
    places: tuple[Place, ...]
    elsewhere: tuple[Place, ...]
    n_unplaced: int


@dataclass(frozen=True)
class EvidenceSpan:
    """Code points ``start`` to ``end`` of a text that ``coder`` rests ``value`` of ``variable`` on."""

    variable: str
    label: str | None
    start: int
    end: int
    coder: str
    kind: Kind
    weight: float | None = None


@dataclass(frozen=True)
class ReportView:
    """A report with everybody's codes and evidence. ``hardness``: how far the codes lie apart."""

    id: str
    title: str | None
    outlet: str | None
    date: str | None
    province: str | None
    url: str | None
    text: str
    content_hash: str
    split: str | None
    gold: Mapping[str, Value]
    codes: Mapping[str, Mapping[str, Value]]
    probs: Mapping[str, float | dict[str, float] | list[float]]
    abstain: tuple[str, ...]
    absence: tuple[tuple[str, str | None], ...]
    """Variables and labels whose prediction rests on what the text does not say."""
    spans: tuple[EvidenceSpan, ...]
    hardness: float


@dataclass(frozen=True)
class ReportContent:
    """Everything the page shows."""

    title: Words
    study: Study
    variables: tuple[VariableView, ...]
    comparison: Comparison
    reliability: tuple[Reliability, ...]
    confusions: tuple[Confusion, ...]
    maps: tuple[PlaceMap, ...]
    documents: tuple[ReportView, ...]
    """Hardest first."""
    n_left_out: int
    """Reports that are not among the documents, to keep the page readable."""
    hardest: tuple[str, ...]
    """Ids of the documents with the widest disagreement."""
    coverage: Coverage
    splits: Mapping[str, int]
    """How many reports were kept apart from training in which way."""
    run: Run
    findings: Findings

    def variable(self, variable_id: str) -> VariableView:
        """The variable of that id."""
        return next(v for v in self.variables if v.id == variable_id)

    def document(self, report_id: str) -> ReportView:
        """The document of that id."""
        return next(d for d in self.documents if d.id == report_id)
