"""Reports and codes to a REFI-QDA project."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..data.artifacts import atomic_write
from ..data.codes import Code, CodeProblem, check_each, current, moment
from ..data.report import Report
from .qdpx_model import (
    NAMESPACE,
    Entry,
    Pass,
    guid,
    one_line,
    report_guid,
    source_name,
    source_text,
    span_guid,
    storable,
    tree,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_Entries = dict[tuple[str, str, bool | int | str | None], Entry]

# What xsd:dateTime allows of ISO 8601.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True)
class WrittenProject:
    """What ``write_qdpx`` wrote."""

    path: Path
    n_reports: int
    n_codes: int
    rejected: tuple[CodeProblem, ...]
    """Codes that fit no report, variable, value or passage; they are not in the project."""


def write_qdpx(
    path: str | Path, reports: Sequence[Report], codes: Iterable[Code], codebook: Codebook, *, force: bool = False
) -> WrittenProject:
    """Write a project of these reports with the codes in force of them; the same bytes for the same input.

    Without ``force`` a file that exists is left alone (``UserError``).
    """
    path = Path(path)
    if path.exists() and not force:
        raise UserError(f"{path}: exists already; choose another place or add --force")
    by_report: dict[str, list[Code]] = {}
    rejected: list[CodeProblem] = []
    standing = current(codes)
    for code, problems in zip(standing, check_each(standing, reports, codebook), strict=True):
        rejected += problems[:1]
        if not problems:
            by_report.setdefault(code.report_id, []).append(code)
    content = _project(reports, by_report, codebook)
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        _store(archive, "project.qde", content)
        for report in reports:
            _store(archive, f"sources/{report_guid(report.id)}.txt", source_text(report.text).encode())
    return WrittenProject(path, len(reports), sum(map(len, by_report.values())), tuple(rejected))


def _store(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # A fixed date, so that the same project is the same file.
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def _project(reports: Sequence[Report], codes: dict[str, list[Code]], codebook: Codebook) -> bytes:
    """``project.qde``. The standard fixes the order of elements: Users, CodeBook, Sources, Notes."""
    from lxml import etree

    root = etree.Element(f"{{{NAMESPACE}}}Project", nsmap={None: NAMESPACE})
    root.set("name", storable(f"{codebook.title.zh} / {codebook.title.en}"))
    root.set("origin", f"weijing {__version__}")
    passes = list(dict.fromkeys(Pass.of(code) for of_report in codes.values() for code in of_report))
    if passes:  # an empty list of users is not valid
        _add_users(_add(root, "Users"), passes)
    branches = tree(codebook)
    parent = _add(_add(root, "CodeBook"), "Codes")
    for head, *below in branches:
        element = _add_code(parent, head)
        for entry in below:
            _add_code(element, entry)
    if reports:
        entries: _Entries = {(e.variable, e.role, e.value): e for branch in branches for e in branch}
        sources = _add(root, "Sources")
        notes = etree.Element(f"{{{NAMESPACE}}}Notes")
        for report in reports:
            number = report_guid(report.id)
            text = f"internal://{number}.txt"
            source = _add(sources, "TextSource", guid=number, name=source_name(report), plainTextPath=text)
            for code in codes.get(report.id, ()):
                _add_selections(source, notes, code, report, entries)
        if len(notes):
            root.append(notes)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add(parent: _Element, tag: str, text: str | None = None, **attributes: str) -> _Element:
    from lxml import etree

    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    for name, value in attributes.items():
        element.set(name, storable(value))
    if text is not None:
        element.text = storable(text)
    return element


def _add_users(parent: _Element, passes: Sequence[Pass]) -> None:
    """A user is named as the coder, with round and purpose where the coder has several passes."""
    several = Counter(one.coder for one in passes)
    for one in passes:
        which = one.purpose if one.round is None else f"{one.purpose}, round {one.round}"
        name = f"{one.coder} ({which})" if several[one.coder] > 1 else one.coder
        _add(parent, "User", guid=_user(one), name=name, id=one.as_id)


def _user(one: Pass) -> str:
    return guid("user", one.as_id)


def _add_code(parent: _Element, entry: Entry) -> _Element:
    element = _add(parent, "Code", guid=entry.guid, name=entry.name, isCodable="true")
    if entry.description:
        _add(element, "Description", entry.description)
    return element


def _add_selections(
    source: _Element,
    notes: _Element,
    code: Code,
    report: Report,
    entries: _Entries,
) -> None:
    """One selection for each span, and one of the whole text for what no span says."""
    user = _user(Pass.of(code))
    made = {"creatingUser": user}
    if code.at is not None:
        is_valid = _TIME.fullmatch(code.at)
        made["creationDateTime"] = code.at if is_valid else datetime.fromtimestamp(moment(code.at), UTC).isoformat()
    variable = entries[code.variable, "variable", None]

    def select(number: str, start: int, end: int, coded: Iterable[Entry], description: str | None = None) -> _Element:
        place = {"startPosition": str(start), "endPosition": str(end)}
        name = one_line(report.text[start:end])
        element = _add(source, "PlainTextSelection", guid=number, name=name, **place, **made)
        if description is not None:
            _add(element, "Description", description)
        for entry in coded:
            coding = _add(element, "Coding", guid=guid("coding", number, entry.guid), **made)
            _add(coding, "CodeRef", targetGUID=entry.guid)
        return element

    values = code.value if isinstance(code.value, list) else [code.value]
    # A text has no entry of its own: its variable stands for it, as it does for "none of the labels".
    coded = {value: entries[key] for value in values if (key := (code.variable, "value", value)) in entries}
    unlabelled = variable if isinstance(code.value, list) or not coded else next(iter(coded.values()))
    shown = set()
    for span in dict.fromkeys(code.evidence):
        entry = unlabelled if span.label is None else coded[span.label]
        shown.add(entry)
        select(span_guid(report.id, user, entry, span.start, span.end), span.start, span.end, [entry])
    rest = [entry for entry in coded.values() if entry not in shown] if coded else [variable]
    rest += [entries[code.variable, role, None] for role in ("unsure", "absence") if getattr(code, role)]
    if rest or code.note:
        number = guid("whole", report.id, user, code.variable)
        is_text = isinstance(code.value, str) and not coded
        element = select(number, 0, len(report.text), rest or [variable], str(code.value) if is_text else None)
        if code.note:
            note = guid("note", number)
            _add(element, "NoteRef", targetGUID=note)
            memo = _add(notes, "Note", guid=note, name=f"{variable.name} [{report.id}, {code.coder}]", **made)
            _add(memo, "PlainTextContent", code.note)
