"""JSON: an object a line, or one array or object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..json_text import RepeatedKey, read_json_text
from .columns import has_text, no_text, to_fields
from .record import Record, Rejected
from .source import damaged, open_text, whole_text

SUFFIXES = (".jsonl", ".ndjson", ".json")


def read_json(path: Path, name: str) -> Iterator[Record | Rejected]:
    """Records of a JSON file.

    A ``.json`` file may hold an array, one report, an object with one list of reports, or an object a line.
    """
    if path.suffix.lower() != ".json":
        yield from _lines(path, name)
        return
    text, encoding = whole_text(path)
    try:
        data = read_json_text(text)
    except (ValueError, RecursionError) as error:
        if "Extra data" in str(error):
            # Many a .json file holds an object a line.
            yield from _lines(path, name)
        else:
            yield Rejected(name, f"is not valid JSON ({error})")
        return
    if isinstance(data, dict) and not has_text(list(data)):
        lists = [v for v in data.values() if isinstance(v, list) and v and all(isinstance(i, dict) for i in v)]
        data = lists[0] if len(lists) == 1 else data
    if isinstance(data, list):
        yield from _objects(((f"{name}#{i}", i, item) for i, item in enumerate(data, 1)), encoding)
    else:
        yield from _objects([(name, None, data)], encoding)


def _lines(path: Path, name: str) -> Iterator[Record | Rejected]:
    # Lines end by LF alone: JSON allows U+2028 and its like in strings.
    file, encoding = open_text(path, newline="\n")
    with file:
        for number, line in enumerate(file, 1):
            line = line.strip("\ufeff \t\r\n\x00\x1a")
            where = f"{name}:{number}"
            if not line:
                continue
            if damaged(line):
                yield Rejected(where, f"holds bytes that are not {encoding}")
                continue
            try:
                item = read_json_text(line)
            except (ValueError, RecursionError) as error:
                yield Rejected(where, f"is not valid JSON ({error})")
                continue
            yield from _objects([(where, number, item)], encoding)


def _objects(items: Iterable[tuple[str, int | None, Any]], encoding: str) -> Iterator[Record | Rejected]:
    for where, row, item in items:
        if not isinstance(item, dict):
            yield Rejected(where, f"is no JSON object but a {type(item).__name__}")
        elif isinstance(item, RepeatedKey):
            yield Rejected(where, f"key {item.key!r} occurs twice; keep one of them")
        elif not has_text(list(item)):
            yield Rejected(where, no_text(list(item)))
        else:
            yield Record(to_fields(item), where, row=row, notes={"encoding": encoding})
