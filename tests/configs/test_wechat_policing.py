import re
import tomllib
from pathlib import Path

import pytest
from weijing.configs.load import load_codebook

BOOK = load_codebook()
ROOT = Path(__file__).parents[2]
FUNCTIONS = BOOK.variable("functions").label_ids
FLOORS = {
    "emergency_alarm": 3,
    "crime_reporting": 3,
    "tip_collection": 2,
    "identity_verification": 0,
    "database_linkage": 4,
    "community_groups": 2,
    "population_management": 3,
    "service_portal": 2,
    "public_communication": 1,
    "fraud_prevention": 1,
    "wanted_missing": 1,
    "internal_police_work": 3,
    "complaints_supervision": 2,
}
NEAR_MISSES = [
    "crime_on_wechat",
    "speech_punished",
    "payment_evidence",
    "other_platform",
    "other_agency",
    "source_credit",
    "impersonation",
    "officer_misconduct_or_rules",
    "surveillance_of_users",
    "generic_payment",
    "incidental_contact",
]


def broken(**codes) -> set[str]:
    """Ids of the constraints that these codes break."""
    return {i.id for i in BOOK.violations({"relevant": True, **codes})}


def test_shape():
    assert (BOOK.name, BOOK.version) == ("wechat_policing", "1.0")
    assert [v.id for v in BOOK.variables][:4] == ["relevant", "near_miss_type", "functions", "depth"]
    assert [v.id for v in BOOK.learned] == ["relevant", "functions", "depth"]
    assert all(v.evidence for v in BOOK.learned)
    assert list(FLOORS) == FUNCTIONS
    assert BOOK.variable("depth").label_ids == ["nominal", "broadcast", "interactive", "operational", "data"]
    assert [i for i in BOOK.variable("near_miss_type").label_ids if i != "none"] == NEAR_MISSES
    assert len(BOOK.difficulties) == 15
    assert len(BOOK.clarifications) == 10


def test_every_function_is_explained_with_examples():
    for label in BOOK.variable("functions").labels:
        assert label.definition
        assert label.include
        assert label.exclude
        assert label.confusable
        assert len(label.examples) == 3


def test_chinese_is_chinese_and_english_is_english():
    def pairs(node):
        if isinstance(node, dict):
            if set(node) == {"zh", "en"}:
                yield node["zh"], node["en"]
            for value in node.values():
                yield from pairs(value)
        elif isinstance(node, list):
            for value in node:
                yield from pairs(value)

    for zh, en in pairs(BOOK.model_dump()):
        assert re.search(r"[\u4e00-\u9fff]", zh), zh
        # Half-width marks between Chinese characters are slips of the keyboard.
        assert not re.search(r"[\u4e00-\u9fff][,;:?!()]", zh), zh
        assert zh == zh.strip()
        assert en == en.strip()


def test_the_floors_of_the_codebook():
    (floors,) = [c for c in BOOK.constraints if c.kind == "floors"]
    assert floors.at_least == {i: f for i, f in FLOORS.items() if f}


def test_relevant_needs_a_function():
    assert broken(functions=[], depth=0) == {"at_least_one_function"}
    assert broken(relevant=False, functions=None, depth=None) == set()


def test_depth_4_needs_the_database_link():
    assert broken(functions=["service_portal"], depth=4) == {"data_depth_needs_linkage"}
    assert broken(functions=["database_linkage"], depth=4) == set()


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_database_link_needs_depth_4(depth):
    assert "linkage_needs_data_depth" in broken(functions=["database_linkage"], depth=depth)


def test_at_depth_0_functions_are_nominal():
    assert broken(functions=FUNCTIONS, depth=0) == set()


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("depth", range(5))
def test_floors_hold_only_above_depth_0(function, depth):
    is_broken = f"depth_floors_{function}" in broken(functions=[function], depth=depth)
    assert is_broken == (0 < depth < FLOORS[function])


def test_what_is_asked_of_whom():
    def asked(**codes):
        return {v.id for v in BOOK.variables if BOOK.is_asked(v, codes)}

    out = asked(relevant=False)
    assert "near_miss_type" in out
    assert not out & {"functions", "depth", "depth_uncertain"}
    within = asked(relevant=True, depth=2, doc_type="media_report")
    assert {"functions", "depth", "depth_uncertain"} <= within
    assert not within & {"near_miss_type", "procurement", "reason_for_dormancy"}
    assert {"procurement", "reason_for_dormancy"} <= asked(relevant=True, depth=0, doc_type="procurement")


def test_no_label_is_written_in_python():
    """A second codebook must work without touching code."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = [*settings["tool"]["setuptools"]["package-dir"].values(), "annotation"]
    labels = {label.id for v in BOOK.variables for label in v.labels if "_" in label.id}
    pattern = re.compile(r"\b(" + "|".join(sorted(labels)) + r")\b")
    files = [f for room in rooms for f in sorted((ROOT / room).rglob("*.py"))]
    assert len(files) > 5
    found = [
        f"{file.relative_to(ROOT)}:{number}: {match[0]}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for match in pattern.finditer(line)
    ]
    assert not found
