"""Annotations from a Label Studio, or from a file it exported, as codes of the study.

Every annotation is read; what can be no code is listed for its coder and never lost, since the server keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.errors import UserError
from ..data.artifacts import locked, text_hash
from ..data.codes import Purpose, moment, read_codes
from ..data.report import Report
from ..data.study import Study, add_codes
from .accounts import email_of
from .client import Client, Connection
from .mend import ToMend, write_to_mend
from .plan import PLAN, read_plan
from .projects import StudyProject, meaning_of, study_projects, vanished
from .settings import annotation_settings
from .tasks import Problem, annotations_of, coder_id, read_annotation
from .versions import Pass, Reading, answered, changes

Progress = Callable[[str, int, int], None]
_NO_TEXT = 80  # characters, which a title or a line of facts may have
_RUN = 5  # characters: shorter runs recur in any two reports of one topic
_NO_LIST = "has annotations that cannot be read", "export it again"


@dataclass(frozen=True)
class Pulled:
    """What a pull did. ``appended`` codes are new, ``superseding`` a version, or ``deleted`` ones."""

    annotations: int
    """Read; also those that gave nothing new."""
    appended: int
    superseding: int
    deleted: int
    older: int
    """Codes that were left out because the study has later ones of the same."""
    to_mend: tuple[ToMend, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...] = ()
    """One a coder and round, with what they have to mend."""


@dataclass(frozen=True)
class _Found:
    """An annotation with what is known of it besides. ``link``: where a coder can open it."""

    annotation: Mapping[str, Any]
    task: Mapping[str, Any]
    report: Report
    coder: str
    round: int | None
    purpose: Purpose
    saw_prediction: bool
    saw_codes: bool = False
    origin: str | None = None
    link: str = ""

    @property
    def at(self) -> str | None:
        at = self.annotation.get("updated_at") or self.annotation.get("created_at")
        return at if isinstance(at, str) else None

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Of several by one coder the greatest counts: not skipped, then the latest."""
        return not self.annotation.get("was_cancelled"), moment(self.at), self.number or 0

    @property
    def number(self) -> int | None:
        number = self.annotation.get("id")
        return number if isinstance(number, int) else None


def pull(
    study: Study,
    round_number: int | None = None,
    *,
    connection: Connection | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Pulled:
    """Append the codes of all annotations in the study's projects, or in those of one round.

    Pulling again appends nothing. An edit appends a version, a deleted annotation or a cleared answer takes codes back;
    a project or a task that is gone takes none back.
    """
    connection = connection or Connection.of_study(study)
    with locked(study.root / PLAN):
        client = Client(connection)
        projects = study_projects(study, client)
        gone = vanished(study, connection.url, projects.values())
        notes = [f"{title}: the project is not on the server any more; codes pulled of it stay" for title in gone]
        wanted = [known for room, known in projects.items() if round_number in (None, room.round)]
        if not wanted and not notes:
            what = "a project" if round_number is None else f"a project of round {round_number}"
            raise UserError(f"{connection.url}: there is not {what} of this study; `weijing annotate push` makes them")
        coders = {*annotation_settings(study).coders, *(room.coder for room in projects)}
        names = {email_of(coder).lower(): coder for coder in coders}
        users = {number: names.get(email.lower(), email) for email, number in client.members().items()}
        reading = _Pull(study)
        rooms = set()
        for number, known in enumerate(wanted):
            progress("read projects", number, len(wanted))
            if known.meaning != meaning_of(reading.codebook):
                if known.project.annotations:
                    notes.append(
                        f"{known.project.title}: its {known.project.annotations} annotations were made with another "
                        "codebook and are left there; put that back (`weijing codebook migrate --undo`), pull, migrate"
                    )
                continue
            reading.take_project(known, client, connection.url, users)
            rooms.add((known.room.round, known.room.coder))
        progress("read projects", len(wanted), len(wanted))
        pulled = reading.finish()
        files = write_to_mend(study.label_studio_path, pulled.to_mend, rooms)
    return replace(pulled, notes=(*notes, *pulled.notes), files=files)


def pull_file(
    study: Study,
    path: Path,
    coders: Mapping[str, str] | None = None,
    *,
    round_number: int | None = None,
    purpose: Purpose = "train",
    saw_prediction: bool = False,
) -> Pulled:
    """Append the codes of a JSON export of any Label Studio project whose interface is that of the codebook.

    ``coders``: user number or e-mail address in the file → coder. Reports are known by their text, or by ``id`` where
    the task's data hold none, or one that has merely changed. Nothing is taken back, since an export may be a part;
    what the study knows later versions of is left.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({type(error).__name__}); export it as JSON again") from None
    if (
        not isinstance(tasks, list)
        or not all(isinstance(t, dict) for t in tasks)
        # JSON-MIN has neither, and would be read as tasks that nobody has coded.
        or (tasks and not any("data" in t and "annotations" in t for t in tasks))
    ):
        raise UserError(
            f"{path}: is no JSON export of Label Studio (a list of tasks with data and annotations); choose JSON, "
            "not JSON-MIN, when exporting"
        )
    reading = _Pull(study)
    for task in tasks:
        reading.take_task(task, coders or {}, round_number, purpose, saw_prediction)
    return reading.finish()


class _Pull:
    """Annotations gathered from all sources, and what hinders any of them."""

    def __init__(self, study: Study) -> None:
        self.study, self.codebook = study, study.codebook()
        self.reports = {report.id: report for report in study.reports()}
        self.by_text = {report.content_hash: report for report in reversed(self.reports.values())}
        self.known = read_codes(study.codes_path) if study.codes_path.exists() else []
        self.found: list[_Found] = []
        self.to_mend: list[ToMend] = []
        self.live: dict[str, set[str]] = {}
        plan = study.root / PLAN
        planned = read_plan(plan) if plan.exists() else []
        self.purposes: dict[tuple[int, str, str], Any] = {(a.round, a.report_id, a.coder): a.purpose for a in planned}

    def take_project(self, known: StudyProject, client: Client, url: str, users: Mapping[int, str]) -> None:
        """Read a project of the study. ``users``: user number → coder."""
        room, project = known.room, known.project
        tasks = client.export(project.id)
        # Asked for afterwards: a task that goes meanwhile has its annotations still.
        self.live[project.origin] = set(client.task_ids(project.id))
        for task in tasks:
            link = f"{url}/projects/{project.id}/data?task={task.get('id')}"
            report = self.reports.get(task["data"].get("id"))
            given = task.get("annotations")
            if not isinstance(given, list) or len(annotations_of(task)) < len(given):
                self._cannot(task, {}, room.coder, *_NO_LIST, room.round, link)
                self.live[project.origin].discard(task["data"].get("id"))
            for annotation in annotations_of(task):
                coder = users.get(coder_id(annotation) or 0)
                planned = (self.purposes.get((room.round, report.id, c)) for c in (coder or "", room.coder) if report)
                purpose = next(filter(None, planned), None)
                if report and coder and purpose:
                    one = _Found(
                        annotation,
                        task,
                        report,
                        coder,
                        room.round,
                        purpose,
                        # Also where somebody else put some in: then the room is not blind any more.
                        saw_prediction=room.predictions or bool(task.get("predictions")),
                        saw_codes=coder != room.coder,
                        origin=project.origin,
                        link=link,
                    )
                    self.found.append(one)
                    if coder != room.coder:
                        self._mend(
                            one, f"was coded in the project of {room.coder}", "it is kept as yours; stay in your own"
                        )
                    continue
                if not report:
                    why, todo = "is no report of the corpus", "put back the corpus that was pushed"
                elif not coder:
                    why, todo = "was coded by nobody who has an account", "code it again"
                else:
                    why, todo = f"is not planned for round {room.round}", f"put back {PLAN}, or plan the round again"
                self._cannot(task, annotation, coder or room.coder, why, todo, room.round, link)
                # What was pulled of it before is not taken back because it cannot be read now.
                self.live[project.origin].discard(task["data"].get("id"))

    def take_task(
        self, task: Mapping[str, Any], coders: Mapping[str, str], number: int | None, purpose: Purpose, saw: bool
    ) -> None:
        """Read a task of an exported file."""
        report = self._report_of(task)
        if not isinstance(task.get("annotations") or [], list):
            self._cannot(task, {}, "nobody", *_NO_LIST, number)
        for annotation in annotations_of(task):
            user = annotation.get("completed_by")
            email = user.get("email") if isinstance(user, Mapping) else None
            coder = coders.get(str(coder_id(annotation))) or coders.get(str(email))
            if report is None or coder is None:
                who = email or f"user {coder_id(annotation)}"
                why, todo = (
                    ("is no report of the corpus, by its text", "`weijing add` the report")
                    if report is None
                    else (f"was coded by {who}", f"say who that is: --coder-map {email or coder_id(annotation)}=NAME")
                )
                self._cannot(task, annotation, coder or who, why, todo, number)
            else:
                shown = saw or bool(task.get("predictions"))
                self.found.append(_Found(annotation, task, report, coder, number, purpose, shown))

    def _report_of(self, task: Mapping[str, Any]) -> Report | None:
        """The report with a text of the task, else that with its id, if the task brings no text or much the same."""
        data = task.get("data")
        data = data if isinstance(data, dict) else {}
        named = self.reports.get(str(data.get("id")))
        # Of several reports with one text, the one that is named.
        own = {**self.by_text, named.content_hash: named} if named else self.by_text
        if found := next(_reports_with(data.values(), own), None):
            return found
        texts = _texts(data)
        # Where the task brings another text, an id is not believed: every list of reports has a number 1.
        return named if named and (not texts or any(_alike(text, named.text) for text in texts)) else None

    def finish(self) -> Pulled:
        """Read what was gathered, and append what is new."""
        counts: dict[Pass, _Found] = {}
        for one in sorted(self.found, key=lambda f: f.rank):
            key = one.report.id, one.coder, one.round
            if before := counts.pop(key, None):
                self._mend(before, f"was coded twice; what was coded at {before.at} does not count", "delete one")
            counts[key] = one
        readings = {key: self._read(one) for key, one in counts.items()}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = changes(readings, self.known, self.live, now)
        added = add_codes(self.study, made.codes)
        rounds = {(code.report_id, code.coder): code.round for code in made.codes}
        listed = {(m.problem.report_id, m.problem.coder) for m in self.to_mend}
        # Beside an answer that has to be mended older codes may stand, which do not go with the new ones. That is told
        # once it is mended; now, only the pull that appends something would tell it.
        for p in (*added.rejected, *(p for p in added.problems if (p.report_id, p.coder) not in listed)):
            problem = Problem(p.report_id, p.coder, p.variable, p.message, "look at it again")
            self.to_mend.append(ToMend(problem, rounds.get((p.report_id, p.coder))))
        notes = [f"{made.older} codes were left out: the study has later ones"] if made.older else []
        return Pulled(
            len(self.found),
            added.appended,
            made.superseding,
            made.deleted,
            made.older,
            tuple(self.to_mend),
            tuple(notes),
        )

    def _read(self, one: _Found) -> Reading:
        coding = read_annotation(
            one.annotation,
            one.report,
            self.codebook,
            one.coder,
            round=one.round,
            purpose=one.purpose,
            saw_prediction=one.saw_prediction,
            saw_codes=one.saw_codes,
        )
        self.to_mend += [ToMend(problem, one.round, one.link) for problem in coding.problems]
        if not coding.codes and not coding.problems:
            self._mend(one, "was submitted empty", "code it")
        data = one.task["data"]
        if _texts(data) and not any(_reports_with(data.values(), {one.report.content_hash: one.report})):
            self._mend(one, "its text has changed since it was pushed", "read the new text and correct the codes")
        return Reading(coding, answered(one.annotation), one.origin)

    def _mend(self, one: _Found, found: str, todo: str) -> None:
        problem = Problem(one.report.id, one.coder, None, found, todo, one.number)
        self.to_mend.append(ToMend(problem, one.round, one.link))

    def _cannot(
        self, task: Mapping[str, Any], annotation: Mapping[str, Any], coder: str, found: str, todo: str,
        number: int | None, link: str = "",
    ) -> None:  # fmt: skip
        data = task.get("data")
        report = data.get("id") if isinstance(data, dict) else None
        annotation_id = annotation.get("id")
        name = report if isinstance(report, str) else f"of task {task.get('id')}"
        problem = Problem(name, coder, None, found, todo, annotation_id if isinstance(annotation_id, int) else None)
        self.to_mend.append(ToMend(problem, number, link))


def _texts(data: Mapping[str, Any]) -> list[str]:
    """What a task brings that may be a report's text, under whatever name."""
    return [v for name, v in data.items() if isinstance(v, str) and (len(v) > _NO_TEXT or (name == "text" and v))]


def _reports_with(texts: Iterable[Any], by_hash: Mapping[str, Report]) -> Iterator[Report]:
    return (by_hash[digest] for text in texts if isinstance(text, str) and (digest := text_hash(text)) in by_hash)


def _alike(one: str, other: str) -> bool:
    """Whether two texts have most of their runs of five characters in common, as an old and a new version have."""
    runs, others = ({text[i : i + _RUN] for i in range(max(len(text) - _RUN + 1, 1))} for text in (one, other))
    return 2 * len(runs & others) > max(len(runs), len(others))
