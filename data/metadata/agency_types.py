"""Types of police bodies, by their names.

``agency_types.tsv`` has the codebook's ids, for each a pattern of names, and the level of the place (1 province,
2 prefecture, 3 county) that means it where no pattern fits. The first line that fits decides: a station of a county's
bureau is a station.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


def agency_type(name: str, level: int | None = None) -> str | None:
    """The type of a body by its (folded) name; ``level`` is that of its place, where it is known."""
    for kind, pattern, _ in _types():
        if pattern.search(name):
            return kind
    return next((kind for kind, _, own in _types() if own == level), None) if level else None


def region_of(name: str) -> str | None:
    """The province of a (folded) body whose name holds no place of the table."""
    if re.search("司法警察局|治安警察局|警察总局|澳门", name):
        return "澳门"
    if re.search("香港|警务处|警区|总区|警署|国家安全处", name):
        return "香港"
    return "新疆" if "兵团" in name else None


@cache
def _types() -> tuple[tuple[str, re.Pattern[str], int | None], ...]:
    lines = (files(__package__) / "agency_types.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return tuple((kind, re.compile(pattern), int(level) if level else None) for kind, pattern, level in rows)
