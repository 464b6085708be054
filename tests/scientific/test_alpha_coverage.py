"""Does the 95% clustered interval of alpha hold the true alpha about 95 times in 100?

A coder knows the truth with probability sqrt(a) and guesses from its distribution otherwise, independently of
the others. Two codes then differ (by any metric) by 1 - a times the chance disagreement: the true alpha is a.
Most reprints copy the codes of the first report of their story, so that only stories are independent.
"""

import numpy as np
import pytest
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.ratings import Ratings

REPLICATIONS, UNITS, CODERS = 400, 200, 2
COPIED = 0.8


def one_study(rng, alpha, shares):
    """Ratings of 200 reports in stories of one to four, 10% of the codes missing."""
    sizes = rng.integers(1, 5, size=UNITS)
    stories = np.repeat(np.arange(UNITS), sizes)[:UNITS]
    n_stories = stories[-1] + 1

    def codes(truth):
        shape = (len(truth), CODERS)
        knows = rng.random(shape) < np.sqrt(alpha)
        return np.where(knows, truth[:, None], rng.choice(len(shares), p=shares, size=shape))

    truth = rng.choice(len(shares), p=shares, size=n_stories)
    first, own = codes(truth)[stories], codes(truth[stories])
    values = np.where(rng.random((UNITS, 1)) < COPIED, first, own)
    values[rng.random(values.shape) < 0.1] = -1
    units = tuple(f"u{u}" for u in range(UNITS))
    return Ratings(units, tuple("abc"[:CODERS]), values, tuple(range(len(shares))), stories)


def coverage(alpha, shares, metric, *, clustered=True):
    rng = np.random.default_rng(20_240_607)
    hits = []
    for _ in range(REPLICATIONS):
        ratings = one_study(rng, alpha, shares)
        if not clustered:
            alone = np.arange(UNITS)
            ratings = Ratings(ratings.unit_ids, ratings.coders, ratings.values, ratings.categories, alone)
        found = krippendorff_alpha(ratings, metric, ClusterBootstrap(500))
        hits.append(found.value is not None and found.low <= alpha <= found.high)
    return np.mean(hits)


@pytest.mark.parametrize(
    ("alpha", "shares", "metric"),
    [
        (0.7, [0.7, 0.3], "nominal"),
        (0.5, [0.4, 0.3, 0.2, 0.1], "nominal"),
        (0.7, [0.3, 0.3, 0.2, 0.1, 0.1], "ordinal"),
    ],
)
def test_clustered_interval_covers_the_true_alpha(alpha, shares, metric):
    assert 0.90 <= coverage(alpha, shares, metric) <= 0.99


def test_ignoring_reprints_would_cover_too_rarely():
    assert coverage(0.7, [0.7, 0.3], "nominal", clustered=False) < 0.90


def test_rare_labels_are_covered_too_rarely_as_the_docs_say():
    assert coverage(0.8, [0.95, 0.05], "nominal") < 0.85  # about four stories have the label
