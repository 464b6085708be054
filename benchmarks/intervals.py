"""Do the intervals of Krippendorff's alpha hold what they promise, and how fast are they?

Coverage: studies are drawn by every design of ``statistics_designs.py``, and it is counted how often the 95% interval
has the true alpha in it. Cells that are done are kept, so that a run that was cut off goes on where it was.

Speed: all labels of a large study, against as many calls of the ``krippendorff`` package as there are draws.

    make bench-statistics
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import krippendorff
import numpy as np
from numpy.typing import NDArray
from statistics_designs import Design, designs
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.estimate import Estimate
from weijing.evaluation.ratings import Category, Ratings

SEED = 20_260_102
DRAWS = 1000
"""Draws in a study of coverage: half of the default; each study has its own, lest all share an error of percentiles."""
UNITS, CODERS, LABELS = 100_000, 3, 15
LOOPED = 3
"""Draws of the other package that are timed; the rest is extrapolated."""


@dataclass(frozen=True)
class Cell:
    """What was counted in the studies of one design; widths and coverage of those with an interval."""

    design: str
    held_to: bool
    studies: int
    undefined: int
    refused: int
    covered: int
    above: int
    """Studies whose interval lies above the true alpha."""
    width: float
    seconds: float

    @property
    def given(self) -> int:
        """Studies with an interval."""
        return self.studies - self.undefined - self.refused

    @property
    def coverage(self) -> float:
        """Share of the intervals that hold the true alpha."""
        return self.covered / self.given

    @property
    def error(self) -> float:
        """Its Monte-Carlo standard error."""
        return float(np.sqrt(self.coverage * (1 - self.coverage) / self.given))

    @property
    def good(self) -> bool:
        """Whether the cell is as it must be."""
        return self.coverage >= 0.93 and (not self.held_to or self.coverage <= 0.97)

    def line(self) -> str:
        """The cell's row of the table."""
        return (
            f"{'*' if self.held_to else ' '} {self.design:<52} {self.coverage:.3f} ±{self.error:.3f}"
            f" {self.above / self.given:6.3f} {1 - (self.covered + self.above) / self.given:6.3f} {self.width:6.2f}"
            f" {self.undefined / self.studies:7.3f} {self.refused / self.studies:7.3f}{'' if self.good else '  MISSES'}"
        )


def words(design: Design) -> str:
    shares = f"{min(design.shares):g}" if len(design.shares) == 2 else f"{len(design.shares)} categories"
    more = f" missing {design.missing:g}" if design.missing else ""
    more += " stories" if design.stories else ""
    return f"{design.units} x {design.coders} {design.metric} {shares} alpha {design.alpha:g}{more}"


def agreement(
    values: NDArray[np.int64], story: NDArray[np.int64], design: Design, bootstrap: ClusterBootstrap
) -> Estimate:
    """Alpha of a study's (units, coders) codes."""
    categories: tuple[Category, ...] = tuple(range(len(design.shares)))
    metric = design.metric
    if metric == "sets":
        metric, categories = "masi", tuple(frozenset(b for b in "abc" if i >> "abc".index(b) & 1) for i in categories)
    units, coders = (tuple(map(str, range(size))) for size in values.shape)
    return krippendorff_alpha(Ratings(units, coders, values, categories, story), metric, bootstrap)


def cover(number: int, design: Design, studies: int, seed: int) -> Cell:
    """Studies of one design; the same seed gives the same studies, whatever else is run."""
    started = time.perf_counter()
    undefined = refused = covered = above = 0
    widths = []
    for study in range(studies):
        drawn = design.draw(np.random.default_rng([seed, number, study]))
        found = agreement(*drawn, design, ClusterBootstrap(DRAWS, seed=study))
        if found.value is None:
            undefined += 1
        elif found.low is None or found.high is None:
            refused += 1
        else:
            covered += found.low <= design.alpha <= found.high
            above += design.alpha < found.low
            widths.append(found.high - found.low)
    spent = time.perf_counter() - started
    width = float(np.mean(widths)) if widths else 0.0
    return Cell(words(design), design.held_to, studies, undefined, refused, covered, above, width, spent)


def coverage(path: Path, studies: int, seed: int, part: tuple[int, int]) -> Iterator[Cell]:
    """Every cell, those in the file as they are, the others added to it; ``part`` i of n takes each n-th."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        read = json.loads(line)
        of = read.pop("seed")
        known[of, read["studies"], read["design"]] = Cell(**read)
    for number, design in enumerate(designs()):
        if number % part[1] != part[0] % part[1]:
            continue
        cell = known.get((seed, studies, words(design)))
        if cell is None:
            cell = cover(number, design, studies, seed)
            with path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"seed": seed, **asdict(cell)}) + "\n")
        yield cell


def summary(cells: list[Cell]) -> str:
    """Least and greatest coverage, and the cells that miss."""
    lines = []
    for held, name in ((True, "held to 0.93-0.97"), (False, "others, held to at least 0.93 or a refusal")):
        of = [cell for cell in cells if cell.held_to is held]
        if of:
            found = [cell.coverage for cell in of]
            lines.append(
                f"{name}: {len(of)} cells, coverage {min(found):.3f} to {max(found):.3f}, mean {np.mean(found):.3f}, "
                f"{sum(not cell.good for cell in of)} miss"
            )
    return "\n".join([*lines, *(f"  {cell.line().strip()}" for cell in cells if not cell.good)])


def large_study(rng: np.random.Generator, stories: bool) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(labels, units, coders) codes and (units,) stories: labels from common to rare, one code in ten another."""
    sizes = rng.integers(1, 5, size=UNITS) if stories else np.ones(UNITS, dtype=np.int64)
    story = np.repeat(np.arange(UNITS), sizes)[:UNITS]
    truth = rng.random((LABELS, UNITS)) < np.geomspace(0.5, 0.005, LABELS)[:, None]
    flipped = rng.random((LABELS, UNITS, CODERS)) < 0.1 * np.geomspace(1, 0.02, LABELS)[:, None, None]
    return truth[:, :, None] ^ flipped, story


def speed() -> Iterator[str]:
    """Rows of the second table."""
    units, coders = tuple(map(str, range(UNITS))), tuple(map(str, range(CODERS)))
    bootstrap = ClusterBootstrap()
    for stories in (False, True):
        codes, story = large_study(np.random.default_rng(SEED), stories)
        started = time.perf_counter()
        for label in codes:
            krippendorff_alpha(
                Ratings(units, coders, label.astype(np.int64), (False, True), story), "nominal", bootstrap
            )
        ours = time.perf_counter() - started
        rng = np.random.default_rng(SEED)
        starts = np.flatnonzero(np.diff(story, prepend=-1))
        sizes = np.diff(starts, append=UNITS)
        started = time.perf_counter()
        for _ in range(LOOPED):
            drawn = rng.integers(0, len(starts), size=len(starts))
            ends = np.cumsum(sizes[drawn])
            rows = np.arange(ends[-1]) + np.repeat(starts[drawn] - ends + sizes[drawn], sizes[drawn])
            krippendorff.alpha(codes[0][rows].T.astype(float), level_of_measurement="nominal", value_domain=[0, 1])
        looped = (time.perf_counter() - started) / LOOPED * bootstrap.draws * LABELS
        yield (
            f"{UNITS:,} units x {CODERS} coders x {LABELS} labels, {bootstrap.draws:,} draws, "
            f"{'reprint groups of 1 to 4' if stories else 'no reprints'}: {ours:.1f} s; looping krippendorff.alpha "
            f"{looped:,.0f} s (extrapolated from {LOOPED} draws of one label at full size); ratio {looped / ours:,.0f}"
        )


def main() -> None:
    """Print both tables; exit 1 if a cell misses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000, help="studies a cell")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path("build/statistics/coverage.jsonl"), help="cells that are done")
    parser.add_argument("--part", default="0/1", help="i/n: every n-th cell from the i-th, for several processors")
    parser.add_argument("--only", choices=("coverage", "speed"))
    asked = parser.parse_args()
    cells = []
    if asked.only != "speed":
        i, n = map(int, asked.part.split("/"))
        print("Krippendorff's alpha, 95% intervals; * held to 0.93-0.97, others to at least 0.93")
        print(f"  {'cell':<52} coverage ±MC error  above  below  width undef. refused")
        for cell in coverage(asked.out, asked.studies, asked.seed, (i, n)):
            print(cell.line(), flush=True)
            cells.append(cell)
        print(summary(cells))
    if asked.only != "coverage":
        for line in speed():
            print(line, flush=True)
    sys.exit(not all(cell.good for cell in cells))


if __name__ == "__main__":
    main()
