"""`weijing evaluate` on a study without a trained model: who is judged against whom, from blind codes alone."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from weijing.data.codes import Code, Span, append_codes
from weijing.data.study import Study, add
from weijing.report.study import evaluate_study

CODEBOOK = Path(__file__).parents[1] / "codebooks" / "strikes.yaml"
N = 40


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Three people, a language model's table of codes, and two coders who saw predictions, or others' codes."""
    root = tmp_path_factory.mktemp("study")
    made = Study.create(root / "s", CODEBOOK)
    texts = root / "reports.jsonl"
    rng = random.Random(2)
    # Each text is of characters of its own, so that none is a reprint of another.
    own = ["".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(80)) for _ in range(N)]
    lines = [{"id": f"r{i}", "text": f"工人讨薪。{text}。", "province": "广东"} for i, text in enumerate(own)]
    texts.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")
    add(made, texts)
    codes = []
    by_id = {report.id: report.text for report in made.reports()}
    for report_id, text in by_id.items():
        truth = rng.random() < 0.5
        for coder, kind, error in (("li", "human", 0.05), ("wang", "human", 0.05), ("zhao", "human", 0.05),
                                   ("llm", "model", 0.3), ("peeked", "human", 0.0),
                                   ("copied", "human", 0.0)):  # fmt: skip
            value = truth != (rng.random() < error)
            span = (Span(0, 4, text[:4]),) if value and kind == "human" else ()
            codes.append(
                Code(report_id, coder, "is_protest", value, span, coder_kind=kind, saw_prediction=coder == "peeked",
                     saw_codes=coder == "copied",
                     codebook_version=made.codebook().version)
            )  # fmt: skip
    append_codes(made.codes_path, codes)
    return made


def test_imported_models_are_judged_against_people_who_coded_blind(study: Study) -> None:
    steps: list[tuple[int, int]] = []
    done = evaluate_study(study, progress=lambda what, n, of: steps.append((n, of)))
    assert steps == [(n, steps[0][1]) for n in range(len(steps))]
    assert steps[-1][0] == steps[-1][1]
    data: dict[str, Any] = json.loads((study.root / "report.json").read_text(encoding="utf-8"))
    judgement = data["findings"]["judgement"]
    assert judgement["candidates"] == ["llm"]
    assert judgement["panel"] == ["li", "wang", "zhao"]
    assert judgement["panel_kind"] == "human"
    assert judgement["reference"] == "gold"
    assert "peeked" not in json.dumps(data["findings"])
    assert "copied" not in json.dumps(data["findings"])
    assert (data["run"]["n_saw_prediction"], data["run"]["n_saw_codes"]) == (N, N)
    (row,) = judgement["rows"]
    assert (row["variable"], row["candidate"], row["beside"]["n"]) == ("is_protest", "llm", N)
    assert row["verdict"]["answer"] == "no"
    assert [s["coder"] for s in data["findings"]["slices"]] == ["llm"]
    assert {(e["coder_a"], e["coder_b"]) for e in data["findings"]["evidence"]} == {
        ("li", "wang"), ("li", "zhao"), ("wang", "zhao"),
    }  # fmt: skip
    page = done.report.read_text(encoding="utf-8")
    assert "3 human coders (li, wang, zhao)" in page
    assert (study.root / "tables" / "verdicts.csv").exists()


def test_what_an_adjudicator_saw_is_no_code_left_out(study: Study) -> None:
    before = json.loads((evaluate_study(study).report.with_suffix(".json")).read_text(encoding="utf-8"))["run"]
    first = study.reports()[0].id
    version = study.codebook().version
    decided = Code(first, "li", "is_protest", False, saw_codes=True, purpose="adjudication", codebook_version=version)
    append_codes(study.codes_path, [decided])
    after = json.loads((evaluate_study(study).report.with_suffix(".json")).read_text(encoding="utf-8"))["run"]
    assert after["n_saw_codes"] == before["n_saw_codes"] == N
