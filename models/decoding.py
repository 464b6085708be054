"""From probabilities to codes that the codebook allows.

Given the values of the single-valued variables, each constraint says of a label of a multi variable that it is
forced, banned, or free; a free label is taken if its probability passes its threshold. Trying every combination of the
single values that constraints speak of finds the consistent codes that give up least against the unconstrained ones, in
log-odds, summed over all that is turned round. Binary gates are settled first, by their threshold.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from ..configs.codebook import Codebook, Condition, Value, Variable

Probs = Mapping[str, float | Sequence[float]]


class Decoder:
    """Decides the codes of one report from its probabilities."""

    def __init__(self, codebook: Codebook, thresholds: Mapping[str, Sequence[float]] | None = None) -> None:
        self.codebook = codebook
        self._thresholds = thresholds or {}
        self._tied = {v.id for v in codebook.tied}
        self._multi = {v.id for v in codebook.learned if v.type == "multi"}

    def decide(self, probs: Probs) -> dict[str, Value]:
        """The most probable codes that break no constraint; None for a variable that is not asked.

        ``probs``: a number for binary variables (P(true)), one a label otherwise. A constraint set that nothing can
        satisfy is ignored rather than leaving the report uncoded.
        """
        singles = [v for v in self.codebook.learned if v.type != "multi"]
        options = [self._tried(v, probs[v.id]) for v in singles]
        best, best_score = None, -math.inf
        for combination in itertools.product(*options):
            tried = self._complete(dict(zip((v.id for v in singles), combination, strict=True)), probs)
            if tried is not None and tried[1] > best_score:
                best, best_score = tried
        return best if best is not None else self._unconstrained(probs)

    def _tried(self, variable: Variable, prob: float | Sequence[float]) -> list[tuple[Value, float]]:
        """The values to try, each with what it costs: its score below that of the best value.

        Costs, because a variable that is not asked has none: what hangs on a gate must not pull at it.
        """
        options = self._options(variable, prob)
        best = max(options, key=lambda o: o[1])
        if variable.id not in self._tied:
            return [(best[0], 0.0)]
        return [(value, worth - best[1]) for value, worth in options]

    def _options(self, variable: Variable, prob: float | Sequence[float]) -> list[tuple[Value, float]]:
        if variable.type == "binary":
            p = _clip(prob)  # type: ignore[arg-type]
            worth = _logit(p) - _logit(_clip(self._threshold(variable)[0]))
            return [(True, _log_sigmoid(worth)), (False, _log_sigmoid(-worth))]
        values: list[Value] = list(variable.label_ids)
        if variable.type == "ordinal":
            values = list(range(len(variable.labels)))
        return [(v, math.log(_clip(p))) for v, p in zip(values, prob, strict=True)]  # type: ignore[arg-type]

    def _complete(
        self, chosen: Mapping[str, tuple[Value, float]], probs: Probs
    ) -> tuple[dict[str, Value], float] | None:
        """Add the multi variables to chosen single values; None if a constraint cannot be kept."""
        codes: dict[str, Value] = {name: value for name, (value, _) in chosen.items()}
        for variable in self.codebook.learned:
            # Whether labels ask a variable is seen when they are decided.
            known = [c for c in variable.asked_when if c.variable not in self._multi]
            if variable.id in chosen and not all(c.holds(codes) is True for c in known):
                codes[variable.id] = None
        score = 0.0
        for variable in self.codebook.learned:
            if not self.codebook.is_asked(variable, codes):
                codes[variable.id] = None
            elif variable.id in chosen:
                score += chosen[variable.id][1]
            else:
                labels = self._labels(variable, probs[variable.id], codes)  # type: ignore[arg-type]
                if labels is None:
                    return None
                codes[variable.id] = labels[0]
                score += labels[1]
        if self.codebook.violations(codes):
            return None
        return {v.id: codes[v.id] for v in self.codebook.learned}, score

    def _labels(
        self, variable: Variable, probs: Sequence[float], codes: Mapping[str, Value]
    ) -> tuple[list[str], float] | None:
        """The best labels that the constraints allow, and what they cost; None if they allow none."""
        forced, banned, least, most = self._demands(variable, codes)
        cuts = self._threshold(variable)
        worth = {
            label: _logit(_clip(p)) - _logit(_clip(t))
            for label, p, t in zip(variable.label_ids, probs, cuts, strict=True)
        }
        chosen = {label for label, w in worth.items() if label in forced or (w >= 0 and label not in banned)}
        free = sorted((label for label in worth if label not in chosen | banned), key=lambda label: -worth[label])
        chosen |= set(free[: max(least - len(chosen), 0)])
        spare = sorted(chosen - forced, key=lambda label: worth[label])
        chosen -= set(spare[: max(len(chosen) - most, 0)])
        if forced & banned or not least <= len(chosen) <= most:
            return None
        # The sum: an almost certain label is worth as much as an almost certain code of another variable. Turning an
        # uncertain label round costs next to nothing, so many of them do not outvote an ordinal variable.
        cost = -sum(abs(w) for label, w in worth.items() if (w >= 0) != (label in chosen))
        return [label for label in variable.label_ids if label in chosen], cost

    def _demands(self, variable: Variable, codes: Mapping[str, Value]) -> tuple[set[str], set[str], int, int]:
        """Labels that must be there, labels that must not, and how many there must be, at least and at most."""
        forced: set[str] = set()
        banned: set[str] = set()
        least, most = 0, len(variable.labels)
        for rule in self.codebook.decidable:
            about = [c for c in rule.when if c.variable == variable.id]
            others = [c for c in rule.when if c.variable != variable.id]
            if any(c.holds(codes) is not True for c in others):
                continue
            broken = any(c.holds(codes) is False for c in rule.then if c.variable != variable.id)
            if about and broken and about[0].has is not None:
                banned.add(about[0].has)
            elif about and broken:
                most = min(most, (about[0].min_labels or 0) - 1)
            if not about:
                for condition in rule.then:
                    if condition.variable == variable.id:
                        least = self._ask(condition, forced, least)
        return forced, banned, least, most

    @staticmethod
    def _ask(condition: Condition, forced: set[str], least: int) -> int:
        if condition.has is not None:
            forced.add(condition.has)
        return max(least, condition.min_labels or 0)

    def _threshold(self, variable: Variable) -> Sequence[float]:
        n = len(variable.labels) if variable.type == "multi" else 1
        return self._thresholds.get(variable.id) or [0.5] * n

    def _unconstrained(self, probs: Probs) -> dict[str, Value]:
        codes: dict[str, Value] = {}
        for variable in self.codebook.learned:
            if not self.codebook.is_asked(variable, codes):
                codes[variable.id] = None
            elif variable.type == "multi":
                cuts = self._threshold(variable)
                own: Sequence[float] = probs[variable.id]  # type: ignore[assignment]
                codes[variable.id] = [
                    label for label, p, t in zip(variable.label_ids, own, cuts, strict=True) if p >= t
                ]
            else:
                options = self._options(variable, probs[variable.id])
                codes[variable.id] = max(options, key=lambda o: o[1])[0]
        return codes


def _clip(p: float) -> float:
    return min(max(float(p), 1e-6), 1 - 1e-6)


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def _log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x > -30 else x
