"""What verdicts say, in Chinese and English. Coders are called what they are: human or synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ...configs.codebook import Words
from ..estimate import Estimate
from .alternative import AlternativeTest
from .beside import Beside
from .power import Needed

CoderKind = Literal["human", "synthetic"]

KINDS = {"human": Words(zh="人工", en="human"), "synthetic": Words(zh="合成", en="synthetic")}
ANSWERS = {
    "yes": Words(zh="可以与 {who}并列", en="May stand beside the {who}"),
    "no": Words(zh="不可以与 {who}并列", en="May not stand beside the {who}"),
    "cannot_say": Words(zh="尚不能断定能否与 {who}并列", en="Cannot say yet whether it may stand beside the {who}"),
}
SYNTHETIC = Words(
    zh="这些编码员是合成的，编码由程序生成，因此这一结论不涉及人工编码员。",
    en="These coders are synthetic: a program made their codes, so this says nothing about human coders.",
)


def of_coders(n: int, kind: CoderKind) -> Words:
    """So many coders of that kind."""
    return Words(zh=f"{n} 名{KINDS[kind].zh}编码员", en=f"{n} {KINDS[kind].en} coder{'' if n == 1 else 's'}")


def of_lack(code: str, test: AlternativeTest, compared: Beside, kind: CoderKind, enough: int, varied: int) -> Words:
    """Why nothing can be said: too few coders, reports or stories that vary, or no interval."""
    who = of_coders(len(test.coders), kind)
    n, stories = compared.n, compared.n_clusters
    if code == "no_panel":
        return Words(
            zh=f"只有{who.zh}编过；至少要有两名、最好三名编码员编同一批报道，不少于 {enough} 篇",
            en=f"only {who.en} coded this; at least two, better three, must code the same {enough} or more reports",
        )
    if code == "few_reports":
        return Words(
            zh=f"被检验者与至少两名编码员都编过的只有 {n} 篇报道（合并转载后 {stories} 篇），合并后至少要 {enough} 篇",
            en=f"only {n} reports in {stories} stories were coded by the candidate and two coders; {enough} are needed",
        )
    if code == "rare":
        return Words(
            zh=f"合并转载后，编码有变化的报道只有 {compared.n_varied} 篇；少于 {varied} 篇时区间不可靠",
            en=f"stories in which the codes vary: {compared.n_varied}; below {varied} no interval can be relied on",
        )
    why = compared.difference.reason or compared.difference.interval_note
    return Words(
        zh=f"两种一致性之差没有可用的区间（{why}）",
        en=f"the difference between the two agreements has no interval to go by ({why})",
    )


def of_test(code: str, test: AlternativeTest, kind: CoderKind, enough: int) -> Words:
    """What the alternative annotator test says."""
    if test.winning_rate is None or test.advantage is None:
        return Words(
            zh=f"合并转载后，没有一名编码员有 {enough} 篇可比的报道，无法作替代检验",
            en=f"no coder has {enough} stories to compare, so there is no alternative annotator test",
        )
    m = len(test.tested)
    won = round(test.winning_rate * m)
    figures = Words(
        zh=f"对 {m} 名编码员胜出 {won} 名，平均优势概率 {test.advantage:.2f}，ε = {test.epsilon:g}",
        en=f"won against {won} of {m}, average advantage probability {test.advantage:.2f}, epsilon {test.epsilon:g}",
    )
    if code == "two_coders":
        return Words(
            zh=f"编码员只有两名，替代检验只能把每人与另一人相比（{figures.zh}），说服力弱",
            en=f"with only two coders the alternative annotator test compares each with a single other ({figures.en}), "
            "which is weak evidence",
        )
    if code == "few_tested":
        who = of_coders(len(test.coders), kind)
        return Words(
            zh=f"{who.zh}中只有 {m} 名有 {enough} 篇可比的报道（{figures.zh}）",
            en=f"of {who.en} only {m} have {enough} stories to compare ({figures.en})",
        )
    what = {
        "test_passes": Words(zh="通过替代检验", en="it passes the alternative annotator test"),
        "test_fails": Words(
            zh="未通过替代检验，且已显示差距大于 ε", en="it fails the alternative annotator test, by more than epsilon"
        ),
        "test_open": Words(
            zh="替代检验未通过，也未显示差距大于 ε", en="the alternative annotator test neither passes nor fails"
        ),
    }[code]
    return Words(zh=f"{what.zh}（{figures.zh}）", en=f"{what.en} ({figures.en})")


def of_difference(code: str, compared: Beside, margin: float, level: float) -> Words:
    """What the two agreements say."""
    among, beside, d = compared.among_coders, compared.with_candidate, compared.difference
    what = {
        "agrees": Words(zh="与编码员的一致性不低于界限", en="it agrees with the coders closely enough"),
        "agrees_less": Words(
            zh="与编码员的一致性明显较低", en="it agrees with the coders less than they do with each other"
        ),
        "difference_open": Words(
            zh="与编码员的一致性是否过低，尚无定论", en="whether it agrees with the coders closely enough is open"
        ),
    }[code]
    share, low, high = f"{level * 100:g}%", _signed(d.low), _signed(d.high)
    return Words(
        zh=f"{what.zh}（编码员之间 {_figure(among)}，与被检验者 {_figure(beside)}，差 {_signed(d.value)}，{share} 区间 "
        f"{low} 至 {high}，界限 {_signed(-margin)}；{compared.n} 篇报道，合并转载后 {compared.n_clusters} 篇）",
        en=f"{what.en} ({_figure(among)} among coders, {_figure(beside)} with it, difference {_signed(d.value)}, "
        f"{share} interval {low} to {high}, margin {_signed(-margin)}, {compared.n} reports in {compared.n_clusters} "
        "stories)",
    )


def of_needed(needed: Needed, third: Needed | None, *, against: bool) -> Words | None:
    """What is missing."""
    zh, en = [], []
    if third is not None:
        if third.reports is not None:
            zh.append(f"需要第三名编码员编 {third.reports:,} 篇报道")
            en.append(f"a third coder must code {third.reports:,} reports")
        else:
            zh.append("需要第三名编码员，篇数无法由现有结果推算")
            en.append("a third coder is needed, for how many reports cannot be told from these figures")
    if needed.reports:
        zh.append(f"还需要 {needed.reports:,} 篇由被检验者与至少两名编码员都编过的报道")
        en.append(f"needs {needed.reports:,} more double-coded reports")
    elif against:
        zh.append("目前的结果对被检验者不利，增加报道未必有用")
        en.append("what was observed speaks against the candidate, so more reports need not help")
    return Words(zh="；".join(zh), en="; ".join(en)) if zh else None


def of_verdict(answer: str, reasons: Sequence[Words], missing: Words | None, n: int, kind: CoderKind) -> Words:
    """All of it, as one or two sentences."""
    who = of_coders(n, kind)
    said = [*reasons, *([missing] if missing else [])]
    zh = f"{ANSWERS[answer].zh.format(who=who.zh)}：{'；'.join(w.zh for w in said)}。"
    en = f"{ANSWERS[answer].en.format(who=who.en)}: {'; '.join(w.en for w in said)}."
    return Words(zh=zh + SYNTHETIC.zh, en=f"{en} {SYNTHETIC.en}") if kind == "synthetic" else Words(zh=zh, en=en)


def _figure(estimate: Estimate) -> str:
    return "–" if estimate.value is None else f"{estimate.value:.2f}"


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    figure = f"{value:+.2f}".replace("-", "−")
    return "0.00" if figure[1:] == "0.00" else figure
