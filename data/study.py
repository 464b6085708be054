"""A study: a folder with ``weijing.yaml`` that names its files, and how reports are added to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..configs.load import bundled_codebook_path, load_codebook
from .artifacts import atomic_write, locked, make_manifest, manifest_fits, text_hash, write_manifest
from .codes import Code, CodeProblem, append_codes, check_each, check_passes, pass_of, read_codes
from .design import draw_design, extend_design, read_design, write_design
from .importing import import_reports
from .readers import Rejected
from .report import Merged, Report, merge, read_corpus, write_corpus
from .reprints import extend_groups
from .together import JOURNAL, finish_replacing

SETTINGS = "weijing.yaml"
_PLACES = ("codebook", "corpus", "codes", "design", "gold", "model", "cache")
_MADE_BESIDE = ("unseen.jsonl", "baseline.jsonl", "plan.parquet", "study-id", "label-studio")
_HEAD = "# The files and settings of this study; paths count from this folder.\n"


class StudySettings(BaseModel):
    """What ``weijing.yaml`` may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    codebook: str = "codebook.yaml"
    corpus: str = "corpus.parquet"
    codes: str = "codes.parquet"
    design: str = "design.parquet"
    gold: str = "gold.parquet"
    model: str = "model"
    cache: str = "cache"
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    sealed_share: float = Field(default=0.2, ge=0, lt=1)
    reprint_threshold: float = Field(default=0.55, gt=0, le=1)
    training: dict[str, Any] = {}
    """Kept as it is; the training room knows what it means."""
    annotation: dict[str, Any] = {}
    """Likewise for the annotation room."""


@dataclass(frozen=True)
class Study:
    """A study folder; its properties are the paths of its files, whether these exist yet or not."""

    root: Path
    settings: StudySettings

    @classmethod
    def create(cls, root: str | Path, codebook_path: str | Path | None = None, force: bool = False) -> Study:
        """Make a study folder with a copy of a codebook (the bundled one if None).

        ``force`` writes settings and codebook anew; corpus, codes and design are never touched.
        """
        root = Path(root)
        source = bundled_codebook_path() if codebook_path is None else Path(codebook_path)
        load_codebook(source)
        study = cls(root, StudySettings())
        for path in (root / SETTINGS, study.codebook_path):
            if path.exists() and not force:
                raise UserError(f"{path}: exists already; --force writes it anew")
        content = source.read_bytes()
        with atomic_write(study.codebook_path) as temporary:
            temporary.write_bytes(content)
        settings = yaml.safe_dump(study.settings.model_dump(), sort_keys=False, allow_unicode=True)
        # Last, because it is what makes the folder a study.
        with atomic_write(root / SETTINGS) as temporary:
            temporary.write_text(_HEAD + settings, encoding="utf-8")
        return study

    @classmethod
    def open(cls, root: str | Path) -> Study:
        """Open a study folder; a migration that was killed after it was decided is carried out first."""
        path = Path(root) / SETTINGS
        try:
            if path.exists() and not path.is_file():
                raise UserError(f"{path}: is no regular file")
            data = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
            study = cls(Path(root), StudySettings.model_validate(data or {}))
        except FileNotFoundError:
            raise UserError(f"{root}: is no study (no {SETTINGS}); `weijing init` makes one") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the whole file"
            message = "is no setting known here" if first["type"] == "extra_forbidden" else first["msg"]
            raise UserError(f"{path}: {where}: {message}") from None
        except RecursionError:
            raise UserError(f"{path}: cannot be read (brackets or lists are nested too deeply)") from None
        except UnicodeDecodeError:
            raise UserError(f"{path}: cannot be read (not UTF-8); save the file as UTF-8") from None
        except (OSError, yaml.YAMLError) as error:
            raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
        study._keep_apart(path)
        if (study.root / JOURNAL).exists():
            with locked(study.codes_path):
                finish_replacing(study.root)
        return study

    def _keep_apart(self, settings: Path) -> None:
        """Of two settings that name one place, the one written last would destroy the other."""
        try:
            places = {name: self._path(name).resolve() for name in _PLACES}
            places |= {SETTINGS: settings.resolve(), "(replaced texts)": self.versions_path.resolve()}
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(f"{settings}: a name of a file cannot be used ({error})") from None
        for name in _PLACES:
            for other, place in places.items():
                if other != name and (places[name] == place or places[name] in place.parents):
                    what = "is the same file as" if places[name] == place else "is a folder that holds"
                    raise UserError(f"{settings}: {name}: {what} {other}; give each a place of its own")

    def _path(self, name: str) -> Path:
        return self.root / str(getattr(self.settings, name))

    @property
    def codebook_path(self) -> Path:
        """The codebook's file."""
        return self._path("codebook")

    @property
    def corpus_path(self) -> Path:
        """The reports."""
        return self._path("corpus")

    @property
    def versions_path(self) -> Path:
        """Texts that were replaced by new ones, which older codes point into."""
        return self.corpus_path.with_name(f"{self.corpus_path.stem}.replaced.parquet")

    @property
    def codes_path(self) -> Path:
        """The coders' codes."""
        return self._path("codes")

    @property
    def design_path(self) -> Path:
        """The sampling design."""
        return self._path("design")

    @property
    def gold_path(self) -> Path:
        """The settled codes."""
        return self._path("gold")

    @property
    def migrations_path(self) -> Path:
        """The folder with a log of each change of the codebook."""
        return self.root / "migrations"

    @property
    def model_path(self) -> Path:
        """The folder of the trained model."""
        return self._path("model")

    @property
    def cache_path(self) -> Path:
        """A folder that may be deleted at any time."""
        return self._path("cache")

    @property
    def label_studio_path(self) -> Path:
        """The folder of the study's own Label Studio: database, passwords, log."""
        return self.root / "label-studio"

    @property
    def own_paths(self) -> list[Path]:
        """What weijing keeps in a study, and what is therefore no source of reports."""
        named = [self._path(name) for name in _PLACES]
        return [
            *named,
            self.versions_path,
            self.migrations_path,
            *(self.root / name for name in (SETTINGS, *_MADE_BESIDE)),
        ]

    def codebook(self) -> Codebook:
        """The codebook, read and checked."""
        return load_codebook(self.codebook_path)

    def reports(self) -> list[Report]:
        """The corpus; empty before the first ``add``."""
        return read_corpus(self.corpus_path) if self.corpus_path.exists() else []


@dataclass(frozen=True)
class AddResult:
    """What ``add`` did; ids are in the order they came."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    changed: tuple[str, ...]
    """New text under a known id; spans of older codes may no longer fit."""
    updated: tuple[str, ...]
    """Same text, other metadata."""
    rejected: tuple[Rejected, ...]
    counts: dict[str, int]
    n_reports: int
    n_groups: int
    linked: tuple[tuple[str, ...], ...]
    """Groups of older reports that a new report shows to be one story; they were left apart."""


def add(study: Study, paths: Iterable[str | Path] | str | Path, collection: str | None = None) -> AddResult:
    """Bring files into a study: import, merge, read metadata, find reprints, extend the design, write with manifests.

    Place, date, agency and vendor are read from the text of new reports where the source does not give them.
    The study's own files are never taken for sources. Running it again with the same files changes nothing. Killed
    in between, running it again completes it.
    """
    paths = [Path(p) for p in ([paths] if isinstance(paths, str | Path) else paths)]
    imported = import_reports(paths, collection, leave_out=study.own_paths)
    settings = study.settings
    with locked(study.corpus_path):
        old = study.reports()
        design = read_design(study.design_path) if study.design_path.exists() else []
        merged = _with_metadata(merge(old, imported.reports))
        known = {report.id: report.reprint_group for report in old if report.reprint_group}
        texts = {report.id: report.text for report in merged.reports}
        ranks = {row.reprint_group: row.rank for row in sorted(design, key=lambda r: r.purpose != "sealed")}
        ranks = {group: position for position, group in enumerate(ranks)}
        groups, linked = extend_groups(texts, known, settings.reprint_threshold, ranks)
        reports = [replace(report, reprint_group=groups[report.id]) for report in merged.reports]
        if design:
            extended = extend_design(design, groups, settings.seed, settings.sealed_share)
        else:
            extended = draw_design(groups, settings.seed, settings.sealed_share)
        manifest = make_manifest(
            "add",
            inputs={
                "corpus before": study.corpus_path if old else "",
                "imported": text_hash("\n".join(f"{r.id}\t{r.content_hash}" for r in imported.reports)),
            },
            settings={
                "paths": [str(p) for p in paths],
                "collection": collection,
                "sealed_share": settings.sealed_share,
                "reprint_threshold": settings.reprint_threshold,
            },
            seed=settings.seed,
        )
        if merged.replaced:
            _keep_replaced(study.versions_path, merged.replaced)
        # The design comes last: what it lacks after a crash, the next run appends. A manifest is written whenever
        # it does not fit, also where a crash came between the two.
        if reports != old or not study.corpus_path.exists():
            write_corpus(study.corpus_path, reports)
        if not manifest_fits(study.corpus_path):
            write_manifest(study.corpus_path, manifest)
        if extended != design or not study.design_path.exists():
            write_design(study.design_path, extended)
        if not manifest_fits(study.design_path):
            write_manifest(study.design_path, manifest)
    return AddResult(
        added=merged.added,
        unchanged=merged.unchanged,
        changed=merged.changed,
        updated=merged.updated,
        rejected=imported.rejected,
        counts=imported.counts,
        n_reports=len(reports),
        n_groups=len(set(groups.values())),
        linked=tuple(linked),
    )


def _with_metadata(merged: Merged) -> Merged:
    """After merging, so that what is read never covers what an older source said; known texts were read before."""
    from .metadata.fill import filled  # loads its tables

    new = {*merged.added, *merged.changed, *merged.updated}
    return replace(merged, reports=tuple(filled(r) if r.id in new else r for r in merged.reports))


@dataclass(frozen=True)
class AddedCodes:
    """What ``add_codes`` did."""

    appended: int
    rejected: tuple[CodeProblem, ...]
    """Codes of another version of the codebook, or of a report, variable or value that does not exist; these were
    not appended."""
    problems: tuple[CodeProblem, ...]
    """What a coder should look at: broken constraints, spans that do not fit, variables left out. Appended."""


def add_codes(study: Study, codes: Sequence[Code]) -> AddedCodes:
    """Append codes to a study, checked against its corpus and codebook.

    A coder's pass over a report is judged as a whole, with the codes of it that the study held before. Killed in
    between, running it again completes it. Raises ``UserError``, and appends nothing, if the codebook is changed
    meanwhile.
    """
    codebook = study.codebook()
    old = read_codes(study.codes_path) if study.codes_path.exists() else []
    good: list[Code] = []
    rejected: list[CodeProblem] = []
    problems: list[CodeProblem] = []
    for code, found in zip(codes, check_each(codes, study.reports(), codebook), strict=True):
        fatal = [p for p in found if p.kind in ("report", "version", "variable", "value")]
        if fatal:
            rejected.append(fatal[0])
        else:
            good.append(code)
            problems += found

    def if_it_stands() -> Iterator[Code]:
        # Asked for while the codes are locked, as they are when a migration changes the codebook.
        if study.codebook() != codebook:
            raise UserError(f"{study.codebook_path}: was changed meanwhile; nothing was appended, run it again")
        yield from good

    appended = append_codes(study.codes_path, if_it_stands()) if good else 0
    # Whatever was appended: a run that was killed here left codes without a manifest that fits.
    if study.codes_path.exists() and not manifest_fits(study.codes_path):
        write_manifest(study.codes_path, make_manifest("add codes", codebook=codebook))
    problems += check_passes((*old, *good), codebook, {pass_of(code) for code in good})
    return AddedCodes(appended, tuple(rejected), tuple(problems))


def _keep_replaced(path: Path, replaced: Iterable[Report]) -> None:
    """Old versions get the id ``id@content hash``, so that the file is a corpus file too."""
    kept = {report.id: report for report in (read_corpus(path) if path.exists() else [])}
    for report in replaced:
        version = replace(report, id=f"{report.id}@{report.content_hash}", source_id=report.id)
        kept.setdefault(version.id, version)
    write_corpus(path, kept.values())
