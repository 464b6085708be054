"""A report says when its model learned from more than the study's codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from weijing.configs.errors import UserError
from weijing.data.passages import read_passages
from weijing.models.checkpoint import DEFAULT_MODEL, training_of
from weijing.report.study import learned_beside


def test_passages_are_named_with_their_number() -> None:
    training = training_of(DEFAULT_MODEL)
    (notice,) = learned_beside(training)
    assert str(len(read_passages())) in notice.zh
    assert str(len(read_passages())) in notice.en
    assert learned_beside({**training, "n_passages": 0}) == ()


def test_a_damaged_model_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="train the model anew"):
        training_of(tmp_path)
