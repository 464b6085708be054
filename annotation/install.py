"""Label Studio in an environment of its own: it pins dozens of packages that weijing needs in other versions."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..configs.errors import UserError
from ..data.artifacts import atomic_write, locked, text_hash

LABEL_STUDIO = "label-studio>=1.23.2,<1.24"
"""What this package was tested with; about 1 GB when installed."""

Progress = Callable[[str, int, int], None]
_USUAL_SECONDS = 120
_SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def label_studio(progress: Progress = lambda what, done, total: None) -> Path:
    """The program, installed on first use. Safe when several processes ask at once.

    Raises ``UserError`` if it cannot be installed.
    """
    from ..models.encoders.embedded import cache_folder  # loads torch

    home = cache_folder() / "label-studio"
    name = f"py{sys.version_info.major}.{sys.version_info.minor}-{text_hash(LABEL_STUDIO)}"
    # An environment cannot be moved, so a file says which one is whole. A pip that outlives a killed process goes on
    # writing to a folder that nobody will use.
    pointer = home / f"{name}.whole"
    with locked(pointer):
        if pointer.exists():
            program = home / pointer.read_text(encoding="utf-8") / _SCRIPTS / "label-studio"
            # Also after the Python it was made from went away.
            if program.with_name("python").exists() and program.exists():
                return program
        for left_over in home.glob(f"{name}-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        folder = home / f"{name}-{secrets.token_hex(4)}"
        log = home / f"{name}.log"
        with log.open("wb") as output:
            _run([sys.executable, "-I", "-m", "venv", str(folder)], output.fileno(), log, progress)
            python = str(folder / _SCRIPTS / "python")
            _run([python, "-I", "-m", "pip", "install", LABEL_STUDIO], output.fileno(), log, progress)
        with atomic_write(pointer) as temporary:
            temporary.write_text(folder.name, encoding="utf-8")
        return folder / _SCRIPTS / "label-studio"


def _run(command: list[str], output: int, log: Path, progress: Progress) -> None:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    started = time.monotonic()
    try:
        while process.poll() is None:
            passed = int(time.monotonic() - started)
            progress("install Label Studio, s", passed, max(_USUAL_SECONDS, passed + 1))
            time.sleep(0.5)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        why = next((line for line in reversed(lines) if "ERROR" in line), lines[-1] if lines else "no reason given")
        raise UserError(f"Label Studio could not be installed ({why.strip()[:300]}); all that was said: {log}")
