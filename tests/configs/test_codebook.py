from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weijing.configs.codebook import Codebook, Condition, Variable, ordered
from weijing.configs.load import load_codebook

STRIKES = load_codebook(Path(__file__).parents[1] / "codebooks" / "strikes.yaml")
BUNDLED = load_codebook()


def values(variable: Variable) -> st.SearchStrategy:
    """Any code that the variable may take, None included."""
    match variable.type:
        case "binary":
            codes = st.booleans()
        case "multi":
            codes = st.lists(st.sampled_from(variable.label_ids), unique=True)
        case "nominal":
            codes = st.sampled_from(variable.label_ids)
        case "ordinal":
            codes = st.integers(0, len(variable.labels) - 1)
        case _:
            codes = st.text()
    return st.none() | codes


def codes_of(codebook: Codebook) -> st.SearchStrategy:
    return st.fixed_dictionaries({v.id: values(v) for v in codebook.variables})


def any_codebook_and_codes() -> st.SearchStrategy:
    return st.sampled_from([STRIKES, BUNDLED]).flatmap(lambda b: codes_of(b).map(lambda c: (b, c)))


@given(any_codebook_and_codes())
def test_every_code_is_a_code_of_its_variable(case):
    codebook, codes = case
    for variable in codebook.variables:
        if codes[variable.id] is not None:
            assert variable.check(codes[variable.id]) is None


@given(any_codebook_and_codes())
def test_a_violation_is_a_premise_that_holds_and_a_consequence_that_does_not(case):
    codebook, codes = case
    broken = codebook.violations(codes)
    for implication in codebook.implications:
        premise = all(c.holds(codes) is True for c in implication.when)
        refuted = any(c.holds(codes) is False for c in implication.then)
        assert (implication in broken) == (premise and refuted)


@given(any_codebook_and_codes(), st.data())
def test_removing_a_code_never_adds_a_violation(case, data):
    codebook, codes = case
    gone = data.draw(st.sampled_from([v.id for v in codebook.variables]))
    after = {i.id for i in codebook.violations({**codes, gone: None})}
    assert after <= {i.id for i in codebook.violations(codes)}


@given(any_codebook_and_codes())
def test_nothing_is_asked_below_a_variable_without_code(case):
    codebook, codes = case
    for variable in codebook.variables:
        if any(codes[c.variable] is None for c in variable.asked_when):
            assert not codebook.is_asked(variable, codes)


@given(st.lists(st.sampled_from(STRIKES.variable("claims").label_ids)))
def test_ordered_sorts_by_the_codebook_and_drops_repeats(labels):
    claims = STRIKES.variable("claims")
    result = ordered(claims, labels)
    assert set(result) == set(labels)
    assert [claims.label_ids.index(i) for i in result] == sorted({claims.label_ids.index(i) for i in labels})
    assert ordered(claims, result) == result


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("is_protest", "yes"),
        ("is_protest", 1),
        ("claims", "pay_rise"),
        ("claims", ["pay_rise", "pay_rise"]),
        ("claims", ["no_such"]),
        ("sector", "mining"),
        ("sector", True),
        ("intensity", 3),
        ("intensity", -1),
        ("intensity", True),
        ("intensity", "clash"),
        ("place", 7),
    ],
)
def test_what_is_no_code(variable, value):
    assert STRIKES.variable(variable).check(value)


def test_true_is_not_the_ordinal_code_1():
    assert Condition(variable="intensity", equals=1).holds({"intensity": 1}) is True
    assert Condition(variable="is_protest", equals=True).holds({"is_protest": True}) is True
    assert Condition(variable="is_protest", equals=True).holds({"is_protest": 1}) is False


def test_a_condition_makes_exactly_one_test():
    with pytest.raises(ValueError, match="exactly one"):
        Condition(variable="intensity")
    with pytest.raises(ValueError, match="exactly one"):
        Condition(variable="intensity", equals=1, at_least=1)


def test_floors_are_one_implication_a_label():
    floors = STRIKES.constraints[1].implications()
    assert [i.id for i in floors] == ["intensity_floors_plant_occupation", "intensity_floors_pay_rise"]
    codes = {"is_protest": True, "claims": ["pay_rise", "plant_occupation"], "intensity": 1}
    assert [i.id for i in STRIKES.violations(codes)] == ["intensity_floors_plant_occupation"]


def test_what_the_classifier_learns_and_what_coders_code():
    assert [v.id for v in STRIKES.learned] == ["is_protest", "claims", "sector", "intensity"]
    assert "place" not in [v.id for v in STRIKES.coded]


def test_unknown_variable():
    with pytest.raises(KeyError):
        STRIKES.variable("no_such")
