"""Make any string fit for a page or a terminal, without what cannot be stored, shown, or would be obeyed."""

from __future__ import annotations

import re
from typing import Any

# C0 and C1 controls but tab and line feed, lone surrogates, noncharacters.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Without characters that HTML or UTF-8 forbids; a carriage return is a line feed."""
    return _UNFIT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def line(text: object) -> str:
    """One line for a page or a terminal: unfit characters are spaces, marks of direction are dropped."""
    return " ".join(_UNFIT.sub(" ", _DIRECTION.sub("", str(text))).split())


def clean_data(data: Any) -> Any:
    """The same data with all its strings clean, tuples as lists: what JSON gives back."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, dict):
        return {clean(str(key)): clean_data(value) for key, value in data.items()}
    return [clean_data(value) for value in data] if isinstance(data, list | tuple) else data
