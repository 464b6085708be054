"""From records of source files to reports of the corpus."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .artifacts import text_hash
from .hanzi import hanzi_share
from .normalize import normalize_line, normalize_text
from .readers import Record, Rejected, printable, read
from .report import DESCRIPTIVE, Report

_OWN_COLUMNS = ("content_hash", "reprint_group", "provenance")
"""Columns of a corpus file that are made here, and so not taken from a corpus that is imported."""


@dataclass(frozen=True)
class ImportResult:
    """What came in, what did not and why, and how many of which."""

    reports: tuple[Report, ...]
    rejected: tuple[Rejected, ...]
    counts: dict[str, int]
    """``accepted``, ``rejected``, ``exact_duplicates`` (among the rejected), ``title_prepended``,
    ``mostly_not_chinese``."""


def import_reports(
    paths: Iterable[str | Path] | str | Path,
    collection: str | None = None,
    recursive: bool = True,
    leave_out: Collection[str | Path] = (),
) -> ImportResult:
    """Read, normalise and check reports.

    ``collection`` begins the ids of reports that have none of their own.
    Its default is the name of the folder that is read, or that the file lies in, so that a folder and its
    files named one by one give the same ids. ``leave_out`` names files and folders that are not read.
    """
    reports: list[Report] = []
    rejected: list[Rejected] = []
    counts: Counter[str] = Counter(accepted=0, rejected=0, exact_duplicates=0, title_prepended=0, mostly_not_chinese=0)
    for item in iter_reports(paths, collection, recursive, leave_out):
        if isinstance(item, Rejected):
            rejected.append(item)
            counts["rejected"] += 1
            counts["exact_duplicates"] += item.reason.startswith("exact duplicate")
        else:
            reports.append(item)
            counts["accepted"] += 1
            counts.update(note for note in ("title_prepended", "mostly_not_chinese") if note in item.extra)
    return ImportResult(tuple(reports), tuple(rejected), dict(counts))


def iter_reports(
    paths: Iterable[str | Path] | str | Path,
    collection: str | None = None,
    recursive: bool = True,
    leave_out: Collection[str | Path] = (),
) -> Iterator[Report | Rejected]:
    """The same as a stream, for inputs that do not fit in memory: only the ids are kept."""
    seen: dict[str, tuple[str, str]] = {}
    collection = printable(collection) if collection else None
    for item in read(paths, recursive, leave_out):
        if isinstance(item, Rejected):
            yield item
            continue
        report = to_report(item, collection)
        if isinstance(report, Rejected):
            yield report
            continue
        # Records that differ only in what is said about the text are no exact duplicates either.
        content = text_hash("\0".join((report.content_hash, *(getattr(report, n) or "" for n in DESCRIPTIVE))))
        before = seen.setdefault(report.id, (content, item.where))
        if before[1] == item.where:
            yield report
        elif before[0] == content:
            yield Rejected(item.where, f"exact duplicate of id {report.id} at {before[1]}")
        else:
            yield Rejected(item.where, f"id {report.id} is already used at {before[1]}, with other content")


def to_report(record: Record, collection: str | None = None) -> Report | Rejected:
    """The report a record describes, normalised."""
    fields = {_name(n): v for n, v in record.fields.items() if n not in _OWN_COLUMNS}
    text = normalize_text(fields.pop("text", ""))
    if not text:
        return Rejected(record.where, "no text")
    own_id = normalize_line(fields.pop("id", ""))
    row = "" if record.row is None else f"#{record.row}"
    known = {n: v for n in DESCRIPTIVE if n in fields and (v := normalize_line(fields.pop(n)))}
    extra = _extra(fields, record)
    title = known.get("title")
    if title and _bare(title) != _bare(text.split("\n", 1)[0]):
        # One text with one set of offsets: coders and classifier see the title as its first line.
        text = f"{title}\n{text}"
        extra["title_prepended"] = "1"
    if hanzi_share(text) < 0.5:
        extra["mostly_not_chinese"] = "1"
    values: dict[str, Any] = {"source_id": own_id or None, **known}
    return Report(
        id=own_id or f"{collection or record.folder}:{record.relative}{row}",
        text=text,
        extra=extra,
        provenance={name: "source" for name in known if name != "source_id"},
        **values,
    )


def _extra(fields: dict[str, str], record: Record) -> dict[str, str]:
    extra = {n: v for name, value in fields.items() if (n := _name(name)) and (v := normalize_text(value))}
    try:
        # A corpus file that is imported again keeps what it had.
        nested = json.loads(extra["extra"])
        extra = {
            **{n: v for n, v in extra.items() if n != "extra"},
            **{str(n): str(v) for n, v in nested.items()},
        }
    except (KeyError, ValueError, AttributeError):
        pass
    if record.notes.get("encoding", "utf-8") != "utf-8":
        extra["encoding"] = record.notes["encoding"]
    return extra


def _name(name: str) -> str:
    return normalize_line(name)


def _bare(text: str) -> str:
    return "".join(text.split())
