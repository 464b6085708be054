"""Files of codes: Parquet or JSON lines, and only ever appended to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..configs.codebook import Value
from ..configs.errors import UserError
from .artifacts import atomic_write, locked
from .code import CODER_KINDS, PURPOSES, Code, Span, to_json
from .tables import read_rows, write_rows

_SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("text", pa.string()), ("label", pa.string())])
SCHEMA = pa.schema(
    [
        ("code_id", pa.string()),
        ("supersedes", pa.string()),
        ("deleted", pa.bool_()),
        ("report_id", pa.string()),
        ("coder", pa.string()),
        ("coder_kind", pa.string()),
        ("variable", pa.string()),
        ("value", pa.string()),
        ("evidence", pa.list_(_SPAN)),
        ("absence", pa.bool_()),
        ("unsure", pa.bool_()),
        ("note", pa.string()),
        ("at", pa.string()),
        ("lead_time", pa.float64()),
        ("round", pa.int64()),
        ("purpose", pa.string()),
        ("saw_prediction", pa.bool_()),
        ("saw_codes", pa.bool_()),
        ("codebook_version", pa.string()),
    ]
)
REQUIRED = ("report_id", "coder", "variable", "value")
_FIELDS = frozenset(f.name for f in fields(Code))


def read_codes(path: str | Path) -> list[Code]:
    """All codes of a file, in the order they came: Parquet, or JSON lines (``.jsonl``)."""
    path = Path(path)
    if path.suffix == ".jsonl":
        return [code for _, code in _json_lines(path)]
    rows = read_rows(path, SCHEMA, REQUIRED, "file of codes")
    return [_from_row({**row, "value": _json_value(row["value"], path)}, str(path)) for row in rows]


def write_codes(path: str | Path, codes: Sequence[Code]) -> None:
    """Write a new file of codes; to add to one that exists there is ``append_codes``."""
    path = Path(path)
    if path.exists():
        raise UserError(f"{path}: exists already; codes are only ever appended")
    append_codes(path, codes)


def append_codes(path: str | Path, codes: Iterable[Code]) -> int:
    """Append the codes whose ``code_id`` the file does not hold yet; returns how many.

    A code under a known id with other content is refused, and nothing is written then.
    """
    path = Path(path)
    with locked(path):
        old = read_codes(path) if path.exists() else []
        known = {code.code_id: code for code in old}
        new: list[Code] = []
        for code in codes:
            before = known.setdefault(code.code_id, code)
            if before is code:
                new.append(code)
            elif before != code:
                raise UserError(
                    f"{path}: code {code.code_id} (report {code.report_id}, {code.coder}, {code.variable}) "
                    "is there with other content; to change a code, append one that supersedes it"
                )
        if not new and path.exists():
            return 0
        if path.suffix == ".jsonl":
            before_bytes = path.read_bytes() if path.exists() else b""
            if before_bytes and not before_bytes.endswith(b"\n"):
                before_bytes += b"\n"
            lines = "".join(json.dumps(to_json(c), ensure_ascii=False) + "\n" for c in new)
            with atomic_write(path) as temporary:
                temporary.write_bytes(before_bytes + lines.encode())
        else:
            write_rows(path, [_row(code) for code in (*old, *new)], SCHEMA)
        return len(new)


def _json_lines(path: Path) -> Iterator[tuple[int, Code]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: codes cannot be read ({error})") from None
    # Not splitlines(): it also breaks at U+2028 and the like, which JSON allows inside strings.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UserError(f"{where}: is not valid JSON ({error})") from None
            yield number, _from_row(row, where)


def _from_row(row: Mapping[str, Any], where: str) -> Code:
    if not isinstance(row, dict) or any(name not in row or row[name] is None for name in REQUIRED[:3]):
        raise UserError(f"{where}: a code needs {', '.join(REQUIRED)}")
    given = {name: v for name, v in row.items() if name in _FIELDS and (v is not None or name == "value")}
    try:
        given["evidence"] = tuple(
            Span(int(s["start"]), int(s["end"]), str(s["text"]), s.get("label")) for s in given.get("evidence", ())
        )
        code = Code(**given)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise UserError(f"{where}: is no code ({type(error).__name__}: {error})") from None
    for name, value, allowed in (
        ("coder_kind", code.coder_kind, CODER_KINDS),
        ("purpose", code.purpose, PURPOSES),
    ):
        if value not in allowed:
            raise UserError(f"{where}: {name} {value!r} is none of {', '.join(allowed)}")
    return code


def _row(code: Code) -> dict[str, Any]:
    return {**to_json(code), "value": json.dumps(code.value, ensure_ascii=False)}


def _json_value(value: str | None, path: Path) -> Value:
    try:
        parsed: Value = json.loads(value or "null")
    except ValueError:
        raise UserError(f"{path}: value {value!r} is not JSON") from None
    return parsed
