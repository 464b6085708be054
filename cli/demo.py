"""``weijing demo``: the whole loop on the demonstration corpus."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .lines import print_json
from .options import JsonOption, QuietOption
from .progress import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

PREDICTIONS = "predictions.jsonl"
SOURCE = "demo-reports.jsonl"
DRAW_SEED = 1
DEMO_REPORTS = 240
"""About as many as a team codes before it first trains."""


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="The study folder to make.")] = Path("build/demo"),
    reports: Annotated[
        int, typer.Option("--reports", min=60, help="How many of the synthetic reports; more take longer.")
    ] = DEMO_REPORTS,
    force: Annotated[bool, typer.Option("--force", help="Make everything anew.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the loop on synthetic reports: add, settle, train, evaluate, classify; ends in report.html.

    Run again, it keeps what has not changed. Example: weijing demo -o build/demo
    """
    started = time.monotonic()
    with Steps(quiet or as_json) as steps:
        found = run_demo(out, n_reports=reports, force=force, progress=steps)
    found["seconds"] = round(time.monotonic() - started, 1)
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['reports']} synthetic reports in {found['reprint_groups']} reprint groups")
    typer.echo(
        f"model: {found['model']} ({'kept' if found['reused'] else 'trained'}; {found['n_train']} reports, "
        f"{found['n_sealed']} sealed)"
    )
    for line in found["summary"]:
        typer.echo(f"  {line}")
    typer.echo("synthetic texts and synthetic codes: this agreement is no evidence of human reliability")
    typer.echo(f"predictions: {found['predictions']}")
    typer.echo(f"report: {found['report']}")
    typer.echo(f"{found['seconds']} s")


def run_demo(
    out: Path,
    *,
    n_reports: int = DEMO_REPORTS,
    force: bool = False,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> dict[str, Any]:
    """The loop on some ``n_reports`` of the demonstration corpus in the study folder ``out``; returns what was made.

    ``force`` deletes the folder first if it is a study that this command made.
    """
    from .. import __version__
    from ..configs.errors import UserError
    from ..configs.load import bundled_codebook_path
    from ..data.artifacts import is_current, manifest_path, sha256_file, text_hash
    from ..data.codes import read_codes
    from ..data.demo import CODES, REPORTS
    from ..data.study import SETTINGS, Study, StudySettings, add, add_codes
    from ..inference.classify import classify_reports
    from ..models.checkpoint import model_hash
    from ..models.coding import Coder
    from ..report.study import evaluate_study, summary
    from ..training.study import train_study

    marker = out / ".weijing-demo"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise UserError(f"{out}: is not empty and no demonstration; choose another folder with -o")
    # What the folder was made from; a demonstration of other reports, codes or codebook is made anew.
    sources = (REPORTS, CODES, bundled_codebook_path())
    made_from = text_hash(" ".join([__version__, repr(StudySettings()), str(n_reports), *map(sha256_file, sources)]))
    if marker.exists() and (force or marker.read_text(encoding="utf-8") != made_from):
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    marker.write_text(made_from, encoding="utf-8")
    study = Study.open(out) if (out / SETTINGS).exists() else Study.create(out, force=True)
    chosen = _draw(REPORTS, n_reports, out / SOURCE)
    added = add(study, [out / SOURCE])
    add_codes(study, [code for code in read_codes(CODES) if code.report_id in chosen])
    trained = train_study(study, force=False, progress=progress)
    evaluated = evaluate_study(study, progress=progress)

    predictions = out / PREDICTIONS
    reports = study.reports()
    digest = model_hash(study.model_path)
    inputs = {"model": digest, "reports": text_hash("\n".join(f"{r.id}\t{r.content_hash}" for r in reports))}
    if not is_current(manifest_path(predictions), inputs, {"prevalence": None}, codebook=study.codebook()):
        coder = Coder.load(study.model_path)
        classify_reports(reports, coder, digest, predictions, lambda n, of: progress("classify", n, of))
    return {
        "reports": added.n_reports,
        "reprint_groups": added.n_groups,
        "model": str(study.model_path),
        "reused": trained.reused,
        "n_train": trained.n_train,
        "n_sealed": trained.n_sealed,
        "summary": summary(evaluated),
        "predictions": str(predictions),
        "report": str(evaluated.report),
    }


def _draw(source: Path, n: int, to: Path) -> set[str]:
    """Write ``n`` reports (a few more, where the last drawn has reprints) to a file; returns their ids.

    The draw is seeded, and a story comes with all that are marked as its reprints.
    """
    from ..data.artifacts import atomic_write

    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    stories: dict[str, list[str]] = {}
    for row in rows:
        stories.setdefault(row.get("reprint_of", row["id"]), []).append(row["id"])
    drawn: set[str] = set()
    for story in random.Random(DRAW_SEED).sample(sorted(stories), len(stories)):
        if len(drawn) >= n:
            break
        drawn.update(stories[story])
    with atomic_write(to) as path, open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows if row["id"] in drawn)
    return drawn
