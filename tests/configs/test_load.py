import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from weijing.cli.codebook import app
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.configs.load import (
    LARGEST,
    CodebookError,
    bundled_codebook_path,
    codebook_hash,
    load_codebook,
    parse_codebook,
)

PATH = Path(__file__).parents[1] / "codebooks" / "strikes.yaml"
TEXT = PATH.read_text(encoding="utf-8")


def broken(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, f"{old!r} should occur once"
    return TEXT.replace(old, new)


def line_of(text: str, piece: str) -> int:
    """The line of the only place where ``piece`` stands."""
    assert text.count(piece) == 1
    return text.count("\n", 0, text.index(piece)) + 1


def problems(text: str) -> list:
    with pytest.raises(CodebookError) as caught:
        parse_codebook(text, "x.yaml")
    return caught.value.problems


# What is wrong: text before, text after, what marks the line to be named, where, and words of the message.
MISTAKES = {
    "unknown label in a floor": (
        "      pay_rise: 1",
        "      pay_ryse: 1",
        "      pay_ryse: 1",
        "constraints[intensity_floors].at_least.pay_ryse",
        "no label pay_ryse",
    ),
    "floor beyond the scale": (
        "plant_occupation: 2",
        "plant_occupation: 3",
        "plant_occupation: 3",
        "constraints[intensity_floors].at_least.plant_occupation",
        "not a code from 0 to 2",
    ),
    "floors of an unknown variable": (
        "labels_of: claims",
        "labels_of: claim",
        "labels_of: claim\n",
        "constraints[intensity_floors].labels_of",
        "unknown variable claim",
    ),
    "floors on a variable without order": (
        "ordinal: intensity\n",
        "ordinal: sector\n",
        "ordinal: sector",
        "constraints[intensity_floors].ordinal",
        "sector is nominal",
    ),
    "unknown variable in a constraint": (
        "{variable: claims, min_labels: 1}",
        "{variable: claimz, min_labels: 1}",
        "claimz",
        "constraints[protest_has_claim].then[0].variable",
        "unknown variable claimz",
    ),
    "unknown label in a constraint": (
        "{variable: claims, min_labels: 1}",
        "{variable: claims, has: strike_pay}",
        "strike_pay",
        "constraints[protest_has_claim].then[0].has",
        "no label strike_pay",
    ),
    "equals on a multi variable": (
        "{variable: claims, min_labels: 1}",
        "{variable: claims, equals: pay_rise}",
        "equals: pay_rise",
        "constraints[protest_has_claim].then[0].equals",
        "not for multi variables",
    ),
    "condition with two tests": (
        "{variable: claims, min_labels: 1}",
        "{variable: claims, min_labels: 1, has: pay_rise}",
        "has: pay_rise",
        "constraints[protest_has_claim].then[0]",
        "exactly one of",
    ),
    "kind forgotten": (
        "    kind: implication\n",
        "",
        "- id: protest_has_claim",
        "constraints[protest_has_claim]",
        "needs a kind",
    ),
    "duplicate label": (
        "- id: layoff_terms",
        "- id: wage_arrears",
        "- id: wage_arrears\n        name: {zh: 裁员补偿",
        "variables[claims].labels[wage_arrears].id",
        "used twice",
    ),
    "duplicate variable": (
        "- id: sector",
        "- id: claims",
        "- id: claims\n    type: nominal",
        "variables[claims].id",
        "used twice: claims",
    ),
    "duplicate constraint": (
        "- id: intensity_floors",
        "- id: protest_has_claim",
        "- id: protest_has_claim\n    kind: floors",
        "constraints[protest_has_claim].id",
        "used twice",
    ),
    "duplicate key": (
        "    type: text\n",
        "    type: text\n    type: binary\n",
        "    type: binary\n    name: {zh: 地点",
        "variables[place]",
        "'type' occurs twice (first on line",
    ),
    "missing field": (
        "        name: {zh: 涨薪, en: Pay rise}\n",
        "",
        "- id: pay_rise",
        "variables[claims].labels[pay_rise].name",
        "is missing",
    ),
    "missing language": (
        "{zh: 停工, en: Stoppage}",
        "{zh: 停工}",
        "停工}",
        "variables[intensity].labels[stoppage].name.en",
        "is missing",
    ),
    "misspelt field": (
        "definition: {zh: 要求提高工资。",
        "defnition: {zh: 要求提高工资。",
        "defnition",
        "variables[claims].labels[pay_rise].defnition",
        "check its spelling",
    ),
    "misspelt field above its value": (
        "description:\n",
        "descriptoin:\n",
        "descriptoin:",
        "descriptoin",
        "check its spelling",
    ),
    "unknown confusable": (
        "confusable: [wage_arrears]",
        "confusable: [wages]",
        "confusable: [wages]",
        "variables[claims].labels[pay_rise].confusable[0]",
        "unknown label wages",
    ),
    "no labels": (
        "    labels:\n      - {id: building, name: {zh: 建筑业, en: Construction}}\n"
        "      - {id: factory, name: {zh: 制造业, en: Manufacturing}}\n"
        "      - {id: services, name: {zh: 服务业, en: Services}}\n",
        "",
        "- id: sector",
        "variables[sector]",
        "needs at least 2 label(s)",
    ),
    "text variable to be learned": (
        "    source: extracted",
        "    source: extracted\n    model: true",
        "    model: true\nconstraints",
        "variables[place].model",
        "cannot be learned",
    ),
    "version is a number": ('"2024-03"', "1.0", "version:", "version", "put it in quotes (found 1.0)"),
    "version is no date": ('"2024-03"', "2024-13-01", "version:", "", "put it in quotes"),
    "empty field": ("name: strikes", "name:", "name:\nversion", "name", "is empty"),
    "id in capitals": ("- id: place", "- id: Place", "- id: Place", "variables[Place].id", "should be an id"),
    "tab": ("    type: text\n", "\ttype: text\n", "\ttype: text", "", "not valid YAML"),
    "indent": (
        "    source: extracted",
        "      source: extracted",
        "      source: extracted",
        "",
        "not valid YAML",
    ),
    "control character": ("name: strikes", "name: stri\x07kes", "\x07", "", "U+0007 is not allowed"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_line_of_a_mistake(mistake):
    old, new, mark, where, words = MISTAKES[mistake]
    text = broken(old, new)
    found = [(p.line, p.where) for p in problems(text) if words in p.message]
    assert found == [(line_of(text, mark), where)]


def test_a_condition_on_a_later_variable():
    later = "{variable: intensity, equals: 1}"
    text = TEXT.replace("{variable: is_protest, equals: true}", later, 1)
    (problem,) = problems(text)
    assert problem.line == line_of(text, later)
    assert "must be asked earlier" in problem.message


def test_constraints_that_tie_too_much_together_are_one_problem():
    words = "{zh: 甲, en: a}"
    labels = "[" + ", ".join(f"{{id: l{i}, name: {words}}}" for i in range(12)) + "]"

    def text(n):
        return "\n".join(
            [
                "name: big", 'version: "1"', f"title: {words}", f"description: {words}", f"unit: {words}", "variables:",
                *(f"- {{id: v{i}, type: nominal, model: true, name: {words}, labels: {labels}}}" for i in range(8)),
                "constraints:",
                *(
                    f"- {{id: c{i}, kind: implication, message: {words}, when: [{{variable: v{i}, equals: l0}}],"
                    f" then: [{{variable: v{i + 1}, equals: l0}}]}}"
                    for i in range(n)
                ),
            ]
        )  # fmt: skip

    (problem,) = problems(text(7))
    assert (problem.line, problem.where) == (line_of(text(7), "constraints:"), "constraints")
    assert "429981696" in problem.message
    parse_codebook(text(2))


def test_all_problems_are_listed_in_the_order_of_the_file():
    text = broken("confusable: [pay_rise]", "confusable: [a_label, b_label]").replace("[wage_arrears]", "[c_label]")
    found = problems(text)
    assert [p.message.split()[-1] for p in found] == ["a_label", "b_label", "c_label"]
    assert [p.line for p in found] == sorted(p.line for p in found)


def test_the_error_names_file_line_and_how_many_more():
    text = broken("      plant_occupation: 2\n      pay_rise: 1", "      a_label: 2\n      b_label: 1")
    with pytest.raises(CodebookError, match=r"^x\.yaml: line \d+: .*a_label \(and 1 more; see .*check x\.yaml") as e:
        parse_codebook(text, "x.yaml")
    assert isinstance(e.value, UserError)


@pytest.mark.parametrize("text", ["", "# only a comment", "- a", "a", "42", "[]", "{{ name }}: 1", "a: &a [*a]"])
def test_other_yaml_is_refused(text):
    assert problems(text)


def test_code_in_yaml_is_refused():
    assert "not valid YAML" in problems("name: !!python/object/apply:os.system [true]")[0].message


@given(st.text(max_size=60))
def test_any_text_gives_problems_on_its_lines(text):
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029") + 1
    assert all(1 <= p.line <= lines + 1 for p in problems(text))


@given(st.integers(0, len(TEXT) - 1))
def test_a_file_cut_short_is_a_codebook_or_a_listed_problem(end):
    found = []
    try:
        parse_codebook(TEXT[:end])
    except CodebookError as error:
        found = error.problems
    assert all(1 <= p.line <= TEXT.count("\n") + 1 for p in found)


def test_hash_ignores_layout_and_sees_content():
    data = yaml.safe_load(TEXT)
    again = parse_codebook(yaml.safe_dump(data, allow_unicode=True, default_flow_style=True, sort_keys=True))
    assert codebook_hash(again) == codebook_hash(parse_codebook(TEXT))
    assert codebook_hash(parse_codebook(broken("加薪", "涨薪水"))) != codebook_hash(again)


def test_round_trip():
    codebook = load_codebook(PATH)
    assert Codebook.model_validate(codebook.model_dump()) == codebook


def test_files(tmp_path):
    assert load_codebook().name == load_codebook(bundled_codebook_path()).name
    with pytest.raises(UserError, match="cannot be read"):
        load_codebook(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="cannot be read"):
        load_codebook(tmp_path)
    gbk = tmp_path / "gbk.yaml"
    gbk.write_bytes(TEXT.encode("gb18030"))
    with pytest.raises(UserError, match="UTF-8"):
        load_codebook(gbk)
    bom = tmp_path / "bom.yaml"
    bom.write_text(TEXT, encoding="utf-8-sig")
    assert load_codebook(bom) == load_codebook(PATH)


def test_check_prints_every_problem_with_path_and_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        broken("      plant_occupation: 2\n      pay_rise: 1", "      a_label: 2\n      b_label: 1"), "utf-8"
    )
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 2
    first, second = result.stdout.splitlines()
    line = TEXT[: TEXT.index("      plant_occupation: 2")].count("\n") + 1
    assert first.startswith(f"{path}: line {line}: constraints[intensity_floors].at_least.a_label: ")
    assert second.startswith(f"{path}: line {line + 1}: ")
    result = CliRunner().invoke(app, ["check", str(path), "--json"])
    assert result.exit_code == 2
    assert [p["line"] for p in json.loads(result.stdout)["problems"]] == [line, line + 1]


def test_check_of_a_sound_codebook():
    result = CliRunner().invoke(app, ["check", str(PATH)])
    assert result.exit_code == 0
    book = load_codebook(PATH)
    assert result.stdout.split("\n")[0] == f"strikes 2024-03 ({codebook_hash(book)})"
    assert result.stdout.split("\n")[1] == "5 variables, 10 labels, 2 constraints"
    answer = json.loads(CliRunner().invoke(app, ["check", "--json"]).stdout)
    assert (answer["ok"], answer["name"]) == (True, load_codebook().name)


def test_check_of_no_file():
    with pytest.raises(UserError, match="cannot be read"):
        CliRunner().invoke(app, ["check", "no_such.yaml"], catch_exceptions=False)


@pytest.mark.parametrize("text", ["[" * 3000, "name: " + "{a: " * 3000])
def test_what_is_nested_too_deeply_is_a_problem_of_the_file(text: str) -> None:
    (problem,) = problems(text)
    assert "nested too deeply" in problem.message


def test_files_that_are_no_codebook_say_why(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gb.yaml").write_bytes("name: 甲".encode("gb18030"))
    (tmp_path / "large.yaml").write_bytes(b" " * (LARGEST + 1))
    for name, message in (
        ("pipe", "is no regular file"),
        (".", "is a folder"),
        ("gb.yaml", "not UTF-8.*save the file as UTF-8"),
        ("large.yaml", "larger than"),
        ("none.yaml", "No such file"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(UserError, match=message):
            load_codebook(tmp_path / name)
    with pytest.raises(UserError, match="is no regular file"):
        load_codebook("/dev/zero")
