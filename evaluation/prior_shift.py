"""Probabilities learned at one prevalence, read at another.

Source: Saerens, Latinne & Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities,
Neural Computation 14: equation 2.4 (known prevalence) and section 2.2 (EM for an unknown one). Both suppose that
reports of one kind look alike in the two collections, and that the probabilities are calibrated in the first.
"""

from __future__ import annotations

from .estimate import Floats

STEPS = 1000
CLOSE = 1e-6


def shifted(predicted: Floats, prevalence: float, new_prevalence: float) -> Floats:
    """(units,) probabilities of "yes", learned at ``prevalence``, as they are at ``new_prevalence``.

    ValueError unless both are between 0 and 1, ends excluded.
    """
    for share in (prevalence, new_prevalence):
        if not 0 < share < 1:
            raise ValueError(f"a prevalence must lie between 0 and 1, ends excluded; found {share}")
    yes = predicted * new_prevalence / prevalence
    no = (1 - predicted) * (1 - new_prevalence) / (1 - prevalence)
    return yes / (yes + no)


def estimated_prevalence(predicted: Floats, prevalence: float) -> float:
    """The share of "yes" in a collection, from (units,) probabilities learned at ``prevalence``.

    The maximum-likelihood share, by EM. Kept half a unit away from 0 and 1, where no report could be anything else.
    ValueError without units.
    """
    n = len(predicted)
    if n == 0:
        raise ValueError("no reports to estimate a prevalence from")
    share = prevalence
    for _ in range(STEPS):
        before, share = share, float(shifted(predicted, prevalence, share).mean())
        share = min(max(share, 0.5 / n), 1 - 0.5 / n) if n > 1 else prevalence
        if abs(share - before) < CLOSE:
            break
    return share
