"""Lines of text for a terminal."""

from __future__ import annotations


def shown(text: str) -> str:
    """Text of others on one line, without what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)
