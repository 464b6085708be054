import random
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weijing.configs.errors import UserError
from weijing.data.design import draw_design, extend_design, read_design, write_design


def groups(*numbers: int) -> dict[str, str]:
    return {f"r{n}": f"g{n:03}" for n in numbers}


def test_the_order_of_reports_does_not_matter() -> None:
    one = groups(*range(50))
    items = list(one.items())
    random.Random(1).shuffle(items)
    assert draw_design(one, 7) == draw_design(dict(items), 7)
    assert draw_design(one, 7) != draw_design(one, 8)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 99))
def test_ranks_are_a_permutation_that_only_grows(n: int, more: int, seed: int) -> None:
    first = draw_design(groups(*range(n)), seed)
    assert sorted(r.reprint_group for r in first) == sorted(groups(*range(n)).values())
    assert [r.rank for r in first] == list(range(n))
    sealed = ceil(n / 5)
    assert [r.purpose for r in first] == ["sealed"] * sealed + ["train"] * (n - sealed)
    second = extend_design(first, groups(*range(n + more)), seed)
    assert second[:n] == first
    assert [r.rank for r in second] == list(range(n + more))
    assert sum(r.purpose == "sealed" for r in second) == ceil((n + more) / 5)
    assert extend_design(second, groups(*range(n)), seed) == second


def test_reports_that_come_one_by_one_are_not_all_sealed() -> None:
    rows = draw_design({}, 1)
    for n in range(20):
        rows = extend_design(rows, groups(n), 1)
    assert sum(r.purpose == "sealed" for r in rows) == 4
    assert len({r.reprint_group for r in rows}) == 20


def test_every_group_may_come_first() -> None:
    first = {draw_design(groups(*range(5)), seed)[0].reprint_group for seed in range(60)}
    assert len(first) == 5


def test_inclusion_probabilities_are_those_of_the_batch() -> None:
    assert {r.inclusion_prob for r in draw_design(groups(*range(15)), 1)} == {3 / 15, None}


def test_a_share_or_seed_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="sealed_share"):
        draw_design(groups(1), 1, 1.5)
    with pytest.raises(UserError, match="seed"):
        draw_design(groups(1), -1)


def test_round_trip(tmp_path: Path) -> None:
    rows = draw_design(groups(*range(9)), 3)
    write_design(tmp_path / "d.parquet", reversed(rows))
    assert read_design(tmp_path / "d.parquet") == rows
