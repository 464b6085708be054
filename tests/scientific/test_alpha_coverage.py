"""Does the 95% clustered interval of alpha hold the true alpha about 95 times in 100?

A few of the designs of ``benchmarks/statistics_designs.py``, with fewer studies than ``make bench-statistics`` draws:
what is asked for here is what 400 studies can tell.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.ratings import Ratings

STUDIES = 400


def _designs():
    path = Path(__file__).parents[2] / "benchmarks" / "statistics_designs.py"
    spec = importlib.util.spec_from_file_location("statistics_designs", path)
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Design = _designs().Design
COMMON, RARE, RAREST = (0.7, 0.3), (0.95, 0.05), (0.98, 0.02)
SCALE = (0.3, 0.3, 0.2, 0.1, 0.1)


def coverage(design, *, clustered=True):
    hits = []
    for study in range(STUDIES):
        values, stories = design.draw(np.random.default_rng([20_240_607, study]))
        if not clustered:
            stories = np.arange(len(values))
        units, coders = (tuple(map(str, range(size))) for size in values.shape)
        ratings = Ratings(units, coders, values, tuple(range(len(design.shares))), stories)
        found = krippendorff_alpha(ratings, design.metric, ClusterBootstrap(500, seed=study))
        if found.value is not None:
            hits.append(found.low <= design.alpha <= found.high)
    assert len(hits) > 0.8 * STUDIES
    return np.mean(hits)


@pytest.mark.parametrize(
    "design",
    [
        Design(200, 3, COMMON, "nominal", 0.6, missing=0.1),
        Design(200, 2, (0.4, 0.3, 0.2, 0.1), "nominal", 0.5),
        Design(400, 2, SCALE, "ordinal", 0.5, stories=True),
        Design(200, 2, RARE, "nominal", 0.7),
        Design(400, 2, RARE, "nominal", 0.8, stories=True),
        Design(500, 2, RAREST, "nominal", 0.9),
    ],
    ids=lambda d: f"{d.units} {d.metric} {min(d.shares)} {d.alpha}",
)
def test_the_interval_covers_the_true_alpha(design):
    assert design.held_to
    assert 0.91 <= coverage(design) <= 0.99


@pytest.mark.parametrize("design", [Design(30, 2, RARE, "nominal", 0.8), Design(200, 2, (0.99, 0.01), "nominal", 0.5)])
def test_where_next_to_nothing_was_seen_the_interval_is_on_the_safe_side(design):
    assert not design.held_to
    assert coverage(design) >= 0.93


def test_ignoring_reprints_would_cover_too_rarely():
    assert coverage(Design(400, 2, COMMON, "nominal", 0.6, stories=True), clustered=False) < 0.90
