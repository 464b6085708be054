"""The demonstration corpus, read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...configs.codebook import Codebook
from ..artifacts import sha256_file
from ..codes import Code, read_codes
from ..gold import GoldCode, settle
from ..importing import import_reports
from ..report import Report
from ..reprints import reprint_groups
from . import CODES, REPORTS


@dataclass(frozen=True)
class DemoCorpus:
    """Reports with their reprint groups (as found, and as marked by the writers), every code, and the settled ones."""

    reports: Sequence[Report]
    codes: Sequence[Code]
    gold: Sequence[GoldCode]

    @property
    def styles(self) -> dict[str, str]:
        """What kind of document each report imitates."""
        return {r.id: r.extra["style"] for r in self.reports}

    @property
    def batches(self) -> dict[str, str]:
        """In which sitting each report was written."""
        return {r.id: r.extra["batch"] for r in self.reports}


def read_demo(codebook: Codebook) -> DemoCorpus:
    """Read reports and codes and settle the codes."""
    reports = import_reports([REPORTS]).reports
    groups = reprint_groups({r.id: r.text for r in reports})
    for r in reports:
        # A copy that was edited too much to be found is known all the same.
        if "reprint_of" in r.extra:
            own, of_original = groups[r.id], groups[r.extra["reprint_of"]]
            groups = {i: of_original if g == own else g for i, g in groups.items()}
    codes = read_codes(CODES)
    return DemoCorpus([replace(r, reprint_group=groups[r.id]) for r in reports], codes, settle(codes, codebook))


def demo_hashes() -> dict[str, str]:
    """What the corpus is, for a manifest."""
    return {file.name: sha256_file(file) for file in (REPORTS, CODES)}
