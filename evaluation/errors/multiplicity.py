"""P-values of many tests, adjusted so that few of those called found are false.

Benjamini & Hochberg (1995), Controlling the false discovery rate, J. R. Statist. Soc. B 57. Their procedure supposes
independent or positively dependent tests. Levels of a slice are compared with each other's reports and so are not; yet
for two-sided tests the rate is held in practice (Reiner-Benaim 2007, Biometrical Journal 49), while the adjustment of
Benjamini & Yekutieli (2001, Annals of Statistics 29), which holds always, would multiply the p-values of a hundred
tests by five.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from scipy.stats import false_discovery_control

Test = TypeVar("Test", bound=Hashable)


def adjusted(p: Mapping[Test, float]) -> dict[Test, float]:
    """Test → adjusted p-value: calling those at most q found, a share q of them is expected to be false."""
    if not p:
        return {}
    return dict(zip(p, false_discovery_control(list(p.values()), method="bh").tolist(), strict=True))
