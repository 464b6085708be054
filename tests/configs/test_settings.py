"""Settings of training: what is refused, in one line that says where."""

from __future__ import annotations

import math
from typing import Any

import pytest
from weijing.configs.errors import UserError
from weijing.configs.settings import TrainingSettings, read_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1), ("seed", 1e20), ("seed", 2**32), ("learning_rate", math.inf), ("learning_rate", math.nan),
        ("encoder_learning_rate", math.inf), ("weight_decay", math.inf), ("evidence_weight", math.nan),
        ("hidden", 10**12), ("batch_reports", 10**30), ("adapter_rank", 10**9), ("no_such_setting", 1),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_one_line(name: str, value: Any) -> None:
    with pytest.raises(UserError) as caught:
        read_settings({name: value}, "weijing.yaml: training")
    assert str(caught.value).startswith(f"weijing.yaml: training: {name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("layers", [[], "x", [1.5], None])
def test_layers_that_are_none_are_one_line(layers: Any) -> None:
    with pytest.raises(UserError, match=r"encoder\.layers"):
        read_settings({"encoder": {"layers": layers}})


def test_what_is_left_open_comes_from_the_preset() -> None:
    assert read_settings({}) == TrainingSettings()
    assert read_settings({"regime": "finetune"}).epochs == 6
    assert read_settings({"regime": "finetune", "epochs": 2, "seed": 0}).seed == 0
