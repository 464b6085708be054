"""Missing fields of a report from its own words. What the source said is never changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..report import Report
from .agency_types import agency_type
from .extract import extract
from .fold import fold

EXTRACTED = "extracted"
"""The provenance of fields that were read from the text."""
_PLACE = ("province", "prefecture", "county")


def filled(report: Report) -> Report:
    """The report with what its text says of place, date, agency and vendor, where the source said nothing.

    Fields that belong together are filled together or not at all: a county read from the text does not stand beside
    another province of the source. Several vendors are joined with ``；``.
    """
    # What was read before is read anew: the source may have said something else since.
    old = [name for name, origin in report.provenance.items() if origin == EXTRACTED]
    if old:
        provenance = {name: origin for name, origin in report.provenance.items() if name not in old}
        cleared: dict[str, Any] = dict.fromkeys(old)
        report = replace(report, **cleared, provenance=provenance)
    metadata = extract(report.text, report.title)
    found = {
        **{name: getattr(metadata, name) for name in (*_PLACE, "date", "agency", "agency_type")},
        "vendor": "；".join(metadata.vendors) or None,
    }
    if found["date"] and len(found["date"]) == len("2019"):
        found["date"] = None  # a bare year is mostly that of something the report looks back to
    if any((said := getattr(report, name)) and not _agree(said, found[name]) for name in _PLACE):
        found |= dict.fromkeys(_PLACE)
    if report.agency and report.agency != metadata.agency:
        # The level of a place that the name has no word for (昆山市公安局) stays open here.
        found["agency_type"] = agency_type(fold(report.agency))
    elif report.agency_type and report.agency_type != metadata.agency_type:
        found["agency"] = None
    new = {name: value for name, value in found.items() if value and getattr(report, name) is None}
    if not new:
        return report
    return replace(report, **new, provenance={**report.provenance, **dict.fromkeys(new, EXTRACTED)})


def _agree(said: str, read: str | None) -> bool:
    """Whether a name of the source (江苏省, 南京) and one that was read (江苏, 南京市) can be the same."""
    return read is not None and (fold(said).startswith(read) or read.startswith(fold(said)))
