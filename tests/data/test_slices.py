import pytest
from weijing.data.code import Span
from weijing.data.report import Report
from weijing.data.slices import SLICES, length, negated, script, slices, year


def span(text, quote):
    start = text.index(quote)
    return Span(start, start + len(quote), quote)


def test_each_report_has_a_level_where_the_thing_is_known():
    text = "派出所开通微信群。群里不受理报案，请拨打电话。"
    full = Report("a", text, doc_type="media_report", province="福建", date="2019-05")
    bare = Report("b", "12345")
    found = slices([full, bare], {"a": [span(text, "群里不受理报案")], "b": []})
    assert tuple(found) == SLICES
    assert {name: levels.get("a") for name, levels in found.items()} == {
        "length": "1–300",
        "genre": "media_report",
        "script": "simplified",
        "province": "福建",
        "year": "2019",
        "negation": "negated",
    }
    assert {name for name, levels in found.items() if "b" in levels} == {"length"}


@pytest.mark.parametrize(("n", "level"), [(1, "1–300"), (300, "1–300"), (301, "301–800"), (801, "801–")])
def test_length_counts_characters(n, level):
    assert length("警" * n) == level


def test_levels_of_length_and_year_sort_as_they_run():
    levels = [length("警" * n) for n in (10, 500, 5000)]
    assert sorted(levels) == levels


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("公安局开通微信报警", "simplified"),
        ("公安局開通微信報警", "traditional"),
        ("警署在微信群組公佈後，里長回覆", "traditional"),
        ("2019 WeChat", None),
        ("", None),
        ("中山大道", None),
    ],
)
def test_script(text, found):
    assert script(text) == found


@pytest.mark.parametrize(
    ("date", "found"),
    [("2019", "2019"), ("2019-05-12", "2019"), ("20190512", None), ("五月", None), (None, None), ("", None)],
)
def test_year(date, found):
    assert year(date) == found


@pytest.mark.parametrize(
    "text",
    [
        "微信警务室不受理报案",
        "目前尚未接入",
        "没有开通报警",
        "無法在線辦理",
        "該帳號並非報警渠道",
        "请勿在群里报警",
        "无需到窗口",
    ],
)
def test_negation_is_seen_in_both_scripts(text):
    assert negated(text, [Span(0, len(text), text)])


@pytest.mark.parametrize(
    "text",
    [
        "不仅能报警，还能查询",
        "打击不法分子",
        "未成年人走失求助",
        "没收赌资并通报",
        "无线网络和无人机巡逻",
        "不断完善，不少群众点赞",
        "办理不动产登记",
        "不僅能報警",
    ],
)
def test_words_that_only_look_like_negation_are_none(text):
    assert not negated(text, [Span(0, len(text), text)])


def test_only_sentences_that_evidence_touches_count():
    text = "群里可以报警。窗口不收费。民警值守。"
    assert not negated(text, [span(text, "可以报警")])
    assert negated(text, [span(text, "可以报警"), span(text, "收费")])
    assert not negated(text, [span(text, "民警值守")]), "nor the one before it"


def test_half_a_character_is_of_no_script():
    assert script("\ud800") is None
    assert script("\ud800報警") == "traditional"
