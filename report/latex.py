"""A table as LaTeX (longtable, booktabs), for XeLaTeX with xeCJK."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from ..configs.codebook import Words
from ..evaluation.estimate import Estimate
from .clean import line
from .page_agreement import two, written
from .table import Cell, Table
from .words import reason

Language = Literal["zh", "en"]

MOST_COLUMNS = 8
"""Beyond these the letters are smaller."""

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    # Not special, but turned into other characters by ligatures (--, <<, ``) or active in some languages of babel.
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}", "-": "{-}",
    # An option or a star of the \\ that ends the row before.
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_SPECIAL = re.compile("[" + re.escape("".join(_ESCAPES)) + "]")
_INVISIBLE = ("Cc", "Cf", "Cs")


def escape(text: object) -> str:
    r"""One line of text that LaTeX sets as it is; what cannot be seen (controls, marks of direction) is dropped.

    The commands used are in every XeLaTeX; ``\textquotesingle`` needs ``textcomp`` in LaTeX before 2020.
    """
    seen = "".join(c for c in line(text) if unicodedata.category(c) not in _INVISIBLE)
    # Dropping may have left two spaces, or one at an end.
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], " ".join(seen.split()))


def to_latex(table: Table, language: Language) -> str:
    """The table, with letters for why a figure or interval is missing and these reasons below it."""
    notes: dict[str, str] = {}
    rows = [[_cell(cell, language, notes) for cell in row] for row in table.rows]
    heading = _row([escape(getattr(column.name, language)) for column in table.columns])
    below = [rf"\textsuperscript{{{letter}}} {escape(getattr(reason(key), language))}" for key, letter in notes.items()]
    if table.note:
        below.insert(0, escape(getattr(table.note, language)))
    foot = [rf"\par\noindent{{\footnotesize {' '.join(below)}}}"] if below else []
    size = r"\scriptsize" if len(table.columns) > MOST_COLUMNS else r"\footnotesize"
    label = re.sub("[^a-z0-9]+", "-", table.name.lower())
    lines = [
        r"% \usepackage{booktabs,longtable,textcomp,xeCJK}",
        rf"{{{size}\setlength{{\tabcolsep}}{{3pt}}",
        rf"\begin{{longtable}}{{@{{}}{_alignments(table)}@{{}}}}",
        rf"\caption{{{escape(getattr(table.title, language))}}}\label{{tab:{label}}}\\",
        *(r"\toprule", heading, r"\midrule", r"\endfirsthead"),
        *(r"\toprule", heading, r"\midrule", r"\endhead"),
        *(r"\bottomrule", r"\endfoot"),
        *map(_row, rows),
        r"\end{longtable}}",
        *foot,
    ]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _alignments(table: Table) -> str:
    columns = [table.column(i) for i in range(len(table.columns))]
    kinds = [
        "r" if any(isinstance(cell, int | float) for cell in cells)
        else "p" if any(isinstance(cell, Words) for cell in cells)
        else "l"
        for cells in columns
    ]  # fmt: skip
    # Words break into lines and share a third of the page.
    width = min(0.18, 0.36 / max(kinds.count("p"), 1))
    return "".join(rf"p{{{width:.2f}\linewidth}}" if kind == "p" else kind for kind in kinds)


def _cell(cell: Cell, language: Language, notes: dict[str, str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Estimate):
        why = cell.reason or cell.interval_note
        # A point is no interval: where every draw gives the same, the reason stands in its place.
        shown = two(cell.value) if why and cell.value is not None else written(cell)
        return _number(shown) + (rf"\textsuperscript{{{_letter(why, notes)}}}" if why else "")
    if isinstance(cell, float):
        return _number(two(cell))
    return escape(getattr(cell, language) if isinstance(cell, Words) else cell)


def _number(written: str) -> str:
    return written.replace("−", "$-$").replace("–", "--").replace("[", "{[}").replace("]", "{]}")


def _letter(why: str, notes: dict[str, str]) -> str:
    """a, b, … z, aa, …"""
    if why not in notes:
        i, name = len(notes) + 1, ""
        while i:
            i, rest = divmod(i - 1, 26)
            name = chr(97 + rest) + name
        notes[why] = name
    return notes[why]
