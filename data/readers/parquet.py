"""Parquet tables, read a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..tables import first_line
from .columns import has_text, no_text, to_fields
from .record import Record, Rejected

SUFFIXES = (".parquet",)
_BATCH = 1024


def read_parquet(path: Path, name: str) -> Iterator[Record | Rejected]:
    """A record a row."""
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowException as error:
        yield Rejected(name, f"cannot be read as Parquet: {first_line(error)}")
        return
    with file:
        names = file.schema_arrow.names
        if not has_text(names):
            yield Rejected(name, no_text(names))
            return
        row = 0
        try:
            for batch in file.iter_batches(batch_size=_BATCH):
                for position in range(batch.num_rows):
                    row += 1
                    where = f"{name}:{row}"
                    try:
                        cells = {n: batch.column(i)[position].as_py() for i, n in enumerate(names)}
                        fields = to_fields(cells)
                    except (UnicodeDecodeError, ValueError, OverflowError) as error:
                        yield Rejected(where, f"holds a value that cannot be read ({first_line(error)})")
                        continue
                    yield Record(fields, where, row=row)
        except (OSError, pa.ArrowException) as error:
            yield Rejected(name, f"is damaged after row {row}: {first_line(error)}")
