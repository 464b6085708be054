"""A study moves to a new codebook as one change: codebook, codes, gold and the log of the migration together."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ..configs.codebook import Codebook
from ..configs.decisions import Decisions
from ..configs.errors import UserError
from ..configs.load import load_codebook, parse_codebook
from .artifacts import locked, make_manifest, manifest_path, text_hash
from .code import Code, to_json
from .code_files import append_codes, from_json, read_codes
from .migrate import Migration, Step, migrate_codes, undo
from .study import Study
from .together import content_hash, finish_replacing, replace_together


@dataclass(frozen=True)
class MigrationLog:
    """All of a migration: enough to undo it, and to migrate codes that come in late."""

    old: str
    """The old codebook's file."""
    new: str
    decisions: Decisions
    steps: tuple[Step, ...]


def migrate_study(
    study: Study, new_path: str | Path, decisions: Decisions | None = None, old_path: str | Path | None = None
) -> tuple[Migration, Path | None]:
    """Bring a study's codes to a new codebook, which takes the place of its own; returns the log's path too.

    ``old_path`` names the codebook of the codes where the study's own file was edited already. The gold file is
    removed, because it says what was settled under the old codebook; it is made again when it is next needed. Killed
    at any moment, the study is as before or as after. Where nothing is left to do, nothing is written (log None).
    """
    with _writing(study):
        old_file = Path(old_path or study.codebook_path)
        old, new = load_codebook(old_file), load_codebook(new_path)
        codes = _codes(study)
        migration = migrate_codes(codes, old, new, decisions)
        if not migration.steps and study.codebook() == new:
            return migration, None
        old_text, new_text = old_file.read_bytes().decode(), Path(new_path).read_bytes().decode()
        log = _log_bytes(MigrationLog(old_text, new_text, decisions or Decisions(), migration.steps))
        versions = [re.sub(r"[^\w.-]", "_", codebook.version)[:40] for codebook in (old, new)]
        name = f"{'-to-'.join(versions)}-{text_hash(log.decode())[:8]}.jsonl"
        became = [step.became for step in migration.steps]
        content = _file_of(study.codes_path, became, after=study.codes_path) if codes else None
        _replace(study, content, new_text, new, {study.migrations_path / name: log})
    return migration, study.migrations_path / name


def undo_study(study: Study, log_path: str | Path) -> None:
    """Put a study back to what it was before a migration, if no codes were made since."""
    log = read_log(log_path)
    with _writing(study):
        new = parse_codebook(log.new, f"{log_path}: new codebook")
        if study.codebook() != new:
            raise UserError(f"{study.codebook_path}: is not the codebook that {log_path} led to; nothing was undone")
        codes = undo(_codes(study), log.steps, new.version)
        content = _file_of(study.codes_path, codes) if study.codes_path.exists() else None
        _replace(study, content, log.old, parse_codebook(log.old, f"{log_path}: old codebook"), {})


@contextmanager
def _writing(study: Study) -> Iterator[None]:
    """Alone with the study's codes, and after what a killed migration left to do."""
    with locked(study.codes_path):
        finish_replacing(study.root)
        yield


def _replace(
    study: Study, codes: bytes | None, codebook_text: str, codebook: Codebook, besides: dict[Path, bytes]
) -> None:
    # The codes come first: they are what others may write after a crash, see finish_replacing.
    files: dict[Path, bytes | None] = {}
    if codes is not None:
        hashes = {study.codes_path.name: content_hash(codes)}
        manifest = replace(make_manifest("migrate", codebook=codebook), outputs=hashes)
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n"
        files |= {study.codes_path: codes, manifest_path(study.codes_path): text.encode()}
    files[study.codebook_path] = codebook_text.encode()
    replace_together(study.root, {**files, **besides, study.gold_path: None, manifest_path(study.gold_path): None})


def _codes(study: Study) -> list[Code]:
    return read_codes(study.codes_path) if study.codes_path.exists() else []


def _file_of(path: Path, codes: Sequence[Code], after: Path | None = None) -> bytes:
    """The content of a file of codes with a name like ``path``, or of the file ``after`` with codes appended."""
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / path.name
            if after is not None:
                shutil.copyfile(after, file)
            append_codes(file, codes)
            return file.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: a temporary copy cannot be written ({error.strerror}); make room, or set TMPDIR"
        ) from None


def _log_bytes(log: MigrationLog) -> bytes:
    head = {"old": log.old, "new": log.new, "decisions": log.decisions.model_dump()}
    rows = [
        {"outcome": s.outcome, "flagged": s.flagged, "why": s.why, "was": to_json(s.was), "became": to_json(s.became)}
        for s in log.steps
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in (head, *rows)).encode()


def read_log(path: str | Path) -> MigrationLog:
    """Read the log of a migration."""
    try:
        lines = Path(path).read_text(encoding="utf-8").rstrip("\n").split("\n")
        head, *rows = map(json.loads, lines)
        steps = tuple(
            Step(
                from_json(row["was"], f"{path}:{number}"),
                from_json(row["became"], f"{path}:{number}"),
                row["outcome"],
                tuple(row["why"]),
                row["flagged"],
            )
            for number, row in enumerate(rows, 2)
        )
        return MigrationLog(head["old"], head["new"], Decisions.model_validate(head["decisions"]), steps)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: is no log of a migration that can be read ({error})") from None
