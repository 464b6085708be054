"""All that is read from one report, with the passages it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from . import procurement as buying
from .agencies import Agency, find_agencies, in_focus
from .agency_types import agency_type, region_of
from .dates import Dated, document_date, find_dates
from .firms import Firm, find_firms
from .fold import fold
from .gazetteer import gazetteer
from .places import Mention, find_mentions
from .where import NOWHERE, Where, of_agency, of_mentions


@dataclass(frozen=True)
class Span:
    """Where a value was read: offsets in the text, or in the title where that is not part of the text."""

    start: int
    end: int
    in_title: bool = False


@dataclass(frozen=True)
class Procurement:
    """What a procurement document states; None where it does not."""

    method: str | None = None
    """公开招标, 邀请招标, 竞争性磋商, 竞争性谈判, 单一来源 or 询价."""
    project_no: str | None = None
    """As written."""
    budget_yuan: int | float | None = None
    award_yuan: int | float | None = None
    buyer: str | None = None
    supplier: str | None = None
    deadline: str | None = None
    """Until when bids are taken, ISO."""
    announced: str | None = None
    """When the notice appeared, ISO."""


@dataclass(frozen=True)
class Metadata:
    """What a report says of its place, date, bodies and purchase. None is "not said or not decided"."""

    province: str | None = None
    """Short: 江苏."""
    prefecture: str | None = None
    county: str | None = None
    date: str | None = None
    """ISO, as exact as it is known."""
    agency: str | None = None
    """As written."""
    agency_type: str | None = None
    vendors: tuple[str, ...] = ()
    procurement: Procurement = Procurement()
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Field (``county``, ``procurement.buyer``, ``vendors.0``) to what it rests on."""


def extract(text: str, title: str | None = None) -> Metadata:
    """Read a report's metadata. A title that is not the text's first line is read before it."""
    head = f"{title}\n" if title and not text.startswith(title) else ""
    return _Reader(head + text, len(head)).metadata()


class _Reader:
    """One report: ``shown`` as it is written, ``text`` as the rules read it."""

    def __init__(self, shown: str, head: int) -> None:
        self.shown, self.text, self.head = shown, fold(shown), head
        self.spans: dict[str, Span] = {}

    def metadata(self) -> Metadata:
        """Everything."""
        text, names = self.text, gazetteer()
        firms = find_firms(text, names)
        agency = in_focus(text, find_agencies(text, names))
        dates = find_dates(text)
        dated = document_date(text, dates)
        mentions = find_mentions(text, names, [(f.start, f.end) for f in firms])
        where = _where(agency, mentions, dated.year if dated else None)
        for name, start, end in where.spans:
            self._note(name, start, end)
        vendors: dict[str, Firm] = {}
        for firm in firms:
            if firm.vendor:
                vendors.setdefault(self.shown[firm.start : firm.end], firm)
        for i, firm in enumerate(vendors.values()):
            self._note(f"vendors.{i}", firm.start, firm.end)
        if dated:
            self._note("date", dated.start, dated.end)
        if agency:
            self._note("agency", agency.start, agency.end)
        return Metadata(
            province=where.province,
            prefecture=where.prefecture,
            county=where.county,
            date=dated.iso if dated else None,
            agency=self.shown[agency.start : agency.end] if agency else None,
            agency_type=agency_type(agency.name, where.level) if agency else None,
            vendors=tuple(vendors),
            procurement=self._procurement(agency, firms, dates),
            spans=self.spans,
        )

    def _procurement(self, agency: Agency | None, firms: list[Firm], dates: list[Dated]) -> Procurement:
        if not buying.is_procurement(self.text):
            return Procurement()
        facts = buying.read(self.text, agency, firms, dates)
        for name, fact in facts.items():
            self._note(f"procurement.{name}", fact.start, fact.end)
        as_written = ("project_no", "buyer", "supplier")
        values = {n: self.shown[f.start : f.end] if n in as_written else f.value for n, f in facts.items()}
        return Procurement(**cast("dict[str, Any]", values))

    def _note(self, name: str, start: int, end: int) -> None:
        in_title = end < self.head
        offset = 0 if in_title else self.head
        self.spans[name] = Span(start - offset, end - offset, in_title)


def _where(agency: Agency | None, mentions: list[Mention], year: int | None) -> Where:
    if agency and agency.kind == "ministry":
        return NOWHERE
    if agency and agency.chain:
        return of_agency(agency.chain, agency.start, agency.end, mentions, year)
    if agency and (region := region_of(agency.name)):
        return Where(region, spans=(("province", agency.start, agency.end),), level=1)
    return of_mentions(mentions, year)
