"""Predictions as rows, and the files they are written to: .jsonl, .csv or .parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..configs.codebook import Codebook, Variable
from ..configs.errors import UserError
from ..data.artifacts import atomic_write
from ..data.report import Report
from ..models.coding import Coding

SUFFIXES = (".jsonl", ".csv", ".parquet")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def prediction_row(report: Report, coding: Coding, codebook: Codebook, model: str, group: str | None) -> dict[str, Any]:
    """The row of one report; column order as in ``schema``."""
    row: dict[str, Any] = {"id": report.id}
    for variable in codebook.learned:
        row[variable.id] = coding.values[variable.id]
        row[f"{variable.id}_prob"] = coding.probs[variable.id]
    row["abstain"] = coding.abstain
    row["evidence"] = [
        {
            "variable": e.variable,
            "value": e.value,
            "start": e.start,
            "end": e.end,
            "text": e.text,
            "weight": e.weight,
        }
        for e in coding.evidence
    ]
    row["reprint_group"] = group
    row["n_windows"] = coding.n_windows
    row["chars_unread"] = coding.chars_unread
    row["unknown_chars"] = len(coding.unknown_chars)
    row["model"] = model
    row["codebook_version"] = codebook.version
    return row


def _number(variable: Variable) -> pa.DataType:
    return pa.float32()


def _by_label(variable: Variable) -> pa.DataType:
    return pa.struct([(label, pa.float32()) for label in variable.label_ids])


def schema(codebook: Codebook) -> pa.Schema:
    """The Parquet schema of predictions by a codebook."""
    types: dict[str, tuple[pa.DataType, Callable[[Variable], pa.DataType]]] = {
        "binary": (pa.bool_(), _number),
        "multi": (pa.list_(pa.string()), _by_label),
        "nominal": (pa.string(), _by_label),
        "ordinal": (pa.int8(), lambda v: pa.list_(pa.float32())),
    }
    fields = [pa.field("id", pa.string(), nullable=False)]
    for variable in codebook.learned:
        value, prob = types[variable.type]
        fields += [pa.field(variable.id, value), pa.field(f"{variable.id}_prob", prob(variable))]
    evidence = pa.struct(
        [
            ("variable", pa.string()),
            ("value", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("text", pa.string()),
            ("weight", pa.float32()),
        ]
    )
    form = pa.schema(
        [
            *fields,
            pa.field("abstain", pa.list_(pa.string())),
            pa.field("evidence", pa.list_(evidence)),
            pa.field("reprint_group", pa.string()),
            pa.field("n_windows", pa.int32()),
            pa.field("chars_unread", pa.int64()),
            pa.field("unknown_chars", pa.int32()),
            pa.field("model", pa.string()),
            pa.field("codebook_version", pa.string()),
        ]
    )
    taken = sorted({name for name in form.names if form.names.count(name) > 1})
    if taken:
        raise UserError(f"codebook {codebook.name}: two columns of the predictions would be called {', '.join(taken)}")
    return form


def check_suffix(path: Path) -> None:
    """Raise ``UserError`` unless predictions can be written to a file of this name."""
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path}: predictions are written as {', '.join(SUFFIXES)}; choose one of these endings")


def write_predictions(path: Path, rows: Iterable[dict[str, Any]], codebook: Codebook) -> int:
    """Write rows as they come, by the file's suffix; the file appears when all are written. Returns their number."""
    check_suffix(path)
    writer = {".jsonl": _write_jsonl, ".csv": _write_csv, ".parquet": _write_parquet}[path.suffix.lower()]
    with atomic_write(path) as temporary:
        return writer(temporary, rows, schema(codebook))


def read_predictions(path: Path) -> list[dict[str, Any]]:
    """The rows of a .jsonl or .parquet file of predictions."""
    try:
        if path.suffix.lower() == ".parquet":
            return pq.read_table(path).to_pylist()  # type: ignore[no-any-return]
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: predictions cannot be read ({str(error).splitlines()[0]})") from None


def _write_jsonl(path: Path, rows: Iterable[dict[str, Any]], _: pa.Schema) -> int:
    n = 0
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
            n += 1
    return n


def _write_csv(path: Path, rows: Iterable[dict[str, Any]], form: pa.Schema) -> int:
    n = 0
    # The byte order mark makes spreadsheets read the file as UTF-8.
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(form.names)
        for row in rows:
            writer.writerow([_cell(row[name]) for name in form.names])
            n += 1
    return n


def _cell(value: Any) -> Any:
    """Words joined by "|", other lists (empty ones too) as JSON; text that a spreadsheet would run is quoted."""
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        value = "|".join(value)
    elif isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in _FORMULA:
        return "'" + value
    return value


def _write_parquet(path: Path, rows: Iterable[dict[str, Any]], form: pa.Schema) -> int:
    n = 0
    with pq.ParquetWriter(path, form) as writer:
        for chunk in _chunks(rows, 1000):
            writer.write_table(pa.Table.from_pylist(chunk, schema=form))
            n += len(chunk)
    return n


def _chunks(rows: Iterable[dict[str, Any]], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
