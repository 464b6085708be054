from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from weijing.configs.changes import diff_codebooks
from weijing.configs.codebook import Codebook, Label, Variable, Words
from weijing.configs.decisions import Decisions, correspond, decisions_template, guess_decisions, read_decisions
from weijing.configs.errors import UserError
from weijing.configs.load import parse_codebook

W = Words(zh="词", en="word")


def book(*variables: Variable) -> Codebook:
    return Codebook(name="b", version="1", title=W, description=W, unit=W, variables=list(variables))


def multi(identifier: str, **labels: str) -> Variable:
    named = [Label(id=i, name=Words(zh=words, en=f"{words} in English")) for i, words in labels.items()]
    return Variable(id=identifier, type="multi", name=Words(zh="量", en="variable"), labels=named)


def test_guesses_follow_equal_words() -> None:
    old = book(multi("v", a="甲", b="乙", c="乙", d="丁", e="戊", f="己"))
    new = book(multi("w", a2="甲", bc="乙", d1="丁", d2="丁", f="己", g="庚"))
    assert guess_decisions(old, new) == Decisions(
        confirmed=False,
        rename={"v": "w", "v.a": "a2"},
        merge={"v.bc": ["b", "c"]},
        split={"v.d": ["d1", "d2"]},
        drop=["v.e"],
    )


words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(st.lists(words, min_size=1, max_size=5), st.lists(words, min_size=1, max_size=5))
def test_a_template_is_read_as_the_guesses_whatever_the_names_hold(one: list[str], other: list[str]) -> None:
    old = book(multi("v", same="同", **{f"a{i}": w for i, w in enumerate(one)}))
    new = book(multi("v", same="同", **{f"b{i}": w for i, w in enumerate(other)}))
    read = Decisions.model_validate(yaml.safe_load(decisions_template(old, new)))
    assert read == guess_decisions(old, new)
    assert not read.confirmed
    assert correspond(old, new, read).unnamed == ()


def test_names_that_yaml_takes_for_something_else(tmp_path: Path) -> None:
    old, new = book(multi("v", yes="是")), book(multi("v", no="是"))
    (tmp_path / "m.yaml").write_text(decisions_template(old, new), "utf-8")
    assert read_decisions(tmp_path / "m.yaml").rename == {"v.yes": "no"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rename: {v.a: x}\nrename: {v.b: y}", r"m.yaml: line 2: .*occurs twice"),
        ("rename: {v.a: no}", r"line 1: rename.v.a.*quotes"),
        ("move: {a: b}", "line 1: move: is no field known here"),
        ("- a", "a migration file is a mapping"),
        ("split: {v.a: [x]}", "line 1: split.v.a"),
    ],
)
def test_a_migration_file_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        read_decisions(tmp_path / "m.yaml")


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        (Decisions(rename={"v.z": "a"}), "v.z: the old codebook has no such name"),
        (Decisions(rename={"v.a": "z"}), "v.a: the new codebook has no z"),
        (Decisions(rename={"v.a": "b"}), "v.b would come from 2 labels; name them under merge"),
        (Decisions(rename={"v.a": "c"}, drop=["v.a"]), "v.a is named twice"),
        (Decisions(rename={"v": "w", "w": "w"}), "2 variables would become w"),
        (Decisions(split={"v": ["v", "w"]}), "only labels can be split"),
        (Decisions(drop=["v", "v.a"]), "v.a: .*its variable is dropped"),
    ],
)
def test_decisions_that_fit_nothing(decisions: Decisions, message: str) -> None:
    old = book(multi("v", a="甲", b="乙"), multi("w", a="甲"))
    new = book(multi("v", b="乙", c="丙"), multi("w", a="甲"))
    with pytest.raises(UserError, match=message):
        correspond(old, new, decisions)


def test_constraints_that_only_follow_a_new_name_have_not_changed(bundled: Codebook) -> None:
    from weijing.configs.load import bundled_codebook_path

    text = bundled_codebook_path().read_text("utf-8")
    variable = next(v for v in bundled.variables if v.type == "multi" and v.model)
    gate = variable.asked_when[0].variable
    floor = next(label for c in bundled.implications for cond in c.when if (label := cond.has))
    for name in (variable.id, gate, floor):
        text = text.replace(f"id: {name}\n", f"id: {name}_x\n").replace(f"variable: {name},", f"variable: {name}_x,")
        text = text.replace(f"labels_of: {name}\n", f"labels_of: {name}_x\n").replace(
            f"has: {name}}}", f"has: {name}_x}}"
        )
        text = text.replace(f"      {name}: ", f"      {name}_x: ").replace(f"[{name}", f"[{name}_x")
    new = parse_codebook(text)
    decisions = Decisions(
        rename={variable.id: f"{variable.id}_x", gate: f"{gate}_x", f"{variable.id}.{floor}": f"{floor}_x"}
    )
    kinds = [c.kind for c in diff_codebooks(bundled, new, decisions)]
    assert sorted(kinds) == ["label_renamed", "variable_renamed", "variable_renamed"]
