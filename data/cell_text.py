"""Text in cells of spreadsheets: what must be done to it so that nothing is run, lost or cut, and undone on the way in.

CSV has no types: a cell that begins like a formula is run by the program that opens it, so an apostrophe goes before
it. XLSX has types, but its strings cannot hold all characters, and read ``_x0041_`` as a letter.
"""

from __future__ import annotations

import re

MOST_IN_CELL = 32_000
"""UTF-16 units in one cell: Excel cuts at 32,767, and an apostrophe may be added."""

# What is not seen before it does not make it harmless; some versions take the full-width signs for the others.
_FORMULA = re.compile("['\\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\\-@＝＋－＠\t\r\n]")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_FORBIDDEN = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_UNIT = re.compile("_x[0-9A-Fa-f]{4}_|.", re.DOTALL)


def to_csv(text: str) -> str:
    """A cell that no program takes for a formula; half characters become ``?``."""
    text = text.encode("utf-8", "replace").decode()
    return f"'{text}" if _FORMULA.match(text) else text


def from_csv(cell: str) -> str:
    """What ``to_csv`` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def to_xlsx(text: str) -> str:
    """The text as strings of XLSX hold it; the writer must also say that the cell is text."""
    return _FORBIDDEN.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def from_xlsx(cell: str) -> str:
    """What ``to_xlsx`` was given, or what was typed into Excel."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), cell)


def pieces(text: str) -> list[str]:
    """The text in parts that fit a cell of either kind; joined they are the text."""
    if 2 * len(to_xlsx(text)) <= MOST_IN_CELL:
        return [text]
    parts: list[list[str]] = [[]]
    room = MOST_IN_CELL
    for unit in _UNIT.findall(to_xlsx(text)):
        size = len(unit.encode("utf-16-le")) // 2
        if size > room:
            parts.append([])
            room = MOST_IN_CELL
        parts[-1].append(unit)
        room -= size
    return [from_xlsx("".join(part)) for part in parts]
