"""The model folder: safetensors, config, tokenizer, codebook, card and manifest."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ..configs.errors import UserError
from ..configs.load import codebook_hash
from ..data.artifacts import Manifest, sha256_file, write_manifest
from ..data.study import SETTINGS
from .coding import WEIGHTS, Coder
from .quiet import no_library_bars

DEFAULT_MODEL = Path(__file__).parent / "default"
"""The coder that comes with weijing, made by ``make model`` from the demonstration corpus."""


_MARKUP = re.compile(r"[\\`|\[\]*]")


@dataclass(frozen=True)
class TrainingFacts:
    """What a user of the model has to know about its training set; ``coders``: name to kind.

    ``learned``: hashes of the texts it learned from (``text_hash``), so that nobody judges it on these.
    """

    n_reports: int
    n_groups: int
    coders: dict[str, str]
    learned: frozenset[str] = frozenset()
    n_passages: int = 0
    """How many of the passages that come with weijing it learned from beside the reports."""

    @property
    def synthetic(self) -> bool:
        """Whether no human coded any of it."""
        return bool(self.coders) and "human" not in self.coders.values()


def save_model(
    coder: Coder,
    folder: Path,
    *,
    facts: TrainingFacts,
    settings: dict[str, Any],
    manifest: Manifest,
    scores: Sequence[Sequence[str]] = (),
    scores_about: str = "",
    with_tokenizer: bool = True,
    force: bool = False,
) -> Path:
    """Write a model folder; it appears whole or not at all. ``scores``: rows of the card's table.

    Without its tokenizer, which a model over the embedded encoder can do without, a folder is small enough to travel
    in the package.
    """
    check_model_place(folder, force)
    workplace = _beside(folder)
    old = workplace.with_name(workplace.name.replace(".saving-", ".replaced-"))
    try:
        coder.network.config.training = {
            "n_reports": facts.n_reports,
            "n_groups": facts.n_groups,
            "synthetic": facts.synthetic,
            "n_passages": facts.n_passages,
            "learned": sorted(facts.learned),
        }
        with no_library_bars():
            coder.network.save_pretrained(workplace)
        if with_tokenizer:
            coder.tokenizer.save_pretrained(workplace)
        (workplace / "codebook.yaml").write_text(
            yaml.safe_dump(
                coder.codebook.model_dump(mode="json", exclude_defaults=True), allow_unicode=True, sort_keys=False
            ),
            encoding="utf-8",
        )
        card = _card(coder, facts, settings, scores, scores_about)
        (workplace / "README.md").write_text(card, encoding="utf-8")
        for file in workplace.iterdir():
            # The library writes weights for the user alone; a model folder is to be shared.
            file.chmod(0o666 & ~_umask())
        write_manifest(workplace, manifest)
        workplace.chmod(0o777 & ~_umask())
        # Put aside before it is deleted: half a model, left by a kill, would be taken for something else.
        if folder.exists():
            folder.rename(old)
        workplace.rename(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error})") from None
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for rest in (old, workplace):
            shutil.rmtree(rest, ignore_errors=True)
    return folder


def check_model_place(folder: Path, force: bool = False) -> None:
    """Whether a model folder can be written there, before it is trained for an hour. Raises ``UserError``.

    With ``force`` a model that is there already may be replaced, but nothing else.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; name another folder for the model")
    try:
        if folder.exists() and any(folder.iterdir()):
            if not force:
                raise UserError(f"{folder}: exists already; name another folder or use --force")
            if not (folder / "config.json").is_file() or (folder / SETTINGS).exists():
                raise UserError(f"{folder}: holds something else than a model, and is left alone; name another folder")
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from None
    _beside(folder).rmdir()


def _beside(folder: Path) -> Path:
    """A new folder on the same disk, so that it can take the other's place at once."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=folder.parent, prefix=".saving-"))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror})") from None


def model_hash(folder: str | Path) -> str:
    """16 hex digits that stand for a model: its weights, config and tokenizer."""
    digest = hashlib.sha256()
    for name in WEIGHTS:
        path = Path(folder) / name
        if path.is_file():
            digest.update(sha256_file(path).encode())
    return digest.hexdigest()[:16]


def training_of(folder: Path) -> dict[str, Any]:
    """What a model folder says of its training: reports, groups, passages, hashes of learned texts. No weights read."""
    path = folder / "config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["training"]
        return dict(found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: cannot be read ({type(error).__name__}); train the model anew") from None


def _card(
    coder: Coder,
    facts: TrainingFacts,
    settings: dict[str, Any],
    scores: Sequence[Sequence[str]],
    scores_about: str,
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # Markdown of our own words and numbers; what others named goes through `plain`
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["plain"] = _plain
    return environment.get_template("card.md.j2").render(
        codebook=coder.codebook,
        codebook_hash=codebook_hash(coder.codebook),
        config=coder.network.config,
        facts=facts,
        synthetic=facts.synthetic,
        settings=settings,
        scores=scores,
        scores_about=scores_about,
        calibration=coder.calibration,
    )


def _plain(text: object) -> str:
    """Text of others as one line of Markdown that shows it and does nothing: no HTML, link, cell or hidden sign."""
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text))
    return _MARKUP.sub(r"\\\g<0>", html.escape(" ".join(shown.split()), quote=False))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
