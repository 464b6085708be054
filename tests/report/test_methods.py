"""The methods text says what the run was, number by number, and nothing of what was not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_up_study import HOSTILE, codebook, study
from test_page import check_safe
from weijing.configs.codebook import Words
from weijing.configs.settings import TrainingSettings
from weijing.report.findings import Findings
from weijing.report.methods import methods
from weijing.report.parts import CoderView, ReportContent
from weijing.report.render import render
from weijing.report.run import Coverage, Run

RUN = Run(
    settled={"adjudicated": 51, "agreed": 1203},
    n_saw_prediction=77,
    n_saw_codes=66,
    training=TrainingSettings().model_dump(mode="json"),
    learned={"n_reports": 191, "n_groups": 184, "n_passages": 3829},
    versions={"weijing": "9.8.7", "python": "3.11.0", "pyarrow": "1"},
)


def full() -> ReportContent:
    splits = {f"r{i}": "sealed" if i < 5 else "cross-fitted" for i in range(12)}
    return study(codebook(), encoder="some-encoder", model_hash="0123abcd", splits=splits, run=RUN)


def told(content: ReportContent) -> dict[str, str]:
    return {language: "\n".join(paragraphs) for language, paragraphs in methods(content).items()}


def changed(content: ReportContent, part: str, **values: Any) -> ReportContent:
    return replace(content, **{part: replace(getattr(content, part), **values)})


@pytest.mark.parametrize(
    ("part", "values", "zh", "en"),
    [
        ("study", {"n_reports": 4321}, "语料为 4,321 篇报道", "The corpus is 4,321 reports"),
        ("study", {"n_groups": 987}, "987 组独立报道", "987 stories"),
        ("study", {"codebook_version": "7.7"}, "7.7 版", "version 7.7"),
        ("study", {"codebook_hash": "feedbeef"}, "feedbeef", "feedbeef"),
        ("study", {"encoder": "other"}, "编码器 other", "encoder other"),
        ("study", {"model_hash": "ffff"}, "哈希为 ffff", "files is ffff"),
        ("coverage", {"first": "2012-01", "last": "2019"}, "从 2012-01 到 2019", "from 2012-01 to 2019"),
        ("coverage", {"n_provinces": 31}, "31 个省级行政区", "31 provincial units"),
        ("coverage", {"n_coded_twice": 66}, "66 篇报道由至少两名", "66 reports were coded by at least two"),
        ("comparison", {"draws": 12345}, "12,345 次", "12,345 bootstrap draws"),
        ("comparison", {"seed": 42}, "随机种子 42）", "(seed 42)"),
        ("comparison", {"level": 0.9}, "90% 区间", "at the 90% level"),
        ("comparison", {"draws": 777}, "2007）：按转载组整组抽取（777 次", "Welsh 2007): 777 bootstrap"),
        ("run", {"n_saw_prediction": 5}, "5 条编码是编码员看到模型", "5 codes were given after the coder saw a"),
        ("run", {"n_saw_codes": 4}, "4 条编码是编码员看到他人", "4 codes were given after the coder saw the codes"),
        ("run", {"settled": {"majority": 8}}, "定案编码共 8 条：取多数或中位数 8 条", "8 codes were settled: 8 by"),
        ("run", {"learned": {"n_reports": 71, "n_groups": 70}}, "71 篇已定案的报道", "from 71 settled reports"),
        ("run", {"training": {**RUN.training, "epochs": 99}}, "训练 99 轮", "took 99 epochs"),
        ("run", {"training": {**RUN.training, "regime": "finetune"}}, "随分类层一同训练", "trained together with"),
        ("run", {"training": {**RUN.training, "folds": 3}}, "3 折", "in 3 folds"),
        ("run", {"versions": {"torch": "6.6"}}, "所用软件：torch 6.6。", "Software: torch 6.6."),
    ],
)  # fmt: skip
def test_a_changed_input_is_a_changed_sentence(part: str, values: Any, zh: str, en: str) -> None:
    before, after = told(full()), told(changed(full(), part, **values))
    for language, words in (("zh", zh), ("en", en)):
        assert words not in before[language]
        assert words in after[language]


@pytest.mark.parametrize(
    ("values", "zh", "en"),
    [
        ({"epsilon": 0.27}, "ε = 0.27", "epsilon = 0.27"),
        ({"level": 0.03}, "错误发现率 0.03", "false discovery rate of 0.03"),
        ({"margin": 0.07}, "界限为 0.07", "margin of 0.07"),
        ({"candidates": ("other",)}, "other 能否与", "Whether other may stand"),
        ({"panel_kind": "human"}, "2 名人工编码员并列", "beside the 2 human coders"),
        ({"panel": ("a", "b", "c")}, "3 名合成编码员并列", "beside the 3 synthetic coders"),
    ],
)
def test_a_changed_judgement_is_a_changed_sentence(values: Any, zh: str, en: str) -> None:
    content = full()
    judgement = content.findings.judgement
    assert judgement is not None
    before = told(content)
    after = told(changed(content, "findings", judgement=replace(judgement, **values)))
    for language, words in (("zh", zh), ("en", en)):
        assert words not in before[language]
        assert words in after[language]


def test_tests_by_kind_of_report_are_counted() -> None:
    content = study(codebook(), n=60)
    n = sum(one.n_tests for one in content.findings.slices)
    assert n
    assert f"{n:,} permutation tests" in told(content)["en"]
    without = told(changed(content, "findings", slices=()))["en"]
    assert "permutation" not in without
    assert "Hochberg" not in without


def test_splits_are_counted() -> None:
    before = told(full())
    assert "7 篇报道的模型编码为交叉拟合所得" in before["zh"]
    assert "5 reports were sealed before training" in before["en"]
    after = told(replace(full(), splits={"calibration": 4}))
    assert "sealed" not in after["en"]
    assert "4 reports were held out of training" in after["en"]


@pytest.mark.parametrize(
    ("part", "values", "gone"),
    [
        ("study", {"model": None}, ("encoder", "cross-fitted", "sealed", "epochs")),
        ("study", {"encoder": None}, ("encoder",)),
        ("study", {"model_hash": None}, ("model's files",)),
        ("comparison", {"draws": None}, ("Intervals", "bootstrap")),
        ("comparison", {"pairs": ()}, ("Agreement of every two coders",)),
        ("findings", {"together": ()}, ("Gwet", "linearised")),
        ("findings", {"evidence": ()}, ("evidence was measured", "unitizing")),
        ("findings", {"judgement": None}, ("alternative annotator test", "Dawid", "Calderon")),
        ("findings", {"confusions": ()}, ("confusable",)),
        ("findings", {"suspects": ()}, ("Northcutt",)),
        ("comparison", {"scores": ()}, ("precision",)),
        ("run", {"settled": {}}, ("settled:",)),
        ("run", {"training": {}}, ("epochs", "folds", "frozen")),
        ("run", {"versions": {}}, ("Software",)),
        ("run", {"n_saw_prediction": 0}, ("prediction of the model",)),
        ("run", {"n_saw_codes": 0}, ("saw the codes of others",)),
        ("findings", {"together": ()}, ("and the coefficients of all coders together",)),
    ],
)
def test_what_is_not_known_is_not_said(part: str, values: Any, gone: tuple[str, ...]) -> None:
    before, after = told(full())["en"], told(changed(full(), part, **values))["en"]
    for words in gone:
        assert words in before or words == "frozen"
        assert words not in after
    assert "None" not in after
    assert "  " not in after


def test_a_run_of_nothing_says_what_there_is() -> None:
    bare = replace(full(), findings=Findings(), run=Run(), splits={}, coverage=Coverage(), reliability=())
    bare = changed(bare, "study", model=None, coders=(), encoder=None)
    bare = changed(bare, "comparison", pairs=(), scores=(), draws=None)
    assert len(told(bare)["en"].split("\n")) == 2


def test_synthetic_coders_are_named_as_such() -> None:
    text = told(full())
    assert "human coder" not in text["en"]
    assert "人工编码。" in text["zh"]
    assert "2 synthetic coders (ann, bob)" in text["en"]
    assert "no code in this study comes from a person" in text["en"]
    people = changed(study(codebook(), kind="human"), "study", coders=(CoderView("ann", "human", 3),))
    assert "1 human coder (ann)" in told(people)["en"]
    assert "synthetic coder" not in told(people)["en"]


def test_names_of_all_kinds_are_words_on_the_page() -> None:
    content = study(codebook(), coders=(HOSTILE[0], HOSTILE[8]), encoder=HOSTILE[1], title=Words(zh=HOSTILE[0], en="x"))
    page = check_safe(render(content))
    assert "{{ 7 * 7 }}" in page.inside["p"]
    assert "<script>alert(1)</script>" in page.inside["p"]
