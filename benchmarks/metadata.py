"""How well metadata is read from a report: precision, recall and guesses, by field.

    python benchmarks/metadata.py [--errors FIELD]

The passages (``tests/data/metadata``) have real names of places and are otherwise invented. The rules were written
with the odd-numbered ones at hand; the even-numbered ones were not looked at.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weijing.data.metadata import Metadata, extract

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "metadata"
PROCUREMENT = ("method", "project_no", "budget_yuan", "award_yuan", "buyer", "supplier", "deadline", "announced")
FIELDS = ("province", "prefecture", "county", "date", "agency", "agency_type", "vendors", *PROCUREMENT)


@dataclass(frozen=True)
class Score:
    """Counts of one field. Vendors count one by one, all else once a passage."""

    given: int = 0
    """Values in the answers."""
    found: int = 0
    """Values that were read."""
    right: int = 0
    guesses: int = 0
    """Passages where the answer is null and something was read."""
    nulls: int = 0
    """Passages where the answer is null."""

    @property
    def precision(self) -> float:
        """Share of the values read that are right; 1 where none was read."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the values in the answers that were read."""
        return self.right / self.given if self.given else 1.0


def passages(half: str | None = None) -> list[dict[str, Any]]:
    """The passages of a half (``odd`` or ``even``, by the number in the id), or all."""
    rows = [
        json.loads(line)
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [r for r in rows if half is None or (int(r["id"].split("-")[1]) % 2 == 1) == (half == "odd")]


def answer(row: dict[str, Any], field: str) -> set[Any]:
    """What the answer says, as a set."""
    if field in PROCUREMENT:
        bought = {**row["procurement"], **row["procurement"].get("dates", {})}
        value = bought.get(field)
    else:
        value = row[field]
    return set(value) if isinstance(value, list) else set() if value is None else {value}


def reading(metadata: Metadata, field: str) -> set[Any]:
    """What was read, as a set."""
    value = getattr(metadata.procurement if field in PROCUREMENT else metadata, field)
    return set(value) if isinstance(value, tuple) else set() if value is None else {value}


def score(rows: Iterable[dict[str, Any]], readings: Iterable[Metadata], field: str) -> Score:
    """The counts of a field."""
    given = found = right = guesses = nulls = 0
    for row, metadata in zip(rows, readings, strict=True):
        true, read = answer(row, field), reading(metadata, field)
        given, found, right = given + len(true), found + len(read), right + len(true & read)
        nulls, guesses = nulls + (not true), guesses + (not true and bool(read))
    return Score(given, found, right, guesses, nulls)


def main() -> None:
    """Print the table, or the errors of a field among the odd-numbered passages."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--errors", choices=FIELDS, nargs="*", help="list the odd-numbered passages read wrongly")
    arguments.add_argument("--half", choices=("odd", "even"), nargs="*", default=("odd", "even"))
    given = arguments.parse_args()
    extract("")
    for half in ("odd",) if given.errors else given.half:
        rows = passages(half)
        started = time.perf_counter()
        readings = [extract(row["text"]) for row in rows]
        seconds = time.perf_counter() - started
        for field in given.errors or ():
            for row, metadata in zip(rows, readings, strict=True):
                if (true := answer(row, field)) != (read := reading(metadata, field)):
                    print(f"{row['id']} {field}: {true or None} read as {read or None}\n    {row['text']}")
        print(f"\n{half}: {len(rows)} passages, {1000 * seconds / len(rows):.2f} ms each")
        print(f"{'':14}{'given':>7}{'precision':>11}{'recall':>8}{'guessed, of nulls':>20}")
        for field in FIELDS:
            s = score(rows, readings, field)
            guessed = f"{s.guesses} of {s.nulls}"
            print(f"{field:14}{s.given:7}{s.precision:11.3f}{s.recall:8.3f}{guessed:>20}")


if __name__ == "__main__":
    main()
