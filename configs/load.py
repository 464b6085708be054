"""Read a codebook from YAML, with errors that name the line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .codebook import Codebook
from .errors import UserError

BUNDLED = "wechat_policing"


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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a UTF-8 text file ({_reason(error)})") from None
    return parse_codebook(text, str(path))


def parse_codebook(text: str, name: str = "codebook") -> Codebook:
    """Read a codebook from YAML text; ``name`` is used in messages."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        repeated = _repeated_keys(root) if root is not None else []
        if repeated:
            raise CodebookError(name, repeated)
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CodebookError(name, [Problem(line, "", f"not valid YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise CodebookError(name, [Problem(1, "", f"not valid YAML: {str(error).splitlines()[0]}")]) from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise CodebookError(name, [Problem(1, "", "a codebook is a mapping with name, version, variables …")])
    try:
        return Codebook.model_validate(data)
    except ValidationError as error:
        raise CodebookError(name, [_problem(root, e) for e in error.errors()]) from None


def codebook_hash(codebook: Codebook) -> str:
    """Content hash of a codebook, whatever the layout of its file."""
    canonical = json.dumps(codebook.model_dump(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _repeated_keys(node: yaml.Node, where: str = "") -> list[Problem]:
    """YAML silently keeps the last of two equal keys; a codebook must not lose a rule that way."""
    problems = []
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                problems.append(Problem(line, where, f"key {key.value!r} occurs twice (first on line {seen[key.value]})"))
            seen.setdefault(key.value, line)
            problems += _repeated_keys(value, f"{where}.{key.value}".lstrip("."))
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            problems += _repeated_keys(item, f"{where}[{i}]")
    return problems


def _problem(root: yaml.Node, error: Any) -> Problem:
    """Follow pydantic's location down the YAML tree to a line."""
    node, where = root, ""
    for part in error["loc"]:
        if isinstance(part, int) and isinstance(node, yaml.SequenceNode) and part < len(node.value):
            node = node.value[part]
            where += f"[{_item_name(node, part)}]"
        elif isinstance(part, str) and isinstance(node, yaml.MappingNode):
            pair = next((p for p in node.value if p[0].value == part), None)
            # A tag that pydantic adds for the kind of a union is no key of the file.
            if pair is None:
                if error["type"] == "missing":
                    where += f".{part}"
                continue
            node = pair[1] if part != error["loc"][-1] or pair[1].value else pair[0]
            where += f".{part}"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        message = "is missing"
    elif error["type"] == "extra_forbidden":
        message = "is no field known here; check its spelling"
    elif not isinstance(error.get("input"), dict | list):
        message = f"{message} (found {error.get('input')!r})"
    return Problem(node.start_mark.line + 1, where.lstrip("."), message)


def _item_name(node: yaml.Node, position: int) -> str:
    """The id of a list item where it has one, else its position."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "id" and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return str(position)
