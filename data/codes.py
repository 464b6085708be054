"""Codes: one row a report, a coder and a variable ASKED, in a file that only ever grows.

A code is never changed. A coder who thinks again appends a code that ``supersedes`` the old one; taking a
code back appends one with ``deleted``. ``current`` gives what stands. This module is where the rest of the
package finds all of it: the class (``code.py``), the files (``code_files.py``) and the checks (``check.py``).
"""

from .check import CodeProblem, check_codes, check_each, check_passes, pass_of
from .code import (
    CODER_KINDS,
    PURPOSES,
    Code,
    CoderKind,
    Purpose,
    Span,
    by_coder,
    current,
    moment,
    newest,
    to_json,
)
from .code_files import append_codes, read_codes, write_codes

__all__ = [
    "CODER_KINDS",
    "PURPOSES",
    "Code",
    "CodeProblem",
    "CoderKind",
    "Purpose",
    "Span",
    "append_codes",
    "by_coder",
    "check_codes",
    "check_each",
    "check_passes",
    "current",
    "moment",
    "newest",
    "pass_of",
    "read_codes",
    "to_json",
    "write_codes",
]
