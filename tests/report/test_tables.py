"""Tables for an appendix: whatever the words, LaTeX sets them as they are and no spreadsheet runs them."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_up_study import HOSTILE, codebook, study
from weijing.configs.codebook import Words
from weijing.evaluation.estimate import NO_SPREAD, NO_VARIATION, Estimate
from weijing.report.appendix import agreement_table, appendix, scores_table, write_tables
from weijing.report.clean import clean, line
from weijing.report.latex import escape, to_latex
from weijing.report.table import Column, Table
from weijing.report.table_csv import csv_rows, write_csv

COMMANDS = {
    r"\textbackslash{}": "\\", r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\%": "%", r"\_": "_",
    r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<", r"\textgreater{}": ">",
    r"\textbar{}": "|", r"\textquotedbl{}": '"', r"\textasciigrave{}": "`", r"\textquotesingle{}": "'",
    "{-}": "-", "{[}": "[", "{]}": "]", "{*}": "*",
}  # fmt: skip
SPECIAL = set("\\{}$&#%_~^")
TOKEN = re.compile("|".join(map(re.escape, sorted(COMMANDS, key=len, reverse=True))) + "|.", re.DOTALL)
NASTY = st.text(st.one_of(st.sampled_from("\\{}$&#%_~^<>|\"'`-[]*\n\r\t \u202e\u2066\u200b\x00\u2028\ud800中"),
                          st.characters()), max_size=30)  # fmt: skip
TITLE = Words(zh="表", en="Table")


def read_back(latex: str) -> str:
    """What TeX would set, if all there is are the commands above; an active character raises KeyError."""
    found = ""
    for token in TOKEN.findall(latex):
        if token in SPECIAL:
            raise KeyError(token)
        found += COMMANDS.get(token, token)
    return found


@given(NASTY)
@example("\\input{/etc/passwd}")
@example("^^5cinput")
@example("0\x1f0")
@example("\\\\[1cm]*")
def test_escaped_text_is_set_as_it_is(text: str) -> None:
    visible = "".join(c for c in line(text) if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    assert read_back(escape(text)) == " ".join(visible.split())


@given(NASTY)
def test_nothing_unseen_and_no_ligature_is_left(text: str) -> None:
    made = escape(text)
    assert not [c for c in made if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not re.search("--|<|>|``|''|\"", made)
    assert not re.match(r"[\[*]", made)


def a_table(*rows: tuple[object, ...], note: str = "注") -> Table:
    columns = tuple(Column(f"k{i}", Words(zh=f"列{i}", en=f"column {i}")) for i in range(len(rows[0])))
    return Table("t", TITLE, columns, rows, Words(zh=note, en=note))  # type: ignore[arg-type]


# Words hold no half characters; the names in a row may.
@given(st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=3), NASTY.map(clean))
def test_a_row_keeps_its_cells_whatever_they_say(cells: list[tuple[str, str]], note: str) -> None:
    lines = to_latex(a_table(*cells, note=note or "-"), "zh").splitlines()
    body = lines[lines.index(r"\endfoot") + 1 : lines.index(r"\end{longtable}}")]
    assert len(body) == len(cells)
    for written, row in zip(body, cells, strict=True):
        assert written.endswith(r" \\")
        assert [read_back(c) for c in written[:-3].split(" & ")] == [read_back(escape(c)) for c in row]


def test_a_missing_figure_says_why_below_the_table() -> None:
    table = a_table(
        (Estimate(-0.5, -0.7, 0.25, n=9),),
        (Estimate(None, reason=NO_VARIATION, n=3),),
        (Estimate(1.0, 1.0, 1.0, n=3, interval_note=NO_SPREAD),),
        (Estimate(None, reason=NO_VARIATION, n=4),),
    )
    made = to_latex(table, "en")
    assert "$-$0.50 {[}$-$0.70, 0.25{]}" in made
    assert made.count(r"--\textsuperscript{a}") == 2
    assert r"1.00\textsuperscript{b}" in made
    assert r"\textsuperscript{a} all codes are the same" in made
    assert csv_rows(table)[2] == [None, None, None, 3, NO_VARIATION]


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="every row needs 1"):
        replace(a_table(("a",)), rows=(("a", "b"),))


@given(NASTY.filter(bool))
@example("=cmd|' /C calc'!A0")
@example("\t=1")
@example("＝1")
def test_no_cell_of_csv_is_a_formula(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write_csv(a_table((text, -0.5)), path)
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        with open(path, encoding="utf-8-sig", newline="") as file:
            heading, (cell, number) = csv.reader(file)
    assert heading == ["k0", "k1"]
    assert not re.match("[=+\\-@＝＋－＠\t\r]", cell.lstrip())
    assert cell in (line(text), f"'{line(text)}")
    assert number == "-0.5"


def test_every_row_of_a_comparison_is_in_a_table_with_n_and_interval(tmp_path: Path) -> None:
    content = study(codebook())
    write_tables(appendix(content), tmp_path)
    assert {p.name for p in (tmp_path / "tables").iterdir()} == {
        f"{name}.{kind}"
        for name in (
            "agreement",
            "scores",
            "same_code",
            "coefficients",
            "evidence",
            "verdicts",
            "verdict_reasons",
            "confusions",
        )
        for kind in ("csv", "zh.tex", "en.tex")
    }
    with open(tmp_path / "tables" / "agreement.csv", encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    asked = [row for row in content.comparison.pairs if row.scope == "asked" and row.n]
    assert [row["alpha"] for row in written] == ["" if r.alpha.value is None else str(r.alpha.value) for r in asked]
    for row, pair in zip(written, asked, strict=True):
        assert row["n"] == str(pair.n)
        assert bool(row["alpha_low"]) or row["alpha_note"]
    scored = [r for r in content.comparison.scores if r.f1 is not None and r.n and r.coder in ("net", "tfidf")]
    assert len(scores_table(content).rows) == len(scored)


@pytest.mark.parametrize("kind", ["synthetic", "human"])
def test_the_note_says_what_the_coders_are(kind: str) -> None:
    note = agreement_table(study(codebook(), kind=kind)).note
    assert note is not None
    assert f"ann ({kind})" in note.en
    assert ("human" in note.en) == (kind == "human")


def test_hostile_words_in_the_tables_of_a_study(tmp_path: Path) -> None:
    content = study(codebook(name=HOSTILE[0] + "\\input{x}%"), coders=(HOSTILE[4], "\\end{longtable}"))
    for path in write_tables(appendix(content), tmp_path):
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".tex":
            assert r"\input" not in text
            assert text.count(r"\end{longtable}") == 1
            assert text.count("{") - text.count("\\{") == text.count("}") - text.count("\\}")
        else:
            assert "\n=cmd" not in text
            assert ",=cmd" not in text


def test_without_codes_there_is_no_table() -> None:
    assert appendix(study(codebook(), n=0)) == ()
