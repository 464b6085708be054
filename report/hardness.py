"""How far the codes of one report lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from ..configs.codebook import Value, Variable


def distance(variable: Variable, one: Value, two: Value) -> float | None:
    """0 (same) to 1 (as far apart as can be) between two codes; None where one of them is missing."""
    if one is None or two is None:
        return None
    if isinstance(one, list) and isinstance(two, list):
        union = set(one) | set(two)
        return 1 - len(set(one) & set(two)) / len(union) if union else 0.0
    if variable.type == "ordinal" and isinstance(one, int) and isinstance(two, int):
        return abs(one - two) / (len(variable.labels) - 1)
    return float(one != two)


def hardness(variables: Iterable[Variable], codes: Iterable[Mapping[str, Value]]) -> float:
    """Sum over variables of the mean distance between every two of these codes of one report."""
    codes = list(codes)
    total = 0.0
    for variable in variables:
        apart = [
            d
            for a, b in combinations(codes, 2)
            if (d := distance(variable, a.get(variable.id), b.get(variable.id))) is not None
        ]
        total += sum(apart) / len(apart) if apart else 0.0
    return total
