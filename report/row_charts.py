"""Charts with a row a label: agreement as points with intervals, F1 as grouped bars.

The label stands above its row, so that the drawing stays narrow enough for a telephone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from ..configs.codebook import Words
from .svg import BLUE, INK, ORANGE, PURPLE, VERMILION, element, figure, num, rule, shorten, text, tip

WIDTH = 400.0
LEFT, RIGHT = 10.0, 392.0
BARS = (0.667, 0.8)
MACHINES = ((BLUE, "diamond"), (ORANGE, "ring"), (VERMILION, "frame"), (PURPLE, "down"))
"""How the model and baselines are drawn, the model first."""
PEOPLE = ((INK, "circle"), ("#777777", "square"), ("#AA4499", "triangle"), ("#117733", "plus"))
"""How pairs of coders are drawn."""


@dataclass(frozen=True)
class Series:
    """One colour and one shape, since colours alone are not told apart by all readers or on grey paper: ``circle``,
    ``square``, ``triangle``, ``plus``, ``diamond``, ``ring``, ``frame`` or ``down``."""

    name: Words
    colour: str
    shape: str


@dataclass(frozen=True)
class Point:
    """A number with its interval; ``missing`` says in words why there is no number."""

    value: float | None
    low: float | None
    high: float | None
    tip: Words
    missing: Words | None = None


@dataclass(frozen=True)
class Row:
    """A label with a point a series (None: nothing to show). ``note`` stands on the right."""

    name: Words
    points: tuple[Point | None, ...]
    strong: bool = False
    note: Words | None = None


def lowest(rows: Sequence[Row]) -> float:
    """Where the axis of agreement starts: 0, or a fifth below the lowest end of an interval."""
    ends = [p.low if p.low is not None else p.value for row in rows for p in row.points if p]
    return max(-1.0, floor(min([0.0, *(e for e in ends if e is not None)]) * 5) / 5)


def ends(rows: Sequence[Row]) -> tuple[float, float]:
    """Both ends of an axis of differences: 0 and all intervals, to the next fifth."""
    all_ends = [e for row in rows for p in row.points if p for e in (p.low, p.high, p.value) if e is not None]
    return floor(min([-0.2, *all_ends]) * 5) / 5, ceil(max([0.2, *all_ends]) * 5) / 5


def agreement_plot(rows: Sequence[Row], series: Sequence[Series], name: Words, start: float | None = None) -> str:
    """Points with intervals, and lines at 0.667 and 0.8. ``start``: of an axis that several plots share."""
    return _points(rows, series, name, (lowest(rows) if start is None else start, 1.0), BARS)


def forest_plot(
    rows: Sequence[Row], series: Sequence[Series], name: Words, span: tuple[float, float], margin: float
) -> str:
    """Differences with intervals, and a line at -``margin``. ``span``: both ends of the axis."""
    return _points(rows, series, name, span, (-margin,))


def _points(
    rows: Sequence[Row], series: Sequence[Series], name: Words, span: tuple[float, float], bars: Sequence[float]
) -> str:
    start, end = span

    def at(value: float) -> float:
        return LEFT + (min(max(value, start), end) - start) / (end - start) * (RIGHT - LEFT)

    step, head, top = 9.0, 19.0, 24.0
    row_height = head + step * len(series) + 5
    bottom = top + row_height * len(rows)
    drawn = [_axis(at, [t / 5 for t in range(round(start * 5), round(end * 5) + 1)], bottom)]
    for bar in bars:
        drawn.append(rule(at(bar), top - 6, at(bar), bottom, stroke_dasharray="3 3", opacity=0.65))
        drawn.append(text(at(bar), 13, f"{bar:g}".replace("-", "−"), 10, text_anchor="middle", font_weight=600))
    for i, row in enumerate(rows):
        y = top + i * row_height
        drawn.append(_heading(row, y))
        for k, (point, one) in enumerate(zip(row.points, series, strict=True)):
            if point:
                drawn.append(_dot(point, one, at, y + head + step * (k + 0.5)))
    return figure(WIDTH, bottom + 20, "".join(drawn), name, "rows")


def bars_chart(rows: Sequence[Row], series: Sequence[Series], name: Words) -> str:
    """Grouped bars from 0 to 1 that end in the mark of their series, with intervals as thin lines and the number."""
    right = RIGHT - 32

    def at(value: float) -> float:
        return LEFT + min(max(value, 0.0), 1.0) * (right - LEFT)

    step, head, top = 11.0, 19.0, 6.0
    row_height = head + step * len(series) + 5
    bottom = top + row_height * len(rows)
    drawn = [_axis(at, [0, 0.2, 0.4, 0.6, 0.8, 1], bottom)]
    for i, row in enumerate(rows):
        y = top + i * row_height
        drawn.append(_heading(row, y))
        for k, (point, one) in enumerate(zip(row.points, series, strict=True)):
            if point:
                drawn.append(_bar(point, one, at, y + head + step * k, right))
    return figure(WIDTH, bottom + 20, "".join(drawn), name, "rows")


def key_mark(series: Series) -> str:
    """The mark of a series, for a legend."""
    return f'<svg class="key" viewBox="0 0 14 14" aria-hidden="true">{_mark(7, 7, series, 1.15)}</svg>'


def _axis(at: object, ticks: Sequence[float], bottom: float) -> str:
    assert callable(at)
    drawn = ""
    for tick in ticks:
        x = at(tick)
        drawn += rule(x, 18, x, bottom, opacity=0.3 if tick == 0 else 0.1)
        words = num(tick).replace("-", "−")
        drawn += text(x, bottom + 13, words, 9.5, text_anchor="middle", opacity=0.7)
    return drawn


def _heading(row: Row, y: float) -> str:
    drawn = rule(LEFT, y + 1, RIGHT, y + 1, opacity=0.14)
    room = 50 if row.note else 60
    drawn += element(
        "g",
        tip(row.name)
        + text(LEFT, y + 14, shorten(row.name, room // 2, room), 11.5, font_weight=700 if row.strong else 400),
        class_="halo",
    )
    if row.note:
        drawn += text(RIGHT, y + 14, row.note, 10, text_anchor="end", opacity=0.75)
    return drawn


def _dot(point: Point, series: Series, at: object, y: float) -> str:
    assert callable(at)
    if point.value is None:
        why = shorten(point.missing, 26, 60) if point.missing else "–"
        return element("g", tip(point.tip) + text(LEFT, y + 3, why, 8.5, font_style="italic", opacity=0.65))
    drawn = tip(point.tip)
    if point.low is not None and point.high is not None:
        drawn += rule(at(point.low), y, at(point.high), y, stroke=series.colour, stroke_width=1.8, opacity=0.75)
    return element("g", drawn + _mark(at(point.value), y, series, 1.0))


def _bar(point: Point, series: Series, at: object, y: float, right: float) -> str:
    assert callable(at)
    if point.value is None:
        return _dot(point, series, at, y + 5)
    drawn = tip(point.tip) + _box(LEFT, y, max(at(point.value) - LEFT, 0.8), series)
    if point.low is not None and point.high is not None:
        low, high, middle = at(point.low), at(point.high), y + 4
        drawn += rule(low, middle, high, middle, stroke_width=1.1, opacity=0.85)
        drawn += "".join(rule(x, middle - 2.2, x, middle + 2.2, stroke_width=1.1, opacity=0.85) for x in (low, high))
    drawn += _mark(at(point.value), y + 4, series, 0.85)
    return element("g", drawn + text(right + 7, y + 7.5, f"{point.value:.2f}", 9.5))


def _box(x: float, y: float, width: float, series: Series) -> str:
    colour = {"fill": series.colour, "stroke": series.colour, "fill_opacity": 0.45, "stroke_width": 0.8}
    return element("rect", "", x=x, y=y, width=width, height=8.0, **colour)


def _mark(x: float, y: float, series: Series, scale: float) -> str:
    r, colour = 3.6 * scale, series.colour
    if series.shape == "circle":
        return element("circle", cx=float(x), cy=float(y), r=r, fill=colour)
    if series.shape == "ring":
        return element("circle", cx=float(x), cy=float(y), r=r - 0.4, class_="paper", stroke=colour, stroke_width=1.8)
    if series.shape == "frame":
        side = 2 * r - 1.4
        box = {"x": x - side / 2, "y": y - side / 2, "width": side, "height": side}
        return element("rect", "", class_="paper", stroke=colour, stroke_width=1.8, **box)
    if series.shape == "plus":
        arms = ((x - r, y, x + r, y), (x, y - r, x, y + r))
        return "".join(rule(*arm, stroke=colour, stroke_width=2.2) for arm in arms)
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "triangle": ((0, -1.2), (1.15, 0.95), (-1.15, 0.95)),
        "down": ((0, 1.2), (1.15, -0.95), (-1.15, -0.95)),
    }.get(series.shape, ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)))
    points = " ".join(f"{num(x + dx * r * 0.92)},{num(y + dy * r * 0.92)}" for dx, dy in corners)
    return element("polygon", points=points, fill=colour)
