"""All coders together: the figures are those of the coefficients by themselves, of the right codes and weights."""

from __future__ import annotations

import random

import pytest
from weijing.configs.codebook import Codebook
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.agreement.chance import chance_corrected
from weijing.evaluation.agreement.together import Together, together
from weijing.evaluation.estimate import NO_PAIRS, NO_VARIATION
from weijing.evaluation.ratings import Ratings

W = {"zh": "字", "en": "w"}


def book() -> Codebook:
    def labels(*ids: str) -> list[dict[str, object]]:
        return [{"id": i, "name": W} for i in ids]

    return Codebook.model_validate(
        {
            "name": "b", "version": "0", "title": W, "description": W, "unit": W,
            "variables": [
                {"id": "gate", "type": "binary", "name": W},
                {"id": "tags", "type": "multi", "name": W, "labels": labels("p", "q")},
                {"id": "grade", "type": "ordinal", "name": W, "labels": labels("s0", "s1", "s2")},
            ],
        }
    )  # fmt: skip


def codes(coders: int, n: int = 30) -> dict[str, dict[str, dict[str, object]]]:
    rng = random.Random(3)
    return {
        f"c{c}": {
            f"r{i}": {
                "gate": rng.random() < 0.7,
                "tags": [x for x in ("p", "q") if rng.random() < 0.4],
                "grade": rng.randrange(3),
            }
            for i in range(n)
        }
        for c in range(coders)
    }


def by_name(row: Together) -> dict[str, float | None]:
    return {m.name: m.estimate.value for m in row.measured}


@pytest.mark.parametrize(("coders", "kappa"), [(2, "cohen"), (3, "conger")])
def test_each_figure_is_the_coefficient_of_these_codes(coders: int, kappa: str) -> None:
    own = codes(coders)
    rows = {(r.variable, r.label): r for r in together(book(), own, {}, list(own), bootstrap=None)}
    assert list(rows) == [("gate", None), ("tags", None), ("tags", "p"), ("tags", "q"), ("grade", None)]
    grades = Ratings.from_codes(
        {(r, c): of["grade"] for c, reports in own.items() for r, of in reports.items()}, categories=(0, 1, 2)
    )
    found = by_name(rows["grade", None])
    assert found["alpha_ordinal"] == pytest.approx(krippendorff_alpha(grades, "ordinal", None).value)
    for name in (kappa, "gwet", "fleiss"):
        assert found[name] == pytest.approx(chance_corrected(grades, name, "quadratic", None).coefficient.value)
    tags = {(r, c): of["tags"] for c, reports in own.items() for r, of in reports.items()}
    sets = krippendorff_alpha(Ratings.from_label_sets(tags), "masi", None).value
    assert by_name(rows["tags", None])["alpha_masi"] == pytest.approx(sets)
    p = Ratings.from_label(tags, "p")
    assert by_name(rows["tags", "p"])["alpha"] == pytest.approx(krippendorff_alpha(p, "nominal", None).value)
    shares = dict(zip(rows["tags", "p"].categories, rows["tags", "p"].prevalence, strict=True))
    assert shares[True] == pytest.approx(sum("p" in own for own in tags.values()) / len(tags))


def test_a_label_that_nobody_gives_says_why_and_shows_its_raw_agreement() -> None:
    own = codes(2)
    for reports in own.values():
        for of in reports.values():
            of["tags"] = []
    row = next(r for r in together(book(), own, {}, list(own)) if r.label == "p")
    assert by_name(row)["percent"] == 1
    assert {m.estimate.reason for m in row.measured if m.name in ("alpha", "cohen", "fleiss")} == {NO_VARIATION}


def test_coders_without_a_common_report_have_no_figure() -> None:
    own = codes(2)
    own["c1"] = {f"other-{r}": of for r, of in own["c1"].items()}
    rows = together(book(), own, {}, list(own))
    assert rows
    assert {m.estimate.reason for row in rows for m in row.measured} == {NO_PAIRS}
    assert {row.n for row in rows} == {0}


def test_one_coder_is_no_agreement_and_others_do_not_enter() -> None:
    own = codes(3)
    assert together(book(), own, {}, ["c0"]) == []
    assert {row.coders for row in together(book(), own, {}, ["c0", "c2"], bootstrap=None)} == {("c0", "c2")}
