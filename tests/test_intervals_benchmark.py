"""The script that judges the intervals counts right and goes on where it was."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def intervals():
    modules = {}
    for name in ("statistics_designs", "intervals"):
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        sys.modules[name] = modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(modules[name])
    return modules["intervals"]


def test_cells_that_are_done_are_not_done_again(intervals, tmp_path):
    path = tmp_path / "cells.jsonl"
    done = list(intervals.coverage(path, 4, 1, (0, 54)))
    assert len(done) == 2
    assert list(intervals.coverage(path, 4, 1, (0, 54))) == done
    assert len(path.read_text().splitlines()) == 2
    assert len(list(intervals.coverage(path, 4, 2, (0, 54)))) == 2
    assert len(path.read_text().splitlines()) == 4


def test_a_cell_misses_when_it_covers_too_rarely_or_is_too_wide(intervals):
    cell = intervals.Cell("x", True, 1000, 40, 10, 893, 30, 0.2, 1.0)
    assert cell.given == 950
    assert cell.coverage == pytest.approx(0.94)
    assert cell.error == pytest.approx((0.94 * 0.06 / 950) ** 0.5)
    assert cell.good
    assert not replace(cell, covered=880).good
    assert not replace(cell, covered=930).good
    assert replace(cell, covered=930, held_to=False).good
