"""The corpus: one row a report, and the one text that every offset counts in.

``text`` is what coders see and the classifier reads, and offsets are code points of it. Importing puts a
title that is not already the text's first line in front of it (and says so in ``extra["title_prepended"]``),
so that there is one text with one set of offsets; ``title`` keeps the title by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..configs.errors import UserError
from .artifacts import text_hash
from .tables import iter_rows, write_rows

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source_id", pa.string()),
        pa.field("content_hash", pa.string(), nullable=False),
        # Plain strings end at 2 GiB a chunk, which a corpus may pass.
        pa.field("text", pa.large_string(), nullable=False),
        *(
            pa.field(name, pa.string())
            for name in (
                "title", "outlet", "url", "date", "doc_type", "province", "prefecture", "county", "agency",
                "agency_type", "vendor", "status", "reprint_group",
            )
        ),
        pa.field("extra", pa.string()),
        pa.field("provenance", pa.string()),
    ]
)  # fmt: skip

DESCRIPTIVE = tuple(n for n in SCHEMA.names if n not in ("id", "content_hash", "text", "extra", "provenance"))
"""The columns that say something about a report and may be missing."""


@dataclass(frozen=True)
class Report:
    """One report of the corpus. What is not known is None, never an empty string."""

    id: str
    text: str
    source_id: str | None = None
    content_hash: str = ""
    """Hash of the text; filled in."""
    title: str | None = None
    outlet: str | None = None
    url: str | None = None
    date: str | None = None
    """ISO, as precise as known: ``2019``, ``2019-05`` or ``2019-05-12``; or as the source has it."""
    doc_type: str | None = None
    province: str | None = None
    prefecture: str | None = None
    county: str | None = None
    agency: str | None = None
    agency_type: str | None = None
    vendor: str | None = None
    status: str | None = None
    reprint_group: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    """What the source said besides, and notes of the import."""
    provenance: dict[str, str] = field(default_factory=dict)
    """Field to where it comes from: ``source``, or the name of an extractor."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "content_hash", text_hash(self.text))
        for name in DESCRIPTIVE:
            if getattr(self, name) == "":
                object.__setattr__(self, name, None)


def read_corpus(path: str | Path) -> list[Report]:
    """All reports of a corpus file."""
    return list(iter_corpus(path))


def iter_corpus(path: str | Path) -> Iterator[Report]:
    """The reports of a corpus file, a part of it in memory at a time."""
    for row in iter_rows(path, SCHEMA, ("id", "text"), "corpus"):
        stored = row.pop("content_hash")
        row["extra"] = json.loads(row["extra"] or "{}")
        row["provenance"] = json.loads(row["provenance"] or "{}")
        if row["id"] is None or row["text"] is None:
            raise UserError(f"{path}: a row has no id or no text")
        report = Report(**row)
        if stored is not None and stored != report.content_hash:
            raise UserError(f"{path}: the text of report {report.id} was changed outside weijing (hash differs)")
        yield report


def write_corpus(path: str | Path, reports: Iterable[Report]) -> None:
    """Write a corpus file, atomically. Ids must be unique."""
    rows: dict[str, dict[str, Any]] = {}
    for report in reports:
        if report.id in rows:
            raise UserError(f"{path}: id {report.id} occurs twice in the corpus")
        rows[report.id] = _row(report)
    write_rows(path, list(rows.values()), SCHEMA)


def _row(report: Report) -> dict[str, Any]:
    row = {f.name: getattr(report, f.name) for f in fields(report)}
    # Escaped, so that a value that is no valid Unicode can be stored too.
    row["extra"] = json.dumps(report.extra, sort_keys=True)
    row["provenance"] = json.dumps(report.provenance, sort_keys=True)
    return row


@dataclass(frozen=True)
class Merged:
    """A corpus after new reports came in; the other fields hold ids, in the order they came."""

    reports: tuple[Report, ...]
    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    changed: tuple[str, ...]
    """New text under a known id: a new version, and spans of older codes may no longer fit."""
    updated: tuple[str, ...]
    """Same text; the source now says something else about the report."""
    replaced: tuple[Report, ...]
    """The old versions of ``changed``."""


def merge(old: Iterable[Report], new: Iterable[Report]) -> Merged:
    """Bring new reports into a corpus. Reports keep their place; new ones follow in their order.

    With the text unchanged, fields that the new record leaves open keep their value (a step may have
    extracted them since). With new text the new record stands alone: extracted fields came from the old text.
    """
    reports = {report.id: report for report in old}
    added: list[str] = []
    unchanged: list[str] = []
    changed: list[str] = []
    updated: list[str] = []
    replaced: list[Report] = []
    for report in new:
        before = reports.get(report.id)
        if before is None:
            added.append(report.id)
        elif before.content_hash != report.content_hash:
            changed.append(report.id)
            replaced.append(before)
        else:
            report = _overlaid(before, report)
            (unchanged if report == before else updated).append(report.id)
        reports[report.id] = report
    return Merged(
        tuple(reports.values()),
        tuple(added),
        tuple(unchanged),
        tuple(changed),
        tuple(updated),
        tuple(replaced),
    )


def _overlaid(before: Report, report: Report) -> Report:
    known = {n: v for n in DESCRIPTIVE if n != "reprint_group" and (v := getattr(report, n)) is not None}
    return replace(
        before,
        **known,
        extra={**before.extra, **report.extra},
        provenance={**before.provenance, **{n: o for n, o in report.provenance.items() if n in known}},
    )
