"""What columns and keys are called in the files people have, and what they are called here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

SYNONYMS: dict[str, tuple[str, ...]] = {
    "text": ("text", "content", "正文", "内容", "內容", "body", "全文", "fulltext", "article", "文本"),
    "id": ("id", "编号", "編號", "docid", "reportid", "文章id", "序号"),
    "source_id": ("sourceid",),
    "title": ("title", "标题", "標題", "题目", "題目", "headline"),
    "date": (
        "date",
        "日期",
        "发布日期",
        "發布日期",
        "发布时间",
        "发表日期",
        "pubdate",
        "publishedat",
        "时间",
    ),
    "outlet": ("outlet", "source", "媒体", "媒體", "来源", "來源", "报纸", "publisher", "media"),
    "url": ("url", "链接", "鏈接", "連結", "网址", "網址", "link"),
    "doc_type": ("doctype", "文档类型", "文件类型"),
    "province": ("province", "省份", "省", "所在省"),
    "prefecture": ("prefecture", "地市", "地级市", "市", "city"),
    "county": ("county", "区县", "县区", "县", "district"),
    "agency": ("agency", "机构", "機構", "单位", "單位", "公安机关"),
    "agency_type": ("agencytype", "机构类型", "单位类型"),
    "vendor": ("vendor", "供应商", "供應商", "厂商"),
    "status": ("status", "状态", "狀態"),
}
"""Name here → names in files, the surest first; compared without case, blanks, ``_`` and ``-``."""

_NAMES = {synonym: name for name, synonyms in SYNONYMS.items() for synonym in synonyms}


def canonical(name: str) -> str:
    """The name of a column here; a name that is not known stays as it is."""
    bare = name.strip().strip("\ufeff")
    return _NAMES.get("".join(c for c in bare.casefold() if c not in " _-\u3000"), bare)


def has_text(names: list[str]) -> bool:
    """Whether one of the columns holds the text."""
    return any(canonical(name) == "text" for name in names)


def no_text(names: list[str]) -> str:
    """What to tell someone whose table has no column of texts."""
    found = ", ".join(map(repr, names[:12])) + (" …" if len(names) > 12 else "")
    return f"no column holds the text (found {found}); name one of them {', '.join(SYNONYMS['text'][:5])}"


def to_fields(row: Mapping[str, Any]) -> dict[str, str]:
    """A row under the names used here, values as strings, without what is empty.

    Of two columns with one meaning the surer name has it; the other keeps its own name.
    """
    taken: dict[str, str] = {}
    for name, synonyms in SYNONYMS.items():
        named = [own for own in row if canonical(own) == name and to_text(row[own])]
        if named:
            taken[min(named, key=lambda own: _rank(own, synonyms))] = name
    return {taken.get(own, own.strip()): text for own, value in row.items() if (text := to_text(value))}


def _rank(own: str, synonyms: tuple[str, ...]) -> int:
    bare = "".join(c for c in own.strip().strip("\ufeff").casefold() if c not in " _-\u3000")
    return synonyms.index(bare)


def to_text(value: Any) -> str:
    """A value of a cell as a string; empty if there is none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isnan(value):
        # How tables of numbers say that a cell is empty.
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        # Tables with gaps turn the id 12 into 12.0.
        return str(int(value))
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str) if value else ""
    return str(value)
