"""Parquet tables with a fixed schema, read and written in one way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..configs.errors import UserError
from .artifacts import atomic_write

# Small enough that a reader who streams a corpus of long reports holds little of it at a time.
ROW_GROUP = 4096


def write_rows(path: str | Path, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> None:
    """Write rows as Parquet, atomically."""
    try:
        table = pa.Table.from_pylist(list(rows), schema=schema)
    except UnicodeEncodeError as error:
        raise UserError(
            f"{path}: text holds half a character (a lone surrogate) after {_before(error)!r}; "
            "clean it with weijing.data.normalize.normalize_text"
        ) from None
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UserError(f"{path}: a value does not fit its column ({error})") from None
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=ROW_GROUP)


def read_rows(path: str | Path, schema: pa.Schema, required: Sequence[str], what: str) -> list[dict[str, Any]]:
    """Read all rows; columns that the file lacks are None, columns it has besides are left out."""
    return list(iter_rows(path, schema, required, what))


def iter_rows(path: str | Path, schema: pa.Schema, required: Sequence[str], what: str) -> Iterator[dict[str, Any]]:
    """Like ``read_rows``, holding only a part of the file at a time. ``what`` names it in messages."""
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file ({what})") from None
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({what}): {first_line(error)}") from None
    with file:
        names = set(file.schema_arrow.names)
        missing = [name for name in required if name not in names]
        if missing:
            raise UserError(f"{path}: is no {what}; column(s) missing: {', '.join(missing)}")
        columns = [name for name in schema.names if name in names]
        empty = dict.fromkeys(schema.names)
        try:
            for batch in file.iter_batches(batch_size=ROW_GROUP, columns=columns):
                for row in batch.to_pylist():
                    yield {**empty, **row}
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise UserError(f"{path}: is damaged ({what}): {first_line(error)}") from None


def first_line(error: BaseException) -> str:
    """The first line of an error's message: Arrow writes whole paragraphs."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _before(error: UnicodeEncodeError) -> str:
    return str(error.object)[max(0, error.start - 10) : error.start]
