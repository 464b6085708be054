"""JSON read so that a repeated key is seen: Python keeps the last of two and says nothing."""

from __future__ import annotations

import json
from typing import Any


class RepeatedKey(dict[str, Any]):
    """An object in which ``key`` occurs twice, itself or in an object within it."""

    def __init__(self, pairs: dict[str, Any], key: str) -> None:
        super().__init__(pairs)
        self.key = key


def read_json_text(text: str) -> Any:
    """What a JSON text says, where an object with a repeated key is a ``RepeatedKey``.

    That is no error here, so that in a file of many objects only that one is left out. Raises ``ValueError`` or
    ``RecursionError`` as ``json.loads`` does.
    """
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        return RepeatedKey(found, next(key for key in found if keys.count(key) > 1))
    inner = next((value for value in found.values() if isinstance(value, RepeatedKey)), None)
    return found if inner is None else RepeatedKey(found, inner.key)
