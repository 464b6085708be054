"""Several files replaced as one: whoever is killed in between leaves all of them old, or (once opened again) new.

New contents lie beside their places until a journal names them all; writing the journal is the one moment at
which the change becomes true. What was not carried out then, ``finish_replacing`` carries out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from .artifacts import atomic_write, sha256_file, sync, write_json

JOURNAL = ".replacing.json"


def replace_together(folder: Path, contents: Mapping[Path, bytes | None]) -> None:
    """Write several files (None: remove) as one change; ``folder`` holds the journal.

    The caller keeps others from writing the files meanwhile.
    """
    journal = []
    staged: list[Path] = []
    try:
        for path, content in contents.items():
            target = Path(os.path.realpath(path))
            entry = {"target": os.path.relpath(target, folder.resolve()), "before": _hash(target), "staged": None}
            if content is not None:
                beside = target.with_name(f".{target.name}.next")
                with atomic_write(beside) as temporary:
                    temporary.write_bytes(content)
                staged.append(beside)
                entry["staged"] = os.path.relpath(beside, folder.resolve())
            journal.append(entry)
        write_json(folder / JOURNAL, journal)
    except BaseException:
        if not (folder / JOURNAL).exists():  # what was decided is carried out when the study is next opened
            for beside in staged:
                beside.unlink(missing_ok=True)
        raise
    finish_replacing(folder)


def finish_replacing(folder: Path) -> None:
    """Carry out a change that was decided and not finished; nothing where there is none.

    If nothing of it was carried out yet, and someone has written one of the files since, their work stays and the
    change is given up: the files are then as before it.
    """
    journal = folder / JOURNAL
    if not journal.exists():
        return
    entries = json.loads(journal.read_text(encoding="utf-8"))
    staged = [folder / e["staged"] for e in entries if e["staged"]]
    untouched = all(path.exists() for path in staged)
    if untouched and any(_hash(folder / e["target"]) != e["before"] for e in entries if e["staged"]):
        for path in staged:
            path.unlink()
    else:
        for entry in entries:
            target = folder / entry["target"]
            if entry["staged"] is None:
                target.unlink(missing_ok=True)
            elif (folder / entry["staged"]).exists():
                os.replace(folder / entry["staged"], target)
            if os.name == "posix":
                sync(target.parent)
    journal.unlink()


def _hash(path: Path) -> str | None:
    return sha256_file(path) if path.exists() else None


def content_hash(content: bytes) -> str:
    """What ``sha256_file`` gives of a file with this content."""
    return hashlib.sha256(content).hexdigest()
