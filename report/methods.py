"""The methods text: prose from the templates ``methods.zh.txt.j2`` and ``methods.en.txt.j2``, numbers from the content.

A sentence stands under the condition that its numbers exist, so a run without a model says nothing of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from ..configs.codebook import Words
from .clean import line
from .parts import ReportContent

SOFTWARE = ("weijing", "python", "torch", "transformers", "scikit-learn", "numpy", "scipy")
"""What the text names of the versions that are known."""


class _Known(dict[str, Any]):
    """A mapping in which a template may ask for what is not there."""

    def __missing__(self, key: str) -> None:
        return None


def methods(content: ReportContent) -> dict[str, list[str]]:
    """Paragraphs of plain text by language, ``zh`` and ``en``."""
    environment = Environment(
        autoescape=False,  # plain text: the page escapes each paragraph
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(line=line, count="{:,}".format)
    told = facts(content)
    texts = {}
    for language in Words.model_fields:
        path = resources.files(__package__) / "templates" / f"methods.{language}.txt.j2"
        made = environment.from_string(path.read_text(encoding="utf-8")).render(told)
        texts[language] = [paragraph for block in made.split("\n\n") if (paragraph := _joined(block, language))]
    return texts


def facts(content: ReportContent) -> Mapping[str, Any]:
    """What the templates may name. Names from outside are one clean line each."""
    study, comparison = content.study, content.comparison
    run, findings = content.run, content.findings
    judged = findings.judgement if findings.judgement and findings.judgement.rows else None
    measures = {one.name for row in findings.together for one in row.measured}
    scores = [row for row in comparison.scores if row.n and row.f1 is not None and study.kind(row.coder) == "model"]
    return {
        "title": content.title,
        "study": study,
        "coverage": content.coverage,
        "n_saw_prediction": run.n_saw_prediction,
        "n_saw_codes": run.n_saw_codes,
        "settled": _Known(run.settled),
        "learned": _Known(run.learned),
        "training": _Known(run.training),
        "encoder": _Known(run.training.get("encoder") or {}),
        "splits": _Known(content.splits),
        "comparison": comparison,
        "human": [line(c) for c in study.of_kind("human")],
        "synthetic": [line(c) for c in study.of_kind("synthetic")],
        "baselines": [line(c) for c in study.of_kind("baseline")],
        "alphas": {row.alpha_kind for row in comparison.pairs if row.n},
        "judged": judged,
        "judged_names": [line(c) for c in judged.candidates] if judged else [],
        "panel_kind": findings.judgement.panel_kind if findings.judgement else None,
        "n_panel": len(judged.panel) if judged else 0,
        "consensus": bool(judged and any(one.n for one in judged.consensus)),
        "measures": measures,
        "weighted": any(one.weights != "identity" for row in findings.together for one in row.measured),
        "spans": bool([row for row in findings.evidence if row.n]),
        "confused": any(one.n for one in findings.confusions),
        "n_slice_tests": sum(one.n_tests for one in findings.slices),
        "suspect_sources": {one.source for one in findings.suspects},
        "scored": bool(scores),
        "calibrated": any(one.calibration.n for one in content.reliability),
        "n_variables": len(content.variables),
        "n_labels": sum(len(v.labels) for v in content.variables),
        "targets": [(v.name, v.target) for v in content.variables if v.target is not None],
        "software": {name: run.versions[name] for name in SOFTWARE if name in run.versions},
    }


def _joined(block: str, language: str) -> str:
    """Lines of a template are sentences; Chinese has no space between them."""
    return line(("" if language == "zh" else " ").join(one.strip() for one in block.split("\n")))
