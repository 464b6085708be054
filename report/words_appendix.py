"""Words of the evidence browser, of the heading of the methods text, and of the tables for an appendix."""

# ruff: noqa: E501
from __future__ import annotations

from ..configs.codebook import Words


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


APPENDIX: dict[str, Words] = {
    # Evidence
    "evidence": _w("证据摘录", "Evidence quoted"),
    "evidence_lead": _w(
        "编码员标出的和模型所依据的每一处证据，连同前后的句子。可以按编码、省份、编码者种类和文字筛选，并导出筛出的摘录。点标题可回到原文。",
        "Every stretch that coders marked or the model rests on, with the sentences around it. Filter by code, province, kind of coder and "
        "words, and save what is left. A title leads to the stretch in its report.",
    ),
    "evidence_no_script": _w(
        "浏览器没有运行脚本：这里只列出开头几处，其余证据在下面各篇原文中标出。",
        "Scripts are off: only the first stretches stand here; all are marked in the reports below.",
    ),
    "evidence_of": _w("作为何种编码的证据", "Evidence of"),
    "evidence_document": _w("报道的{name}", "The report's {name}"),
    "evidence_by": _w("标出者", "Marked by"),
    "evidence_search": _w("在摘录中查找", "Find in quotations"),
    "evidence_settled": _w("只看支持定案编码的", "only evidence of the settled code"),
    "evidence_is_settled": _w("定案编码", "settled code"),
    "evidence_shown": _w("处摘录", "quotations"),
    "evidence_marks": _w("条标注", "marks"),
    "evidence_more": _w("再列一些", "Show more"),
    # Methods
    "methods": _w("方法说明", "Methods"),
    "methods_lead": _w(
        "可直接用于论文的文字；所有数字取自这次运行，运行中没有的就不写。引用前请核对。",
        "Words to copy into a paper. Every number is this run's, and what the run does not have is not said. Check before citing.",
    ),
    # Tables for an appendix
    "table_coder_a": _w("编码者甲", "Coder A"),
    "table_coder_b": _w("编码者乙", "Coder B"),
    "table_groups": _w("转载组", "Stories"),
    "table_alpha": _w("α [区间]", "α [interval]"),
    "table_positives": _w("金标准为是", "Settled positives"),
    "table_wholes": _w("与金标准一致的比例", "Share of codes that are the settled ones"),
    "table_mean_alpha": _w(
        "多标签变量作为整体时，α 是其各标签 α 的平均。",
        "Of a variable with several labels as a whole, α is the mean of its labels' α.",
    ),
    "table_intervals": _w(
        "方括号内为 {level} 区间：按转载组自助抽样 {draws} 次，随机种子 {seed}。",
        "In brackets are {level} intervals from {draws} bootstrap draws of whole reprint groups, seed {seed}.",
    ),
}
