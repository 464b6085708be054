"""A study's projects on a server: one a coder and round, known by a marker in the project's description.

What a project is for stands in its marker, so that it is found again from any machine that has the study. The file of
projects pushed serves to tell when one was deleted on the server, and to put back a marker that somebody cleared.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..data.artifacts import atomic_write, text_hash
from ..data.study import Study
from .client import Client, Project
from .interface import shown, span_labels
from .private import private_folder, write_private

STUDY_ID = "study-id"
PUSHED = "projects.json"
_LONGEST = 50  # characters of a title in Label Studio
_MARKER = re.compile(r"\[weijing (\w+) round (\d+) of (\S+?)( with predictions)?\](?: codebook (\w+))?")


@dataclass(frozen=True)
class Room:
    """What a project is for: one coder's reports of a round, with or without predictions."""

    round: int
    coder: str
    predictions: bool = False

    def marker(self, study_id: str) -> str:
        """What its project's description holds, in brackets."""
        return f"weijing {study_id} round {self.round} of {self.coder}{' with predictions' * self.predictions}"

    def title(self, study: Study) -> str:
        """The project's title, of which the end says most."""
        more = " · predictions" * self.predictions
        end = f" · round {self.round} · {self.coder}{more}"[-_LONGEST:]
        return study.root.resolve().name[: _LONGEST - len(end)] + end


@dataclass(frozen=True)
class StudyProject:
    """A project of the study on a server."""

    room: Room
    project: Project
    meaning: str
    """``meaning_of`` the codebook it was made with."""


def study_id(study: Study) -> str:
    """What tells this study's projects from others'; drawn once, and kept in the study folder."""
    path = study.root / STUDY_ID
    if not path.exists():
        with atomic_write(path) as temporary:
            temporary.write_text(secrets.token_hex(8) + "\n", encoding="utf-8")
    found = path.read_text(encoding="utf-8", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{16}", found):
        raise UserError(f"{path}: holds no id of 16 hex digits; put back what was there")
    return found


def meaning_of(codebook: Codebook) -> str:
    """A hash of what decides what an annotation says: the version, and the names of variables and labels.

    A better wording under the same version leaves it as it is.
    """
    names = [(v.id, v.type, v.label_ids) for v in shown(codebook)]
    return text_hash(repr((codebook.version, names, list(span_labels(codebook)))))


def study_projects(study: Study, client: Client) -> dict[Room, StudyProject]:
    """The study's projects that are on the server; of several for one purpose the oldest.

    A project whose marker somebody cleared is known by its origin, and gets the marker back.
    """
    own = study_id(study)
    kept = {origin: marked for titles in _remembered(study).values() for origin, marked in titles.values()}
    found: dict[Room, StudyProject] = {}
    for project in sorted(client.projects(), key=lambda p: p.id):
        match = _MARKER.search(project.description)
        if not match and (match := _MARKER.search(kept.get(project.origin, ""))):
            client.describe(project.id, f"{match[0]} {project.description}".rstrip())
        if match and match[1] == own:
            room = Room(int(match[2]), match[3], bool(match[4]))
            found.setdefault(room, StudyProject(room, project, match[5] or ""))
    return found


def remember(study: Study, url: str, projects: Iterable[StudyProject]) -> None:
    """Keep which projects were made on a server."""
    known = _remembered(study)
    made = {p.project.title: (p.project.origin, p.project.description) for p in projects}
    known[url] = {**known.get(url, {}), **made}
    write_private(private_folder(study.label_studio_path) / PUSHED, known)


def vanished(study: Study, url: str, projects: Iterable[StudyProject]) -> Iterator[str]:
    """Titles of projects that were made on the server and are there no more."""
    there = {p.project.origin for p in projects}
    return (title for title, (origin, _) in _remembered(study).get(url, {}).items() if origin not in there)


def _remembered(study: Study) -> dict[str, dict[str, tuple[str, str]]]:
    """Server → title → origin and description; nothing where the file is lost or damaged, which does no harm."""
    try:
        found = json.loads((study.label_studio_path / PUSHED).read_text(encoding="utf-8"))
        return {url: {t: (str(o), str(d)) for t, (o, d) in titles.items()} for url, titles in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
