"""``weijing classify``: code files of reports with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..configs.errors import UserError
from .lines import print_json, print_list
from .options import ForceOption, JsonOption, QuietOption
from .progress import Steps

SYNTHETIC = (
    "trained on synthetic text: validate on 100 of your own reports before you use a figure\n"
    "训练用的是合成文本：采用任何数字之前，请先用 100 篇自己的报道核验"
)


def classify(
    files: Annotated[list[Path], typer.Argument(help="Files or folders: txt, jsonl, json, csv, tsv, parquet.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Predictions: .jsonl, .csv or .parquet.")],
    model: Annotated[
        Path | None, typer.Option("-m", "--model", help="A model folder; without it the default coder is used.")
    ] = None,
    collection: Annotated[
        str | None, typer.Option("--collection", help="Begins the ids of reports that have none of their own.")
    ] = None,
    prevalence: Annotated[
        str | None,
        typer.Option(
            help="Share of reports in scope to expect (0.05), or 'estimate' to find it in the batch; probabilities "
            "are adjusted to it. Default: as in the training reports."
        ),
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
            files,
            model,
            out,
            collection=collection,
            force=force,
            prevalence=_prevalence(prevalence),
            progress=lambda n, of: steps("reports", n, of),
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
            "prevalence": done.prevalence,
            "synthetic": done.synthetic,
            "validated": done.validation is not None,
        }
        print_json(found)
        return
    typer.echo(f"{done.n_input} records read: {done.n_coded} coded, {len(done.rejected)} rejected")
    print_list(f"rejected: {rejected.where}: {rejected.reason}" for rejected in done.rejected)
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
    if done.prevalence is not None:
        typer.echo(f"probabilities adjusted to a share of {done.prevalence:.3f} in scope")
    if done.validation:
        typer.echo(_told(done.validation))
    elif done.synthetic:
        typer.echo(SYNTHETIC)
    typer.echo(str(done.path))


def _told(validation: dict[str, Any]) -> str:
    lines = [
        f"judged on {validation['n_reports']} reports coded by people ({validation['study']}, {validation['at'][:10]}):"
        f" {len(validation['meets'])} codes meet their target"
    ]
    if validation["falls_short"]:
        lines.append(f"FALLS SHORT, do not use / 未达标，不宜采用: {', '.join(validation['falls_short'])}")
    if open_ := [*validation["undecided"], *validation["undefined"]]:
        lines.append(f"cannot be told yet / 尚难判断: {', '.join(open_)}")
    return "\n".join(lines)


def _prevalence(given: str | None) -> float | Literal["estimate"] | None:
    if given is None:
        return None
    if given == "estimate":
        return "estimate"
    try:
        return float(given)
    except ValueError:
        raise UserError(f"--prevalence {given}: give a share such as 0.05, or the word 'estimate'") from None
