"""A report says when its model learned from more than the study's codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from weijing.configs.errors import UserError
from weijing.models.checkpoint import DEFAULT_MODEL, training_of
from weijing.report.study import learned_beside


def test_passages_are_named_with_their_number() -> None:
    (notice,) = learned_beside({"n_passages": 4321})
    assert "4321" in notice.zh
    assert "4321" in notice.en
    assert learned_beside({"n_passages": 0}) == ()
    assert learned_beside(training_of(DEFAULT_MODEL))


def test_a_damaged_model_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="train the model anew"):
        training_of(tmp_path)
