"""`python -m weijing` is the `weijing` command."""

from .cli.main import main

main()
