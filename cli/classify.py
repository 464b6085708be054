"""``weijing classify``: code files of reports with a trained model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import ForceOption, JsonOption, QuietOption
from .progress import Steps

SYNTHETIC = (
    "trained on synthetic text: validate on 100 of your own reports before you use a figure\n"
    "训练用的是合成文本：采用任何数字之前，请先用 100 篇自己的报道核验"
)


def classify(
    files: Annotated[list[Path], typer.Argument(help="Files or folders: txt, jsonl, json, csv, tsv, parquet.")],
    model: Annotated[Path, typer.Option("-m", "--model", help="The model folder.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Predictions: .jsonl, .csv or .parquet.")],
    collection: Annotated[
        str | None, typer.Option("--collection", help="Begins the ids of reports that have none of their own.")
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Code reports: one row each, with probabilities and the sentences each code rests on.

    Example: weijing classify reports/ -m build/demo/model -o codes.jsonl
    """
    from ..inference.classify import classify as run

    with Steps(quiet or as_json) as steps:
        done = run(
            files, model, out, collection=collection, force=force, progress=lambda n, of: steps("reports", n, of)
        )
    if as_json:
        found = {
            "out": str(done.path),
            "input": done.n_input,
            "coded": done.n_coded,
            "rejected": [{"where": r.where, "reason": r.reason} for r in done.rejected],
            "counts": done.counts,
            "chars_unread": done.chars_unread,
            "unknown_chars": sum(done.unknown_chars.values()),
            "synthetic": done.synthetic,
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{done.n_input} records read: {done.n_coded} coded, {len(done.rejected)} rejected")
    for rejected in done.rejected[:20]:
        typer.echo(f"  rejected: {rejected.where}: {rejected.reason}")
    if len(done.rejected) > 20:
        typer.echo(f"  … and {len(done.rejected) - 20} more")
    if done.rejected_path:
        typer.echo(f"  all of them: {done.rejected_path}")
    for variable, counts in done.counts.items():
        listed = ", ".join(f"{value} {n}" for value, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
        typer.echo(f"{variable}: {listed or 'none'}")
    if done.chars_unread:
        typer.echo(f"{done.chars_unread} characters of very long reports were not read (column chars_unread)")
    if done.unknown_chars:
        most = "".join(c for c, _ in done.unknown_chars.most_common(20))
        typer.echo(f"{sum(done.unknown_chars.values())} characters the encoder does not know: {most}")
    if done.synthetic:
        typer.echo(SYNTHETIC)
    typer.echo(str(done.path))
