"""Print the versions installed in this environment as pip constraints that name no index."""

from __future__ import annotations

from importlib import metadata

OWN = {"weijing", "pip", "setuptools", "wheel"}


def main() -> None:
    """One `name==version` a line, sorted; local build tags such as `+cpu` are left to the installer."""
    found = {d.metadata["Name"].lower(): d.version.split("+")[0] for d in metadata.distributions()}
    for name in sorted(found):
        if name not in OWN:
            print(f"{name}=={found[name]}")


if __name__ == "__main__":
    main()
