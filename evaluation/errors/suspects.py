"""Codes that are likely mistakes: the model is sure of something else, or a reprint of the report is coded otherwise.

Confident learning: Northcutt, Jiang & Chuang (2021), Confident learning: estimating uncertainty in dataset labels,
Journal of Artificial Intelligence Research 70. A class is confidently predicted of a report if its probability is at
least the mean probability of that class among the reports coded so (equation 2); where the likeliest such class is not
the one coded, the report is off the diagonal of the confident joint (equation 1). It is suspect if that class is also
likelier than the code, which the confident joint does not ask for: of a rare class the threshold can be so low that
the model itself still believes the code. Suspects are ranked by the normalised margin, the probability of the code less
that of the class proposed. A multi variable is so many yes-or-no codes.

The probabilities must be OUT OF SAMPLE: from a model that did not learn from the report, nor from a reprint of it. Of a
report that it has learned from, a model says what it was told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...configs.codebook import Codebook, Codes, Value, Variable
from ...configs.errors import UserError
from ..estimate import Floats, Ints
from ..tables import CodesByCoder

Probability = float | Mapping[str, float] | Sequence[float]
"""Binary: of yes. Multi and nominal: label → probability. Ordinal: one a step."""

Answer = bool | int | str


@dataclass(frozen=True)
class Suspect:
    """A code that may be a mistake, and why.

    ``label``: of a multi variable, the label in question; ``code`` and ``proposed`` are then whether it is present.
    ``probability`` is the model's of ``code`` and ``probability_proposed`` of ``proposed``; both are None where only a
    reprint speaks against the code. ``margin``: the one less the other, -1 to 1; the lower, the more suspect.
    ``coders`` gave that code; none did where it was settled by others.
    """

    report_id: str
    variable: str
    label: str | None
    source: Literal["model", "reprint"]
    code: Answer
    proposed: Answer
    probability: float | None
    probability_proposed: float | None
    margin: float | None
    coders: tuple[str, ...]
    zh: str
    en: str


def model_suspects(
    codebook: Codebook,
    settled: Mapping[str, Codes],
    probabilities: Mapping[str, Mapping[str, Probability]],
    codes: CodesByCoder,
) -> list[Suspect]:
    """Codes of learned variables that a model doubts, the most doubtful first.

    ``settled``: report → variable → the code in question. ``probabilities``: report → variable → out of sample. Reports
    without both are left out. ``codes``: by coder, to say whose code it is. UserError for a code that the codebook does
    not allow, or probabilities that do not fit it.
    """
    found: list[tuple[float, Suspect]] = []
    for variable in codebook.learned:
        ids = [
            report
            for report, own in settled.items()
            if own.get(variable.id) is not None and variable.id in probabilities.get(report, {})
        ]
        if not ids:
            continue
        values = [_checked(variable, settled[report][variable.id], report) for report in ids]
        predicted = np.array([_vector(variable, probabilities[report][variable.id], report) for report in ids])
        for label, given, classes in _questions(variable, values, predicted):
            for u, other in confident_errors(given, classes):
                p, q = float(classes[u, given[u]]), float(classes[u, other])
                code, proposed = (_answer(variable, int(k)) for k in (given[u], other))
                coders = _coders(codes, ids[u], variable, label, code)
                said = _words(variable, label, code), _words(variable, label, proposed)
                suspect = Suspect(
                    *(ids[u], variable.id, label, "model", code, proposed, p, q, p - q, coders),
                    zh=f"编为{said[0][0]}，而未学过本篇的模型有 {q:.0%} 的把握认为是{said[1][0]}，前者只有 {p:.0%}。",
                    en=f"Coded {said[0][1]}; a model that has not learned from this report gives {said[1][1]} {q:.0%}, "
                    f"and the code {p:.0%}.",
                )
                found.append((p - q, suspect))
    return _ranked(found)


def confident_errors(given: Ints, predicted: Floats) -> list[tuple[int, int]]:
    """(unit, likelier class) where a class other than the given one is confidently predicted.

    ``given``: (units,) classes as coded; ``predicted``: (units, classes) probabilities. A class that nobody was coded
    as has no threshold and is never proposed.
    """
    n_classes = predicted.shape[1]
    coded = given[:, None] == np.arange(n_classes)
    counts = coded.sum(axis=0)
    thresholds = np.full(n_classes, np.inf)
    np.divide((predicted * coded).sum(axis=0), counts, out=thresholds, where=counts > 0)
    confident = np.where(predicted >= thresholds, predicted, -1.0)
    likeliest = confident.argmax(axis=1)
    units = np.arange(len(given))
    # Thresholds of common classes are high, so the likeliest confident class may yet be less likely than the code.
    doubted = (confident[units, likeliest] > predicted[units, given]) & (likeliest != given)
    return [(int(u), int(likeliest[u])) for u in np.flatnonzero(doubted)]


def reprint_suspects(
    codebook: Codebook, settled: Mapping[str, Codes], clusters: Mapping[str, Hashable], codes: CodesByCoder
) -> list[Suspect]:
    """Codes of learned variables that most reprints of the report do not have, the most outnumbered first.

    Where as many have one code as another, all are suspect. ``clusters``: reprint group of each report.
    """
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for report in settled:
        if report in clusters:
            groups[clusters[report]].append(report)
    found: list[tuple[float, Suspect]] = []
    for variable in codebook.learned:
        for members in groups.values():
            own = {r: _checked(variable, v, r) for r in members if (v := settled[r].get(variable.id)) is not None}
            for label in variable.label_ids if variable.type == "multi" else (None,):
                answers = {r: _given(v, label) for r, v in own.items()}
                for report, code, proposed, n in _outnumbered(answers):
                    coders = _coders(codes, report, variable, label, code)
                    said = _words(variable, label, code), _words(variable, label, proposed)
                    suspect = Suspect(
                        *(report, variable.id, label, "reprint", code, proposed, None, None, None, coders),
                        zh=f"编为{said[0][0]}，而同一报道的 {len(answers) - 1} 个转载中有 {n} 个编为{said[1][0]}；"
                        "若本篇文字并无不同，其中必有一误。",
                        en=f"Coded {said[0][1]}, but {n} of {len(answers) - 1} other reprints of the story are coded "
                        f"{said[1][1]}; unless the texts differ in this, one of them is mistaken.",
                    )
                    found.append((-n / len(answers), suspect))
    return _ranked(found)


def _outnumbered(answers: Mapping[str, Answer]) -> Iterator[tuple[str, Answer, Answer, int]]:
    """Report, its code, the code that as many or more reprints have, and how many; none where all agree."""
    counts = Counter(answers.values())
    for report, code in answers.items():
        others = [(n, str(other), other) for other, n in counts.items() if other != code]
        if others and (most := max(others))[0] >= counts[code]:
            yield report, code, most[2], most[0]


def _questions(
    variable: Variable, values: Sequence[Value], predicted: Floats
) -> Iterator[tuple[str | None, Ints, Floats]]:
    """Each question of a variable: its label if it is a multi variable's, the class coded, (units, classes)."""
    if variable.type == "multi":
        for k, label in enumerate(variable.label_ids):
            given = np.array([_given(value, label) for value in values], dtype=np.int64)
            yield label, given, np.stack([1 - predicted[:, k], predicted[:, k]], axis=1)
    elif variable.type == "nominal":
        yield None, np.array([variable.label_ids.index(str(v)) for v in values], dtype=np.int64), predicted
    elif variable.type == "ordinal":
        yield None, np.array(values, dtype=np.int64), predicted
    else:
        yield None, np.array(values, dtype=np.int64), np.stack([1 - predicted[:, 0], predicted[:, 0]], axis=1)


def _answer(variable: Variable, k: int) -> Answer:
    if variable.type == "nominal":
        return variable.label_ids[k]
    return k if variable.type == "ordinal" else bool(k)


def _words(variable: Variable, label: str | None, answer: Answer) -> tuple[str, str]:
    """An answer in Chinese and English."""
    if isinstance(answer, bool):
        name = variable.name if label is None else variable.label(label).name
        return f"“{name.zh}：{'是' if answer else '否'}”", f"“{name.en}: {'yes' if answer else 'no'}”"
    name = (variable.label(answer) if isinstance(answer, str) else variable.labels[answer]).name
    step = f"{answer} " if isinstance(answer, int) else ""
    return f"“{step}{name.zh}”", f"“{step}{name.en}”"


def _coders(codes: CodesByCoder, report: str, variable: Variable, label: str | None, answer: Answer) -> tuple[str, ...]:
    given = ((coder, own.get(report, {}).get(variable.id)) for coder, own in codes.items())
    return tuple(coder for coder, value in given if value is not None and _given(value, label) == answer)


def _given(value: Value, label: str | None) -> Answer:
    """The answer that a value gives; of a multi variable, whether it has the label."""
    if isinstance(value, list):
        return label in value
    assert value is not None, "only codes are asked for their answer"
    return value


def _vector(variable: Variable, probability: Probability, report: str) -> list[float]:
    """One probability a label (of a binary variable: of yes), in the codebook's order."""
    if isinstance(probability, Mapping):
        numbers = [probability[label] for label in variable.label_ids if label in probability]
    else:
        numbers = list(probability) if isinstance(probability, Sequence) else [probability]
    if len(numbers) != (len(variable.labels) or 1) or not all(0 <= p <= 1 for p in numbers):
        raise UserError(
            f"report {report}, {variable.id}: the probabilities {probability!r} are not one from 0 to 1 a label; "
            "make the predictions anew with a model of this codebook"
        )
    return numbers


def _checked(variable: Variable, value: Value, report: str) -> Value:
    if problem := variable.check(value):
        raise UserError(
            f"report {report}, {variable.id}: the settled code {problem}; settle the codes anew by this codebook"
        )
    return value


def _ranked(found: Iterable[tuple[float, Suspect]]) -> list[Suspect]:
    return [suspect for _, suspect in sorted(found, key=lambda one: (one[0], one[1].report_id))]
