"""Read a codebook from YAML, with errors that name the line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from .codebook import Codebook
from .errors import UserError

Model = TypeVar("Model", bound=BaseModel)

BUNDLED = "wechat_policing"
LARGEST = 4 << 20
"""Bytes of a codebook file at most; the bundled one has a hundredth of it."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a codebook file; ``line`` counts from 1."""

    line: int
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"line {self.line}: {place}{self.message}"


class CodebookError(UserError):
    """A codebook file that cannot be used; ``problems`` lists all that was found."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more; see `weijing codebook check {path}`)" if len(problems) > 1 else ""
        super().__init__(f"{path}: {problems[0]}{more}")


def bundled_codebook_path() -> Path:
    """The codebook that comes with the package."""
    return Path(str(resources.files(__package__) / f"{BUNDLED}.yaml"))


def load_codebook(path: str | Path | None = None) -> Codebook:
    """Read and check a codebook.

    ``path`` None means the bundled one. Raises ``CodebookError`` listing every problem with its line.
    """
    path = bundled_codebook_path() if path is None else Path(path)
    return parse_codebook(read_yaml_text(path), str(path))


def read_yaml_text(path: Path) -> str:
    """The text of a YAML file; ``UserError`` where it is none that can be read."""
    try:
        size = path.stat().st_size
        # A pipe would be waited for, and a device may have no end.
        if not path.is_file():
            raise UserError(f"{path}: cannot be read ({'is a folder' if path.is_dir() else 'is no regular file'})")
        if size > LARGEST:
            raise UserError(f"{path}: is larger than {LARGEST >> 20} MiB; that is no codebook")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: cannot be read (not UTF-8); save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read ({reason})") from None


class _Loader(yaml.SafeLoader):
    """The safe loader, which also says where a value is that looks like a date or number but is none."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, f"{error}; put it in quotes", node.start_mark) from None


def parse_codebook(text: str, name: str = "codebook") -> Codebook:
    """Read a codebook from YAML text; ``name`` is used in messages."""
    return parse_model(Codebook, text, name, "a codebook is a mapping with name, version, variables …")


def parse_model(model: type[Model], text: str, name: str, otherwise: str) -> Model:
    """Read any model from YAML text; ``otherwise`` says what it is where the text is no mapping."""
    try:
        return _parse(model, text, name, otherwise)
    except RecursionError:
        raise CodebookError(name, [Problem(1, "", "brackets or lists are nested too deeply")]) from None


def _parse(model: type[Model], text: str, name: str, otherwise: str) -> Model:
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        repeated = list(_repeated_keys(root, "", set())) if root is not None else []
        if repeated:
            raise CodebookError(name, repeated)
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CodebookError(name, [Problem(line, "", f"not valid YAML: {error.problem}")]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"not valid YAML: character U+{ord(text[error.position]):04X} is not allowed"
        raise CodebookError(name, [Problem(line, "", message)]) from None
    if root is None or not isinstance(data, dict):
        raise CodebookError(name, [Problem(1, "", otherwise)])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise CodebookError(name, _problems(root, error)) from None


def codebook_hash(codebook: Codebook) -> str:
    """Content hash of a codebook, whatever the layout of its file."""
    canonical = json.dumps(codebook.model_dump(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _repeated_keys(node: yaml.Node, where: str, visited: set[int]) -> Iterator[Problem]:
    """YAML silently keeps the last of two equal keys; a codebook must not lose a rule that way."""
    # An anchor may be used in many places, even inside itself.
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if key.value in seen:
                    first = seen[key.value]
                    yield Problem(line, where, f"key {key.value!r} occurs twice (first on line {first})")
                seen.setdefault(key.value, line)
                yield from _repeated_keys(value, f"{where}.{key.value}".lstrip("."), visited)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield from _repeated_keys(item, f"{where}[{_item_name(item, i)}]", visited)


def _problems(root: yaml.Node, error: ValidationError) -> list[Problem]:
    """All of pydantic's errors, one a place of the file, in the file's order."""
    found: dict[tuple[int, str], list[str]] = {}
    for e in error.errors():
        messages = found.setdefault(_place(root, e), [])
        message = _message(e)
        if message not in messages:
            messages.append(message)
    # A field that takes a union gives one error for every kind that did not fit.
    return [Problem(line, where, "; or ".join(messages)) for (line, where), messages in sorted(found.items())]


def _place(root: yaml.Node, error: Any) -> tuple[int, str]:
    """Follow pydantic's location down the YAML tree to a line: that of a field's key, or of a list's item."""
    node, where, line = root, "", root.start_mark.line
    for depth, part in enumerate(error["loc"], start=1):
        if isinstance(part, int) and isinstance(node, yaml.SequenceNode) and part < len(node.value):
            node = node.value[part]
            where += f"[{_item_name(node, part)}]"
            line = node.start_mark.line
        elif isinstance(part, str) and isinstance(node, yaml.MappingNode):
            pair = next((p for p in node.value if p[0].value == part), None)
            if pair is not None:
                node, line = pair[1], pair[0].start_mark.line
                where += f".{part}"
            # Other parts that the file lacks are tags of pydantic's, for the kind of a union.
            elif error["type"] == "missing" and depth == len(error["loc"]):
                where += f".{part}"
    return line + 1, where.lstrip(".")


def _message(error: Any) -> str:
    """Pydantic's message in words for someone who writes YAML, not Python."""
    kind, value = error["type"], error.get("input")
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is no field known here; check its spelling"
    if kind == "union_tag_not_found":
        return "needs a kind: implication or floors"
    if kind in ("codebook", "value_error"):
        return str(error["msg"]).removeprefix("Value error, ")
    if value is None or value == "":
        return "is empty"
    if kind == "string_type" and not isinstance(value, dict | list):
        return f"should be text; put it in quotes (found {value!r})"
    message = {
        "model_type": "should be a mapping with fields of its own",
        "string_pattern_mismatch": "should be an id: lower-case letters, digits and _, a letter first",
    }.get(kind, str(error["msg"]).replace("Input should be", "should be"))
    return message if isinstance(value, dict | list) else f"{message} (found {value!r})"


def _item_name(node: yaml.Node, position: int) -> str:
    """The id of a list item where it has one, else its position."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "id" and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return str(position)
