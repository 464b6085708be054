"""Splits by reprint group: copies of one story never stand on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def group_folds(groups: Sequence[str], strata: Sequence[str], folds: int, seed: int) -> list[int]:
    """Fold number (0 … folds - 1) of each report.

    Whole groups are dealt out in a seeded order, stratum by stratum (the stratum of a group is that of its first
    report), each to the fold with fewest reports of that stratum, then fewest at all. Independent of the order of
    the input but for which report of a group comes first.
    """
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    if len(members) < folds:
        raise ValueError(f"{len(members)} reprint group(s) cannot make {folds} folds")
    names = sorted(members)
    rng = np.random.default_rng(seed)
    dealt = sorted((names[i] for i in rng.permutation(len(names))), key=lambda name: strata[members[name][0]])
    sizes = np.zeros(folds, dtype=int)
    by_stratum: dict[str, npt.NDArray[Any]] = {}
    fold_of = [0] * len(groups)
    for name in dealt:
        own = by_stratum.setdefault(strata[members[name][0]], np.zeros(folds, dtype=int))
        fold = min(range(folds), key=lambda f: (own[f], sizes[f], f))
        own[fold] += len(members[name])
        sizes[fold] += len(members[name])
        for i in members[name]:
            fold_of[i] = fold
    return fold_of


def hold_out(groups: Sequence[str], strata: Sequence[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Indices of the larger part and of the held-out part (about ``share`` of the reports)."""
    n_groups = len(set(groups))
    if n_groups < 2:
        raise ValueError("a single reprint group cannot be split")
    # Folds of a twentieth come near any share, with strata alike on both sides.
    folds = min(20, n_groups)
    held = min(max(round(share * folds), 1), folds - 1)
    fold_of = group_folds(groups, strata, folds, seed)
    return [i for i, f in enumerate(fold_of) if f >= held], [i for i, f in enumerate(fold_of) if f < held]
