from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from weijing.annotation.interface import NONE, SPANS, TEXT, choices_of, labelling_config, shown, span_labels, value_of
from weijing.configs.codebook import Codebook

sdk = pytest.importorskip("label_studio_sdk.label_interface")


@pytest.fixture(params=["bundled", "strikes"])
def codebook(request: pytest.FixtureRequest) -> Codebook:
    book: Codebook = request.getfixturevalue(request.param)
    return book


def test_label_studio_accepts_the_config(codebook: Codebook) -> None:
    interface = sdk.LabelInterface(labelling_config(codebook))
    interface.validate()
    assert set(interface.get_control(SPANS).labels) == set(span_labels(codebook))
    for variable in shown(codebook):
        if variable.type not in ("text", "binary"):
            labels = set(interface.get_control(variable.id).labels)
            assert labels - {NONE} == set(variable.label_ids)
            assert (NONE in labels) == (variable.type == "multi")


def test_each_variable_is_shown_only_when_asked(codebook: Codebook) -> None:
    root = ElementTree.fromstring(labelling_config(codebook))
    parents = {child: parent for parent in root.iter() for child in parent}
    for variable in shown(codebook):
        place = parents[next(tag for tag in root.iter() if tag.get("name") == variable.id)]
        gates = []
        while place is not root:
            if place.get("visibleWhen"):
                gates.append(place.get("whenTagName"))
            place = parents[place]
        assert gates[::-1] == [c.variable for c in variable.asked_when]


def test_no_alias_and_every_hotkey_once(codebook: Codebook) -> None:
    tags = list(ElementTree.fromstring(labelling_config(codebook)).iter())
    assert not any("alias" in tag.attrib for tag in tags)
    keys = [tag.get("hotkey") for tag in tags if tag.get("hotkey")]
    assert len(set(keys)) == len(keys) > len(span_labels(codebook))
    assert [t.get("granularity") for t in tags if t.get("name") == TEXT] == ["symbol"]


def test_label_studio_deals_out_no_keys(codebook: Codebook) -> None:
    """It gives plain keys that are left to choices without one, and these may be far out of sight."""
    tags = list(ElementTree.fromstring(labelling_config(codebook)).iter())
    plain = {tag.get("hotkey") for tag in tags if len(tag.get("hotkey", "")) == 1}
    without = [tag for tag in tags if tag.tag == "Choice" and not tag.get("hotkey")]
    assert not without or plain >= set("1234567890qwetasdfgzxcvbyiopjklnm")


def test_no_attribute_reaches_the_page_as_a_boolean_and_no_style_as_markup(codebook: Codebook) -> None:
    booleans = {"required", "editable", "showLabels"}
    for tag in ElementTree.fromstring(labelling_config(codebook)).iter():
        assert not {k for k, v in tag.attrib.items() if v in ("true", "false")} - booleans - {"value"}
        assert tag.tag != "Style" or not set("<>&") & set(tag.text or "")


def test_words_of_a_codebook_are_text(strikes_path: Path) -> None:
    raw = yaml.safe_load(strikes_path.read_text(encoding="utf-8"))
    hostile = '<img src=x onerror=alert(1)> $text \x01 "\' name="claims"'
    label = raw["variables"][1]["labels"][0]
    label["name"] = label["definition"] = raw["variables"][0]["question"] = {"zh": hostile, "en": hostile}
    config = labelling_config(Codebook.model_validate(raw))
    sdk.LabelInterface(config).validate()
    tags = list(ElementTree.fromstring(config).iter())
    values = [v for tag in tags for v in tag.attrib.values()]
    assert not any("<img" in tag.get("html", "") for tag in tags)
    assert sum("&lt;img" in tag.get("html", "") for tag in tags) == 2
    assert {v for v in values if "$" in v} == {"$text", "$title", "$meta"}


def test_what_hangs_on_an_extracted_variable_is_not_asked(strikes_path: Path) -> None:
    raw = yaml.safe_load(strikes_path.read_text(encoding="utf-8"))
    raw["variables"][0]["source"] = "extracted"
    assert shown(Codebook.model_validate(raw)) == []


def test_choices_and_values_are_each_others_inverse(codebook: Codebook) -> None:
    for variable in shown(codebook):
        if variable.type == "binary":
            values: list[object] = [True, False]
        elif variable.type == "multi":
            values = [[], [variable.label_ids[0]], variable.label_ids]
        else:
            values = list(range(len(variable.labels))) if variable.type == "ordinal" else list(variable.label_ids)
        if variable.type != "text":
            for value in values:
                back = value_of(variable, choices_of(variable, value))  # type: ignore[arg-type]
                assert back == value
                assert type(back) is type(value)
            for wrong in (["x"], ["x", "y"], [NONE, "x"], []):
                if wrong or variable.type != "multi":
                    assert variable.check(value_of(variable, wrong))
