"""``weijing codebook``: check a codebook, and make the coder's guide from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..configs.errors import UserError

if TYPE_CHECKING:
    from ..configs.codebook import Codebook

app = typer.Typer(no_args_is_help=True, help="Check a codebook, or make the coder's guide from it.")

PathArgument = Annotated[
    Path | None, typer.Argument(help="A codebook (YAML). Default: the one that comes with weijing.")
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
            _print_json({"ok": False, "path": str(path), "problems": problems})
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
        _print_json({"ok": True, "path": str(path), **about, **counts})
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


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
