"""What to do where the pairs that a codebook calls confusable are not those that are confused."""

from __future__ import annotations

from dataclasses import dataclass

from ...configs.codebook import Variable


@dataclass(frozen=True)
class Suggestion:
    """A pair of labels on which the codebook and the codes do not agree, and what to do about it."""

    a: str
    b: str
    zh: str
    en: str


def add_a_rule(variable: Variable, a: str, b: str, n: int, stories: int) -> Suggestion:
    """For a pair confused ``n`` times in so many reprint groups, of which the codebook does not warn."""
    one, two = variable.label(a).name, variable.label(b).name
    return Suggestion(
        a,
        b,
        zh=f"“{one.zh}”与“{two.zh}”混淆了 {n} 次（{stories} 组报道），编码手册没有提示："
        "请补一条区分二者的规则，并列为易混。",
        en=f"“{one.en}” and “{two.en}” were confused {n} times (in {stories} stories), of which the codebook does not "
        "warn: add a rule that tells them apart, and list them as confusable.",
    )


def not_borne_out(variable: Variable, a: str, b: str, n: int, chances: int) -> Suggestion:
    """For a pair of which the codebook warns, confused ``n`` times in ``chances`` reports where it could be."""
    one, two = variable.label(a).name, variable.label(b).name
    return Suggestion(
        a,
        b,
        zh=f"编码手册提示“{one.zh}”与“{two.zh}”易混，在 {chances} 份可能混淆的报道中混淆了 {n} 次，不足以认定："
        "提示可能已起作用，也可能报道太少。",
        en=f"The codebook warns that “{one.en}” and “{two.en}” are confusable; they were confused {n} times in "
        f"{chances} reports where they could be, too few to say so: the warning works, or the reports are too few.",
    )
