"""Charts on a grid: the confusion of codes, and provinces as tiles."""

from __future__ import annotations

from collections.abc import Sequence

from ..configs.codebook import Words
from .parts import Place, PlaceMap
from .svg import element, figure, rule, shade, text, tip, wrapped
from .tiles import COLUMNS, ROWS, TILES, Tile
from .words import WORDS

WIDTH = 400.0


def confusion_heatmap(
    counts: Sequence[Sequence[int]],
    names: Sequence[Words],
    codes: Sequence[str],
    name: Words,
    axes: tuple[Words, Words],
) -> str:
    """Counts and shares of the row. ``codes``: the short code of each category; ``axes``: what rows and
    columns are."""
    margin, top = 124.0, 40.0
    size = min(64.0, (WIDTH - margin - 2) / max(len(names), 1))
    drawn = [
        text(
            margin - 8,
            14,
            Words(zh=f"{axes[0].zh} ↓", en=f"{axes[0].en} ↓"),
            10,
            text_anchor="end",
            opacity=0.7,
        )
    ]
    drawn.append(text(margin + 2, 14, Words(zh=f"{axes[1].zh} →", en=f"{axes[1].en} →"), 10, opacity=0.7))
    for j, code in enumerate(codes):
        drawn.append(text(margin + (j + 0.5) * size, top - 8, code, 12, text_anchor="middle", font_weight=700))
    for i, row in enumerate(counts):
        y, total = top + i * size, sum(row)
        drawn.append(_category(names[i], codes[i], total, margin - 8, y, size))
        for j, count in enumerate(row):
            share = count / total if total else 0.0
            colour, ink = shade(share) if total else ("#eeeeee", "#777777")
            one, two = (f"{codes[k]} {names[k].zh} / {names[k].en}" for k in (i, j))
            hint = f"{one} → {two}: {count}"
            x = margin + j * size
            cell = tip(hint) + element(
                "rect", x=x + 1, y=y + 1, width=size - 2, height=size - 2, fill=colour, rx=2.0,
                stroke="#17202b" if i == j else None, stroke_width=1.2 if i == j else None,
            )  # fmt: skip
            if total and (count or i == j):
                middle = {"text_anchor": "middle", "fill": ink}
                cell += text(x + size / 2, y + size / 2 + 1, str(count), min(15, size / 3), font_weight=600, **middle)
                if size > 36:
                    cell += text(x + size / 2, y + size / 2 + 14, f"{share:.0%}", 9.5, **middle)
            drawn.append(element("g", cell))
    return figure(WIDTH, top + size * len(names) + 4, "".join(drawn), name, "confusion")


def _category(name: Words, code: str, total: int, x: float, y: float, size: float) -> str:
    lines = 2 if size > 40 else 1
    drawn = tip(name)
    for kind, lang, one, width in (("zh", "zh-Hans", name.zh, 8), ("en", "en", name.en, 19)):
        parts = wrapped(one, width, lines)
        first = y + size / 2 - 5.5 * (len(parts) - 1) + (0 if lines == 2 else 4)
        for k, part in enumerate(parts):
            drawn += text(
                x - 16,
                first + 11.5 * k,
                part,
                10.5 if kind == "zh" else 9.5,
                text_anchor="end",
                class_=kind,
                lang=lang,
            )
        if lines == 2:
            drawn += text(
                x - 16,
                first + 11.5 * len(parts),
                f"n = {total}",
                9,
                text_anchor="end",
                opacity=0.65,
                class_=kind,
            )
    return element("g", drawn + text(x, y + size / 2 + 4, code, 12, text_anchor="end", font_weight=700))


def tile_map(places: PlaceMap, name: Words, top: float, uid: str) -> str:
    """Provinces as tiles, dark where the value is near ``top``; a unit without reports is hatched, never 0.

    ``uid``: told apart from other drawings of the page.
    """
    size = WIDTH / COLUMNS
    hatch = f"hatch-{uid}"
    stroke = rule(0, 0, 0, 5, stroke_width=1.1, opacity=0.22)
    pattern = {"patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    drawn = [element("defs", element("pattern", stroke, id=hatch, width=5.0, height=5.0, **pattern))]
    by_name = {place.name: place for place in places.places}
    for tile in TILES:
        place = by_name.get(tile.zh, Place(tile.zh, 0, None))
        drawn.append(_tile(tile, place, places, top, size, hatch))
    drawn.append(_scale(places, top, hatch))
    return figure(WIDTH, size * ROWS, "".join(drawn), name, "tiles")


def nothing(places: PlaceMap) -> Words:
    """What a hatched tile means: no reports, or none with a code of the variable."""
    return WORDS["no_reports" if places.measure == "count" else "no_coded"]


def number(value: float, measure: str) -> str:
    """A value of the map as it is written in a tile."""
    return f"{value:.0%}" if measure == "share" else f"{value:.1f}" if measure == "mean" else f"{value:.0f}"


def _tile(tile: Tile, place: Place, places: PlaceMap, top: float, size: float, hatch: str) -> str:
    x, y, side = tile.column * size + 1.5, tile.row * size + 1.5, size - 3
    box = {"x": x, "y": y, "width": side, "height": side, "rx": 3.0}
    names = Words(zh=tile.short, en=tile.abbr)
    middle = x + side / 2
    if place.value is None:
        none = nothing(places)
        return element(
            "g",
            tip(f"{tile.zh} {tile.en}: {none.zh} · {none.en}")
            + element("rect", "", **box, fill=f"url(#{hatch})", stroke="currentColor", stroke_opacity=0.25)
            + text(middle, y + side / 2 + 5, names, 13, text_anchor="middle", opacity=0.55),
        )
    colour, ink = shade(place.value / top if top else 0.0)
    written = number(place.value, places.measure)
    centred = {"text_anchor": "middle", "fill": ink}
    inside = element("rect", "", **box, fill=colour, stroke="#17202b", stroke_opacity=0.25)
    if places.measure == "count":
        inside += text(middle, y + 20, names, 13, **centred)
        inside += text(middle, y + 37, written, 12, font_weight=700, **centred)
    else:
        inside += text(middle, y + 15, names, 12, **centred)
        inside += text(middle, y + 29, written, 12, font_weight=700, **centred)
        inside += text(middle, y + 41, f"n {place.n}", 8.8, opacity=0.85, **centred)
    return element("g", tip(f"{tile.zh} {tile.en}: {written}, n = {place.n}") + inside)


def _scale(places: PlaceMap, top: float, hatch: str) -> str:
    """The legend, in the empty corner over the north-west."""
    drawn, steps, x0, width = "", 24, 2.0, 130.0
    for k in range(steps):
        colour, _ = shade((k + 0.5) / steps)
        drawn += element("rect", x=x0 + k * width / steps, y=12.0, width=width / steps + 0.4, height=10.0, fill=colour)
    drawn += element(
        "rect", x=x0, y=12.0, width=width, height=10.0, fill="none", stroke="currentColor", stroke_opacity=0.4
    )
    drawn += text(x0, 34, number(0.0, places.measure), 10)
    drawn += text(x0 + width, 34, number(top, places.measure), 10, text_anchor="end")
    drawn += element(
        "rect",
        x=x0,
        y=44.0,
        width=14.0,
        height=14.0,
        rx=2.0,
        fill=f"url(#{hatch})",
        stroke="currentColor",
        stroke_opacity=0.3,
    )
    return drawn + text(x0 + 20, 55, nothing(places), 10)
