"""The baseline every coder has to beat: TF-IDF of character n-grams and linear models, decoded alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ..configs.codebook import Codebook, Value, Variable
from ..models.decoding import Decoder
from .targets import Example

NAME = "tfidf_linear"


def baseline_codes(codebook: Codebook, examples: Sequence[Example], texts: Sequence[str]) -> list[dict[str, Value]]:
    """Train on the settled codes of ``examples``, code ``texts``: one balanced logistic regression a label."""
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    known = vectorizer.fit_transform([e.text for e in examples])
    new = vectorizer.transform(list(texts))
    columns = {v.id: _probabilities(v, examples, known, new) for v in codebook.learned}
    decoder = Decoder(codebook)
    return [
        decoder.decide(
            {
                v.id: float(columns[v.id][i, 0]) if v.type == "binary" else columns[v.id][i].tolist()
                for v in codebook.learned
            }
        )
        for i in range(len(texts))
    ]


def _probabilities(variable: Variable, examples: Sequence[Example], known: object, new: object) -> npt.NDArray[Any]:
    """One column for binary, one a label otherwise, [texts, columns]."""
    rows = [i for i, e in enumerate(examples) if e.gold.get(variable.id) is not None]
    values = [examples[i].gold[variable.id] for i in rows]
    if variable.type == "binary":
        truths = [[bool(v) for v in values]]
    elif variable.type == "multi":
        truths = [[label in v for v in values if isinstance(v, list)] for label in variable.label_ids]
    else:
        codes: list[Value] = list(variable.label_ids)
        if variable.type == "ordinal":
            codes = list(range(len(variable.labels)))
        truths = [[v == code for v in values] for code in codes]
    columns = []
    for truth in truths:
        if len(set(truth)) < 2:
            columns.append(np.full(new.shape[0], float(truth[0]) if truth else 0.0))  # type: ignore[attr-defined]
            continue
        model = LogisticRegression(C=10, class_weight="balanced", solver="liblinear", random_state=0)
        model.fit(known[rows], truth)  # type: ignore[index]
        columns.append(model.predict_proba(new)[:, 1])
    found = np.stack(columns, 1)
    if variable.type in ("nominal", "ordinal"):
        found = found / found.sum(1, keepdims=True).clip(min=1e-9)
    return found
