from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.configs.changes import apply_changes, diff_codebooks
from weijing.configs.codebook import Codebook
from weijing.configs.decisions import Decisions, correspond
from weijing.configs.errors import UserError
from weijing.configs.load import parse_codebook
from weijing.data.codes import Code, Span, current
from weijing.data.migrate import migrate_codes, undo

from .changed_codebooks import changed, codes_of


def judged(code: Code) -> tuple[Any, ...]:
    """All of a code but its place in the chain of versions."""
    return tuple(repr(v) for v in vars(replace(code, code_id="-", supersedes=None, codebook_version=None)).values())


@st.composite
def cases(draw: st.DrawFn, only_renamed: bool = False) -> tuple[Codebook, Codebook, Decisions, list[Code]]:
    old, new, decisions = draw(changed(only_renamed=only_renamed))
    return old, new, decisions, draw(codes_of(old))


@given(changed())
def test_changes_lead_from_the_old_labels_to_the_new(case: tuple[Codebook, Codebook, Decisions]) -> None:
    old, new, decisions = case
    changes = diff_codebooks(old, new, decisions)
    targets = correspond(old, new, decisions).variables
    for variable in old.variables:
        target = targets[variable.id]
        if target is not None and target.type == variable.type:
            its = [c for c in changes if c.variable == variable.id]
            assert apply_changes(variable.label_ids, its) == target.label_ids
    assert diff_codebooks(old, old) == diff_codebooks(new, new) == []


@settings(max_examples=300)
@given(cases())
def test_what_stands_afterwards_is_what_stood_or_is_listed(case: tuple[Any, ...]) -> None:
    old, new, decisions, codes = case
    steps = migrate_codes(codes, old, new, decisions).steps
    standing = current([*codes, *(s.became for s in steps)])
    # No older version comes back, not even where two variables change names.
    assert Counter(c.code_id for c in standing) == Counter(s.became.code_id for s in steps if not s.became.deleted)
    assert all(new.variable(c.variable).check(c.value) is None and c.codebook_version == "2" for c in standing)
    assert all(s.label is None or s.label in c.value for c in standing for s in c.evidence)
    # Every code that stood is in the log once, and either stands, was dropped with its variable, or is to code anew.
    stood = [s.was.code_id for s in steps if s.outcome != "not in force"]
    assert Counter(stood) == Counter(c.code_id for c in current(codes))
    for step in steps:
        assert step.became.supersedes == step.was.code_id
        assert step.became.deleted == (step.outcome in ("undecided", "dropped", "not in force"))


@settings(max_examples=300)
@given(cases())
def test_undoing_is_the_identity_and_twice_is_once(case: tuple[Any, ...]) -> None:
    old, new, decisions, codes = case
    steps = migrate_codes(codes, old, new, decisions).steps
    after = [*codes, *(s.became for s in steps)]
    assert undo(after, steps, "2") == codes
    assert migrate_codes(after, old, new, decisions).steps == ()


@settings(max_examples=300)
@given(cases(only_renamed=True))
def test_renaming_and_back_is_the_identity(case: tuple[Any, ...]) -> None:
    old, new, decisions, codes = case
    there = [*codes, *(s.became for s in migrate_codes(codes, old, new, decisions).steps)]
    targets = {v.id: decisions.rename.get(v.id, v.id) for v in old.variables}
    back = Decisions(
        rename={to: name for name, to in targets.items() if name != to}
        | {
            f"{targets[name.partition('.')[0]]}.{to}": name.partition(".")[2]
            for name, to in decisions.rename.items()
            if "." in name
        }
    )
    again = migrate_codes(there, new, old, back)
    assert not again.undecided
    returned = current([*there, *(s.became for s in again.steps)])
    assert Counter(map(judged, returned)) == Counter(map(judged, current(codes)))


@settings(max_examples=300)
@given(cases())
def test_merged_labels_are_countable_from_the_log(case: tuple[Any, ...]) -> None:
    old, new, decisions, codes = case
    steps = migrate_codes(codes, old, new, decisions).steps
    names = correspond(old, new, decisions)

    def labels(code: Code, codebook: Codebook) -> set[str]:
        variable = codebook.variable(code.variable)
        value = variable.label_ids[code.value] if variable.type == "ordinal" else code.value  # type: ignore[index]
        return set(value) if isinstance(value, list) else {str(value)}

    for target, sources in decisions.merge.items():
        variable, _, label = target.partition(".")
        new_id = names.variables[variable].id  # type: ignore[union-attr]
        moved = [s for s in steps if s.outcome in ("kept", "changed") and s.was.variable == variable]
        assert [s.was.code_id for s in moved if labels(s.was, old) & set(sources)] == [
            s.was.code_id for s in moved if label in labels(s.became, new) and s.became.variable == new_id
        ]


STRIKES_CHANGED = (
    ('version: "2024-03"', 'version: "2"'),
    ("- {id: stoppage", "- {id: march, name: {zh: 游行, en: March}}\n      - {id: stoppage"),
    ("pay_rise", "more_pay"),
    ("- {id: services, name: {zh: 服务业, en: Services}}", "- {id: food, name: {zh: 餐饮, en: Food}}\n"
     "      - {id: delivery, name: {zh: 配送, en: Delivery}}"),
    ("要求支付拖欠的工资。", "要求支付拖欠的工资或奖金。"),
    ("      plant_occupation: 2", "      plant_occupation: 3"),
)  # fmt: skip


def strikes_changed(text: str) -> Codebook:
    for before, after in STRIKES_CHANGED:
        assert before in text
        text = text.replace(before, after)
    return parse_codebook(text)


DECISIONS = Decisions(rename={"claims.pay_rise": "more_pay"}, split={"sector.services": ["food", "delivery"]})


def test_a_real_codebook_changes(strikes: Codebook, strikes_path: Any) -> None:
    new = strikes_changed(strikes_path.read_text("utf-8"))
    shown = [str(c) for c in diff_codebooks(strikes, new, DECISIONS)]
    assert shown == [
        "meaning changed: claims.wage_arrears (definition)",
        "label renamed: claims.pay_rise → more_pay",
        "label split: sector.services → food, delivery",
        "label added: intensity → march",
        "constraint changed: intensity_floors",
    ]
    spans = (Span(0, 1, "工", "wage_arrears"), Span(1, 2, "人", "pay_rise"))
    codes = [
        Code("r", "a", "is_protest", True),
        Code("r", "a", "claims", ["wage_arrears", "pay_rise"], spans),
        Code("r", "a", "sector", "services"),
        Code("r", "a", "intensity", 1),
        Code("s", "a", "sector", "building"),
    ]
    done = migrate_codes(codes, strikes, new, DECISIONS)
    became = {(s.was.report_id, s.was.variable): s for s in done.steps}
    assert became["r", "claims"].became.value == ["wage_arrears", "more_pay"]
    assert [s.label for s in became["r", "claims"].became.evidence] == ["wage_arrears", "more_pay"]
    assert became["r", "claims"].flagged
    assert became["r", "intensity"].became.value == 2  # the same label, one higher up
    assert became["r", "intensity"].flagged
    assert became["s", "sector"].outcome == "kept"
    assert [(s.was.report_id, s.was.variable) for s in done.undecided] == [("r", "sector")]
    assert done.counts == {"undecided": 1, "kept": 2, "changed": 2, "flagged": 2}
    assert ("missing", "sector") in {(p.kind, p.variable) for p in done.problems}


def test_constraints_that_migrated_codes_break_are_listed(strikes: Codebook, strikes_path: Any) -> None:
    text = strikes_path.read_text("utf-8").replace('"2024-03"', '"2"').replace("      pay_rise: 1", "      pay_rise: 2")
    codes = [
        Code("r", "a", "is_protest", True),
        Code("r", "a", "claims", ["pay_rise"]),
        Code("r", "a", "intensity", 1),
    ]
    done = migrate_codes(codes, strikes, parse_codebook(text))
    assert [p.kind for p in done.problems if p.kind == "constraint"] == ["constraint"]


def test_a_dropped_label_leaves_the_others_and_never_turns_into_none(strikes: Codebook, strikes_path: Any) -> None:
    new = parse_codebook(
        strikes_path.read_text("utf-8").replace('"2024-03"', '"2"').replace("- id: layoff_terms", "- id: closure")
    )
    codes = [Code(r, "a", "claims", v) for r, v in (("r", ["layoff_terms", "pay_rise"]), ("s", ["layoff_terms"]))]
    done = migrate_codes([*codes, Code("t", "a", "claims", [])], strikes, new, Decisions(drop=["claims.layoff_terms"]))
    found = {s.was.report_id: (s.outcome, s.became.value) for s in done.steps}
    assert found == {"r": ("changed", ["pay_rise"]), "s": ("undecided", None), "t": ("kept", [])}


def test_what_no_codebook_explains_is_listed_and_the_rest_goes_on(strikes: Codebook) -> None:
    new = strikes.model_copy(update={"version": "2"})
    codes = [Code("r", "a", "sector", "mining"), Code("r", "a", "weather", "rain"), Code("r", "a", "intensity", 1)]
    done = migrate_codes(codes, strikes, new)
    assert [s.was.variable for s in done.undecided] == ["sector", "weather"]
    assert done.undecided[0].why == ("unknown label 'mining'",)
    assert done.counts["kept"] == 1


@pytest.mark.parametrize(
    ("version", "decisions", "coded_by", "message"),
    [
        ("2024-03", DECISIONS, None, "a version of its own"),
        ("2", None, None, "claims.pay_rise, sector.services: gone"),
        ("2", DECISIONS.model_copy(update={"confirmed": False}), None, "not confirmed"),
        ("2", DECISIONS, "2019", "is of codebook version 2019"),
    ],
)
def test_what_migration_refuses(
    strikes: Codebook, strikes_path: Any, version: str, decisions: Any, coded_by: Any, message: str
) -> None:
    new = strikes_changed(strikes_path.read_text("utf-8")).model_copy(update={"version": version})
    with pytest.raises(UserError, match=message):
        migrate_codes([Code("r", "a", "intensity", 1, codebook_version=coded_by)], strikes, new, decisions)


def test_undo_refuses_what_would_lose_codes_or_does_not_fit(strikes: Codebook) -> None:
    codes = [Code("r", "a", "intensity", 1)]
    steps = migrate_codes(codes, strikes, strikes.model_copy(update={"version": "2"})).steps
    after = [*codes, *(s.became for s in steps)]
    with pytest.raises(UserError, match=r"1 code\(s\) were made after"):
        undo([*after, Code("s", "a", "intensity", 2)], steps, "2")
    with pytest.raises(UserError, match=r"1 code\(s\) were made after"):
        undo([Code("s", "a", "intensity", 2, codebook_version="2")], [], "2")
    with pytest.raises(UserError, match="not what the log"):
        undo([replace(codes[0], value=2), *after[1:]], steps, "2")
