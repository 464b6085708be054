"""A round of the plan as projects of a Label Studio: one a coder, the reports in the order of the design.

Run again after anything, it goes on where it stopped, and no report stands in a project twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..data.artifacts import locked
from ..data.design import read_design
from ..data.report import Report
from ..data.study import Study
from .accounts import email_of
from .client import Client, Connection, Project
from .interface import labelling_config
from .plan import PLAN, Assignment, read_plan
from .projects import Room, StudyProject, meaning_of, remember, study_id, study_projects, vanished
from .tasks import task_of

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PushedProject:
    """A project after a push, with the number of its tasks and how many of them are new."""

    room: Room
    title: str
    url: str
    tasks: int
    new: int


@dataclass(frozen=True)
class Pushed:
    """What a push did, and what somebody should know of it."""

    projects: tuple[PushedProject, ...]
    notes: tuple[str, ...]


def push(
    study: Study,
    round_number: int,
    *,
    coders: Collection[str] | None = None,
    connection: Connection | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Pushed:
    """Put the planned reports of a round into the projects of its coders (None: of all of them).

    A coder's reports that are not blind are in a project of their own, with predictions of the study's model; a blind
    project never gets any. Raises ``UserError``, before anything is changed, where a coder has no account or a project
    with annotations was made with another codebook.
    """
    connection = connection or Connection.of_study(study)
    with locked(study.root / PLAN):
        rooms = _rooms(study, round_number, coders)
        client = Client(connection)
        _check_accounts(connection.url, {room.coder for room in rooms}, client.members())
        codebook = study.codebook()
        before = study_projects(study, client)
        _check_codebook(study, codebook, [known for room, known in before.items() if room in rooms])
        notes = []
        gone = {*vanished(study, connection.url, before.values())} & {room.title(study) for room in rooms}
        for title in sorted(gone):
            notes.append(
                f"{title}: the project was deleted on the server and is made anew; annotations that were not pulled "
                "before are lost there, what was pulled stays"
            )
        for room in rooms:
            settings = {"maximum_annotations": 1, "show_collab_predictions": room.predictions}
            note = f"codebook {meaning_of(codebook)}"
            marker = room.marker(study_id(study))
            client.ensure_project(marker, room.title(study), labelling_config(codebook), note, **settings)
        there = {room: known for room, known in study_projects(study, client).items() if room in rooms}
        # Before the tasks: a project that is deleted while they are sent was one of ours, too.
        remember(study, connection.url, there.values())
        made = [_fill(study, client, connection.url, there[room], reports, progress) for room, reports in rooms.items()]
    return Pushed(tuple(made), tuple(notes))


def _fill(
    study: Study, client: Client, url: str, known: StudyProject, reports: Sequence[Report], progress: Progress
) -> PushedProject:
    room, project = known.room, known.project
    predictions: Mapping[str, Mapping[str, Any]] = {}
    if room.predictions:  # before the tasks, which wait for them as short as can be
        from .predicted import study_predictions  # loads the model

        version, predictions = study_predictions(study, reports, partial(progress, f"predict for {room.coder}"))
    tasks = client.import_tasks(project.id, [task_of(r) for r in reports], partial(progress, f"tasks of {room.coder}"))
    if room.predictions:
        client.import_predictions(
            project.id,
            [{"task": tasks[report_id], **prediction} for report_id, prediction in predictions.items()],
            partial(progress, f"predictions for {room.coder}"),
        )
        client.set_model_version(project.id, version)
    return PushedProject(
        room, project.title, f"{url}/projects/{project.id}/data", len(tasks), len(tasks) - project.tasks
    )


def _rooms(study: Study, number: int, coders: Collection[str] | None) -> dict[Room, list[Report]]:
    """The reports of each project, in the order of the design."""
    path = study.root / PLAN
    planned = [a for a in read_plan(path) if a.round == number] if path.exists() else []
    if not planned:
        raise UserError(f"{path}: nothing is planned for round {number}; `weijing plan` it first")
    unknown = {*(coders or ())} - {a.coder for a in planned}
    if unknown:
        raise UserError(f"{path}: round {number} has no coder {', '.join(sorted(unknown))}; see `weijing plan`")
    reports = {report.id: report for report in study.reports()}
    lost = sorted({a.report_id for a in planned} - reports.keys())
    if lost:
        raise UserError(f"{path}: the corpus has no report {', '.join(lost[:5])}; put back the corpus that was planned")
    ranks = {row.reprint_group: row.rank for row in read_design(study.design_path)}
    rooms: dict[Room, list[Report]] = {}

    def place(a: Assignment) -> tuple[float, str]:
        return ranks.get(reports[a.report_id].reprint_group or a.report_id, float("inf")), a.report_id

    for a in sorted(planned, key=place):
        if coders is None or a.coder in coders:
            rooms.setdefault(Room(number, a.coder, not a.blind), []).append(reports[a.report_id])
    return rooms


def _check_accounts(url: str, coders: Collection[str], members: Mapping[str, int]) -> None:
    known = {email.lower() for email in members}
    missing = sorted(coder for coder in coders if email_of(coder).lower() not in known)
    if missing:
        raise UserError(
            f"{url}: no account for {', '.join(missing)}; name coders in weijing.yaml and run `weijing annotate up`, "
            "or on a server of others plan with the e-mail addresses they log in with"
        )


def _check_codebook(study: Study, codebook: Codebook, projects: Collection[StudyProject]) -> None:
    for known in projects:
        project: Project = known.project
        if project.annotations and known.meaning != meaning_of(codebook):
            raise UserError(
                f"{study.codebook_path}: has changed since project {project.title} was made, which holds "
                f"{project.annotations} annotations; `weijing codebook diff` shows how: with the codebook as it was "
                "pull them, then migrate, and code what is new in another round"
            )
