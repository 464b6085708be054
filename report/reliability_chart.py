"""The reliability diagram: predicted probability against what proved true."""

from __future__ import annotations

from collections.abc import Sequence

from ..configs.codebook import Words
from ..evaluation.calibration import Bin
from .svg import BLUE, element, figure, rule, text, tip
from .words import WORDS

WIDTH, SIDE = 300.0, 236.0
LEFT, TOP = 46.0, 8.0
STRIP = 44.0


def reliability_diagram(bins: Sequence[Bin], name: Words) -> str:
    """Points with Wilson intervals, larger for more codes, over a strip that counts them."""
    drawn = [_frame()]
    most = max([b.count for b in bins], default=0)
    base = TOP + SIDE + 16 + STRIP
    for b in bins:
        if not b.count:
            continue
        height = max(b.count / most * STRIP, 0.8)
        box = {"x": _x(b.low) + 0.6, "y": base - height, "height": height}
        bar = element("rect", "", **box, width=max(_x(b.high) - _x(b.low) - 1.2, 0.8), fill=BLUE, fill_opacity=0.35)
        drawn.append(element("g", tip(f"{b.low:.2f}–{b.high:.2f}: n = {b.count}") + bar))
        if b.mean_predicted is None or b.observed is None:
            continue
        x, point = _x(b.mean_predicted), ""
        if b.observed_low is not None and b.observed_high is not None:
            point += rule(x, _y(b.observed_low), x, _y(b.observed_high), stroke=BLUE, stroke_width=1.6, opacity=0.75)
        radius = 2.6 + 3.2 * (b.count / most) ** 0.5
        point += element("circle", cx=x, cy=_y(b.observed), r=radius, fill=BLUE)
        drawn.append(element("g", tip(f"{b.mean_predicted:.2f} → {b.observed:.2f}, n = {b.count}") + point))
    drawn.append(text(LEFT - 6, base - STRIP + 7, str(most), 9, text_anchor="end", opacity=0.7))
    drawn.append(rule(LEFT, base, LEFT + SIDE, base, opacity=0.4))
    for tick in (0, 0.5, 1):
        drawn.append(text(_x(tick), base + 12, f"{tick:g}", 9.5, text_anchor="middle", opacity=0.75))
    drawn.append(text(LEFT + SIDE / 2, base + 26, WORDS["predicted"], 10.5, text_anchor="middle"))
    return figure(WIDTH, base + 32, "".join(drawn), name, "reliability")


def _x(value: float) -> float:
    return LEFT + value * SIDE


def _y(value: float) -> float:
    return TOP + (1 - value) * SIDE


def _frame() -> str:
    drawn = rule(_x(0), _y(0), _x(1), _y(1), stroke_dasharray="3 3", opacity=0.55)
    for tick in (0, 0.25, 0.5, 0.75, 1):
        drawn += rule(_x(0), _y(tick), _x(1), _y(tick), opacity=0.4 if tick == 0 else 0.12)
        drawn += rule(_x(tick), _y(0), _x(tick), _y(1), opacity=0.12)
        drawn += text(LEFT - 6, _y(tick) + 3, f"{tick:g}", 9.5, text_anchor="end", opacity=0.75)
    middle = TOP + SIDE / 2
    return drawn + text(11, middle, WORDS["observed"], 10.5, text_anchor="middle", transform=f"rotate(-90 11 {middle})")
