"""Every word of the page that is not the codebook's, in Chinese and English."""

# ruff: noqa: E501
from __future__ import annotations

from ..configs.codebook import Words
from ..evaluation import estimate
from .clean import line
from .words_appendix import APPENDIX
from .words_findings import FINDINGS, MISSING


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


WORDS: dict[str, Words] = {
    **APPENDIX,
    **FINDINGS,
    "report": _w("评估报告", "Evaluation report"),
    "language": _w("语言", "Language"),
    "contents": _w("目录", "Contents"),
    # Header and tiles
    "codebook": _w("编码手册", "Codebook"),
    "version": _w("版本", "version"),
    "model": _w("模型", "Model"),
    "encoder": _w("编码器", "Encoder"),
    "date": _w("日期", "Date"),
    "seed": _w("随机种子", "Seed"),
    "coders": _w("编码员", "Coders"),
    "reference": _w("金标准", "Settled codes"),
    "reports": _w("报道", "reports"),
    "groups": _w("独立报道（转载合并）", "stories (reprints merged)"),
    "draws": _w("次自助抽样，按转载组抽取", "bootstrap draws of whole reprint groups"),
    "interval": _w("区间", "intervals"),
    "kind_human": _w("人", "human"),
    "kind_synthetic": _w("合成", "synthetic"),
    "kind_baseline": _w("基线", "baseline"),
    "kind_model": _w("模型", "model"),
    "kind_reference": _w("金标准", "settled"),
    "between_coders": _w("编码员之间", "between coders"),
    "model_reference": _w("模型与金标准", "model and settled codes"),
    "alpha_note": _w("Krippendorff α", "Krippendorff's α"),
    "mean_alpha": _w("各标签 α 的平均", "mean α of its labels"),
    # Notices
    "notice": _w("请先读这里", "Read this first"),
    "notice_synthetic": _w(
        "本报告中有合成编码员：{names}。这些编码由程序生成，并非人工编码；合成编码员之间的一致程度，不能证明人工编码可靠。",
        "Some coders here are synthetic: {names}. A program made their codes, no person did. How far they agree is no evidence that "
        "human coders would agree.",
    ),
    "notice_no_human": _w(
        "本报告中没有任何一个编码来自人。模型分数只说明模型学会了合成编码的规律，不说明它能胜任真实研究。",
        "No code in this report comes from a person. The model's scores show that it learned the pattern of made-up codes, not that it is "
        "fit for a real study.",
    ),
    "notice_no_coders": _w(
        "没有两名编码员编过同一篇报道，因此无法衡量编码员之间是否一致。",
        "No two coders coded the same report, so agreement between coders cannot be measured.",
    ),
    # Agreement
    "agreement": _w("编码一致性", "Agreement"),
    "agreement_lead": _w(
        "每行一个变量或标签。点是 Krippendorff α：1 表示完全一致，0 表示与随机无异；横线是区间。虚线标出惯例门槛 0.667"
        "（可作初步结论）和 0.8（可靠）。区间跨过门槛的，不应视为已达标。",
        "A row is a variable or label. The point is Krippendorff's α: 1 is perfect agreement, 0 is no better than chance; the line is its "
        "interval. Dashed lines mark the customary bars, 0.667 (tentative conclusions) and 0.8 (reliable). A row whose interval crosses a "
        "bar has not cleared it.",
    ),
    "whole": _w("整个变量", "variable as a whole"),
    "label": _w("标签", "Label"),
    "pair": _w("比较的双方", "Pair"),
    "n": _w("n", "n"),
    "prevalence": _w("出现率", "Prevalence"),
    "percent": _w("一致率", "Same code"),
    "alpha": _w("α [区间]", "α [interval]"),
    "all_pairs": _w("所有两两比较", "Every pair of coders"),
    "scope": _w("范围", "Scope"),
    "asked": _w("双方都编了的", "where both were asked"),
    "all": _w("含未进入该题的，记作“无”", "all reports, not asked = absent"),
    "target": _w("研究目标 α ≥", "target α ≥"),
    "cell_note": _w(
        "每格：α [区间]；下行依次为 n、一致率、双方的出现率。",
        "In each cell: α [interval]; below it n, same code, prevalence in each.",
    ),
    "dagger": _w(
        "†：自助抽样给不出有意义的区间（每次结果相同、无法计算，或只有一个转载组）；把指针停在上面可看原因。",
        "† marks numbers for which the bootstrap gives no meaningful interval: the same or undefined in every draw, or one story only.",
    ),
    "undefined": _w("无法计算", "undefined"),
    "empty": _w("没有可比较的编码。", "There are no codes to compare."),
    # Scores
    "scores": _w("模型对照金标准", "The model against settled codes"),
    "scores_lead": _w(
        "条形是 F1（查准率与查全率的调和平均），细线是区间。右侧是金标准中有该标签的报道数：数目小的，分数只是印象。",
        "Bars are F1, the harmonic mean of precision and recall; thin lines are intervals. On the right is how many reports have the label "
        "in the settled codes: where that is small, a score is no more than an impression.",
    ),
    "scores_scope": _w(
        "下表包含所有报道：被前一题挡在外面的，记作“无”，因此前一题的差错也算在内。",
        "These rows take in all reports: one that an earlier question shut out counts as 'absent', so mistakes of that question count too.",
    ),
    "scores_empty": _w("没有模型编码可与金标准比较。", "There are no codes of a model to hold against settled codes."),
    "coder": _w("编码者", "Coder"),
    "positives": _w("金标准 / 编码者", "Settled / coder"),
    "precision": _w("查准率", "Precision"),
    "recall": _w("查全率", "Recall"),
    "specificity": _w("特异度", "Specificity"),
    "f1": _w("F1", "F1"),
    "same": _w("一致率", "Same code"),
    "distance": _w("平均差距（级）", "Mean distance (steps)"),
    "macro": _w("宏平均", "Macro average"),
    "micro": _w("微平均", "Micro average"),
    "yes": _w("是", "yes"),
    "no": _w("否", "no"),
    "more_rows": _w("其他范围与其他编码者", "Other scopes and other coders"),
    "positives_short": _w("{n} 篇", "n = {n}"),
    # Confusion and calibration
    "errors": _w("差错落在哪里", "Where the errors fall"),
    "confusion_lead": _w(
        "行是金标准，列是编码者；大字是篇数，小字是占该行的比例。颜色深浅即该比例，对角线上为一致。",
        "Rows are settled codes, columns the coder's; large numbers count reports, small ones are shares of the row. Darker is a larger "
        "share; the diagonal is agreement.",
    ),
    "calibration": _w("概率可信吗", "Do the probabilities mean what they say?"),
    "calibration_lead": _w(
        "横轴是模型给出的概率，纵轴是实际比例；落在对角线上即名副其实。竖线是 95% Wilson 区间，下方是各档的编码数。"
        "同一篇报道的多个标签合并计算时，区间偏窄。",
        "Across: the probability the model gave. Up: the share that proved true. Points on the diagonal mean what they say. Bars are 95% "
        "Wilson intervals, the strip below counts codes. Where labels of one report are pooled, intervals are too narrow.",
    ),
    "ece": _w("校准误差 ECE", "calibration error (ECE)"),
    "brier": _w("Brier 分数", "Brier score"),
    "predicted": _w("模型给出的概率", "Predicted probability"),
    "observed": _w("实际比例", "Observed share"),
    "about_yes": _w("“是”的概率", "probability of 'yes'"),
    "about_labels": _w("各标签合并", "all labels pooled"),
    "about_top": _w("最可能的编码", "the likeliest code"),
    # Map
    "map": _w("省份", "Provinces"),
    "map_lead": _w(
        "每格一个省级单位，大致按方位排列。数字来自本报告中的报道，是所编报道的构成，不是对各省的估计；n 小的格子只供参考。",
        "A tile is a provincial unit, roughly where it lies. The numbers describe the reports at hand and are no estimates of the "
        "provinces; where n is small they say little.",
    ),
    "map_share": _w("“{name}”为是的比例", "Share of 'yes': {name}"),
    "map_mean": _w("“{name}”的平均值", "Mean: {name}"),
    "map_count": _w("报道数", "Number of reports"),
    "no_reports": _w("没有报道", "no reports"),
    "no_coded": _w("没有编过此项的报道", "no report coded on this"),
    "elsewhere": _w("不在图上的地名", "Places that are not on the map"),
    "unplaced": _w("篇没有写明省份", "reports name no province"),
    "codes_of": _w("编码来自", "codes of"),
    # Disagreements and reader
    "hardest": _w("分歧最大的报道", "The widest disagreements"),
    "hardest_lead": _w(
        "按金标准、各编码员与模型两两之间的差距排列。只列有分歧的变量；删除线表示漏掉的标签，＋ 表示多出的标签，≠ 表示取值不同。",
        "Ordered by the distance between settled codes, coders and model. Only variables in dispute are shown; struck through is a label "
        "missed, ＋ one added; ≠ is another value.",
    ),
    "hardest_empty": _w("没有分歧。", "There is no disagreement."),
    "reader": _w("原文与证据", "Reports and their evidence"),
    "reader_lead": _w(
        "下划线是编码员标出的证据，底色是模型所依据的句子；颜色区分变量或标签；∅ 表示模型依据的是文中没有写到的内容。分歧大的排在前面。",
        "Underlined is what coders marked as evidence; shaded are the sentences the model rests on; colour tells variable or label; ∅ marks "
        "a code of the model that rests on what the text does not say. The widest disagreements come first.",
    ),
    "reader_left_out": _w(
        "为便于阅读，还有 {n} 篇未列出。", "{n} more reports are left out to keep the page readable."
    ),
    "variable": _w("变量", "Variable"),
    "filter": _w("筛选", "Filter"),
    "any": _w("不限", "any"),
    "search": _w("在标题和正文中查找", "Find in title and text"),
    "shown": _w("篇符合", "match"),
    "province": _w("省份", "Province"),
    "disputed": _w("只看有分歧的", "only where codes differ"),
    "by_coders": _w("编码员下划线：", "Underlined by coders:"),
    "by_model": _w("底色：模型", "shaded: model"),
    "abstained": _w("模型拿不准，应由人判断", "the model is unsure: a person should decide"),
    "absence": _w("依据的是文中没有写到", "rests on what the text does not say"),
    "not_coded": _w("未问或未编", "not asked or not coded"),
    "none": _w("无一适用", "none applies"),
    "missing": _w("漏", "missed"),
    "added": _w("多", "added"),
    "other": _w("与金标准不同", "other than the settled code"),
    "split": _w("用途", "Use"),
    "no_interval": _w("无区间", "no interval"),
    "made_by": _w("由 weijing 生成。所有数字见 report.json。", "Made by weijing. All numbers are in report.json."),
}

REASONS: dict[str, Words] = {
    **MISSING,
    estimate.NO_UNITS: _w("没有双方都编了的报道", "no report that both coded"),
    estimate.NO_PAIRS: _w("没有双方都编了的报道", "no report that both coded"),
    estimate.NO_VARIATION: _w(
        "所有编码都相同，没有变化可比", "all codes are the same, so there is no variation to agree on"
    ),
    estimate.NO_PREDICTED: _w("编码者从未给出该标签", "the coder never gave this label"),
    estimate.NO_REFERENCE: _w("金标准中没有该标签", "the settled codes never have this label"),
    estimate.NO_NEGATIVES: _w("金标准中全部都有该标签", "the settled codes always have this label"),
    estimate.NO_POSITIVES: _w("双方都从未给出该标签", "neither side ever gave this label"),
    estimate.NO_DEFINED_LABEL: _w("没有一个标签可以计算", "it is undefined for every label"),
    estimate.ONE_CLUSTER: _w("所有报道同属一个转载组，没有区间", "no interval: all reports are reprints of one story"),
    estimate.ALL_DRAWS_UNDEFINED: _w("每次抽样都无法计算，没有区间", "no interval: undefined in every draw"),
    estimate.NO_SPREAD: _w(
        "每次抽样结果相同，区间只是一个点，不说明不确定性",
        "every draw gives the same, so the interval says nothing about uncertainty",
    ),
}


def reason(key: str | None) -> Words:
    """Why a number or interval is missing, in plain words."""
    if key is None:
        return WORDS["undefined"]
    return REASONS.get(key) or plain(key)


def plain(text: object) -> Words:
    """The same words in both languages: names that come from outside, made fit for a page."""
    written = line(text) or "—"
    return Words(zh=written, en=written)


def filled(key: str, **values: str) -> Words:
    """Words with their gaps filled."""
    words = WORDS[key]
    return Words(zh=words.zh.format(**values), en=words.en.format(**values))
