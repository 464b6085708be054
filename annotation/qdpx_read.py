"""A REFI-QDA project, ours or another program's, to codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ..configs.codebook import Codebook, Value, Variable, ordered
from ..data.codes import Code, Purpose, Span, moment, newest
from ..data.readers import Rejected
from ..data.report import Report
from .qdpx_file import Project, clean_guid, open_project, q
from .qdpx_match import match_codes
from .qdpx_model import Entry, Pass, folded, one_line, report_guid, source_name, source_text, span_guid, storable
from .qdpx_places import Place, choose_reading

if TYPE_CHECKING:
    from lxml.etree import _Element

NO_TEXT = "its text is not in the project as plain text in UTF-8 (16 MiB at most)"


@dataclass(frozen=True)
class ReadProject:
    """What ``read_qdpx`` read."""

    codes: tuple[Code, ...]
    """A code that the study holds already comes back as it is there; a changed one supersedes it."""
    unplaced: tuple[Rejected, ...]
    """Codes, sources and passages that could not be taken over, each with the reason."""


@dataclass
class _Marks:
    """All that one pass says about one variable of one report."""

    values: dict[bool | int | str | None, None] = field(default_factory=dict)
    on_variable: bool = False
    spans: dict[Span, None] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)
    descriptions: dict[str, None] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)


def read_qdpx(
    path: str | Path,
    reports: Sequence[Report],
    codebook: Codebook,
    *,
    known: Iterable[Code] = (),
    purpose: Purpose = "train",
    round: int | None = None,
) -> ReadProject:
    """Read the codes of a project whose sources are among ``reports``.

    Codes are known by GUID, else by their name in Chinese or English; sources by GUID, else by text, else by name.
    A passage is taken only where our text reads the same. ``purpose`` and ``round`` hold for users of other programs,
    which do not say them. Nothing is taken for deleted because it is missing. ``UserError`` where the file is no
    project that can be read.
    """
    with open_project(path) as project:
        reader = _Reader(project, reports, codebook, Pass(coder="unknown", purpose=purpose, round=round))
        codes = list(reader.codes())
    standing = {_key(code): code for code in newest(known)}
    taken = []
    for code in codes:
        before = standing.get(_key(code))
        one = _as_known(code, before)
        if before and one is not before and code.at and before.at and moment(code.at) < moment(before.at):
            where = f"report {code.report_id}, {code.coder}, {code.variable}"
            reader.unplaced.append(Rejected(where, "the study has a later version, which stays"))
        else:
            taken.append(one)
    return ReadProject(tuple(taken), tuple(reader.unplaced))


def _key(code: Code) -> tuple[object, ...]:
    return code.report_id, storable(code.coder), code.variable, code.purpose, code.round


def _as_known(code: Code, before: Code | None) -> Code:
    if before is None:
        return code
    if before.deleted:
        return replace(code, coder=before.coder, supersedes=before.code_id, code_id="")
    values = [set(c.value) if isinstance(c.value, list) else c.value for c in (code, before)]
    same = values[0] == values[1] and set(code.evidence) == set(before.evidence)
    same = same and (code.unsure, code.absence) == (before.unsure, before.absence)
    if same and storable(code.note or "") == storable(before.note or ""):
        return before
    return replace(code, coder=before.coder, supersedes=before.code_id, code_id="")


class _Reader:
    """Goes through a project once."""

    def __init__(self, project: Project, reports: Sequence[Report], codebook: Codebook, stranger: Pass) -> None:
        self.project = project
        self.reports = reports
        self.codebook = codebook
        self.stranger = stranger
        self.unplaced: list[Rejected] = []
        users = project.root.iterfind(f"{q('Users')}/{q('User')}")
        self.users = {clean_guid(user.get("guid")): self._pass(user) for user in users}
        codes = project.root.findall(f"{q('CodeBook')}/{q('Codes')}//{q('Code')}")
        self.names = {clean_guid(code.get("guid")): code.get("name") or "" for code in codes}
        self.entries = match_codes(codes, codebook)
        self.notes: dict[str, str] = {}
        for note in project.root.iterfind(f"{q('Notes')}/{q('Note')}"):
            text = project.text_of(note)
            if text is None:
                self._leave(f"note {_shown(note.get('name'))}", NO_TEXT)
            else:
                self.notes[clean_guid(note.get("guid"))] = text

    def _pass(self, user: _Element) -> Pass:
        try:
            return Pass.model_validate_json(user.get("id") or "")
        except ValidationError:
            return self.stranger.model_copy(update={"coder": user.get("name") or user.get("guid") or "unknown"})

    def codes(self) -> Iterator[Code]:
        """The codes, source by source; what cannot be placed goes to ``unplaced``."""
        sources = list(self._sources())
        selections = [(text, source.findall(q("PlainTextSelection"))) for source, _, text in sources]
        reading, checked = choose_reading(selections)
        if not checked:
            self._leave("positions", "programs count rare characters and line ends differently; look at some passages")
        for source, report, text in sources:
            yield from self._codes_of(source, report, Place(text, report.text, reading))
        unknown = Counter(
            clean_guid(reference.get("targetGUID"))
            for reference in self.project.root.iter(q("CodeRef"))
            if reference.getparent().tag == q("Coding")
        )
        for number, n in unknown.items():
            if number not in self.entries:
                where = f"code {_shown(self.names.get(number) or number)}"
                self._leave(where, f"{n} codings of a code that the codebook does not have or has several times")

    def _sources(self) -> Iterator[tuple[_Element, Report, str]]:
        by_guid = {report_guid(report.id): report for report in self.reports}
        by_name = {name: report for report in self.reports for name in (report.id, source_name(report))}
        by_text: dict[str, list[Report]] = {}
        for report in self.reports:
            by_text.setdefault(source_text(report.text).strip(), []).append(report)
        seen: set[str] = set()
        longest = max((len(report.text) for report in self.reports), default=0)
        for source in self.project.root.iterfind(f"{q('Sources')}/*"):
            name = source.get("name") or ""
            where = f"source {_shown(name)}"
            number = clean_guid(source.get("guid"))
            if source.tag != q("TextSource"):
                self._leave(where, "is no text, and only texts are read")
                continue
            text = self.project.text_of(source)
            if text is None:
                self._leave(where, NO_TEXT)
                continue
            if len(text) > _far_longer(longest):  # before anything is done with it
                self._leave(where, "is longer than any report of the corpus")
                continue
            alike = by_text.get(source_text(folded(text)).strip(), [])
            named = by_name.get(name) or by_name.get(name.removesuffix(".txt"))
            meant = by_guid.get(number) or (alike[0] if len(alike) == 1 else named)
            if meant is None:
                self._leave(where, "several reports have this text" if alike else "the corpus has no such report")
            elif len(text) > _far_longer(len(meant.text)):
                self._leave(where, f"is another text than that of report {meant.id}")
            elif meant.id in seen:
                self._leave(where, f"report {meant.id} is in the project already")
            else:
                seen.add(meant.id)
                yield source, meant, text

    def _codes_of(self, source: _Element, report: Report, place: Place) -> Iterator[Code]:
        marks: dict[tuple[Pass, str], _Marks] = {}
        for selection in source.iterfind(q("PlainTextSelection")):
            found = place.find(selection)
            if isinstance(found, str):
                self._leave(f"report {report.id}, passage {_shown(selection.get('name'))}", found)
            else:
                self._mark(marks, selection, report, *found)
        self._mark(marks, source, report, 0, len(report.text))
        for (made, name), said in marks.items():
            variable = self.codebook.variable(name)
            value = _value(variable, said)
            if value is None:
                several = "two values at once" if len(said.values) > 1 else "no value"
                self._leave(f"report {report.id}, {made.coder}, {name}", f"{several}; give it one")
                continue
            notes = [*said.notes, *(() if variable.type == "text" else said.descriptions)]
            yield Code(
                report.id,
                variable=name,
                value=value,
                evidence=tuple(said.spans),
                absence="absence" in said.flags,
                unsure="unsure" in said.flags,
                note="\n".join(notes) or None,
                at=max(said.times, key=moment, default=None),
                **made.model_dump(),
            )

    def _mark(
        self, marks: dict[tuple[Pass, str], _Marks], coded: _Element, report: Report, start: int, end: int
    ) -> None:
        """Note down what the codings of a selection, or of the source itself, say."""
        of_source = coded.tag == q("TextSource")
        everything = of_source or report.text[start:end].strip() == report.text.strip()
        described = None if of_source else coded.find(q("Description"))
        for coding in coded.iterfind(q("Coding")):
            entry = self.entries.get(clean_guid(_target(coding, "CodeRef")))
            if entry is None:
                continue
            user = coding.get("creatingUser") or coded.get("creatingUser") or self.project.root.get("creatingUserGUID")
            made = self.users.get(clean_guid(user), self.stranger)
            said = marks.setdefault((made, entry.variable), _Marks())
            if entry.role == "value":
                said.values[entry.value] = None
            elif entry.role == "variable":
                said.on_variable = True
            else:
                said.flags.add(entry.role)
            own = span_guid(report.id, clean_guid(user), entry, start, end) == clean_guid(coded.get("guid"))
            if entry.role in ("value", "variable") and (own or not everything):
                label = entry.value if isinstance(entry.value, str) and self._is_multi(entry) else None
                said.spans[Span(start, end, report.text[start:end], label)] = None
            for reference in (*coding.iterfind(q("NoteRef")), *(() if of_source else coded.iterfind(q("NoteRef")))):
                if note := self.notes.get(clean_guid(reference.get("targetGUID"))):
                    said.notes[note] = None
            if described is not None:
                said.descriptions["".join(described.itertext())] = None
            time = coding.get("creationDateTime") or coded.get("creationDateTime")
            if time and moment(time) > float("-inf"):
                said.times.append(time)

    def _is_multi(self, entry: Entry) -> bool:
        return self.codebook.variable(entry.variable).type == "multi"

    def _leave(self, where: str, reason: str) -> None:
        self.unplaced.append(Rejected(where, reason))


def _value(variable: Variable, said: _Marks) -> Value:
    """The value that the marks amount to; None where they do not."""
    if variable.type == "multi":
        labels = [value for value in said.values if isinstance(value, str)]
        return ordered(variable, labels) if labels or said.on_variable else None
    if variable.type == "text":
        texts = [*said.descriptions] or [span.text for span in said.spans]
        return "\n".join(texts) if texts else None
    if variable.type == "binary" and not said.values and said.on_variable:
        return True  # others apply the variable itself where it holds
    return next(iter(said.values)) if len(said.values) == 1 else None


def _far_longer(length: int) -> int:
    """How long the text of a report of this length can be in another program, which may write line ends as two."""
    return 2 * length + 1000


def _target(coding: _Element, tag: str) -> str | None:
    reference = coding.find(q(tag))
    return None if reference is None else reference.get("targetGUID")


def _shown(text: str | None) -> str:
    """Something of a stranger's file in a message: one line, nothing that steers a terminal."""
    return repr(one_line(text or "", 60))
