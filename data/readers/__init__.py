"""Readers by file format: files and folders in, records and rejections out.

Whatever cannot be read is a ``Rejected`` with its place and reason, and the rest goes on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ...configs.errors import UserError
from ..encodings import Unreadable
from . import json_lines, parquet, table, text
from .record import Reader, Record, Rejected

__all__ = ["READERS", "Reader", "Record", "Rejected", "read"]

READERS: dict[str, Reader] = {
    **dict.fromkeys(text.SUFFIXES, text.read_text),
    **dict.fromkeys(json_lines.SUFFIXES, json_lines.read_json),
    **dict.fromkeys(table.SUFFIXES, table.read_table),
    **dict.fromkeys(parquet.SUFFIXES, parquet.read_parquet),
}
"""Suffix (lower case, with its dot) to reader."""


def read(paths: Iterable[str | Path] | str | Path, recursive: bool = True) -> Iterator[Record | Rejected]:
    """Records of the files, and of all files in the folders, in sorted order.

    In folders hidden files and manifests are left out; ``recursive`` says whether folders in them are read.
    """
    for path in [paths] if isinstance(paths, str | Path) else paths:
        path = Path(path)
        if path.is_dir():
            for item in _walk(path, recursive, (os.path.realpath(path),)):
                if isinstance(item, Rejected):
                    yield item
                else:
                    yield from _read_file(item, item.relative_to(path).as_posix(), _name(path))
        else:
            yield from _read_file(path, path.name, _name(path.parent))


def _name(folder: Path) -> str:
    return folder.name or Path(os.path.abspath(folder)).name or "corpus"


def _walk(folder: Path, recursive: bool, above: tuple[str, ...]) -> Iterator[Path | Rejected]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield Rejected(str(folder), f"the folder cannot be read ({error.strerror})")
        return
    for name in names:
        path = folder / name
        if name.startswith(".") or name == "manifest.json" or name.endswith(".manifest.json"):
            continue
        if not path.is_dir():
            yield path
        elif recursive:
            real = os.path.realpath(path)
            if real in above:
                yield Rejected(str(path), "is a link back to a folder it lies in")
            else:
                yield from _walk(path, recursive, (*above, real))


def _read_file(path: Path, relative: str, folder: str) -> Iterator[Record | Rejected]:
    name = _printable(str(path))
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
                replace(item, relative=_printable(relative), folder=_printable(folder))
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


def _printable(path: str) -> str:
    """File names need not be valid Unicode; ids and messages must be."""
    return path.encode("utf-8", "backslashreplace").decode()
