"""The command line as a user meets it: in a process of its own, and in this one for speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner
from weijing.cli import main as cli
from weijing.configs.errors import UserError
from weijing.data.codes import Code, append_codes, read_codes
from weijing.data.study import SETTINGS

COMMANDS = [
    ["demo"], ["init"], ["add"], ["codebook"], ["codebook", "check"], ["codebook", "guide"], ["codebook", "diff"],
    ["codebook", "migrate"], ["annotate"], ["annotate", "up"], ["annotate", "down"], ["annotate", "status"],
    ["sheet"], ["sheet", "write"], ["sheet", "read"], ["qdpx"], ["qdpx", "write"], ["qdpx", "read"], ["plan"],
    ["select"], ["train"], ["evaluate"], ["classify"], ["validate"], ["serve"], ["annotate", "connect"], ["doctor"],
]  # fmt: skip


def weijing(*words: str, debug: bool = False, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv[0] = 'weijing'; from weijing.cli.main import main; main()"
    environment = {k: v for k, v in os.environ.items() if k != "WEIJING_DEBUG"}
    given = ["--debug", *words] if debug else list(words)
    return subprocess.run(
        [sys.executable, "-c", code, *given],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        timeout=120,
        check=False,
    )


def here(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command in this process; exit code, output and error output."""
    before, sys.argv = sys.argv, ["weijing", *words]
    os.environ.pop("WEIJING_DEBUG", None)
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
        os.environ.pop("WEIJING_DEBUG", None)
    out, err = capsys.readouterr()
    return code, out, err


def all_commands() -> list[str]:
    import typer.main

    group: Any = typer.main.get_command(cli.app)
    found = []
    for name, command in group.commands.items():
        found.append(name)
        found += [f"{name} {sub}" for sub in getattr(command, "commands", {})]
    return found


def test_the_list_of_commands_here_is_complete() -> None:
    assert sorted(all_commands()) == sorted(" ".join(c) for c in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    result = CliRunner().invoke(cli.app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
    if command not in (["codebook"], ["qdpx"]):
        assert "Example:" in result.output
        assert "weijing " + " ".join(command) in result.output.split("Example:")[1]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['weijing', '--help']\nfrom weijing.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'torch', 'transformers', 'pyarrow', 'datasets', 'sklearn', 'scipy', 'numpy', 'tokenizers'}\n"
        "sys.stderr.write(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert all(c[0] in done.stdout for c in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["train", "-s", "NOWHERE"],
        ["evaluate", "-s", "NOWHERE"],
        ["add", "x.txt", "-s", "NOWHERE"],
        ["codebook", "guide", "NOWHERE/x.yaml"],
        ["classify", "NOWHERE", "-m", "NOWHERE", "-o", "NOWHERE/x.jsonl"],
        ["classify", "NOWHERE", "-m", "NOWHERE", "-o", "NOWHERE/x.txt"],
        ["init", "TAKEN"],
        ["demo", "-o", "TAKEN"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_errors_are_one_line(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / SETTINGS).write_text("seed: 1\n")
    given = [w.replace("NOWHERE", str(tmp_path / "nowhere")).replace("TAKEN", str(taken)) for w in words]
    code, out, err = here(capsys, *given)
    assert code == 2
    assert err.startswith("weijing: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in out + err
    assert (taken / SETTINGS).read_text() == "seed: 1\n"


def test_a_traceback_comes_only_with_debug(tmp_path: Path) -> None:
    given = ["codebook", "guide", str(tmp_path / "nowhere.yaml")]
    plain = weijing(*given)
    assert (plain.returncode, plain.stdout) == (2, "")
    assert plain.stderr.count("\n") == 1
    assert "Traceback" not in plain.stderr
    debug = weijing(*given, debug=True)
    assert debug.returncode == 2
    assert "Traceback" in debug.stderr
    assert debug.stderr.splitlines()[-1] == plain.stderr.strip()


def test_what_nobody_foresaw_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from weijing.data.study import Study

    def fail(root: Any) -> Any:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(Study, "open", fail)
    code, _, err = here(capsys, "train", "-s", str(tmp_path))
    assert (code, err) == (2, "weijing: RuntimeError: two lines (--debug shows where)\n")


def test_a_name_that_no_file_can_have_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"{'x' * 300}.html"
    code, _, err = here(capsys, "codebook", "guide", "-o", str(path))
    assert (code, err) == (2, f"weijing: {path}: cannot be used (File name too long)\n")


def test_stopping_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from weijing.data.study import Study

    def stop(root: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Study, "open", stop)
    code, _, err = here(capsys, "train", "-s", str(tmp_path))
    assert code == 130
    assert "run the same command again" in err


def test_being_told_to_end_leaves_nothing_half_written(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nsys.argv = ['weijing', 'init', sys.argv[1]]\n"
        "from weijing.cli.main import main\nfrom weijing.data import artifacts\n"
        "artifacts.sync = lambda path: os.kill(os.getpid(), signal.SIGTERM)\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 143
    assert done.stderr == "weijing: stopped; run the same command again to go on\n"
    assert os.listdir(tmp_path) == []


def test_adding_nothing_at_all_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = str(tmp_path / "study")
    here(capsys, "init", study)
    assert here(capsys, "add", str(tmp_path / "none.txt"), "-s", study)[0] == 2
    (tmp_path / "reports").mkdir()
    for i in range(25):
        (tmp_path / "reports" / f"{i}.txt").write_text("")
    code, out, err = here(capsys, "add", str(tmp_path / "reports"), "-s", study)
    assert (code, err, out.count("  rejected: ")) == (2, "", 20)
    assert "and 5 more (--json lists all)" in out
    code, out, _ = here(capsys, "add", str(tmp_path / "reports"), "-s", study, "--json")
    assert (code, len(json.loads(out)["rejected"])) == (2, 25)
    (tmp_path / "reports" / "a.txt").write_text("派出所开通微信报警。", encoding="utf-8")
    assert [here(capsys, "add", str(tmp_path / "reports"), "-s", study)[0] for _ in range(2)] == [0, 0]
    codes = tmp_path / "codes.jsonl"
    bad = {"report_id": "nope", "coder": "li", "variable": "relevant", "value": True}
    codes.write_text(json.dumps(bad) + "\n")
    code, out, _ = here(capsys, "add", "-s", study, "--codes", str(codes))
    assert code == 2
    assert "0 codes appended, 1 rejected" in out
    codes.write_text("".join(json.dumps(c) + "\n" for c in (bad, {**bad, "report_id": "reports:a.txt"})))
    for _ in range(2):
        code, out, _ = here(capsys, "add", "-s", study, "--codes", str(codes))
        assert code == 0
        assert "1 rejected" in out


def test_a_guide_replaces_an_old_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from weijing.cli.codebook import write_guide
    from weijing.configs.load import load_codebook

    path = tmp_path / "guide.md"
    path.write_text("old")

    def fail(self: Path, *given: Any, **named: Any) -> int:
        self.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", fail)
        with pytest.raises(UserError, match="No space left"):
            write_guide(load_codebook(), path, force=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["guide.md"]
    write_guide(load_codebook(), path, force=True)
    assert path.read_text(encoding="utf-8").startswith("#")


def test_wrong_words_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["nosuch"], ["classify"], ["train", "--nosuch"]):
        code, out, err = here(capsys, *words)
        assert code == 2
        assert "Traceback" not in out + err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from weijing import __version__

    assert here(capsys, "--version")[:2] == (0, f"weijing {__version__}\n")


def test_from_init_to_classify(
    toy: Any, strikes_path: Path, toy_settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from weijing.data.codes import to_json

    study = str(tmp_path / "study")
    assert here(capsys, "init", study, "-c", str(strikes_path))[0] == 0
    settings_file = tmp_path / "study" / SETTINGS
    settings = yaml.safe_load(settings_file.read_text(encoding="utf-8"))
    settings["training"] = toy_settings.model_copy(update={"epochs": 10}).model_dump(mode="json")
    settings_file.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    reports, codes = tmp_path / "reports.jsonl", tmp_path / "codes.jsonl"
    reports.write_text("".join(json.dumps({"id": r.id, "text": r.text}) + "\n" for r in toy.reports), encoding="utf-8")
    codes.write_text("".join(json.dumps(to_json(c)) + "\n" for c in toy.codes), encoding="utf-8")
    code, out, err = here(capsys, "add", str(reports), "-s", study, "--codes", str(codes), "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["added"], found["codes_appended"]) == (90, len(toy.codes))

    code, out, err = here(capsys, "train", "-s", study)
    assert code == 0, err
    assert "is trained" in out
    assert "folds: 4/4" in err
    assert "is up to date" in here(capsys, "train", "-s", study, "-q")[1]

    target = tmp_path / "out.csv"
    given = ["classify", str(reports), "-m", f"{study}/model", "-o", str(target)]
    code, out, err = here(capsys, *given)
    assert code == 0, err
    assert "90 records read: 90 coded, 0 rejected" in out
    assert "synthetic" in out
    assert "合成文本" in out
    assert here(capsys, *given)[0] == 2
    code, out, err = here(capsys, *given, "--force", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["coded"] == 90


def test_doctor_and_codebook_speak_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = here(capsys, "doctor", "--json")
    assert code == 0
    assert {"versions", "device", "cache", "embedded"} <= set(json.loads(out))
    code, out, _ = here(capsys, "codebook", "check", "--json")
    assert code == 0
    assert json.loads(out)["ok"] is True


def test_a_change_of_the_codebook_from_diff_to_undo(
    tmp_path: Path, strikes_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, new, plan = tmp_path / "study", tmp_path / "new.yaml", tmp_path / "migration.yaml"
    text = strikes_path.read_text("utf-8").replace('"2024-03"', '"2"')
    text = text.replace("pay_rise", "more_pay").replace("id: services", "id: other")
    new.write_text(text.replace("服务业, en: Services", "其他, en: Other"), "utf-8")
    assert here(capsys, "init", str(root), "--codebook", str(strikes_path))[0] == 0
    codes = root / "codes.parquet"
    spoken = [Code("r\x1b[2J", "a", "sector", "services"), Code("r", "a", "claims", ["pay_rise"])]
    append_codes(codes, spoken)
    words = ["codebook", "diff", str(strikes_path), str(new), "--codes", str(codes)]
    code, out, _ = here(capsys, *words, "-o", str(plan))
    assert code == 0
    assert "label renamed: claims.pay_rise → more_pay [1 codes]" in out
    assert "code anew: report r [2J, a, sector: label dropped: sector.services" in out
    assert "\x1b" not in out
    assert "exists already" in here(capsys, *words, "-o", str(plan))[2]
    assert json.loads(here(capsys, *words, "--json")[1])["codes"]["counts"]["undecided"] == 1
    migrate = ["codebook", "migrate", str(new), "-s", str(root)]
    assert "no migration file says" in here(capsys, *migrate)[2]
    assert "not confirmed" in here(capsys, *migrate, "-d", str(plan))[2]
    assert read_codes(codes) == spoken
    plan.write_text(plan.read_text("utf-8").replace("confirmed: false", "confirmed: true"), "utf-8")
    code, out, _ = here(capsys, *migrate, "-d", str(plan), "--json")
    assert code == 0
    log = json.loads(out)["log"]
    assert len(read_codes(codes)) == 4
    assert "nothing was left to do" in here(capsys, *migrate, "-d", str(plan))[1]
    assert here(capsys, "codebook", "migrate", "--undo", log, "-s", str(root))[0] == 0
    assert read_codes(codes) == spoken
    assert "one of them" in here(capsys, "codebook", "migrate", "-s", str(root))[2]
