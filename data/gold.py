"""Gold: the code that is settled for a report and a variable, and how it was settled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa

from ..configs.codebook import Codebook, Value, Variable, ordered
from ..configs.errors import UserError
from .code import Code, Span, current, moment
from .tables import read_rows, write_rows

How = Literal["adjudicated", "agreed", "majority", "single", "tie"]

_SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("text", pa.string()), ("label", pa.string())])
SCHEMA = pa.schema(
    [
        ("report_id", pa.string()),
        ("variable", pa.string()),
        ("value", pa.string()),
        ("evidence", pa.list_(_SPAN)),
        ("how", pa.string()),
        ("n_coders", pa.int64()),
    ]
)


@dataclass(frozen=True)
class GoldCode:
    """The settled code of one variable of one report."""

    report_id: str
    variable: str
    value: Value
    evidence: tuple[Span, ...]
    """Spans of the coders whose code it is."""
    how: How
    n_coders: int
    """Coders who coded it, without the adjudicator."""


def settle(codes: Iterable[Code], codebook: Codebook, kinds: Sequence[str] = ("human", "synthetic")) -> list[GoldCode]:
    """Settle the codes in force, report by report in sorted order, variables in the codebook's.

    An adjudication wins. Else: agreement; else for multi variables the majority label by label, for ordinal
    ones the (lower) median, for others the most frequent value. A tie goes to the lower code, to False, to
    absence of the label, to the label first in the codebook, and is called one. A variable is settled only
    where the settled gate asks it. Codes of models do not count unless ``kinds`` says so, nor do values that
    the codebook does not allow.

    Settling variable by variable can break a constraint that every coder kept; ``Codebook.violations`` finds
    these. Raises ``UserError`` where a code in force is of another version of the codebook.
    """
    table: dict[str, dict[str, list[Code]]] = {}
    for code in sorted(current(codes), key=lambda c: moment(c.at)):
        if code.coder_kind in kinds:
            if code.codebook_version not in (None, codebook.version):
                raise UserError(
                    f"code {code.code_id} (report {code.report_id}, {code.coder}) is of codebook version "
                    f"{code.codebook_version}, the codebook is {codebook.version}; run `weijing codebook migrate` first"
                )
            table.setdefault(code.report_id, {}).setdefault(code.variable, []).append(code)
    gold: list[GoldCode] = []
    for report_id in sorted(table):
        settled: dict[str, Value] = {}
        for variable in codebook.variables:
            votes = [c for c in table[report_id].get(variable.id, ()) if variable.check(c.value) is None]
            if votes and codebook.is_asked(variable, settled):
                one = _settled(report_id, variable, votes)
                settled[variable.id] = one.value
                gold.append(one)
    return gold


def _settled(report_id: str, variable: Variable, votes: Sequence[Code]) -> GoldCode:
    """``votes`` are in order of time, so the latest of a coder, and of the adjudicators, is the last."""
    by_coder = {code.coder: code for code in votes if code.purpose != "adjudication"}
    verdict = next((code for code in reversed(votes) if code.purpose == "adjudication"), None)
    coders = [by_coder[name] for name in sorted(by_coder)]
    how: How
    if verdict is not None:
        value, how = _in_order(variable, verdict.value), "adjudicated"
    else:
        value, how = _vote(variable, [_in_order(variable, code.value) for code in coders])
    # An adjudicator who marks nothing rests on what the coders marked.
    speaks = [verdict] if verdict is not None and verdict.evidence else coders
    return GoldCode(report_id, variable.id, value, _evidence(value, speaks), how, len(coders))


def _vote(variable: Variable, values: list[Value]) -> tuple[Value, How]:
    if len(values) == 1:
        return values[0], "single"
    if all(value == values[0] for value in values):
        return values[0], "agreed"
    if variable.type == "multi":
        counts = Counter(label for value in values if isinstance(value, list) for label in value)
        chosen = [label for label, count in counts.items() if 2 * count > len(values)]
        tied = any(2 * count == len(values) for count in counts.values())
        return ordered(variable, chosen), "tie" if tied else "majority"
    if variable.type == "ordinal":
        codes = sorted(value for value in values if isinstance(value, int))
        low, high = codes[(len(codes) - 1) // 2], codes[len(codes) // 2]
        return low, "majority" if low == high else "tie"
    tally = Counter(value for value in values if not isinstance(value, list))
    most = max(tally.values())
    top = [value for value, count in tally.items() if count == most]
    # As strings: False sorts before True, and what else is left are labels and texts.
    place = {label: position for position, label in enumerate(variable.label_ids)}
    winner = min(top, key=lambda value: (place.get(str(value), 0), str(value)))
    return winner, "tie" if len(top) > 1 else "majority"


def _in_order(variable: Variable, value: Value) -> Value:
    return ordered(variable, value) if isinstance(value, list) else value


def _evidence(value: Value, coders: Iterable[Code]) -> tuple[Span, ...]:
    """Spans for the settled value: of coders who gave it, and for a multi variable of each settled label."""
    spans: set[Span] = set()
    for code in coders:
        if isinstance(value, list) and isinstance(code.value, list):
            agrees = set(code.value) == set(value)
            spans |= {s for s in code.evidence if s.label in value or (s.label is None and agrees)}
        elif code.value == value:
            spans |= set(code.evidence)
    return tuple(sorted(spans, key=lambda s: (s.start, s.end, s.label or "", s.text)))


def write_gold(path: str | Path, gold: Iterable[GoldCode]) -> None:
    """Write gold as Parquet, atomically."""
    rows = [{**asdict(g), "value": json.dumps(g.value, ensure_ascii=False)} for g in gold]
    write_rows(path, [{**row, "evidence": list(row["evidence"])} for row in rows], SCHEMA)


def read_gold(path: str | Path) -> list[GoldCode]:
    """Read gold from Parquet."""
    gold: list[GoldCode] = []
    for row in read_rows(path, SCHEMA, SCHEMA.names, "gold file"):
        if row["how"] not in get_args(How):
            raise UserError(f"{path}: how {row['how']!r} is none of {', '.join(get_args(How))}")
        evidence = tuple(Span(**span) for span in row["evidence"] or ())
        gold.append(GoldCode(**{**row, "value": json.loads(row["value"]), "evidence": evidence}))
    return gold
