"""The tables for an appendix, and the folder ``tables`` that holds them. A new table is one more function."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from ..configs.codebook import Words
from ..data.artifacts import atomic_write
from ..evaluation.rows import PairRow, ScoreRow
from .appendix_findings import (
    coefficients_table,
    confusions_table,
    evidence_table,
    reasons_table,
    slices_table,
    verdicts_table,
)
from .clean import line
from .latex import Language, to_latex
from .parts import ReportContent
from .table import Column, Table
from .table_csv import write_csv
from .table_notes import note
from .words import WORDS, plain

FOLDER = "tables"


def write_tables(tables: Iterable[Table], folder: str | Path) -> list[Path]:
    """Write each table into ``folder``/tables: CSV, and LaTeX in Chinese and in English. Gives the paths."""
    folder = Path(folder) / FOLDER
    paths = []
    for table in tables:
        paths.append(folder / f"{table.name}.csv")
        write_csv(table, paths[-1])
        for language in get_args(Language):
            paths.append(folder / f"{table.name}.{language}.tex")
            with atomic_write(paths[-1]) as temporary:
                temporary.write_text(to_latex(table, language), encoding="utf-8", newline="\n")
    return paths


def appendix(content: ReportContent) -> tuple[Table, ...]:
    """Every table that has rows."""
    made = (
        agreement_table(content),
        coefficients_table(content),
        evidence_table(content),
        verdicts_table(content),
        reasons_table(content),
        scores_table(content),
        wholes_table(content),
        confusions_table(content),
        slices_table(content),
    )
    return tuple(table for table in made if table.rows)


def agreement_table(content: ReportContent) -> Table:
    """Agreement of every two coders, where both were asked."""
    rows = [row for row in content.comparison.pairs if row.n and row.scope == "asked"]
    return Table(
        "agreement",
        WORDS["agreement"],
        _columns("variable", "label", "coder_a", "coder_b", "n", "groups_n", "percent", "alpha"),
        tuple(
            (
                content.variable(row.variable).name,
                _label(content, row),
                line(row.coder_a),
                line(row.coder_b),
                row.n,
                row.n_clusters,
                row.percent,
                row.alpha,
            )
            for row in rows
        ),
        note(content, [c for row in rows for c in (row.coder_a, row.coder_b)], "table_mean_alpha"),
    )


def scores_table(content: ReportContent) -> Table:
    """Scores of every model and baseline against the settled codes, by label and averaged."""
    rows = [row for row in _scores(content) if row.f1 is not None]
    return Table(
        "scores",
        WORDS["scores"],
        _columns("variable", "label", "coder", "scope", "n", "positives", "precision", "recall", "specificity", "f1"),
        tuple(
            (
                content.variable(row.variable).name,
                _label(content, row),
                line(row.coder),
                WORDS[row.scope],
                row.n,
                None if row.tp is None or row.fn is None else row.tp + row.fn,
                row.precision,
                row.recall,
                row.specificity,
                row.f1,
            )
            for row in rows
        ),
        note(content, [row.coder for row in rows]),
    )


def wholes_table(content: ReportContent) -> Table:
    """How often models and baselines give the settled code, and by how many steps they miss an ordinal one."""
    rows = [row for row in _scores(content) if row.label is None and row.average is None]
    return Table(
        "same_code",
        WORDS["table_wholes"],
        _columns("variable", "coder", "scope", "n", "same", "distance"),
        tuple(
            (
                content.variable(row.variable).name,
                line(row.coder),
                WORDS[row.scope],
                row.n,
                row.agreement,
                row.distance,
            )
            for row in rows
        ),
        note(content, [row.coder for row in rows]),
    )


def _scores(content: ReportContent) -> list[ScoreRow]:
    machines = content.study.of_kind("model", "baseline")
    return [row for row in content.comparison.scores if row.n and row.coder in machines]


def _columns(*keys: str) -> tuple[Column, ...]:
    """Columns with the words that the page has for them."""
    words = {"coder_a": "table_coder_a", "coder_b": "table_coder_b", "groups_n": "table_groups", "alpha": "table_alpha",
             "positives": "table_positives"}  # fmt: skip
    return tuple(Column(key, WORDS[words.get(key, key)]) for key in keys)


def _label(content: ReportContent, row: PairRow | ScoreRow) -> Words:
    average = getattr(row, "average", None)
    if average:
        return WORDS[average]
    names = {label.id: label.name for label in content.variable(row.variable).labels}
    return names.get(row.label, plain(row.label)) if row.label else WORDS["whole"]
