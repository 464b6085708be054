"""The zip and the XML of a project, read as something a stranger sent.

Nothing is unpacked to disk and no name in the project is taken for a path of this machine; what is read is bounded;
the XML may not declare a document type, so that there are no entities to expand.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..configs.errors import UserError
from .qdpx_model import NAMESPACE

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_BYTES = 2**29
"""Of all that is read of a project, unpacked: 512 MiB."""
MOST_TEXT = 2**24
"""Of one text: 16 MiB."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError)


class Project:
    """An open project."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        self._left = MOST_BYTES
        # Some programs write Sources/ with a capital.
        self._members = {name.lower(): name for name in archive.namelist()}
        names = [name for name in self._members if name.endswith(".qde") and "/" not in name]
        if len(names) != 1:
            raise UserError(f"{path}: is no REFI-QDA project (no project.qde in it); export one as .qdpx")
        try:
            content = self._read(names[0])
        except _BROKEN as error:
            raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
        self.root = self._parse(content)

    def text_of(self, source: _Element) -> str | None:
        """The text of a source or note, from the project itself; None where it is not there, too long or not UTF-8."""
        inline = source.find(q("PlainTextContent"))
        if inline is not None:
            text = "".join(inline.itertext())
            return text if len(text) <= MOST_TEXT else None
        scheme, _, name = (source.get("plainTextPath") or "").partition("://")
        member = f"sources/{name}".lower()
        if scheme != "internal" or member not in self._members:
            return None
        if self._archive.getinfo(self._members[member]).file_size > MOST_TEXT:  # no more than that is unpacked
            return None
        try:
            return self._read(member).decode("utf-8-sig")
        except _BROKEN:  # also where it is not UTF-8
            return None

    def _read(self, member: str) -> bytes:
        info = self._archive.getinfo(self._members[member])
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("compressed in a way that the standard does not have")
        with self._archive.open(info) as file:
            content = file.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise UserError(f"{self.path}: holds more than {MOST_BYTES >> 20} MiB; split the project")
        return content

    def _parse(self, content: bytes) -> _Element:
        from lxml import etree

        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            raise UserError(f"{self.path}: project.qde cannot be read ({' '.join(str(error).split())})") from None
        if root.getroottree().docinfo.doctype:
            raise UserError(
                f"{self.path}: project.qde declares a document type, which no project needs; export it anew"
            )
        if root.tag != q("Project"):
            raise UserError(f"{self.path}: is no REFI-QDA project of version 1.0 (its root is not Project)")
        return root


@contextmanager
def open_project(path: str | Path) -> Iterator[Project]:
    """Open a project; ``UserError`` where it is none."""
    path = Path(path)
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except _BROKEN:
        raise UserError(f"{path}: is no REFI-QDA project (not a zip); export one as .qdpx") from None
    with archive:
        yield Project(path, archive)


def q(tag: str) -> str:
    """The tag in the standard's namespace."""
    return f"{{{NAMESPACE}}}{tag}"


def clean_guid(given: str | None) -> str:
    """A GUID as we write it: no braces, small letters."""
    return (given or "").strip().strip("{}").lower()
