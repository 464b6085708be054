"""Tables for an appendix: verdicts, coefficients of all coders, evidence, labels confused, kinds of reports."""

from __future__ import annotations

from collections.abc import Sequence

from ..configs.codebook import Words
from .clean import line
from .page_errors import measure_words, slice_name
from .page_together import measure_name
from .page_verdicts import still_needed
from .parts import ReportContent
from .table import Cell, Column, Table
from .table_notes import note
from .words import WORDS, plain


def verdicts_table(content: ReportContent) -> Table:
    """Every verdict with the figures that it rests on."""
    judgement = content.findings.judgement
    rows = judgement.rows if judgement else ()
    cells = [
        (
            content.variable(row.variable).name,
            label_words(content, row.variable, row.label),
            WORDS[row.scope],
            line(row.candidate),
            WORDS[f"answer_{row.verdict.answer}"],
            row.beside.n,
            row.beside.among_coders,
            row.beside.with_candidate,
            row.beside.difference,
            row.test.winning_rate,
            row.test.advantage,
        )
        for row in rows
    ]
    among = f"among_{judgement.panel_kind or 'synthetic'}" if judgement else "among_synthetic"
    columns = (
        *("variable", "label", "scope", "candidate", "verdict", "n"),
        *(("among_coders", among), "with_candidate", "difference", ("omega", "table_omega"), ("rho", "table_rho")),
    )
    return _table(content, "verdicts", "table_verdicts", columns, cells, _judged(content))


def reasons_table(content: ReportContent) -> Table:
    """Every verdict in one or two sentences, with what is still needed."""
    judgement = content.findings.judgement
    cells = [
        (
            content.variable(row.variable).name,
            label_words(content, row.variable, row.label),
            WORDS[row.scope],
            line(row.candidate),
            still_needed(row.verdict),
            row.verdict.words,
        )
        for row in (judgement.rows if judgement else ())
    ]
    columns = ("variable", "label", "scope", "candidate", "needed", ("reasons", "table_reason"))
    return _table(content, "verdict_reasons", "table_verdict_reasons", columns, cells, _judged(content))


def _judged(content: ReportContent) -> list[str]:
    judgement = content.findings.judgement
    return [*judgement.panel, *judgement.candidates] if judgement else []


def coefficients_table(content: ReportContent) -> Table:
    """Every coefficient of all coders together."""
    cells = [
        (
            content.variable(row.variable).name,
            label_words(content, row.variable, row.label),
            measure_name(one, len(row.coders)),
            WORDS[f"weights_{one.weights}"],
            row.n,
            row.n_clusters,
            one.estimate,
            one.standard_error,
        )
        for row in content.findings.together
        for one in row.measured
    ]
    columns = (
        *("variable", "label", ("coefficient", "table_measure"), ("weights", "table_weights"), "n"),
        *(("groups", "table_groups"), ("value", "interval_value"), ("standard_error", "table_se")),
    )
    coders = [c for row in content.findings.together for c in row.coders]
    return _table(content, "coefficients", "table_coefficients", columns, cells, coders)


def evidence_table(content: ReportContent) -> Table:
    """Agreement of every two coders on evidence."""
    rows = [row for row in content.findings.evidence if row.n]
    cells = [
        (
            content.variable(row.variable).name,
            label_words(content, row.variable, row.label),
            line(row.coder_a),
            line(row.coder_b),
            row.n,
            row.n_both,
            row.n_one,
            row.f1,
            row.f1_both,
            row.alpha,
        )
        for row in rows
    ]
    columns = (
        *("variable", "label", ("coder_a", "table_coder_a"), ("coder_b", "table_coder_b"), "n"),
        *(("n_both", "table_n_both"), ("n_one", "table_n_one"), ("f1", "spans_f1"), ("f1_both", "spans_f1_both")),
        ("alpha", "spans_alpha"),
    )
    return _table(content, "evidence", "spans", columns, cells, [c for row in rows for c in (row.coder_a, row.coder_b)])


def confusions_table(content: ReportContent) -> Table:
    """Every pair of labels that the codebook warns of or that was confused."""
    found = content.findings.confusions
    cells = [
        (
            content.variable(one.variable).name,
            line(one.coder),
            label_words(content, one.variable, pair.a),
            label_words(content, one.variable, pair.b),
            WORDS["yes" if pair.named else "no"],
            WORDS["yes" if pair.found else "no"],
            pair.a_to_b,
            pair.b_to_a,
            pair.rate_a_to_b,
            pair.rate_b_to_a,
            pair.lift,
        )
        for one in found
        for pair in one.pairs
    ]
    columns = (
        *("variable", "coder", ("a", "table_a"), ("b", "table_b"), ("named", "confused_named")),
        *(("found", "confused_found"), ("n_a_to_b", "table_n_a_to_b"), ("n_b_to_a", "table_n_b_to_a")),
        *(("a_to_b", "confused_a_to_b"), ("b_to_a", "confused_b_to_a"), ("lift", "confused_lift")),
    )
    return _table(content, "confusions", "table_confusions", columns, cells, [one.coder for one in found])


def slices_table(content: ReportContent) -> Table:
    """Scores by kind of report, where a test could be made."""
    found = content.findings.slices
    cells = [
        (
            content.variable(one.variable).name,
            line(one.coder),
            slice_name(row),
            measure_words(content, one.variable, row),
            row.n,
            row.score,
            row.rest,
            row.difference,
            row.p_adjusted,
            WORDS["yes" if row.flagged else "no"],
        )
        for one in found
        for row in one.rows
        if row.p_adjusted is not None
    ]
    columns = (
        *("variable", "coder", ("kind", "slice"), ("score_of", "slice_measure"), "n", ("score", "slice_score")),
        *(("rest", "slice_rest"), "difference", ("p_adjusted", "slice_p"), "flagged"),
    )
    coders = [one.coder for one in found]
    return _table(content, "slices", "table_slices", columns, cells, coders, "table_slices_note")


def label_words(content: ReportContent, variable: str, label: str | None) -> Words:
    """The name of a label, or that it is the variable as a whole."""
    if label is None:
        return WORDS["whole"]
    names = {one.id: one.name for one in content.variable(variable).labels}
    return names.get(label) or plain(label)


def _table(
    content: ReportContent,
    name: str,
    title: str,
    columns: tuple[str | tuple[str, str], ...],
    rows: Sequence[tuple[Cell, ...]],
    coders: list[str],
    *notes: str,
) -> Table:
    """``columns``: keys, each with the key of its words if that is another."""
    pairs = [(one, one) if isinstance(one, str) else one for one in columns]
    return Table(
        name,
        WORDS[title],
        tuple(Column(key, WORDS[words]) for key, words in pairs),
        tuple(rows),
        note(content, coders, *notes),
    )
