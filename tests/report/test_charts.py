from __future__ import annotations

from xml.etree import ElementTree

import pytest
from made_up_study import HOSTILE
from weijing.configs.codebook import Words
from weijing.evaluation.calibration import Bin
from weijing.report.charts import (
    Point,
    Row,
    Series,
    agreement_plot,
    bars_chart,
    confusion_heatmap,
    key_mark,
    reliability_diagram,
    tile_map,
)
from weijing.report.parts import Place, PlaceMap
from weijing.report.row_charts import MACHINES, PEOPLE
from weijing.report.svg import shade, wrapped
from weijing.report.tiles import TILES, find_tile

BAD = Words(zh=HOSTILE[0] + HOSTILE[5] + HOSTILE[7], en=HOSTILE[2])
SERIES = [
    Series(BAD, "#000000", shape) for shape in ("circle", "ring", "square", "diamond", "triangle", "plus", "frame")
]
POINTS = (
    Point(0.5, 0.2, 0.9, BAD),
    Point(0.5, None, None, BAD),
    Point(None, None, None, BAD, BAD),
    None,
    Point(-0.7, -1.0, 0.2, BAD),
    Point(1.0, 1.0, 1.0, BAD),
    Point(0.0, 0.0, 0.0, BAD),
)


def parsed(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "title", "text", "line", "rect", "circle", "polygon", "defs", "pattern"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    assert '"nan' not in svg
    return root


def test_row_charts_are_well_formed_whatever_the_words() -> None:
    rows = [Row(BAD, POINTS, True, BAD), Row(BAD, (None,) * len(POINTS))]
    parsed(agreement_plot(rows, SERIES, BAD))
    parsed(bars_chart(rows, SERIES, BAD))
    parsed(agreement_plot([], [], BAD))


def test_no_two_series_share_a_shape() -> None:
    looks = [*MACHINES, *PEOPLE]
    marks = [key_mark(Series(BAD, "#000000", shape)) for _, shape in looks]
    assert len(set(marks)) == len(looks)


@pytest.mark.parametrize("k", [2, 5, 15])
def test_confusion(k: int) -> None:
    counts = [[i * j for j in range(k)] for i in range(k)]
    root = parsed(confusion_heatmap(counts, [BAD] * k, [str(i) for i in range(k)], BAD, (BAD, BAD)))
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == k * k


def test_reliability() -> None:
    bins = [Bin(0.0, 0.5, 0, None, None, None, None), Bin(0.5, 1.0, 4, 0.7, 0.5, 0.2, 0.8)]
    parsed(reliability_diagram(bins, BAD))
    parsed(reliability_diagram([], BAD))


def test_a_tile_without_reports_is_never_a_zero() -> None:
    places = PlaceMap("x", "share", "gold", (Place("广东", 3, 0.0),), (), 0)
    svg = tile_map(places, BAD, 1.0, "0")
    parsed(svg)
    assert svg.count("url(#hatch-0)") == len(TILES) - 1 + 1  # all others, and the legend
    assert svg.count(">0%<") == 2  # Guangdong and the legend's end


def test_the_grid_has_34_units_each_in_its_own_place() -> None:
    assert len(TILES) == 34
    assert len({(t.row, t.column) for t in TILES}) == 34
    assert len({t.abbr for t in TILES}) == len({t.short for t in TILES}) == len({t.zh for t in TILES}) == 34


@pytest.mark.parametrize(
    ("name", "zh"),
    [
        ("广西壮族自治区", "广西"), ("新疆维吾尔自治区", "新疆"), ("内蒙古自治区", "内蒙古"), ("北京市", "北京"),
        ("Inner Mongolia", "内蒙古"),
        ("Shaanxi Province", "陕西"), ("shanxi", "山西"), ("香港特别行政区", "香港"), ("Hong Kong SAR", "香港"),
        ("粤", "广东"), (" 广东省 ", "广东"),
    ],
)  # fmt: skip
def test_names_of_provinces(name: str, zh: str) -> None:
    tile = find_tile(name)
    assert tile is not None
    assert tile.zh == zh


@pytest.mark.parametrize("name", ["", "省", "公安部", "广州", "市"])
def test_what_is_no_province(name: str) -> None:
    assert find_tile(name) is None


def test_shades_darken_evenly() -> None:
    light = [sum(int(shade(i / 20)[0][k : k + 2], 16) for k in (1, 3, 5)) for i in range(21)]
    assert light == sorted(light, reverse=True)


def test_wrapping_loses_no_word_that_fits() -> None:
    assert wrapped("Depth of integration", 10, 3) == ["Depth of", "integratio", "n"]
    assert wrapped("警务内部与办案应用", 4, 2) == ["警务内部", "与办案…"]
