"""The demonstration corpus: synthetic reports and synthetic codes, written for the project. See its README."""

from pathlib import Path

REPORTS = Path(__file__).parent / "reports.jsonl"
CODES = Path(__file__).parent / "codes.jsonl"
