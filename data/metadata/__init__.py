"""Where, when, which agency, which vendor and what was bought: read from a report's own words."""

from .extract import Metadata, Procurement, Span, extract

__all__ = ["Metadata", "Procurement", "Span", "extract"]
