"""Check types (mypy strict) and rooms (import-linter) of the package as it looks when installed.

An editable install maps `weijing.*` to the top-level folders, which neither tool follows: the mapping of pyproject.toml
is laid out in a temporary folder, as in a wheel. Looking at nothing is a failure, too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "pyproject.toml"


def lay_out(place: Path) -> Path:
    """Copy the package's folders to where their names say; returns the package's folder."""
    folders = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["tool"]["setuptools"]["package-dir"]
    ignored = shutil.ignore_patterns("__pycache__", "*.jsonl")
    for name, folder in sorted(folders.items()):
        shutil.copytree(ROOT / folder, place / Path(*name.split(".")), ignore=ignored, dirs_exist_ok=True)
    return place / "weijing"


def main() -> int:
    """0 if both tools looked at modules and found nothing wrong."""
    with tempfile.TemporaryDirectory() as name:
        package = lay_out(Path(name))
        types = run([sys.executable, "-m", "mypy", "-p", "weijing", "--config-file", str(CONFIG)], package)
        rooms = run(
            [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(CONFIG)], package
        )
    looked = re.search(r"in (\d+) source file|checked (\d+) source file", types.stdout)
    modules = int(next(g for g in looked.groups() if g)) if looked else 0
    analysed = re.search(r"Analyzed (\d+) files", rooms.stdout)
    files = int(analysed.group(1)) if analysed else 0
    print(f"types: {modules} modules, rooms: {files} files")
    return types.returncode or rooms.returncode or int(not modules or not files)


def run(command: list[str], package: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool beside the laid-out package, and pass on what it says."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}
    done = subprocess.run(command, cwd=package.parent, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print((done.stdout + done.stderr).replace(f"{package}/", ""), end="")
    return done


if __name__ == "__main__":
    sys.exit(main())
