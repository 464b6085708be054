"""Files with passwords: only their owner reads them, and git leaves them alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..configs.errors import UserError
from ..data.artifacts import atomic_write


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner enters and no repository takes in."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # It may have been copied here by something that opens what it copies.
        os.chmod(path, 0o700)
        (path / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON, atomically; at no time can others read it."""
    with atomic_write(path) as temporary:
        os.chmod(temporary, 0o600)  # while it is still empty
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
