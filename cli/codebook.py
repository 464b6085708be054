"""``weijing codebook``: check a codebook, make the coder's guide from it, see and carry out its changes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..configs.errors import UserError
from ..report.clean import line
from .lines import print_json, print_list
from .options import ForceOption, JsonOption, StudyOption

if TYPE_CHECKING:
    from ..configs.codebook import Codebook
    from ..data.migrate import Migration

app = typer.Typer(no_args_is_help=True, help="Check a codebook, make the coder's guide, see and carry out changes.")

PathArgument = Annotated[
    Path | None, typer.Argument(help="A codebook (YAML). Default: the one that comes with weijing.")
]
DecisionsOption = Annotated[
    Path | None, typer.Option("-d", "--decisions", help="A migration file: what renamed, merged, … names became.")
]
SUFFIXES = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


@app.command()
def check(
    path: PathArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Check a codebook; list every problem with its line. Exit code 2 if there is any.

    Example: weijing codebook check my_codebook.yaml
    """
    from ..configs.load import CodebookError, bundled_codebook_path, codebook_hash, load_codebook

    path = path or bundled_codebook_path()
    try:
        codebook = load_codebook(path)
    except CodebookError as error:
        if as_json:
            problems = [{"line": p.line, "where": p.where, "message": p.message} for p in error.problems]
            print_json({"ok": False, "path": str(path), "problems": problems})
        else:
            for problem in error.problems:
                typer.echo(f"{path}: {problem}")
        raise typer.Exit(2) from None
    counts = {
        "variables": len(codebook.variables),
        "labels": sum(len(v.labels) for v in codebook.variables),
        "constraints": len(codebook.constraints),
    }
    about = {"name": codebook.name, "version": codebook.version, "hash": codebook_hash(codebook)}
    if as_json:
        print_json({"ok": True, "path": str(path), **about, **counts})
    else:
        typer.echo(f"{about['name']} {about['version']} ({about['hash']})")
        typer.echo(", ".join(f"{n} {what}" for what, n in counts.items()))


@app.command()
def guide(
    path: PathArgument = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A file ending in .html or .md, or a folder for both.")
    ] = Path("guide"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Write the coder's guide, in Chinese and English, as a web page to print and as Markdown.

    Example: weijing codebook guide my_codebook.yaml -o guide.html
    """
    from ..configs.load import load_codebook

    for written in write_guide(load_codebook(path), out, force=force):
        typer.echo(str(written))


def write_guide(codebook: Codebook, out: Path, *, force: bool = False) -> list[Path]:
    """Write the guide to ``out`` (.html, .md, or a folder for both) and return the files.

    Without ``force`` nothing is written if any of them exists.
    """
    from ..configs.guide import guide_html, guide_markdown
    from ..data.artifacts import atomic_write

    write = {"html": guide_html, "markdown": guide_markdown}
    if out.is_dir() or not out.suffix:
        files = {out / "guide.html": "html", out / "guide.md": "markdown"}
    elif out.suffix.lower() in SUFFIXES:
        files = {out: SUFFIXES[out.suffix.lower()]}
    else:
        raise UserError(f"{out}: the guide is written as .html or .md; name such a file, or a folder for both")
    existing = [str(f) for f in files if f.exists()]
    if existing and not force:
        raise UserError(f"{', '.join(existing)}: exists already; choose another place or add --force")
    # Make both texts first, so that a failure leaves no half of a guide.
    texts = {file: write[kind](codebook) for file, kind in files.items()}
    for file, text in texts.items():
        with atomic_write(file) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return list(files)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The codebook as it was.")],
    new: Annotated[Path, typer.Argument(help="The codebook as it shall be.")],
    decisions: DecisionsOption = None,
    codes: Annotated[
        Path | None, typer.Option("--codes", help="Codes (.jsonl or .parquet): show what would become of them.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write a migration file with guesses to correct.")
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show how two codebooks differ, and what that means for codes. Nothing but `--out` is written.

    Without `--decisions` names that are gone are matched by equal words.
    Example: weijing codebook diff old.yaml new.yaml --codes codes.parquet -o migration.yaml
    """
    from ..configs.changes import diff_codebooks
    from ..configs.decisions import decisions_template, guess_decisions, read_decisions
    from ..configs.load import load_codebook
    from ..data.artifacts import atomic_write
    from ..data.codes import read_codes
    from ..data.migrate import migrate_codes

    before, after = load_codebook(old), load_codebook(new)
    decided = read_decisions(decisions) if decisions else guess_decisions(before, after)
    changes = diff_codebooks(before, after, decided)
    migration = migrate_codes(read_codes(codes), before, after, decided, preview=True) if codes else None
    if out is not None:
        if out.exists() and not force:
            raise UserError(f"{out}: exists already; choose another place or add --force")
        with atomic_write(out) as temporary:
            temporary.write_text(decisions_template(before, after), encoding="utf-8")
    if as_json:
        listed = [{"change": str(change), **asdict(change)} for change in changes]
        print_json({"changes": listed, "codes": _found(migration) if migration else None})
        return
    for change in changes:
        n = sum(str(change) in step.why for step in migration.steps) if migration else 0
        typer.echo(line(change) + (f" [{n} codes]" if n else ""))
    if not changes:
        typer.echo("no differences")
    if migration:
        _show(migration)
    if out is not None:
        typer.echo(f"{out}: correct the guesses, then write `confirmed: true`")


@app.command()
def migrate(
    new: Annotated[Path | None, typer.Argument(help="The new codebook (not with --undo).")] = None,
    study: StudyOption = Path(),
    decisions: DecisionsOption = None,
    old: Annotated[
        Path | None, typer.Option("--old", help="The codebook of the codes, if the study's file was edited already.")
    ] = None,
    undo: Annotated[
        Path | None, typer.Option("--undo", help="Undo the migration that this log is of, if nothing was coded since.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Give a study a new codebook, and its codes new versions that fit; old versions and a log are kept.

    Codes that only a coder can decide are listed, never guessed. Running it again changes nothing.
    Example: weijing codebook migrate new.yaml -d migration.yaml -s my_study
    """
    from ..configs.decisions import read_decisions
    from ..data.migrate_study import migrate_study, undo_study
    from ..data.study import Study

    if (new is None) == (undo is None):
        raise UserError("name the new codebook, or with --undo the log of a migration (one of them)")
    opened = Study.open(study)
    if undo is not None:
        undo_study(opened, undo)
        typer.echo(f"{opened.root}: codebook and codes are as before {undo.name}")
    if new is not None:
        migration, log = migrate_study(opened, new, read_decisions(decisions) if decisions else None, old)
        if as_json:
            print_json({**_found(migration), "log": str(log) if log else None})
            return
        _show(migration)
        typer.echo(f"{log}: what every code was and became" if log else "nothing was left to do")


def _found(migration: Migration) -> dict[str, object]:
    return {
        "counts": migration.counts,
        "to_code_anew": [
            {"report": s.was.report_id, "coder": s.was.coder, "variable": s.was.variable, "why": s.why}
            for s in migration.undecided
        ],
        "problems": [str(problem) for problem in migration.problems],
    }


def _show(migration: Migration) -> None:
    typer.echo(", ".join(f"{n} {what}" for what, n in migration.counts.items()) + " (codes)")
    anew = [
        f"code anew: report {s.was.report_id}, {s.was.coder}, {s.was.variable}: {'; '.join(s.why)}"
        for s in migration.undecided
    ]
    print_list(anew)
    print_list(f"look at: {problem}" for problem in migration.problems)
