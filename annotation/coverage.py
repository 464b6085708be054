"""Reports unlike any that is coded, found by clustering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST = 1000
"""Clusters for coded reports, and again for those wanted. More take hours; there are fewer kinds than reports."""


@dataclass(frozen=True)
class Found:
    """A report that stands for its cluster. ``size``: reports in it; ``covered``: one of them is coded."""

    position: int
    size: int
    covered: bool


def uncovered(vectors: npt.NDArray[np.float32], coded: npt.NDArray[np.bool_], n: int, seed: int) -> list[Found]:
    """The ``n`` uncoded reports that best stand for what no coded report stands for; fewer if there are fewer.

    ``vectors``: [reports, d]; ``coded``: [reports]. First those nearest to the centres of clusters without a coded
    report, big clusters first; then the second nearest of these, and so on; then those of the other clusters.
    """
    from sklearn.cluster import MiniBatchKMeans

    free = np.flatnonzero(~coded)
    if not n or not len(free):
        return []
    # Encoder states point nearly the same way; standardised, their differences are seen.
    scaled = (vectors - vectors.mean(0)) / np.maximum(vectors.std(0), 1e-4)
    scaled /= np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-12)
    # So many that n are left over even if every coded report has one of its own, as far as time allows.
    wanted = int(min(min(n, MOST) + min(coded.sum(), MOST), len(np.unique(scaled, axis=0))))
    # Of its kin this one alone adds up in an order that does not depend on threads.
    means = MiniBatchKMeans(wanted, random_state=seed % 2**32, n_init=1, max_iter=20).fit(scaled)
    cluster = means.labels_
    distance = np.linalg.norm(scaled - means.cluster_centers_[cluster], axis=1)
    sizes = np.bincount(cluster, minlength=wanted)
    covered = np.bincount(cluster[coded], minlength=wanted) > 0

    order = free[np.lexsort((free, distance[free], cluster[free]))]
    starts = np.searchsorted(cluster[order], cluster[order])
    nth = np.arange(len(order)) - starts
    chosen = np.lexsort((cluster[order], -sizes[cluster[order]], nth, covered[cluster[order]]))[:n]
    return [Found(int(i), int(sizes[cluster[i]]), bool(covered[cluster[i]])) for i in order[chosen]]
