"""A small made-up study: builder of content for the tests of the page."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from weijing.configs.codebook import Codebook, Value
from weijing.data.codes import Code, Span
from weijing.data.report import Report
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.compare import compare
from weijing.report.content import build_content
from weijing.report.findings import find_out
from weijing.report.parts import EvidenceSpan, ReportContent

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><style>body{display:none}</style>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "=cmd|' /C calc'!A0",
    "nul\x00bell\x07",
    "half \ud800 character",
    "\u202eright to left",
    "{{ 7 * 7 }}{% raw %}",
    "</title></svg></details></table>",
    "a\r\nb\rc\n",
)


@dataclass(frozen=True)
class Sentence:
    variable: str
    value: str
    start: int | None
    end: int | None
    weight: float = 0.5


@dataclass(frozen=True)
class Predicted:
    values: dict[str, Value]
    probs: dict[str, Any]
    abstain: list[str] = field(default_factory=list)
    evidence: list[Sentence] = field(default_factory=list)


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text + "!"}


def codebook(n_labels: int = 3, ordinal: bool = True, gate: bool = True, name: str = "标签") -> Codebook:
    asked = [{"variable": "fits", "equals": True}] if gate else []
    labels = [{"id": f"l{i}", "name": words(f"{name}{i}")} for i in range(n_labels)]
    variables: list[dict[str, Any]] = [
        {
            "id": "topics",
            "type": "multi",
            "name": words("主题"),
            "model": True,
            "labels": labels,
            "asked_when": asked,
            "evidence": True,
        }
    ]
    if gate:
        variables.insert(0, {"id": "fits", "type": "binary", "name": words("相关"), "model": True})
    if ordinal:
        steps = [{"id": f"s{i}", "name": words(f"{name}级{i}")} for i in range(4)]
        variables.append(
            {
                "id": "grade",
                "type": "ordinal",
                "name": words("等级"),
                "model": True,
                "labels": steps,
                "asked_when": asked,
            }
        )
    return Codebook.model_validate(
        {
            "name": "made_up", "version": "0", "title": words("编的手册"), "description": words("d"),
            "unit": words("u"), "variables": variables,
        }
    )  # fmt: skip


def codes_for(book: Codebook, rng: random.Random) -> dict[str, Value]:
    codes: dict[str, Value] = {}
    for v in book.variables:
        if not book.is_asked(v, codes):
            continue
        if v.type == "binary":
            codes[v.id] = rng.random() < 0.8
        elif v.type == "multi":
            codes[v.id] = [label for label in v.label_ids if rng.random() < 0.3]
        elif v.type == "nominal":
            codes[v.id] = rng.choice(v.label_ids)
        elif v.type == "ordinal":
            codes[v.id] = rng.randrange(len(v.labels))
    return codes


def marked_code(book: Codebook, coder: str, kind: Any, report: Report, codes: dict[str, Value]) -> Code:
    """The code of the variable with labels, with the first two characters as evidence of each label."""
    value = codes.get("topics")
    labels = value if isinstance(value, list) else []
    spans = tuple(Span(0, 2, report.text[:2], label) for label in labels) if len(report.text) > 1 else ()
    return Code(report.id, coder, "topics", value, spans, coder_kind=kind)


def study(
    book: Codebook,
    *,
    n: int = 12,
    texts: Sequence[str] = ("公安微信。",),
    province: Sequence[str | None] = ("广东省", "Beijing", None, "火星"),
    coders: Sequence[str] = ("ann", "bob"),
    kind: Any = "synthetic",
    gold: bool = True,
    draws: int | None = 20,
    **options: Any,
) -> ReportContent:
    rng = random.Random(1)
    reports = [
        Report(
            f"r{i}",
            texts[i % len(texts)],
            title=texts[i % len(texts)],
            outlet=texts[-1],
            province=province[i % len(province)],
        )
        for i in range(n)
    ]
    tables = {c: {r.id: codes_for(book, rng) for r in reports} for c in (*coders, "net", "tfidf")}
    settled = {r.id: codes_for(book, rng) for r in reports} if gold else {}
    predictions = {}
    for r in reports:
        probs: dict[str, Any] = {}
        for v in book.learned:
            p = {label: rng.random() for label in v.label_ids}
            probs[v.id] = p if v.type == "multi" else rng.random() if v.type == "binary" else list(p.values())
        evidence = [Sentence(book.learned[-1].id, "l0", 0, 2), Sentence(book.learned[-1].id, "l1", None, None)]
        predictions[r.id] = Predicted(tables["net"][r.id], probs, [book.learned[0].id], evidence)
    comparison = compare(
        book,
        {**tables, **({"gold": settled} if gold else {})},
        {},
        reference="gold" if gold else None,
        bootstrap=ClusterBootstrap(draws=draws) if draws else None,
    )
    spans = {
        (c, r.id): [EvidenceSpan(book.learned[0].id, "l1", 0, len(r.text), c, kind)] for c in coders for r in reports
    }
    kinds = options.pop("kinds", {**dict.fromkeys(coders, kind), "net": "model", "tfidf": "baseline"})
    bootstrap = ClusterBootstrap(draws=draws) if draws else None
    findings = None
    if set(tables) <= set(kinds):
        findings = find_out(
            book,
            reports,
            {**tables, "gold": settled},
            {c: "model" if kinds[c] == "baseline" else kinds[c] for c in tables},
            [c for c in tables if kinds[c] in ("model", "baseline")],
            {},
            reference="gold",
            given=[marked_code(book, c, kind, r, tables[c][r.id]) for c in coders for r in reports],
            probabilities={r: p.probs for r, p in predictions.items()},
            bootstrap=bootstrap,
        )
    return build_content(
        book,
        reports,
        gold=settled,
        codes=tables,
        kinds=kinds,
        findings=findings,
        comparison=comparison,
        spans=spans,
        predictions=predictions,
        date="2024-01-01",
        **options,
    )
