"""What coders have to mend in Label Studio, as a list for each of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..data.artifacts import atomic_write
from ..data.normalize import normalize_line
from .private import private_folder
from .tasks import Problem

FOLDER = "to-mend"
_HEAD = "以下编码需要修改，改完后再次提交即可。\nPlease mend these, and submit each again.\n\n"


@dataclass(frozen=True)
class ToMend:
    """A problem, the round it is of, and where its coder can open it."""

    problem: Problem
    round: int | None
    link: str = ""

    def __str__(self) -> str:
        return normalize_line(f"{self.problem} {self.link}")


def write_to_mend(folder: Path, found: Sequence[ToMend], rooms: Collection[tuple[int | None, str]]) -> tuple[Path, ...]:
    """Write one file a round and coder; of the rooms where nothing is to mend any more the file goes."""
    lists: dict[tuple[int | None, str], list[str]] = {room: [] for room in rooms}
    for one in found:
        lists.setdefault((one.round, one.problem.coder), []).append(str(one))
    written = []
    for (number, coder), lines in sorted(lists.items(), key=str):
        name = re.sub(r"[^\w.@-]", "_", coder)[:80]
        path = folder / FOLDER / f"round-{number} {name}.txt"
        if lines:
            private_folder(folder)
            with atomic_write(path) as temporary:
                temporary.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return tuple(written)
