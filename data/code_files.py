"""Files of codes: Parquet or JSON lines, and only ever appended to."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..configs.codebook import Value
from ..configs.errors import UserError
from .artifacts import atomic_write, locked
from .code import CODER_KINDS, PURPOSES, Code, Span, to_json
from .json_text import RepeatedKey, read_json_text
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
_SPAN_FIELDS = frozenset(f.name for f in fields(Span))
_FLAGS = ("absence", "unsure", "deleted", "saw_prediction", "saw_codes")
_TEXTS = tuple(n for n in SCHEMA.names if n not in ("value", "evidence", "lead_time", "round", *_FLAGS))
_LARGEST = 2**63 - 1


def read_codes(path: str | Path) -> list[Code]:
    """All codes of a file, in the order they came: Parquet, or JSON lines (``.jsonl``)."""
    path = Path(path)
    if _is_json_lines(path):
        return list(_json_lines(path))
    rows = read_rows(path, SCHEMA, REQUIRED, "file of codes")
    # pandas keeps its index in a column of its own, such as __index_level_0__.
    others = [name for name in pq.read_schema(path).names if not name.startswith("__")]
    _refuse_unknown(others, _FIELDS, str(path))
    return [
        from_json({**row, "value": _json_value(row["value"], path)}, f"{path}: row {number}")
        for number, row in enumerate(rows, 1)
    ]


def write_codes(path: str | Path, codes: Sequence[Code]) -> None:
    """Write a new file of codes; to add to one that exists there is ``append_codes``."""
    path = Path(path)
    if path.exists():
        raise UserError(f"{path}: exists already; codes are only ever appended")
    append_codes(path, codes)


def append_codes(path: str | Path, codes: Iterable[Code]) -> int:
    """Append the codes whose ``code_id`` the file does not hold yet; returns how many.

    A code under a known id with other content is refused, and so is one that could not be read back; nothing is
    written then.
    """
    path = Path(path)
    with locked(path):
        old = read_codes(path) if path.exists() else []
        known = {code.code_id: code for code in old}
        new: list[Code] = []
        for code in codes:
            before = known.setdefault(code.code_id, code)
            if before is code:
                from_json(to_json(code), f"{path}: code {code.code_id}")
                new.append(code)
            elif before != code:
                raise UserError(
                    f"{path}: code {code.code_id} (report {code.report_id}, {code.coder}, {code.variable}) "
                    "is there with other content; to change a code, append one that supersedes it"
                )
        if not new and path.exists():
            return 0
        if _is_json_lines(path):
            before_bytes = path.read_bytes() if path.exists() else b""
            if before_bytes and not before_bytes.endswith(b"\n"):
                before_bytes += b"\n"
            lines = "".join(json.dumps(to_json(c), ensure_ascii=False) + "\n" for c in new)
            with atomic_write(path) as temporary:
                temporary.write_bytes(before_bytes + lines.encode())
        else:
            write_rows(path, [_row(code) for code in (*old, *new)], SCHEMA)
        return len(new)


def _is_json_lines(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in (".jsonl", ".parquet"):
        raise UserError(f"{path}: codes are kept as .jsonl (an object a line) or .parquet; use such a file")
    return suffix == ".jsonl"


def _json_lines(path: Path) -> Iterator[Code]:
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: codes cannot be read (is no regular file)")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: codes cannot be read (not UTF-8); save the file as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: codes cannot be read ({error.strerror})") from None
    # Not splitlines(): it also breaks at U+2028 and the like, which JSON allows inside strings.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            try:
                row = read_json_text(line)
            except (ValueError, RecursionError) as error:
                raise UserError(f"{where}: is not valid JSON ({error})") from None
            if isinstance(row, RepeatedKey):
                raise UserError(f"{where}: key {row.key!r} occurs twice; keep one of them")
            yield from_json(row, where)


def from_json(row: Mapping[str, Any], where: str) -> Code:
    """The code that ``to_json`` made a row of; ``where`` is used in messages."""
    if not isinstance(row, dict) or "value" not in row or any(row.get(name) is None for name in REQUIRED[:3]):
        raise UserError(f"{where}: a code needs {', '.join(REQUIRED)}")
    _refuse_unknown(row, _FIELDS, where)
    given = {name: v for name, v in row.items() if v is not None or name == "value"}
    for name in _TEXTS:
        if name in given:
            given[name] = _text(given[name], f"{where}: {name}", half_ok=name == "note")
    for name in _FLAGS:
        if not isinstance(given.get(name, False), bool):
            raise UserError(f"{where}: {name} should be true or false (found {_short(given[name])})")
    if "round" in given:
        given["round"] = _whole(given["round"], f"{where}: round")
    if "lead_time" in given:
        given["lead_time"] = _number(given["lead_time"], f"{where}: lead_time")
    evidence = given.get("evidence", [])
    if not isinstance(evidence, list):
        raise UserError(f"{where}: evidence should be a list of spans (found {_short(evidence)})")
    given["evidence"] = tuple(_span(s, f"{where}: evidence") for s in evidence)
    try:
        code = Code(**given)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise UserError(f"{where}: is no code ({type(error).__name__}: {error})") from None
    for name, value, allowed in (
        ("coder_kind", code.coder_kind, CODER_KINDS),
        ("purpose", code.purpose, PURPOSES),
    ):
        if value not in allowed:
            raise UserError(f"{where}: {name} {value!r} is none of {', '.join(allowed)}")
    return code


def _refuse_unknown(names: Iterable[str], known: Collection[str], where: str) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = ", ".join(_short(name) for name in unknown[:5])
        raise UserError(
            f"{where}: no field is called {listed}; correct or delete it (known: {', '.join(sorted(known))})"
        )


def _span(given: Any, where: str) -> Span:
    if not isinstance(given, dict) or any(given.get(name) is None for name in ("start", "end", "text")):
        raise UserError(f"{where}: a span needs start, end and text (found {_short(given)})")
    _refuse_unknown(given, _SPAN_FIELDS, where)
    label = given.get("label")
    return Span(
        _whole(given["start"], f"{where}: start"),
        _whole(given["end"], f"{where}: end"),
        _text(given["text"], f"{where}: text"),
        None if label is None else _text(label, f"{where}: label"),
    )


def _text(given: Any, where: str, half_ok: bool = False) -> str:
    """Text as it is; ``half_ok`` where half characters are mended later."""
    if not isinstance(given, str):
        raise UserError(f"{where} should be text (found {_short(given)})")
    if not half_ok and any("\ud800" <= char <= "\udfff" for char in given):
        raise UserError(f"{where} holds half a character (a lone surrogate): {_short(given)}")
    return given


def _whole(given: Any, where: str) -> int:
    # Tables with gaps turn 1 into 1.0.
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or abs(given) > _LARGEST:
        raise UserError(f"{where} should be a whole number (found {_short(given)})")
    return given


def _number(given: Any, where: str) -> float | None:
    """Not a number is how tables say that there is none."""
    if not isinstance(given, int | float) or isinstance(given, bool) or abs(given) > _LARGEST:
        raise UserError(f"{where} should be a number (found {_short(given)})")
    return None if math.isnan(given) else float(given)


def _short(value: Any) -> str:
    try:
        shown = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits
        return f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def _row(code: Code) -> dict[str, Any]:
    return {**to_json(code), "value": json.dumps(code.value, ensure_ascii=False)}


def _json_value(value: str | None, path: Path) -> Value:
    try:
        parsed: Value = json.loads(value or "null")
    except (ValueError, RecursionError):
        raise UserError(f"{path}: value {value!r} is not JSON") from None
    return parsed
