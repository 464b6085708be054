"""Which code of a project is which of the codebook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..configs.codebook import Codebook
from .qdpx_file import clean_guid
from .qdpx_model import Entry, tree

if TYPE_CHECKING:
    from lxml.etree import _Element


def match_codes(codes: Iterable[_Element], codebook: Codebook) -> dict[str, Entry]:
    """GUID to entry, for ``codes`` in the order of the file: by GUID, else by a name that only one entry has.

    Below a code that is known, only entries of the same variable are meant: "yes" and "unsure" stand below many.
    """
    ours = [entry for branch in tree(codebook) for entry in branch]
    by_guid = {entry.guid: entry for entry in ours}
    by_name: dict[str, dict[str, Entry]] = {}
    for entry in ours:
        for name in (entry.name, entry.words.zh, entry.words.en, entry.id):
            by_name.setdefault(_plain(name), {})[entry.guid] = entry
    matched: dict[str, Entry] = {}
    for code in codes:
        number, parent = clean_guid(code.get("guid")), code.getparent()
        candidates = list(by_name.get(_plain(code.get("name") or ""), {}).values())
        above = None if parent is None else matched.get(clean_guid(parent.get("guid")))
        if above is not None:
            candidates = [entry for entry in candidates if entry.variable == above.variable]
        found = by_guid.get(number) or (candidates[0] if len(candidates) == 1 else None)
        if found is not None:
            matched[number] = found
    return matched


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
