"""A study moves to another codebook as one, is killed at every point on the way, and comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from weijing.configs.decisions import Decisions
from weijing.configs.errors import UserError
from weijing.configs.load import load_codebook
from weijing.data.artifacts import manifest_fits
from weijing.data.codes import Code, append_codes, current, read_codes
from weijing.data.gold import settle, write_gold
from weijing.data.migrate_study import migrate_study, read_log, undo_study
from weijing.data.study import Study, add, add_codes
from weijing.data.together import JOURNAL, finish_replacing, replace_together

DECISIONS = Decisions(rename={"claims.pay_rise": "more_pay"})


@pytest.fixture
def study(tmp_path: Path, strikes_path: Path, toy: Any) -> Study:
    made = Study.create(tmp_path / "study", strikes_path)
    rows = [{"id": r.id, "text": r.text} for r in toy.reports[:12]]
    (tmp_path / "reports.jsonl").write_text("\n".join(json.dumps(r) for r in rows), "utf-8")
    add(made, tmp_path / "reports.jsonl")
    ids = {r.id for r in made.reports()}
    assert add_codes(made, [c for c in toy.codes if c.report_id in ids]).appended
    write_gold(made.gold_path, settle(read_codes(made.codes_path), made.codebook()))
    return made


@pytest.fixture
def new_path(tmp_path: Path, strikes_path: Path) -> Path:
    text = strikes_path.read_text("utf-8").replace('"2024-03"', '"2024/04"').replace("pay_rise", "more_pay")
    path = tmp_path / "new.yaml"
    path.write_text(text, "utf-8")
    return path


def contents(study: Study) -> dict[str, bytes]:
    """All that counts of a study: without locks, and without a log that an undoing leaves."""
    files = [p for p in study.root.rglob("*") if p.is_file() and not p.name.startswith(".")]
    return {str(p.relative_to(study.root)): p.read_bytes() for p in files}


def test_a_study_moves_and_comes_back(study: Study, new_path: Path) -> None:
    before, codebook, old_codes = contents(study), study.codebook(), read_codes(study.codes_path)
    migration, log = migrate_study(study, new_path, DECISIONS)
    assert log is not None
    assert log.name.startswith("2024-03-to-2024_04-")
    study = Study.open(study.root)
    assert study.codebook() == load_codebook(new_path)
    assert not study.gold_path.exists()
    assert manifest_fits(study.codes_path)
    codes = read_codes(study.codes_path)
    assert codes[: len(old_codes)] == old_codes
    assert {c.codebook_version for c in current(codes)} == {"2024/04"}
    assert any("more_pay" in c.value for c in current(codes) if isinstance(c.value, list))
    assert settle(codes, study.codebook())
    assert read_log(log).steps == migration.steps
    # Twice is once.
    after = contents(study)
    assert migrate_study(study, new_path, DECISIONS)[1] is None
    assert contents(study) == after
    # The log is no source of reports.
    assert add(study, study.root).added == ()
    undo_study(study, log)
    assert study.codebook() == codebook
    assert read_codes(study.codes_path) == old_codes
    assert study.codebook_path.read_bytes() == before[study.codebook_path.name]
    with pytest.raises(UserError, match="is not the codebook that"):
        undo_study(study, log)


def test_json_lines_keep_every_byte(tmp_path: Path, strikes_path: Path, new_path: Path) -> None:
    made = Study.create(tmp_path / "s", strikes_path)
    (made.root / "weijing.yaml").write_text("codes: codes.jsonl\n")
    study = Study.open(made.root)
    line = '{"value": 1,   "report_id": "r", "coder": "a", "variable": "intensity"}'
    study.codes_path.write_text(line)
    migrate_study(study, new_path, DECISIONS)
    assert study.codes_path.read_text("utf-8").startswith(line + "\n{")


def test_codebook_edited_in_its_place(study: Study, new_path: Path, strikes_path: Path) -> None:
    study.codebook_path.write_bytes(new_path.read_bytes())
    append_codes(study.codes_path, [Code("r", "b", "sector", "building", codebook_version="2024-03")])
    with pytest.raises(UserError, match="of codebook version 2024-03, the codebook is 2024/04"):
        settle(read_codes(study.codes_path), study.codebook())
    assert migrate_study(study, study.codebook_path, DECISIONS, strikes_path)[1] is not None
    assert settle(read_codes(study.codes_path), study.codebook())
    assert migrate_study(study, study.codebook_path, DECISIONS, strikes_path)[1] is None


def test_late_codes_of_the_old_codebook_are_refused(study: Study, new_path: Path) -> None:
    migrate_study(study, new_path, DECISIONS)
    late = Code(study.reports()[0].id, "late", "sector", "building", codebook_version="2024-03")
    result = add_codes(study, [late])
    assert result.appended == 0
    assert result.rejected[0].kind == "version"


KILLED = """
import os, sys
from pathlib import Path
from weijing.configs.decisions import Decisions
from weijing.data.migrate_study import migrate_study
from weijing.data.study import Study

left = int(sys.argv[3])
def dying(call):
    def f(*a, **k):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return call(*a, **k)
    return f
study = Study.open(sys.argv[1])
os.replace, os.unlink = dying(os.replace), dying(os.unlink)
migrate_study(study, sys.argv[2], Decisions(rename={"claims.pay_rise": "more_pay"}))
"""


def test_killed_anywhere_a_study_is_as_before_or_as_after(study: Study, new_path: Path, tmp_path: Path) -> None:
    import shutil

    before = contents(study)
    seen = []
    for calls in range(60):
        root = tmp_path / f"run{calls}"
        shutil.copytree(study.root, root)
        command = [sys.executable, "-c", KILLED, str(root), str(new_path), str(calls)]
        code = subprocess.run(command, capture_output=True, check=False).returncode
        opened = Study.open(root)
        assert not (root / JOURNAL).exists()
        if opened.codebook().version == "2024-03":
            assert contents(opened) == before
        else:
            assert {c.codebook_version for c in current(read_codes(opened.codes_path))} == {"2024/04"}
            assert manifest_fits(opened.codes_path)
            assert not opened.gold_path.exists()
            assert len(list(opened.migrations_path.iterdir())) == 1
            assert migrate_study(opened, new_path, DECISIONS)[1] is None
        seen.append(opened.codebook().version)
        if code == 0:
            break
        assert code == 9
    assert code == 0
    # It was killed before the decision and after it, and once it is made it stays.
    assert {"2024-03", "2024/04"} == set(seen[:-1])
    assert seen == sorted(seen)


def test_codes_that_came_after_a_crash_are_not_lost(study: Study, tmp_path: Path) -> None:
    os_replace = os.replace
    journal = study.root / JOURNAL

    def dying(source: Any, target: Any) -> None:
        os_replace(source, target)
        if Path(target).resolve() == journal.resolve():
            raise KeyboardInterrupt

    os.replace = dying  # type: ignore[assignment]
    try:
        with pytest.raises(KeyboardInterrupt):
            replace_together(study.root, {study.codes_path: b"new", study.codebook_path: b"new"})
    finally:
        os.replace = os_replace
    late = Code(study.reports()[0].id, "late", "sector", "building")
    append_codes(study.codes_path, [late])
    opened = Study.open(study.root)
    assert read_codes(opened.codes_path)[-1] == late
    assert opened.codebook().version == "2024-03"
    assert not journal.exists()
    finish_replacing(study.root)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"old": ""}', '{"old": "", "new": "", "decisions": {}}\n{"was": 1}', "\xff"]
)
def test_what_is_no_log(study: Study, tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text, "latin-1")
    with pytest.raises(UserError, match=r"log\.jsonl"):
        undo_study(study, path)
