"""Who codes what: balanced, twice where it must be, reprints together, and never changed afterwards."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weijing.annotation.plan import SEALED_ROUND, Assignment, assign, loads, plan_study, read_plan
from weijing.annotation.select import offers, select
from weijing.configs.errors import UserError
from weijing.data.artifacts import manifest_fits
from weijing.data.design import read_design
from weijing.data.study import Study, add

PURPOSES = ("train", "probability", "reliability", "sealed")
CODERS = ("ann", "bo", "cai", "dee")


@st.composite
def rounds(draw: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Report → group (of one to three reports), and report → purpose."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=25))
    groups = {f"r{i}-{j}": f"g{i}" for i, size in enumerate(sizes) for j in range(size)}
    purpose = {g: draw(st.sampled_from(PURPOSES)) for g in sorted(set(groups.values()))}
    return groups, {r: purpose[g] for r, g in groups.items()}


def coders_of(assignments: list[Assignment]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for a in assignments:
        found.setdefault(a.report_id, set()).add(a.coder)
    return found


def holds(groups: dict[str, str], purposes: dict[str, str], made: list[Assignment], overlap: float) -> None:
    by_report = coders_of(made)
    assert set(by_report) == set(purposes)
    assert len({(a.report_id, a.coder) for a in made}) == len(made)
    assert all(a.purpose == purposes[a.report_id] and a.blind for a in made)
    by_group: dict[str, set[frozenset[str]]] = {}
    for report_id, coders in by_report.items():
        by_group.setdefault(groups[report_id], set()).add(frozenset(coders))
        assert len(coders) in ((2,) if purposes[report_id] in ("reliability", "sealed") else (1, 2))
    assert all(len(sets) == 1 for sets in by_group.values()), "reprints went to different coders"
    others = {g for r, g in groups.items() if r in purposes and purposes[r] in ("train", "probability")}
    assert sum(len(next(iter(by_group[g]))) == 2 for g in others) == ceil(round(overlap * len(others), 9))


@given(rounds(), st.integers(2, 4), st.sampled_from([0, 0.1, 0.25, 1]), st.integers(0, 99), st.randoms())
def test_a_round_is_balanced_and_whole(
    given_round: tuple[dict[str, str], dict[str, str]], n: int, overlap: float, seed: int, shuffled: random.Random
) -> None:
    groups, purposes = given_round
    made = assign(groups, CODERS[:n], round_number=1, purposes=purposes, seed=seed, overlap=overlap)
    holds(groups, purposes, made, overlap)
    load = Counter(dict.fromkeys(CODERS[:n], 0))
    load.update(a.coder for a in made)
    largest = max(Counter(groups.values()).values())
    assert max(load.values()) - min(load.values()) <= largest
    mixed = list(purposes.items())
    shuffled.shuffle(mixed)
    again = assign(groups, CODERS[:n][::-1], round_number=1, purposes=dict(mixed), seed=seed, overlap=overlap)
    assert again == made


@given(rounds(), st.integers(0, 99), st.data())
def test_what_was_assigned_stays_when_reports_and_coders_come(
    given_round: tuple[dict[str, str], dict[str, str]], seed: int, data: st.DataObject
) -> None:
    groups, purposes = given_round
    first = {r: p for r, p in purposes.items() if data.draw(st.booleans(), label=r)}
    made: list[Assignment] = []
    for coders, part in ((CODERS[:2], first), (CODERS[:3], purposes), (CODERS[1:], purposes)):
        more = assign(groups, coders, round_number=1, purposes=part, seed=seed, overlap=0.25, earlier=made)
        assert not set(more) & set(made)
        assert {a.coder for a in more} <= set(coders)
        made += more
        holds(groups, part, made, 0.25)
    assert not more, "nothing was left to assign"


@given(rounds(), st.integers(0, 99))
def test_a_story_stays_with_its_coders_from_round_to_round(
    given_round: tuple[dict[str, str], dict[str, str]], seed: int
) -> None:
    groups, purposes = given_round
    first = assign(groups, CODERS, round_number=1, purposes=purposes, seed=seed)
    more = {f"{r}-later": g for r, g in groups.items()}
    second = assign(
        groups | more,
        CODERS,
        round_number=2,
        purposes=dict.fromkeys(more, "train"),
        seed=seed,
        overlap=0,
        earlier=first,
    )
    before = {groups[r]: coders for r, coders in coders_of(first).items()}
    assert all(a.coder in before[more[a.report_id]] for a in second)
    assert all(a.round == 2 for a in second)


def test_every_pair_of_coders_meets() -> None:
    groups = {f"r{i}": f"g{i}" for i in range(60)}
    made = assign(groups, CODERS, round_number=1, purposes=dict.fromkeys(groups, "reliability"), seed=1)
    assert len({frozenset(c) for c in coders_of(made).values()}) == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coders": []}, "at least one"),
        ({"coders": ["a", "a "]}, "each once"),
        ({"coders": ["a", " "]}, "at least one"),
        ({"coders": ["a"]}, "name a second"),
        ({"coders": ["a"], "overlap": 0, "purposes": {"r": "sealed"}}, "name a second"),
        ({"overlap": 1.1}, "from 0 to 1"),
        ({"overlap": float("nan")}, "from 0 to 1"),
        ({"purposes": {"r": "adjudication"}}, "a round is for train"),
        ({"purposes": {"r": "probability"}, "blind": False}, "blind codes"),
    ],
    ids=str,
)
def test_what_cannot_be_planned(changes: dict[str, Any], message: str) -> None:
    plain: dict[str, Any] = {"coders": ["a", "b"], "round_number": 1, "purposes": {"r": "train"}, "seed": 1}
    assert len(assign({"r": "g"}, **plain, blind=False)) == 2
    with pytest.raises(UserError, match=message) as caught:
        assign({"r": "g"}, **(plain | changes))
    assert "\n" not in str(caught.value)


# -- in a study -----------------------------------------------------------------------------------------------------


@pytest.fixture
def study(toy: Any, strikes_path: Path, tmp_path: Path) -> Study:
    Study.create(tmp_path / "study", strikes_path)
    opened = Study.open(tmp_path / "study")
    source = tmp_path / "reports.jsonl"
    source.write_text("\n".join(json.dumps({"id": r.id, "text": r.text}) for r in toy.reports), encoding="utf-8")
    add(opened, source)
    return opened


def test_rounds_of_a_study_are_recorded_once(study: Study) -> None:
    select(study, 20, {"permutation": 1})
    sealed = plan_study(study, ["li", "wang"], SEALED_ROUND)
    first = plan_study(study, ["li", "wang"], 1, overlap=0.2)
    groups = {r.id: r.reprint_group for r in study.reports()}
    hidden = {row.reprint_group for row in read_design(study.design_path) if row.purpose == "sealed"}
    assert sorted(groups[r] or "" for r in coders_of(sealed)) == sorted(hidden)
    assert loads(sealed) == {"li": len(hidden), "wang": len(hidden)}
    assert set(coders_of(first)) == {o.report_id for o in offers(study, 1)}
    assert {a.purpose for a in first} == {"probability"}
    assert loads(first) == {"li": 12, "wang": 12}
    path = study.root / "plan.parquet"
    assert read_plan(path) == [*sealed, *first]
    assert manifest_fits(path)
    before = path.read_bytes()
    assert plan_study(study, ["li", "wang", "zhao"], 1, overlap=0.2) == first
    assert path.read_bytes() == before
    # A longer reprint that comes in later takes no report's place.
    longest = max(r.text for r in study.reports() if r.id == sealed[0].report_id)
    late = study.root.with_name("late.jsonl")
    late.write_text(json.dumps({"id": "late", "text": f"{longest}（转载）"}), encoding="utf-8")
    add(study, late)
    assert plan_study(study, ["li", "wang"], SEALED_ROUND) == sealed
    # The plan is no source of reports.
    assert not [r for r in add(study, study.root).rejected if "plan" in r.where]


def test_a_round_for_reliability_is_coded_twice(study: Study) -> None:
    select(study, 6, {"permutation": 1})
    made = plan_study(study, ["li", "wang", "zhao"], 1, purpose="reliability")
    assert loads(made) == {"li": 4, "wang": 4, "zhao": 4}
    assert made == [replace(a, purpose="reliability") for a in made]


@pytest.mark.parametrize(
    ("number", "purpose", "message"),
    [(1, None, "weijing select"), (1, "sealed", "round 0 is"), (0, "train", "no other purpose")],
)
def test_rounds_that_are_not_there(number: int, purpose: str | None, message: str, study: Study) -> None:
    with pytest.raises(UserError, match=message):
        plan_study(study, ["li", "wang"], number, purpose=purpose)
    assert not (study.root / "plan.parquet").exists()
