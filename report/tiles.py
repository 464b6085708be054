"""The 34 provincial units of China on a grid of tiles, and how their names are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """A provincial unit: ``row`` 0 is north, ``column`` 0 is west."""

    zh: str
    en: str
    short: str
    """One character, as on number plates."""
    abbr: str
    row: int
    column: int


_GRID = """
7 黑 黑龙江 Heilongjiang HL
4 蒙 内蒙古 Inner_Mongolia NM|5 京 北京 Beijing BJ|6 辽 辽宁 Liaoning LN|7 吉 吉林 Jilin JL
0 新 新疆 Xinjiang XJ|1 甘 甘肃 Gansu GS|2 宁 宁夏 Ningxia NX|3 陕 陕西 Shaanxi SN|4 晋 山西 Shanxi SX|5 冀 河北 Hebei HE|6 津 天津 Tianjin TJ
0 藏 西藏 Tibet XZ|1 青 青海 Qinghai QH|2 川 四川 Sichuan SC|3 渝 重庆 Chongqing CQ|4 豫 河南 Henan HA|5 鲁 山东 Shandong SD
2 云 云南 Yunnan YN|3 贵 贵州 Guizhou GZ|4 鄂 湖北 Hubei HB|5 皖 安徽 Anhui AH|6 苏 江苏 Jiangsu JS|7 沪 上海 Shanghai SH
3 桂 广西 Guangxi GX|4 湘 湖南 Hunan HN|5 赣 江西 Jiangxi JX|6 浙 浙江 Zhejiang ZJ
4 粤 广东 Guangdong GD|5 闽 福建 Fujian FJ|7 台 台湾 Taiwan TW
3 琼 海南 Hainan HI|4 澳 澳门 Macau MO|5 港 香港 Hong_Kong HK
"""  # noqa: E501  (one line a row of the map)

_ENDINGS = (
    "维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市",
    " autonomous region", " province", " municipality", " sar", " city",
)  # fmt: skip
_OTHER_NAMES = {"xizang": "西藏", "macao": "澳门", "nei mongol": "内蒙古", "hongkong": "香港"}


def _tiles() -> tuple[Tile, ...]:
    tiles = []
    for row, line in enumerate(_GRID.strip().splitlines()):
        for entry in line.split("|"):
            column, short, zh, en, abbr = entry.split()
            tiles.append(Tile(zh, en.replace("_", " "), short, abbr, row, int(column)))
    return tuple(tiles)


TILES = _tiles()
ROWS = 1 + max(tile.row for tile in TILES)
COLUMNS = 1 + max(tile.column for tile in TILES)
_BY_NAME = {name.casefold(): tile for tile in TILES for name in (tile.zh, tile.en, tile.short)}
_BY_NAME |= {other: _BY_NAME[zh] for other, zh in _OTHER_NAMES.items()}


def find_tile(name: str) -> Tile | None:
    """The unit of that name: short or full, in Chinese or English; None if it is none."""
    key = name.strip().casefold()
    if key in _BY_NAME:
        return _BY_NAME[key]
    for ending in _ENDINGS:
        if key.endswith(ending) and key.removesuffix(ending).strip() in _BY_NAME:
            return _BY_NAME[key.removesuffix(ending).strip()]
    return None
