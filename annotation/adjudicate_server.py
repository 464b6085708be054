"""The adjudication project of a study: disagreements pushed to it, decisions pulled from it.

Nothing but the project on the server and the file of codes is remembered: both commands can be run again at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ..configs.errors import UserError
from ..data.codes import CodeProblem, read_codes
from ..data.study import Study, add_codes
from .accounts import email_of
from .adjudicate import PEOPLE, SETTLED, adjudication_task, disagreements, offered, read_decisions
from .adjudicate_page import adjudication_config
from .client import Client
from .projects import study_id
from .settings import annotation_settings
from .tasks import Problem

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Pushed:
    """What a push did; ``project`` is None where there was nothing to decide."""

    project: int | None
    undecided: int
    """Reports to decide on now."""
    added: int
    withdrawn: int
    """Tasks that nobody had annotated and that have nothing left to decide, or other codes by now."""
    changed: tuple[str, ...]
    """Reports that were decided before, but whose codes have changed since."""


@dataclass(frozen=True)
class Pulled:
    """What a pull did."""

    decisions: int
    """Codes appended."""
    rejected: tuple[CodeProblem, ...]
    problems: tuple[Problem, ...]


def push(
    study: Study,
    client: Client,
    *,
    round_number: int | None = None,
    masked: bool = False,
    kinds: Collection[str] = PEOPLE,
    progress: Progress = lambda done, total: None,
) -> Pushed:
    """Bring the project up to date with the codes: a task for each disagreement, the settled answers filled in.

    Annotated tasks stay as they are, whatever the codes say now.
    """
    codebook = study.codebook()
    codes = read_codes(study.codes_path) if study.codes_path.exists() else []
    reports = {report.id: report for report in study.reports()}
    found = [
        d for d in disagreements(codes, codebook, round_number=round_number, kinds=kinds) if d.report_id in reports
    ]
    changed = tuple(d.report_id for d in found if d.changed)
    marker, title = _marker(study, round_number)
    project = client.find_project(marker)
    if project is None and not found:
        return Pushed(None, 0, 0, 0, ())
    settings: dict[str, Any] = {"maximum_annotations": 1, "show_collab_predictions": True, "model_version": SETTLED}
    project = client.ensure_project(marker, title, adjudication_config(codebook), **settings)
    made = (adjudication_task(d, reports[d.report_id], codebook, masked=masked, kinds=kinds) for d in found)
    tasks = {task["data"]["report"]: task for task in made}
    wanted = {task["data"]["id"] for task in tasks.values()}
    before = client.task_ids(project)
    annotated = {task["data"]["id"] for task in client.export(project)}
    old = [number for name, number in before.items() if name not in wanted | annotated]
    client.delete_tasks(project, old)
    ids = client.import_tasks(project, list(tasks.values()), progress)
    results = {ids[tasks[d.report_id]["data"]["id"]]: offered(d, codebook) for d in found}
    client.import_predictions(
        project,
        [{"task": t, "result": r, "score": 1.0, "model_version": SETTLED} for t, r in results.items() if r],
    )
    return Pushed(project, len(found), len(wanted - before.keys()), len(old), changed)


def pull(study: Study, client: Client, *, round_number: int | None = None) -> Pulled:
    """Append the decisions of the project to the study's codes; the codes decided about stay as they are."""
    marker, title = _marker(study, round_number)
    project = client.find_project(marker)
    if project is None:
        raise UserError(f"{study.root}: there is no project “{title}”; `weijing annotate adjudicate push` makes it")
    named = {email_of(coder): coder for coder in annotation_settings(study).coders}
    members = client.members()
    names = {user: named.get(email, email.removesuffix("@localhost")) for email, user in members.items()}
    codes = read_codes(study.codes_path) if study.codes_path.exists() else []
    read = read_decisions(client.export(project), study.reports(), study.codebook(), codes, names, round_number)
    added = add_codes(study, read.codes)
    return Pulled(added.appended, added.rejected, read.problems)


def _marker(study: Study, round_number: int | None) -> tuple[str, str]:
    """By which the study's project is found, and its title."""
    marker = f"weijing {study_id(study)} adjudicate"
    if round_number is None:
        return marker, "裁定 · Adjudication"
    return f"{marker} round {round_number}", f"裁定 · Adjudication, round {round_number}"
