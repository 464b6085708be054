"""Small helpers to write SVG by hand. Everything that comes from outside is escaped here."""

from __future__ import annotations

from html import escape

from ..configs.codebook import Words
from .clean import line

INK = "currentColor"
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
"""Okabe & Ito's colours, which the colour-blind can tell apart."""
_RAMP = ("#f4f8ee", "#d3eacb", "#9fd3c0", "#57b1bd", "#2384b0", "#1f5798", "#17306b")
"""Light to dark, even in lightness, so that it survives grey print."""


def escaped(text: object) -> str:
    """One line that is safe in an element and in a quoted attribute."""
    return escape(line(text), quote=True)


def num(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def element(tag: str, inside: str = "", /, **attributes: object) -> str:
    """An element; ``inside`` is SVG already. ``_`` in names of attributes is ``-``, at the end nothing."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{num(v) if isinstance(v, float) else escaped(v)}"'
        for name, v in attributes.items()
        if v is not None
    )
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def tip(words: Words | str) -> str:
    """A tooltip."""
    both = words if isinstance(words, str) else f"{words.zh} · {words.en}"
    return f"<title>{escaped(both)}</title>"


def text(x: float, y: float, words: Words | str, size: float = 11, **attributes: object) -> str:
    """Text, in both languages of which the page shows one."""
    attributes = {"x": float(x), "y": float(y), "font_size": float(size), "fill": INK, **attributes}
    if isinstance(words, str):
        return element("text", escaped(words), **attributes)
    if words.zh == words.en:
        return element("text", escaped(words.zh), **attributes)
    return element("text", escaped(words.zh), class_="zh", lang="zh-Hans", **attributes) + element(
        "text", escaped(words.en), class_="en", lang="en", **attributes
    )


def shorten(words: Words, zh: int, en: int) -> Words:
    """Cut to so many characters each, with an ellipsis."""

    def cut(one: str, most: int) -> str:
        one = line(one) or "—"
        return one if len(one) <= most else one[: most - 1].rstrip() + "…"

    return Words(zh=cut(words.zh, zh), en=cut(words.en, en))


def wrapped(one: str, width: int, lines: int) -> list[str]:
    """At most so many lines of so many characters, broken at spaces where there are any."""
    rest = line(one)
    made: list[str] = []
    while rest and len(made) < lines:
        if len(rest) <= width:
            made.append(rest)
            rest = ""
        else:
            space = rest.rfind(" ", 0, width + 1)
            end = space if space > 0 else width
            made.append(rest[:end].strip())
            rest = rest[end:].strip()
    if rest:
        made[-1] = made[-1][: width - 1] + "…"
    return made


def figure(width: float, height: float, inside: str, name: Words, kind: str) -> str:
    """A whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {num(width)} {num(height)}" '
        f'class="chart {kind}" '
        f'role="img" aria-label="{escaped(name.zh)} · {escaped(name.en)}">{inside}</svg>'
    )


def rule(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    """A line, thin unless said otherwise."""
    attributes = {"stroke": INK, "stroke_width": 1.0, **attributes}
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def shade(share: float) -> tuple[str, str]:
    """Colour of 0 … 1 on the ramp, and a colour to write on it."""
    place = min(max(share, 0.0), 1.0) * (len(_RAMP) - 1)
    low = min(int(place), len(_RAMP) - 2)
    mix = place - low
    one, two = ([int(_RAMP[i][k : k + 2], 16) for k in (1, 3, 5)] for i in (low, low + 1))
    colour = "#" + "".join(f"{round(a + (b - a) * mix):02x}" for a, b in zip(one, two, strict=True))
    return colour, "#ffffff" if share > 0.58 else "#17202b"
