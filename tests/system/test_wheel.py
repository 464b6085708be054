"""The package as people get it: a wheel, away from the checkout, with the coder that comes in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = "某县公安局的微信公众号开通了“我要报案”。市民上传材料后，民警当天登记受理，并在微信里回复受案回执。"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # From a copy: a build must leave the checkout as it was.
    source = tmp_path_factory.mktemp("source") / "weijing"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(source)],
        check=True, timeout=300,
    )  # fmt: skip
    (found,) = out.glob("weijing-*.whl")
    return found


def test_the_wheel_holds_the_default_coder_and_stays_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        sizes = {i.filename: i.file_size for i in packed.infolist()}
    inside = {n.rsplit("/", 1)[1] for n in sizes if n.startswith("weijing/models/default/")}
    assert {"model.safetensors", "config.json", "codebook.yaml", "README.md", "manifest.json"} <= inside
    assert sizes["weijing/models/default/model.safetensors"] <= 10_000_000
    assert not [n for n in sizes if n.endswith((".bin", ".pt", ".pkl", ".pickle"))]
    assert not [n for n in sizes if n.startswith(("tests/", "benchmarks/", "weijing/tests"))]


@pytest.mark.slow
def test_it_codes_a_file_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(installed), str(wheel)],
        check=True, timeout=300,
    )  # fmt: skip
    (work / "report.txt").write_text(TEXT, encoding="utf-8")
    run = "import sys, weijing; print(weijing.__file__, file=sys.stderr); from weijing.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", run, "classify", "report.txt", "-o", "codes.jsonl"],
        cwd=work, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PYTHONPATH": str(installed), "XDG_DATA_HOME": str(tmp_path / "share")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stderr
    assert "validate on 100 of your own reports" in done.stdout
    (row,) = [json.loads(line) for line in (work / "codes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert row["relevant"] is True
    assert "crime_reporting" in row["functions"]
    assert row["depth"] == 3
    assert any(e["text"] and e["text"] in TEXT for e in row["evidence"])
