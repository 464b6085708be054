"""Words of the verdicts, of the coefficients of agreement, of the errors, and of why a figure of theirs is missing."""

# ruff: noqa: E501
from __future__ import annotations

from ..configs.codebook import Words
from ..evaluation.agreement import spans
from ..evaluation.errors import confusions, slices
from ..evaluation.model_coder import alternative, power


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


FINDINGS: dict[str, Words] = {
    # Verdicts
    "verdicts": _w("模型能否与编码员并列？", "May the model stand beside the coders?"),
    "verdicts_short": _w("能否并列", "Verdicts"),
    "verdicts_lead": _w(
        "看两件事：替代检验（把编码员逐一换成模型，模型与其余编码员的一致是否不逊于那位编码员），以及模型与编码员的一致性比编码员彼此之间低多少。"
        "两者都够才是“可以”；有证据表明不够才是“不可以”；其余都是“尚不能断定”，并写明还缺什么。每个变量、标签各自判断，没有为判断的次数作校正。",
        "Two things count: the alternative annotator test (each coder in turn is left out: does the model agree with the others as well as "
        "that coder does?), and how far agreement with the model falls below agreement among the coders. 'Yes' takes both; 'no' takes "
        "evidence against; everything else is 'cannot say yet', with what is missing. Each variable and label is judged by itself; nothing "
        "corrects for how many are judged.",
    ),
    "verdicts_empty": _w("没有模型编码可与编码员比较。", "There are no codes of a model to hold against the coders."),
    "verdicts_panel": _w("对照的编码员：{who}（{names}）。", "Held against {who} ({names})."),
    "verdicts_no_panel": _w(
        "没有编码员的编码可供对照，因此一概不能断定。",
        "There are no coders to hold it against, so nothing can be said.",
    ),
    "verdicts_one_coder": _w(
        "只有一名编码员：不知道编码员彼此之间有多一致，也就无从判断模型是否同样一致。",
        "With one coder it is not known how far coders agree with each other, and so not whether the model agrees as well.",
    ),
    "verdicts_two_coders": _w(
        "只有两名编码员：替代检验只能把每人与另一人相比，而另一人也可能错。因此这里不会得出“可以”；要得出，需要第三名编码员编同一批报道。",
        "With two coders the test compares each with a single other, who may be the one who is wrong. So no 'yes' can be given here; for one, a "
        "third coder must code the same reports.",
    ),
    "verdicts_synthetic": _w(
        "这些编码员是合成的，编码由程序生成。以下结论不涉及人工编码员。",
        "These coders are synthetic: a program made their codes. What follows says nothing about human coders.",
    ),
    "verdicts_plot": _w(
        "与模型的一致性减去编码员彼此之间的一致性（Krippendorff α 之差）。点在 0 左边：模型与编码员的一致不如编码员彼此。虚线是界限 {margin}：整条横线在其右，"
        "才算足够一致；整条在其左，则明显不够。算不出差值的只列在表中，并写明原因。",
        "Agreement with the model less agreement among the coders (difference of Krippendorff's α). Left of 0 the model agrees less than coders do. "
        "The dashed line is the margin, {margin}: a whole interval to the right of it agrees closely enough, one to the left does not. What has no "
        "difference is in the tables only, with the reason.",
    ),
    "difference": _w("差", "Difference"),
    "candidate": _w("被检验者", "Candidate"),
    "verdict": _w("结论", "Verdict"),
    "answer_yes": _w("可以", "yes"),
    "answer_no": _w("不可以", "no"),
    "answer_cannot_say": _w("尚不能断定", "cannot say yet"),
    "among_human": _w("人工编码员之间 α", "α among human coders"),
    "among_synthetic": _w("合成编码员之间 α", "α among synthetic coders"),
    "with_candidate": _w("与被检验者 α", "α with the candidate"),
    "test_figures": _w("ω · ρ", "ω · ρ"),
    "needed": _w("还需报道", "Reports still needed"),
    "needed_n": _w("{n} 篇", "{n}"),
    "needed_third": _w("第三名编码员编 {n} 篇", "a third coder on {n}"),
    "needed_third_unknown": _w("第三名编码员（篇数算不出）", "a third coder (how many cannot be told)"),
    "stories": _w("{n} 组", "{n} stories"),
    "stories_1": _w("{n} 组", "{n} story"),
    "verdicts_table_note": _w(
        "点开结论可看全部理由。ω：胜出的编码员所占比例，0.5 及以上通过；ρ：平均优势概率；ε = {epsilon}，错误发现率 {level}。",
        "Open a verdict for all its reasons. ω: share of coders won against, 0.5 passes; ρ: average advantage probability; ε = {epsilon}, false "
        "discovery rate {level}.",
    ),
    "verdicts_all": _w("含未进入该题的报道（记作“无”）", "All reports, not asked = absent"),
    "reason_no_panel": _w("编码员不足两名", "fewer than two coders"),
    "reason_few_reports": _w("可比的报道太少", "too few reports"),
    "reason_rare": _w("有变化的报道太少", "too rare"),
    "reason_no_interval": _w("差值没有区间", "no interval"),
    "reason_test_passes": _w("通过替代检验", "test passes"),
    "reason_test_fails": _w("未通过替代检验", "test fails"),
    "reason_test_open": _w("替代检验无定论", "test open"),
    "reason_two_coders": _w("只有两名编码员", "only two coders"),
    "reason_few_tested": _w("可检验的编码员不足三名", "fewer than three coders tested"),
    "reason_agrees": _w("足够一致", "agrees closely enough"),
    "reason_agrees_less": _w("一致性明显较低", "agrees less"),
    "reason_difference_open": _w("一致性无定论", "difference open"),
    # Consensus
    "consensus": _w("编码员合议与金标准", "What coders say together, beside the settled codes"),
    "consensus_note": _w(
        "至少两名编码员编过的报道上，多数票与 Dawid–Skene 模型给出的编码，与金标准相同的比例。金标准多半来自同一批编码员，所以这一比例对两者都偏高；"
        "能区分二者的只有“有分歧”的那几篇。平票的不计入比例，另行列出。",
        "On reports that two or more coders coded: the share in which the majority, and Dawid and Skene's model, give the settled code. Settled codes "
        "mostly come from the same coders, which flatters both; only the disputed reports tell them apart. Ties are counted beside, not in the share.",
    ),
    "majority": _w("多数票", "Majority"),
    "dawid_skene": _w("Dawid–Skene", "Dawid–Skene"),
    "ties": _w("平票 {n}", "{n} ties"),
    "n_disputed": _w("有分歧", "Disputed"),
    "n_settled": _w("有金标准", "Settled"),
    # Coefficients
    "coefficients": _w("全体编码员的其他系数", "All coders together, by other coefficients"),
    "coefficients_note": _w(
        "编码员：{names}。标签罕见时各系数可以相去很远，须与一致率和出现率一并读。SE 是按转载组线性化的标准误；区间优先。",
        "Coders: {names}. Where a label is rare the coefficients can lie far apart: read them beside the same-code share and the prevalence. SE is the "
        "linearised standard error by story; trust the interval first.",
    ),
    "coefficients_weighted": _w(
        "κ 与 AC2 用平方权重，α 用定序距离。", "κ and AC2 have quadratic weights, α the ordinal metric."
    ),
    "measure_percent": _w("一致率", "Same code"),
    "measure_alpha": _w("Krippendorff α", "Krippendorff's α"),
    "measure_alpha_ordinal": _w("Krippendorff α（定序）", "Krippendorff's α (ordinal)"),
    "measure_alpha_masi": _w("Krippendorff α（MASI，整组标签）", "Krippendorff's α (MASI, label sets)"),
    "measure_cohen": _w("Cohen κ", "Cohen's κ"),
    "measure_conger": _w("Conger κ", "Conger's κ"),
    "measure_fleiss": _w("Fleiss κ", "Fleiss' κ"),
    "measure_fleiss_two": _w("Scott π", "Scott's π"),
    "measure_gwet": _w("Gwet AC1", "Gwet's AC1"),
    "measure_gwet_weighted": _w("Gwet AC2", "Gwet's AC2"),
    "se": _w("SE {value}", "SE {value}"),
    # Evidence
    "spans": _w("证据的一致性", "Agreement on evidence"),
    "spans_lead": _w(
        "编码员是否指着同样的字。F1 是两人所标字符重合的程度，按篇平均：第一列含只有一人标的（记 0），第二列只算两人都标的；α 是扣除随机后的一致（|uα）。",
        "Whether coders point at the same words. F1 is how far the characters marked by two coders coincide, a mean over reports: first with those that "
        "one of them marked alone (0), then of those that both marked; α corrects for chance (|uα).",
    ),
    "spans_marked": _w("两人 / 一人 / 无", "Both / one / neither"),
    "spans_f1": _w("F1", "F1"),
    "spans_f1_both": _w("F1（两人都标）", "F1, both marked"),
    "spans_alpha": _w("|uα", "|uα"),
    # Errors
    "confused": _w("哪些标签被混淆", "Which labels are taken for one another"),
    "confused_lead": _w(
        "列出编码手册提示易混的，和确实混淆的（至少三组报道，且明显多于偶然）。“倍数”是实际混淆次数除以偶然会有的次数。这是初筛，没有为对数作校正。",
        "Pairs that the codebook warns of, and pairs found to be confused (in three stories or more, clearly more than by chance). 'Lift' is confusions "
        "over those that chance gives. This is a screening: nothing corrects for the number of pairs.",
    ),
    "confused_pair": _w("甲 – 乙", "A – B"),
    "confused_named": _w("手册提示", "Warned of"),
    "confused_found": _w("确有混淆", "Found"),
    "confused_a_to_b": _w("甲误作乙", "A taken for B"),
    "confused_b_to_a": _w("乙误作甲", "B taken for A"),
    "confused_share": _w("占全部混淆", "Share of all"),
    "confused_lift": _w("倍数", "Lift"),
    "confused_never": _w(
        "手册提示易混、但一次也没有混淆的（括号内为可能混淆的报道数）：",
        "Warned of and never confused (in brackets: reports where they could be):",
    ),
    "confused_more": _w(
        "另有 {n} 对只零星混淆，见附录表。", "{n} more pairs, confused now and then, are in the table for the appendix."
    ),
    "sliced": _w("哪类报道编得不一样", "Kinds of reports that are coded better or worse"),
    "sliced_lead": _w(
        "每一类与同一分法下其余报道相比。p 值来自按转载组的置换检验，并按同一变量、同一编码者的所有检验校正（Benjamini–Hochberg；共 {n_tests} 次）；≤ 0.05 的标出。"
        "标出的只说明该往哪里看，不说明原因就是这一类别。",
        "Each kind beside the other reports of the same division. P-values come from permutations of whole stories and are adjusted over all tests of a "
        "variable and coder (Benjamini–Hochberg; {n_tests} tests in all); at most 0.05 is flagged. A flag says where to look, not that the kind is the cause.",
    ),
    "sliced_none": _w("没有一类明显不同。", "No kind stands out."),
    "sliced_all": _w("各类的一致率", "Same code, kind by kind"),
    "slice": _w("类别", "Kind"),
    "slice_measure": _w("指标", "Score"),
    "slice_score": _w("该类", "In it"),
    "slice_rest": _w("其余", "In the rest"),
    "slice_p": _w("校正后 p", "Adjusted p"),
    "slice_length": _w("篇幅（字）", "length (characters)"),
    "slice_genre": _w("体裁", "genre"),
    "slice_script": _w("字体", "script"),
    "slice_province": _w("省份", "province"),
    "slice_year": _w("年份", "year"),
    "slice_negation": _w("证据句", "sentence of evidence"),
    "level_traditional": _w("繁体", "traditional"),
    "level_simplified": _w("简体", "simplified"),
    "level_negated": _w("含否定词", "with a negation"),
    "level_plain": _w("不含否定词", "without a negation"),
    "slice_agreement": _w("一致率", "same code"),
    "slice_micro_f1": _w("F1（微平均）", "F1 (micro)"),
    "slice_f1": _w("F1：{label}", "F1: {label}"),
    "flagged": _w("标出", "flagged"),
    "suspects": _w("可能编错的", "Codes that may be mistakes"),
    "suspects_lead": _w(
        "共 {n} 条定案编码存疑：未学过该篇的模型很有把握地认为是别的，或同一报道的转载编得不同。错的也可能是模型。按可疑程度排列，点标题看原文。",
        "{n} settled codes are in doubt: a model that had not learned from the report is sure of something else, or reprints of it are coded otherwise. The "
        "model may be the one who is wrong. The most doubtful come first; a title leads to the report.",
    ),
    "suspects_more": _w("另有 {n} 条未列出，见 report.json。", "{n} more are not listed; they are in report.json."),
    "suspects_by": _w("编码者：{names}", "Coded so by {names}"),
    "suspects_by_nobody": _w("没有编码员这样编", "No coder coded it so"),
    "source_model": _w("模型存疑", "doubted by the model"),
    "source_reprint": _w("转载不同", "reprints differ"),
    # Tables for an appendix
    "table_verdicts": _w("被检验者能否与编码员并列", "May the candidates stand beside the coders?"),
    "table_verdict_reasons": _w("结论的理由", "Reasons of the verdicts"),
    "table_coefficients": _w("全体编码员的一致性系数", "Agreement of all coders together"),
    "table_reason": _w("理由", "Reasons"),
    "table_omega": _w("ω", "ω"),
    "table_rho": _w("ρ", "ρ"),
    "table_measure": _w("系数", "Coefficient"),
    "interval_value": _w("值 [区间]", "Value [interval]"),
    "table_weights": _w("权重", "Weights"),
    "table_se": _w("标准误", "Standard error"),
    "table_confusions": _w("标签混淆", "Labels taken for one another"),
    "table_a": _w("甲", "A"),
    "table_b": _w("乙", "B"),
    "table_n_a_to_b": _w("甲误作乙（篇）", "A for B (reports)"),
    "table_n_b_to_a": _w("乙误作甲（篇）", "B for A (reports)"),
    "table_slices": _w("按报道类别的得分", "Scores by kind of report"),
    "weights_identity": _w("无", "none"),
    "weights_quadratic": _w("平方", "quadratic"),
    "table_n_both": _w("两人都标", "Both marked"),
    "table_n_one": _w("一人标", "One marked"),
    "table_slices_note": _w(
        "只列能检验的；其余在 report.json 中写明原因。",
        "Only what could be tested; report.json has the rest, with the reason.",
    ),
}

MISSING: dict[str, Words] = {
    spans.NO_SPANS: _w("双方都没有标出证据", "neither coder marked anything"),
    spans.NO_COMMON_REPORT: _w("没有一篇两人都标了证据", "in no report did both coders mark something"),
    confusions.NO_SUCH_REFERENCE: _w(
        "金标准中没有只有其一而无另一的报道", "the settled codes never have the one label without the other"
    ),
    confusions.NO_CONFUSIONS: _w("该变量没有标签被混淆", "no label of the variable is taken for another"),
    confusions.NO_ERRORS: _w("没有漏掉其一或多出另一的报道", "neither is missed or added anywhere"),
    slices.TOO_FEW_GROUPS: _w(
        f"该类或其余之中，相关的独立报道不足 {slices.LEAST_GROUPS} 组",
        f"fewer than {slices.LEAST_GROUPS} stories bear on it, in this kind or in the rest",
    ),
    slices.ONE_LEVEL: _w("所有报道都属这一类", "all reports are of this kind"),
    alternative.NO_PANEL: _w("编码员不足两名", "fewer than two coders"),
    alternative.FEW_REPORTS: _w("可比的报道太少", "too few reports to compare"),
    power.WRONG_SIDE: _w("结果不利，增加报道未必有用", "figures speak against it: more reports need not help"),
    power.NO_CODES: _w("没有可据以推算的编码", "no codes to tell from"),
    power.NO_INTERVAL: _w("没有可据以推算的区间", "no interval to tell from"),
}
