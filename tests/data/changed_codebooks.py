"""Random codebooks, what became of them, and codes of them, with versions, takings back and names that swap."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from weijing.configs.codebook import Codebook, Label, Value, Variable, Words
from weijing.configs.decisions import Decisions
from weijing.data.codes import Code, Span

W = Words(zh="词", en="word")
IDS = [f"n{i}" for i in range(9)]
LABELLED = ("multi", "nominal", "ordinal")
TYPES = (*LABELLED, "binary", "text")


def book(version: str, variables: list[Variable]) -> Codebook:
    return Codebook(name="random", version=version, title=W, description=W, unit=W, variables=variables)


def variable(identifier: str, kind: Any, labels: list[str]) -> Variable:
    return Variable(id=identifier, type=kind, name=W, labels=[Label(id=i, name=W) for i in labels])


@st.composite
def changed(draw: st.DrawFn, *, only_renamed: bool = False) -> tuple[Codebook, Codebook, Decisions]:
    """Old codebook, new codebook, and the decisions that lead from one to the other."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True))
    targets = draw(st.permutations(IDS))
    rename: dict[str, str] = {}
    merge: dict[str, list[str]] = {}
    split: dict[str, list[str]] = {}
    drop: list[str] = []
    before, after = [], [variable("added", "binary", [])]
    for identifier, target in zip(ids, targets, strict=False):
        kind = draw(st.sampled_from(TYPES))
        labels = draw(st.lists(st.sampled_from(IDS), min_size=2, max_size=5, unique=True)) if kind in LABELLED else []
        before.append(variable(identifier, kind, labels))
        fate = "same" if only_renamed else draw(st.sampled_from(["same", "same", "drop", "retype"]))
        if fate == "drop":
            drop.append(identifier)
            continue
        if target != identifier:
            rename[identifier] = target
        if fate == "retype":
            after.append(variable(target, "binary" if kind != "binary" else "text", []))
            continue
        fresh = iter(draw(st.permutations(IDS)))
        became: list[str] = []
        rest = list(labels)
        while rest:
            what = "rename" if only_renamed else draw(st.sampled_from(["rename", "merge", "split", "drop", "same"]))
            label = rest.pop(0)
            name = f"{identifier}.{label}"
            if what == "drop":
                drop.append(name)
            elif what == "split":
                split[name] = [f"{next(fresh)}x", f"{next(fresh)}y"]
                became += split[name]
            elif what == "merge" and rest:
                to = next(fresh)
                merge[f"{identifier}.{to}"] = [label, rest.pop(0)]
                became.append(to)
            else:
                to = next(fresh)
                became.append(to)
                if to != label:
                    rename[name] = to
        if labels and (len(became) < 2 or (not only_renamed and draw(st.booleans()))):
            became += ["extra", "spare"]
        after.append(variable(target, kind, draw(st.permutations(became))))
    decisions = Decisions(rename=rename, merge=merge, split=split, drop=drop)
    return book("1", before), book("2", draw(st.permutations(after)) if not only_renamed else after[1:]), decisions


def values(one: Variable) -> st.SearchStrategy[Value]:
    return {
        "binary": st.booleans(),
        "text": st.text("甲乙a\u2028", max_size=3),
        "multi": st.lists(st.sampled_from(one.label_ids or ["-"]), unique=True),
        "nominal": st.sampled_from(one.label_ids or ["-"]),
        "ordinal": st.integers(0, max(0, len(one.labels) - 1)),
    }[one.type]


@st.composite
def codes_of(draw: st.DrawFn, codebook: Codebook) -> list[Code]:
    """Codes in the order of a file: of some places several versions, with and without time, some taken back."""
    codes: list[Code] = []
    for number in range(draw(st.integers(0, 12))):
        one = draw(st.sampled_from(codebook.variables))
        value = draw(values(one))
        spans = tuple(Span(i, i + 1, "字", label) for i, label in enumerate(value)) if isinstance(value, list) else ()
        place = (draw(st.sampled_from("rs")), draw(st.sampled_from("ab")), one.id)
        older = [c.code_id for c in codes if (c.report_id, c.coder, c.variable) == place]
        codes.append(
            Code(
                *place,
                value,
                spans,
                note=f"{number}",
                at=draw(st.sampled_from([None, "2024-01-01", "2024-01-02", "2024-01-03"])),
                purpose=draw(st.sampled_from(["train", "adjudication"])),
                codebook_version=draw(st.sampled_from([None, codebook.version])),
                supersedes=draw(st.sampled_from([None, *older])),
                deleted=draw(st.integers(0, 4)) == 0,
            )
        )
    return codes
