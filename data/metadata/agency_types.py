"""The codebook's types of police bodies."""

from __future__ import annotations

import re

_TYPES = (
    ("hk_macau", "香港|澳门|警务处|警区|总区|警署|司法警察局|治安警察局|国家安全处"),
    ("mps", "^公安部"),
    ("railway", "铁路公安|铁公安|铁路警察|铁警"),
    ("border_coast", "边防|边检|海警|边境管理|海防"),
    ("station", "派出所|警务室|警务站"),
    ("traffic", "交警|交通警察|交管|交巡警|交通管理|车管|车辆管理"),
    ("cyber", "网安|网警|网监|网络安全|网络警察"),
    ("narcotics", "禁毒|缉毒"),
    ("criminal", "刑侦|刑警|刑事"),
    ("provincial", "公安厅|兵团公安局"),
    ("county_district", "分局|[县旗]公安局|(?<!地)区公安局"),
)


def agency_type(name: str, level: int | None = None) -> str | None:
    """The codebook's type of a body, by its (folded) name; ``level`` is that of its place, where it is known.

    A special unit decides before the level: a station of a county's bureau is a station.
    """
    for kind, pattern in _TYPES:
        if re.search(pattern, name):
            return kind
    if level is None:
        return {"州": "prefecture", "盟": "prefecture", "省": "provincial"}.get(name[: name.find("公安")][-1:])
    return {1: "provincial", 2: "prefecture", 3: "county_district"}[level]


def region_of(name: str) -> str | None:
    """The province of a (folded) body whose name holds no place of the table."""
    if re.search("司法警察局|治安警察局|警察总局|澳门", name):
        return "澳门"
    if agency_type(name) == "hk_macau":
        return "香港"
    return "新疆" if "兵团" in name else None
