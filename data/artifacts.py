"""Content hashes, atomic writes and manifests: how an artefact proves what it was made from.

A manifest lies beside its artefact: ``x.parquet`` has ``x.parquet.manifest.json``, a folder has
``folder/manifest.json``. ``is_current`` answers whether a step may reuse what it made before.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..configs.load import codebook_hash

PACKAGES = (
    "weijing", "torch", "transformers", "tokenizers", "datasets", "accelerate", "safetensors",
    "numpy", "scipy", "scikit-learn", "pyarrow", "opencc", "rensa",
)  # fmt: skip
MANIFEST = "manifest.json"
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_hash(text: str) -> str:
    """16 hex digits that stand for a text."""
    # A lone surrogate has no UTF-8 form; a hash must exist for every string all the same.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; on success it takes the place of ``path`` at once.

    Whoever reads ``path`` sees the old content or the new, never half of it, even if the process is killed.
    An exception inside the block leaves ``path`` as it was. Folders that are missing are made, and temporary files
    that killed processes of this machine left of ``path`` are removed. Raises ``UserError`` where nothing can be
    written, or where ``path`` is a folder, a pipe or a device.
    """
    try:
        # A link keeps being a link: what it points to is replaced.
        target = Path(os.path.realpath(path))
        stem = _temporary_stem(target)
        temporary = target.with_name(f"{stem}{os.getpid()}-{secrets.token_hex(4)}.tmp")
        if target.exists() and not target.is_file():
            what = "is a folder" if target.is_dir() else "is no regular file"
            raise UserError(f"{path}: cannot be written ({what}); name another file")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile: its files are private to the user, while an artefact follows the umask.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        raise UserError(f"{path}: cannot be written (a file lies where a folder is needed)") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{str(path)!a}: cannot be written ({error})") from None
    _remove_left_over(target.parent, stem)
    try:
        yield temporary
        try:
            sync(temporary)
            os.replace(temporary, target)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror})") from None
        if os.name == "posix":
            sync(target.parent)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise UserError(f"{path}: cannot be written ({error.strerror})") from None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _temporary_stem(target: Path) -> str:
    """How names of temporary files begin; the process follows.

    With the machine in it, because a process is known by its number on its own machine alone.
    """
    # In bytes, of which file systems allow 255: a Chinese character has three.
    short = target.name.encode("utf-8", "ignore")[:100].decode("utf-8", "ignore")
    return f".{short}.{text_hash(platform.node())[:8]}-"


def _remove_left_over(folder: Path, stem: str) -> None:
    """Remove temporary files whose process is no more."""
    if os.name != "posix":  # elsewhere, asking after a process may end it
        return
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        process = name.removeprefix(stem).split("-")[0]
        if not (name.startswith(stem) and name.endswith(".tmp") and process.isdecimal()):
            continue
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            with suppress(OSError):
                (folder / name).unlink()
        except (OSError, OverflowError):
            continue  # a process of someone else


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Keep other processes of this machine out while ``path`` is read, extended and written back."""
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = open(path.with_name(f".{path.name}.lock"), "a")  # noqa: SIM115
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    with lock:
        if sys.platform != "win32":
            import fcntl

            # Released when the file is closed, also by a crash.
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_json(path: str | Path, obj: Any) -> None:
    """Write an object as readable JSON, atomically."""
    # NaN is no JSON; whoever means "no number" writes None.
    text = json.dumps(obj, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogatepass")


@dataclass(frozen=True)
class Manifest:
    """What an artefact was made from, by what, and what it consists of."""

    step: str
    created_at: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    codebook: dict[str, str] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


def make_manifest(
    step: str,
    *,
    inputs: Mapping[str, str | Path] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    codebook: Codebook | None = None,
) -> Manifest:
    """A manifest made now. ``inputs`` names hashes, or files (``Path``) that are hashed here."""
    return Manifest(
        step=step,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        inputs=hash_inputs(inputs or {}),
        settings=_as_json(dict(settings or {})),
        seed=seed,
        codebook=codebook_entry(codebook) if codebook else None,
        versions=package_versions(),
    )


def hash_inputs(inputs: Mapping[str, str | Path]) -> dict[str, str]:
    """Hashes by name: a ``Path`` to a file is hashed, a string is a hash already."""
    return {name: sha256_file(v) if isinstance(v, Path) else v for name, v in sorted(inputs.items())}


def codebook_entry(codebook: Codebook) -> dict[str, str]:
    """How manifests name a codebook."""
    return {"name": codebook.name, "version": codebook.version, "hash": codebook_hash(codebook)}


def package_versions() -> dict[str, str]:
    """Versions of Python and of what results depend on, read without importing any of it."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def manifest_path(artefact: str | Path) -> Path:
    """Where the manifest of a file or folder lies."""
    artefact = Path(artefact)
    return artefact / MANIFEST if artefact.is_dir() else artefact.with_name(f"{artefact.name}.manifest.json")


def write_manifest(artefact: str | Path, manifest: Manifest) -> Path:
    """Write the manifest beside a finished artefact; hashes of its files are filled in where not given."""
    artefact = Path(artefact)
    path = manifest_path(artefact)
    if not manifest.outputs:
        files = sorted(artefact.rglob("*")) if artefact.is_dir() else [artefact]
        outputs = {
            file.relative_to(path.parent).as_posix(): sha256_file(file)
            for file in files
            if file.is_file() and file != path and not file.name.startswith(".")
        }
        manifest = replace(manifest, outputs=outputs)
    write_json(path, asdict(manifest))
    return path


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest; ``path`` is the manifest itself."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        known = {f.name for f in fields(Manifest)}
        return Manifest(**{key: value for key, value in data.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: is no manifest that can be read ({error})") from None


def manifest_fits(artefact: str | Path) -> bool:
    """Whether the artefact has a manifest, and is what that says it is."""
    path = manifest_path(artefact)
    try:
        return _outputs_stand(path, read_manifest(path))
    except (OSError, UserError, AttributeError, TypeError):
        return False


def _outputs_stand(path: Path, manifest: Manifest) -> bool:
    outputs = manifest.outputs
    return bool(outputs) and all(sha256_file(path.parent / name) == digest for name, digest in outputs.items())


def is_current(
    path: str | Path,
    inputs: Mapping[str, str | Path],
    settings: Mapping[str, Any],
    *,
    seed: int | None = None,
    codebook: Codebook | None = None,
) -> bool:
    """Whether the artefact of the manifest at ``path`` would come out the same if it were made again.

    True only if inputs, settings, seed, codebook and the version of weijing are those of the manifest and
    every output is still there with its hash.
    """
    path = Path(path)
    try:
        manifest = read_manifest(path)
        same = (
            manifest.inputs == hash_inputs(inputs)
            and manifest.settings == _as_json(dict(settings))
            and manifest.seed == seed
            and manifest.codebook == (codebook_entry(codebook) if codebook else None)
            and manifest.versions.get("weijing") == package_versions().get("weijing")
        )
        return same and _outputs_stand(path, manifest)
    except (OSError, UserError, AttributeError, TypeError):
        return False


def _as_json(obj: Any) -> Any:
    """The object as it will be read back, so that a tuple equals the list it becomes."""
    return json.loads(json.dumps(obj, sort_keys=True, default=str))
