"""The sampling design: ONE seeded permutation of the reprint groups, which everything is drawn along.

Each time groups come in, the new ones are permuted among themselves and appended as a batch (``stratum``);
ranks given once stay. The first groups of a batch are sealed, as many as keep the sealed share of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..configs.errors import UserError
from .tables import read_rows, write_rows

SCHEMA = pa.schema(
    [
        ("reprint_group", pa.string()),
        ("rank", pa.int64()),
        ("stratum", pa.string()),
        ("inclusion_prob", pa.float64()),
        ("purpose", pa.string()),
        ("round", pa.int64()),
        ("strategy", pa.string()),
        ("seed", pa.int64()),
        ("reason", pa.string()),
        ("report_id", pa.string()),
        ("score", pa.float64()),
    ]
)


@dataclass(frozen=True)
class DesignRow:
    """The place of one reprint group in the design."""

    reprint_group: str
    rank: int
    """From 0, in the one permutation."""
    stratum: str | None
    """The batch it came in: within it, order is random."""
    inclusion_prob: float | None
    """Within the batch. Of sealed groups, and of those the probability sample has come to; else None."""
    purpose: str
    """``sealed`` or ``train``; later steps may draw ``probability`` and others from the latter."""
    round: int | None
    strategy: str | None
    seed: int
    reason: str
    """Of a group that was selected: a line in Chinese, a line in English."""
    report_id: str | None = None
    """The report that stands for a group that was selected."""
    score: float | None = None
    """Why it was selected, as a number; None where chance decided."""


def draw_design(groups: Mapping[str, str], seed: int, sealed_share: float = 0.2) -> list[DesignRow]:
    """A design of the groups of a corpus (report id → group), the same whatever the order of reports.

    The first ``ceil(sealed_share * n)`` ranks are sealed.
    """
    return extend_design([], groups, seed, sealed_share)


def extend_design(
    rows: Sequence[DesignRow], groups: Mapping[str, str], seed: int, sealed_share: float = 0.2
) -> list[DesignRow]:
    """The design with the groups it lacks appended; rows that are there stay as they are."""
    if seed < 0:
        raise UserError(f"seed {seed}: a seed is 0 or more")
    if not 0 <= sealed_share < 1:
        raise UserError(f"sealed_share {sealed_share}: a share is from 0 to less than 1")
    rows = sorted(rows, key=lambda row: row.rank)
    known = {row.reprint_group for row in rows}
    new = sorted(set(groups.values()) - known)
    if not new:
        return rows
    # A stream of its own for each batch: what came before fixes it, the order of files does not.
    generator = np.random.Generator(np.random.PCG64([seed, len(rows)]))
    permuted = [new[i] for i in generator.permutation(len(new))]
    sealed_before = sum(row.purpose == "sealed" for row in rows)
    # Rounded first: 0.2 * 15 is a hair above 3, and its ceiling would be 4.
    wanted = ceil(round(sealed_share * (len(rows) + len(new)), 9))
    n_sealed = min(max(wanted - sealed_before, 0), len(new))
    batch = len({row.stratum for row in rows}) + 1
    start = rows[-1].rank + 1 if rows else 0
    return [
        *rows,
        *(
            DesignRow(
                reprint_group=group,
                rank=start + i,
                stratum=f"batch {batch}",
                inclusion_prob=n_sealed / len(new) if i < n_sealed else None,
                purpose="sealed" if i < n_sealed else "train",
                round=None,
                strategy="permutation",
                seed=seed,
                reason=f"{i + 1} of {len(new)} in the random order of batch {batch}",
            )
            for i, group in enumerate(permuted)
        ),
    ]


def write_design(path: str | Path, rows: Iterable[DesignRow]) -> None:
    """Write a design as Parquet, atomically."""
    write_rows(path, [asdict(row) for row in rows], SCHEMA)


def read_design(path: str | Path) -> list[DesignRow]:
    """Read a design, in order of rank."""
    needed = ("reprint_group", "rank", "purpose", "seed")
    rows = [DesignRow(**row) for row in read_rows(path, SCHEMA, needed, "design")]
    return sorted(rows, key=lambda row: row.rank)
