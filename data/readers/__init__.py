"""Readers by file format: files and folders in, records and rejections out.

Whatever cannot be read is a ``Rejected`` with its place and reason, and the rest goes on.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ...configs.errors import UserError
from ..encodings import Unreadable
from . import json_lines, parquet, table, text
from .record import Reader, Record, Rejected

__all__ = ["READERS", "Reader", "Record", "Rejected", "printable", "read"]

# What moves the cursor, breaks a line or turns the direction of writing.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

READERS: dict[str, Reader] = {
    **dict.fromkeys(text.SUFFIXES, text.read_text),
    **dict.fromkeys(json_lines.SUFFIXES, json_lines.read_json),
    **dict.fromkeys(table.SUFFIXES, table.read_table),
    **dict.fromkeys(parquet.SUFFIXES, parquet.read_parquet),
}
"""Suffix (lower case, with its dot) to reader."""


def read(
    paths: Iterable[str | Path] | str | Path, recursive: bool = True, leave_out: Collection[str | Path] = ()
) -> Iterator[Record | Rejected]:
    """Records of the files, and of all files in the folders, in sorted order; linked folders come last.

    In folders hidden files and manifests are left out; ``recursive`` says whether folders in them are read.
    ``leave_out`` names files and folders that are passed over in folders and rejected where they are named.
    """
    own = {os.path.realpath(path) for path in leave_out}
    for path in [paths] if isinstance(paths, str | Path) else paths:
        path = Path(path)
        if os.path.realpath(path) in own:
            yield Rejected(printable(str(path)), "is a file or folder of the study itself")
        elif path.is_dir():
            for item in _files(path, recursive, own):
                if isinstance(item, Rejected):
                    yield item
                else:
                    yield from _read_file(item, item.relative_to(path).as_posix(), _name(path))
        else:
            yield from _read_file(path, path.name, _name(path.parent))


def _name(folder: Path) -> str:
    return folder.name or Path(os.path.abspath(folder)).name or "corpus"


def _files(top: Path, recursive: bool, own: Collection[str]) -> Iterator[Path | Rejected]:
    """The files of a folder, each folder once: links to folders may lead round in circles, or double at each level."""
    seen = {os.path.realpath(top)}
    links: list[Path] = []
    yield from _walk(top, recursive, own, seen, links)
    # After all real folders, so that a file is named by where it lies and not by a link to it.
    for link in links:
        real = os.path.realpath(link)
        if real in seen:
            yield Rejected(printable(str(link)), "is a link to a folder that is read already")
        elif real not in own:
            seen.add(real)
            yield from _walk(link, recursive, own, seen, links)


def _walk(
    folder: Path, recursive: bool, own: Collection[str], seen: set[str], links: list[Path]
) -> Iterator[Path | Rejected]:
    """The files of a folder and of the real folders in it; ``seen`` and ``links`` grow."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield Rejected(printable(str(folder)), f"the folder cannot be read ({error.strerror})")
        return
    for name in names:
        path = folder / name
        if name.startswith(".") or name == "manifest.json" or name.endswith(".manifest.json"):
            continue
        if own and os.path.realpath(path) in own:
            continue
        if not path.is_dir():
            yield path
        elif recursive and path.is_symlink():
            links.append(path)
        elif recursive:
            seen.add(os.path.realpath(path))
            yield from _walk(path, recursive, own, seen, links)


def _read_file(path: Path, relative: str, folder: str) -> Iterator[Record | Rejected]:
    name = printable(str(path))
    reader = READERS.get(path.suffix.lower())
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            yield Rejected(name, "is no regular file")
            return
        if reader is None:
            kind = f"files of type {path.suffix}" if path.suffix else "files without a suffix"
            yield Rejected(name, f"{kind} cannot be read; known are {', '.join(READERS)}")
            return
        for item in reader(path, name):
            yield (
                replace(item, relative=printable(relative), folder=printable(folder))
                if isinstance(item, Record)
                else item
            )
    except Unreadable as error:
        yield Rejected(name, error.reason)
    except FileNotFoundError:
        yield Rejected(name, "is a link to nothing" if path.is_symlink() else "there is no such file or folder")
    except OSError as error:
        yield Rejected(name, f"cannot be read ({error.strerror or error})")
    except (UserError, UnicodeError, MemoryError) as error:
        yield Rejected(name, f"cannot be read ({type(error).__name__}: {error})")


def printable(name: str) -> str:
    """File names may hold any bytes; ids and messages must be Unicode on one line that no terminal obeys."""
    valid = name.encode("utf-8", "backslashreplace").decode()
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), valid)
