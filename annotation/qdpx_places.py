"""Where a passage of a project lies in our text.

The standard counts Unicode code points of the project's text. Programs are known to count UTF-16 units instead, or a
line end of two characters as one, and Chinese has its rare characters.
So the way of counting is chosen in which most passages begin like their names, and then every passage is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .qdpx_model import folded, one_line, source_text

if TYPE_CHECKING:
    from lxml.etree import _Element

Reading = tuple[bool, str, int]
"""Are line ends counted as one; in which encoding is a unit counted, and how many bytes has that."""

STANDARD: Reading = (False, "utf-32-le", 4)
READINGS: tuple[Reading, ...] = (
    STANDARD,
    (True, "utf-32-le", 4),
    (False, "utf-16-le", 2),
    (True, "utf-16-le", 2),
)


class Place:
    """Finds passages of one source (``theirs``) in one report (``ours``)."""

    def __init__(self, theirs: str, ours: str, reading: Reading = STANDARD) -> None:
        fold, self.encoding, self.width = reading
        self.units = (folded(theirs) if fold else theirs).encode(self.encoding, "surrogatepass")
        self.ours = source_text(ours)

    def find(self, selection: _Element) -> tuple[int, int] | str:
        """Start and end in our text, or why there are none."""
        positions = _positions(selection)
        if positions is None or not 0 <= positions[0] <= positions[1] <= len(self.units) // self.width:
            return "its positions are not within the text"
        excerpt = self.text(*positions)
        start = len(self.text(0, positions[0]))
        # Moving an end of a passage leaves it its name; miscounting gives it another text.
        name, shown = _name(selection), " ".join(excerpt.split())
        if name not in shown and shown not in name and name in " ".join(self.ours.split()):
            return f"its positions say {one_line(shown)!r}, its name says otherwise"
        if self.ours[start : start + len(excerpt)] != excerpt:
            if not excerpt.strip() or self.ours.count(excerpt) != 1:
                return "our text does not read like that there"
            start = self.ours.index(excerpt)
        return start, start + len(excerpt)

    def fits_name(self, selection: _Element) -> bool:
        """Whether the selection has a name that its text begins with."""
        name, positions = _name(selection), _positions(selection)
        return bool(name and positions and one_line(self.text(*positions)).startswith(name))

    def text(self, start: int, end: int) -> str:
        """Their characters between two positions, with our line ends."""
        units = self.units[start * self.width : end * self.width]
        return source_text(folded(units.decode(self.encoding, "replace")))


def choose_reading(sources: Iterable[tuple[str, Sequence[_Element]]]) -> tuple[Reading, bool]:
    """The way of counting in which most selections begin like their names, and whether that is more than a guess.

    A source is its text and its selections. The standard's way is taken unless another one is better.
    """
    fits = [0] * len(READINGS)
    matters = False
    for text, selections in sources:
        if any(char == "\r" or char > "\uffff" for char in text):
            places = [Place(text, "", reading) for reading in READINGS]
            for selection in selections:
                fits = [n + place.fits_name(selection) for n, place in zip(fits, places, strict=True)]
                positions = _positions(selection) or (0, 0)
                # Both what is before the passage and the passage itself; one difference is enough.
                matters = matters or len({(p.text(0, positions[0]), p.text(*positions)) for p in places}) > 1
    best = max(range(len(READINGS)), key=lambda i: fits[i])
    return READINGS[best], fits[best] > 0 or not matters


def _name(selection: _Element) -> str:
    """The name without the dots that say it was cut."""
    return one_line(one_line(selection.get("name") or "").rstrip("….").rstrip())


def _positions(selection: _Element) -> tuple[int, int] | None:
    try:
        start, end = (int(selection.get(name) or "") for name in ("startPosition", "endPosition"))
    except ValueError:
        return None
    return start, end
