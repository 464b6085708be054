"""Values of codes as people write them in cells, both ways: generous in what is read, one form in what is written."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from ..configs.codebook import Label, Value, Variable, ordered
from .readers.columns import to_text

YES, NO, NONE, TICK = "是 yes", "否 no", "都不选 none", "√"
_YES = frozenset(("是", "yes", "y", "true", "t", "1", "x", "√", "✓", "✔", "☑", "✅", "对", "有", "是yes"))
_NO = frozenset(("否", "no", "n", "false", "f", "0", "不", "不是", "没有", "无", "☐", "否no"))
_NONE = frozenset(("都不选none", "都不选", "都没有", "都不是", "无", "没有", "none", "[]", "0"))
_BLANK = frozenset(("", "na", "n/a", "nan", "null", "-", "—", "——", "不适用"))
_STRONG = re.compile(r"[;；\n|]")
_WEAK = re.compile(r"[,，、/]")


class Unreadable(ValueError):  # noqa: N818 - it says what the cell is
    """A cell that holds something, but no value of the variable; the message says what it holds."""


def fold(text: str) -> str:
    """One form of what people write alike: width, case, blanks and ``_`` do not count."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if not c.isspace() and c != "_")


def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Key to thing; a key that stands for different things stands for none."""
    found: dict[str, list[Any]] = {}
    for key, thing in pairs:
        things = found.setdefault(key, [])
        if thing not in things:
            things.append(thing)
    return {key: things[0] for key, things in found.items() if len(things) == 1}


def choice(variable: Variable, label: Label) -> str:
    """What coders pick for a label: its id, or its code where labels are in order, and its Chinese name."""
    key = str(variable.label_ids.index(label.id)) if variable.type == "ordinal" else label.id
    return f"{key} {label.name.zh}"


def to_cell(variable: Variable, value: Value) -> str:
    """The cell of a value that fits the variable."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return "; ".join(value) or NONE
    if isinstance(value, int):
        return choice(variable, variable.labels[value])
    return choice(variable, variable.label(value)) if value and variable.type == "nominal" else value or ""


def from_cell(variable: Variable, cell: Any) -> Value:
    """The value a cell holds, None if it is blank. Raises ``Unreadable``.

    Values of tables that have types are taken as they are where they fit. Text stands as it was written; yes and no
    are read in the words and ticks people use, labels by id, Chinese or English name, codes in any digits.
    """
    if not isinstance(cell, str) and variable.check(cell) is None:
        return ordered(variable, cell) if isinstance(cell, list) else cell
    text = to_text(cell)
    if variable.type == "text":
        return text if text.strip() else None
    if variable.type == "binary":
        return tick(text)
    labels = _labels(variable)
    position = _find(labels, text)
    if position is None and fold(text) in _BLANK:
        return None
    if variable.type == "multi":
        return _several(variable, labels, text)
    if position is None:
        raise Unreadable(f"{_shown(text)} is no label of {variable.id} ({', '.join(_offered(variable))})")
    return position if variable.type == "ordinal" else variable.label_ids[position]


def tick(cell: Any) -> bool | None:
    """Yes, no or blank. Raises ``Unreadable``."""
    key = fold(to_text(cell))
    if key in _YES or key in _NO:
        return key in _YES
    if key in _BLANK:
        return None
    raise Unreadable(f"{_shown(to_text(cell))} is neither yes nor no (是 / 否)")


def _labels(variable: Variable) -> dict[str, int]:
    """What a label may be called, folded, to its position; what is meant for cells goes before names."""
    numbered = enumerate(variable.labels)
    meant = [(name, i) for i, lab in numbered for name in (choice(variable, lab), lab.id)]
    if variable.type == "ordinal":
        meant += [(str(i), i) for i in range(len(variable.labels))]
    names = [(name, i) for i, lab in enumerate(variable.labels) for name in (lab.name.zh, lab.name.en)]
    folded = ({fold(name): i for name, i in unique(pairs).items()} for pairs in (names, meant))
    return {**next(folded), **next(folded), **dict(meant)}


def _find(labels: Mapping[str, int], text: str) -> int | None:
    bare = text.strip()
    return labels.get(bare, labels.get(re.sub(r"^(\d+)\.0+$", r"\1", fold(bare))))


def _several(variable: Variable, labels: Mapping[str, int], text: str) -> list[str]:
    if _find(labels, text) is None and fold(text) in _NONE:
        return []
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, list) and all(isinstance(item, str) for item in parsed):
        parts = parsed
    else:
        # Names may hold commas: they part labels only where the whole is none.
        strong = [part for part in _STRONG.split(text) if part.strip()]
        parts = [p for s in strong for p in ([s] if _find(labels, s) is not None else _WEAK.split(s)) if p.strip()]
    positions = [_find(labels, part) for part in parts]
    unknown = [_shown(part) for part, position in zip(parts, positions, strict=True) if position is None]
    if unknown:
        raise Unreadable(f"{', '.join(unknown)}: no label of {variable.id} ({', '.join(_offered(variable))})")
    return ordered(variable, [variable.label_ids[p] for p in positions if p is not None])


def _offered(variable: Variable) -> list[str]:
    return [choice(variable, label) for label in variable.labels[:5]] + (["…"] if len(variable.labels) > 5 else [])


def _shown(text: str) -> str:
    return ascii(text[:40]) if not text[:40].isprintable() else repr(text[:40])
