"""The model that is served: always the newest, and what it said before is remembered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..models.checkpoint import model_hash
from ..models.coding import WEIGHTS, Coder
from .interface import labelling_config
from .predicted import confidence, predicted_codes
from .tasks import result_of

CHUNK = 16
"""Texts coded at a time."""
MOST_KEPT = 20_000
"""Predictions remembered."""

_LOG = logging.getLogger(__name__)
_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class _Found:
    folder: Path
    stamp: _Stamp
    version: str


class Served:
    """A coder for one thread; ``version`` and ``close`` may be called from any.

    ``folders``: the first that holds a model is served, and looked at again with every call.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._found: _Found | None = None
        self._coder: tuple[Coder, str] | None = None
        # Label Studio waits 100 s. Coding then goes on all the same, so that asking again gets further.
        self._said: dict[str, dict[str, Any]] = {}
        self._closed = False
        self._ready()

    @property
    def folder(self) -> Path:
        """Where the newest model lies."""
        return self._newest().folder

    @property
    def version(self) -> str:
        """Its hash; it may not be loaded yet."""
        return self._newest().version

    def close(self) -> None:
        """End a prediction under way; it raises ``UserError``."""
        self._closed = True

    def predict(self, tasks: Sequence[Any], config: Any) -> list[dict[str, Any]]:
        """One prediction a task, in their order; ``result`` is empty, with a ``reason``, where there can be none.

        ``tasks`` and ``config``, the project's interface, are as Label Studio sends them, or anything else.
        """
        coder, version = self._ready()
        if not fits(config, coder.codebook):
            reason = "the project's interface lacks labels of the model's codebook: push it anew, or train again"
            return [_nothing(version, reason) for _ in tasks]
        texts = [_text(task) for task in tasks]
        if len(self._said) > MOST_KEPT:
            self._said = {}
        new = list(dict.fromkeys(text for text in texts if text and text not in self._said))
        for start in range(0, len(new), CHUNK):
            if self._closed:
                raise UserError("the backend is being stopped; ask again when it runs")
            chunk = new[start : start + CHUNK]
            for text, coding in zip(chunk, coder.code(chunk), strict=True):
                result = result_of(predicted_codes("", coding, coder.codebook), coder.codebook)
                score = confidence(coding, coder.codebook)
                self._said[text] = {"result": result, "score": score, "model_version": version}
        return [self._said[t] if t else _nothing(version, "the task has no text") for t in texts]

    def _ready(self) -> tuple[Coder, str]:
        """The newest coder, or the one before if that cannot be loaded."""
        found = self._newest()
        if self._coder and self._coder[1] == found.version:
            return self._coder
        try:
            coder = Coder.load(found.folder)
        except UserError as error:
            if not self._coder:
                raise
            _LOG.warning("%s; the model before it is served on", error)
            return self._coder
        if _stamp(found.folder) != found.stamp:  # replaced while it was loaded
            return self._ready()
        self._coder, self._said = (coder, found.version), {}
        return self._coder

    def _newest(self) -> _Found:
        for i, folder in enumerate(self._folders):
            if stamp := _stamp(folder):
                # No way back to a later one: a model that is just being replaced is missing for a moment.
                self._folders = self._folders[: i + 1]
                if not self._found or (folder, stamp) != (self._found.folder, self._found.stamp):
                    with suppress(FileNotFoundError):
                        self._found = _Found(folder, stamp, model_hash(folder))
                break
        if not self._found:
            raise UserError(f"{self._folders[0]}: there is no model; `weijing train` makes one")
        return self._found


def fits(config: Any, codebook: Codebook) -> bool:
    """Whether an interface (XML) has all that codes by the codebook need; more and other words do no harm."""
    return _places(labelling_config(codebook)) <= _places(config)


def _places(config: Any) -> set[tuple[str | None, ...]]:
    """Name and value of every choice and label, and of what shows the text; empty if it is no XML."""
    from lxml import etree

    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(config.encode(), parser)
    except (etree.XMLSyntaxError, AttributeError, ValueError):
        return set()
    found: set[tuple[str | None, ...]] = {(text.get("name"), text.get("value")) for text in root.iter("Text")}
    for group in root.iter("Choices", "Labels"):
        found |= {(group.get("name"), group.get("toName"), item.get("value")) for item in group.iter("Choice", "Label")}
    return found


def _text(task: Any) -> str:
    """The text of a task; "" if it has none. Half characters, which nothing can read, become question marks."""
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get("text") if isinstance(data, dict) else None
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) and text.strip() else ""


def _nothing(version: str, reason: str) -> dict[str, Any]:
    return {"result": [], "score": 0.0, "model_version": version, "reason": reason}


def _stamp(folder: Path) -> _Stamp:
    """Changes when the model in a folder does; empty if there is none."""
    try:
        if not (folder / "config.json").is_file():
            return ()
        found = [(folder / name).stat() for name in WEIGHTS if (folder / name).exists()]
    except OSError:
        return ()
    return tuple((s.st_ino, s.st_mtime_ns, s.st_size) for s in found)
