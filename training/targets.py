"""What the classifier is to learn of each report, as tensors.

Targets are soft: the settled code has weight ``1 - coder_weight`` and the single coders share the rest, so that a
report on which trained coders split counts as the split that it is (Peterson et al. 2019; Uma et al. 2021).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..configs.codebook import Codebook, Value, Variable
from ..data.codes import Code, Span, current, moment
from ..data.gold import GoldCode
from ..data.report import Report
from ..models.heads import Slots


@dataclass(frozen=True)
class Example:
    """One report to learn from.

    ``targets``: by variable one probability a label (cumulative for ordinal: P(y > k)); a variable that was not
    asked is left out. ``evidence``: spans by slot of the heads, for the codes that coders gave spans for.
    ``evidence_known``: slots whose evidence is known, be it that there is none.
    """

    report_id: str
    group: str
    text: str
    gold: dict[str, Value]
    targets: dict[str, tuple[float, ...]]
    evidence: dict[int, tuple[tuple[int, int], ...]]
    evidence_known: frozenset[int]


def vector(variable: Variable, value: Value) -> tuple[float, ...]:
    """A value as target numbers: [1] binary, [labels] multi and nominal, [labels - 1] ordinal."""
    if variable.type == "binary":
        return (float(bool(value)),)
    if variable.type == "multi":
        chosen = value if isinstance(value, list) else []
        return tuple(float(label in chosen) for label in variable.label_ids)
    if variable.type == "nominal":
        return tuple(float(label == value) for label in variable.label_ids)
    code = int(value) if isinstance(value, int) else 0
    return tuple(float(code > k) for k in range(len(variable.labels) - 1))


def build_examples(
    reports: Iterable[Report],
    gold: Sequence[GoldCode],
    codes: Iterable[Code],
    codebook: Codebook,
    coder_weight: float = 0.3,
    kinds: Sequence[str] = ("human", "synthetic"),
) -> list[Example]:
    """Examples of all reports that have a settled code of a learned variable. ``kinds``: coders that count."""
    slots = Slots.of(codebook)
    settled: dict[str, dict[str, GoldCode]] = {}
    for code in gold:
        settled.setdefault(code.report_id, {})[code.variable] = code
    votes: dict[tuple[str, str], dict[str, Code]] = {}
    for vote in sorted(current(codes), key=lambda c: moment(c.at)):
        if vote.coder_kind in kinds and vote.purpose != "adjudication" and _is_code(codebook, vote):
            # Of a coder's codes in several rounds the latest counts.
            votes.setdefault((vote.report_id, vote.variable), {})[vote.coder] = vote
    examples = []
    for report in reports:
        own = {v.id: settled.get(report.id, {}).get(v.id) for v in codebook.learned}
        known = {name: code for name, code in own.items() if code is not None and code.value is not None}
        if not known:
            continue
        targets: dict[str, tuple[float, ...]] = {}
        evidence: dict[int, set[tuple[int, int]]] = {}
        certain: set[int] = set()
        for variable in codebook.learned:
            if variable.id not in known:
                continue
            value = known[variable.id].value
            single = list(votes.get((report.id, variable.id), {}).values())
            targets[variable.id] = _soft(variable, value, single, coder_weight)
            spans = [*known[variable.id].evidence, *(s for c in single if _supports(c, value) for s in c.evidence)]
            # A span of an older version of the text points at nothing here.
            spans = [s for s in spans if report.text[s.start : s.end] == s.text]
            first = slots.of_variable(variable.id).start
            _place(variable, first, value, spans, evidence, certain)
        examples.append(
            Example(
                report.id,
                report.reprint_group or report.id,
                report.text,
                {name: code.value for name, code in known.items()},
                targets,
                {slot: tuple(sorted(spans)) for slot, spans in evidence.items()},
                frozenset(certain),
            )
        )
    return examples


def _is_code(codebook: Codebook, code: Code) -> bool:
    known = code.variable in {v.id for v in codebook.learned}
    return known and codebook.variable(code.variable).check(code.value) is None


def _supports(code: Code, settled: Value) -> bool:
    """Whether a coder's spans are evidence of the settled code; spans of a multi variable name their label."""
    return isinstance(settled, list) or code.value == settled


def _soft(variable: Variable, value: Value, votes: Sequence[Code], weight: float) -> tuple[float, ...]:
    base = vector(variable, value)
    if not votes:
        return base
    single = [vector(variable, vote.value) for vote in votes]
    return tuple(
        (1 - weight) * own + weight * sum(others) / len(single)
        for own, others in zip(base, zip(*single, strict=True), strict=True)
    )


def _place(
    variable: Variable,
    first: int,
    value: Value,
    spans: Sequence[Span],
    evidence: dict[int, set[tuple[int, int]]],
    certain: set[int],
) -> None:
    """Sort spans into slots. A label that is absent has no evidence; one present without spans is unknown."""
    if variable.type in ("multi", "nominal"):
        chosen = value if isinstance(value, list) else [value]
        for position, label in enumerate(variable.label_ids):
            own = [s for s in spans if s.label == label or (variable.type == "nominal" and s.label is None)]
            if label not in chosen:
                certain.add(first + position)
            elif own:
                certain.add(first + position)
                evidence.setdefault(first + position, set()).update((s.start, s.end) for s in own)
    elif spans and value is not False:
        certain.add(first)
        evidence.setdefault(first, set()).update((s.start, s.end) for s in spans)
    elif value is False:
        certain.add(first)


def evidence_targets(example: Example, sentences: Sequence[tuple[int, int]], width: int) -> tuple[Tensor, Tensor]:
    """Which sentences are evidence of which slot: target and mask, both [sentences, width].

    A sentence is evidence if a coder's span covers half of it or lies in it by half.
    """
    target = torch.zeros(len(sentences), width)
    mask = torch.zeros(len(sentences), width)
    mask[:, sorted(example.evidence_known)] = 1
    for slot, spans in example.evidence.items():
        for i, (start, end) in enumerate(sentences):
            for first, last in spans:
                shared = min(end, last) - max(start, first)
                if shared > 0 and 2 * shared >= min(end - start, last - first):
                    target[i, slot] = 1
    return target, mask


def stack_targets(examples: Sequence[Example], codebook: Codebook) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Targets by variable ([R] binary, [R, n] else) and the mask [R] of the reports asked."""
    targets, masks = {}, {}
    for variable in codebook.learned:
        empty = tuple(0.0 for _ in vector(variable, None))
        rows = torch.tensor([e.targets.get(variable.id, empty) for e in examples])
        targets[variable.id] = rows[:, 0] if variable.type == "binary" else rows
        masks[variable.id] = torch.tensor([float(variable.id in e.targets) for e in examples])
    return targets, masks


def priors(examples: Sequence[Example], codebook: Codebook) -> Mapping[str, Tensor]:
    """Share of each label among the reports asked, in the form of ``stack_targets``; a half where nobody was."""
    targets, masks = stack_targets(examples, codebook)
    shares = {}
    for variable in codebook.learned:
        mask = masks[variable.id]
        target = targets[variable.id].reshape(len(examples), -1)
        n = mask.sum()
        shares[variable.id] = (target * mask[:, None]).sum(0) / n if n > 0 else torch.full((target.shape[1],), 0.5)
    return shares
