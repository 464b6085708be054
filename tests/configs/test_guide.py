import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner
from weijing.cli.codebook import app, write_guide
from weijing.configs.codebook import Codebook, Condition
from weijing.configs.errors import UserError
from weijing.configs.guide import condition_words, guide_html, guide_markdown, label_floors, label_number
from weijing.configs.load import load_codebook

STRIKES = load_codebook(Path(__file__).parents[1] / "codebooks" / "strikes.yaml")
BOOKS = [STRIKES, load_codebook()]
VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """What a browser would see: balanced tags, ids, links and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        assert not any(name.startswith("on") for name in attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def words_of(node) -> list[str]:
    """Every zh, en and example of a dumped codebook."""
    if isinstance(node, dict):
        own = [v for k, v in node.items() if k in ("zh", "en")]
        return own + [w for k, v in node.items() if k not in ("zh", "en") for w in words_of(v)]
    if isinstance(node, list):
        return [w for v in node for w in ([v] if isinstance(v, str) else words_of(v))]
    return []


def squeeze(text: str) -> str:
    return " ".join(text.split())


def rendered(markdown: str) -> str:
    return MarkdownIt("commonmark").enable("table").render(markdown)


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
def test_every_word_of_the_codebook_is_in_both_guides(book):
    page = squeeze(Page(guide_html(book)).text)
    text = squeeze(unescape(re.sub(r"<[^>]+>", "", rendered(guide_markdown(book)))))
    # Names of labels used as ids in lists (confusable) are shown by name, so ids count as words too.
    for word in words_of(book.model_dump(exclude={"constraints": {"__all__": {"at_least"}}})):
        assert squeeze(word) in page, word
        assert squeeze(word) in text, word


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
def test_every_label_has_its_place(book):
    html, markdown = guide_html(book), guide_markdown(book)
    for variable in book.variables:
        assert f"`{variable.id}`" in markdown
        assert f'id="v-{variable.id}"' in html
        for label in variable.labels:
            assert label.name.zh in html
            assert label.name.zh in markdown


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
def test_the_page_is_whole_and_stands_alone(book):
    html = guide_html(book)
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.name)
def test_the_quick_sheet_comes_first_with_the_floors(book):
    html = guide_html(book)
    sheet = html[html.index('id="quick"') : html.index("<nav")]
    for variable in book.learned:
        assert variable.name.zh in sheet
        for label in variable.labels:
            assert label.name.zh in sheet
    wanted = sum(len(label_floors(book, v, i)) for v in book.learned for i in v.label_ids)
    assert wanted > 0
    assert sheet.count("≥ ") == wanted


def test_the_same_codebook_gives_the_same_guide():
    assert guide_html(STRIKES) == guide_html(STRIKES)
    assert guide_markdown(STRIKES) == guide_markdown(STRIKES)


def with_text(text: str) -> Codebook:
    """The strikes codebook with ``text`` in every place where a person writes words."""

    def replace(node):
        if isinstance(node, dict):
            return {k: text if k in ("zh", "en") else replace(v) for k, v in node.items()}
        return [replace(v) for v in node] if isinstance(node, list) else node

    data = replace(STRIKES.model_dump())
    data["version"] = text
    for label in data["variables"][1]["labels"]:
        label["examples"] = [text]
    data["difficulties"][0]["id"] = text
    return Codebook.model_validate(data)


WRITTEN = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30).filter(str.strip)


@settings(max_examples=40, deadline=None)
@given(WRITTEN)
@example("<script>alert(1)</script>")
@example('"><img src=x onerror=alert(1)>')
@example("a | b `c` *d* _e_ [f](javascript:g) &amp; {{ h }} {% i %}")
@example("1. one")
@example("- <b>")
@example("# title")
def test_text_is_shown_as_it_is_written(text):
    book = with_text(text)
    page = Page(guide_html(book))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert squeeze(text) in squeeze(page.text)

    html = rendered(guide_markdown(book))
    plain = Page(html)
    assert plain.tags <= {"h1", "h2", "h3", "p", "strong", "em", "code", "br", "ul", "ol", "li",
                          "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
    assert squeeze(text) in squeeze(plain.text)
    # A pipe that is not escaped would open a further column.
    assert {row.count("<td") for row in re.findall(r"<tr>.*?</tr>", html, re.S)} <= {0, 3, 4, 5}


def test_numbers_are_codes_for_ordinals_and_places_otherwise():
    assert [label_number(STRIKES.variable("intensity"), i) for i in STRIKES.variable("intensity").label_ids] == [
        0,
        1,
        2,
    ]
    assert [label_number(STRIKES.variable("sector"), i) for i in STRIKES.variable("sector").label_ids] == [
        1,
        2,
        3,
    ]


@pytest.mark.parametrize(
    ("condition", "zh", "en"),
    [
        ({"variable": "is_protest", "equals": False}, "劳工抗议 = 否", "Labour protest = no"),
        ({"variable": "sector", "equals": "factory"}, "行业 = 制造业", "Sector = Manufacturing"),
        ({"variable": "intensity", "equals": 0}, "激烈程度 = 0（请愿）", "Intensity = 0 (Petition)"),
        ({"variable": "intensity", "at_least": 2}, "激烈程度 ≥ 2（冲突）", "Intensity ≥ 2 (Clash)"),
        ({"variable": "claims", "has": "pay_rise"}, "诉求含“涨薪”", "Claims include “Pay rise”"),
        ({"variable": "claims", "min_labels": 1}, "诉求至少 1 项", "Claims: at least 1"),
        ({"variable": "place", "equals": "深圳"}, "地点 = 深圳", "Place = 深圳"),
    ],
)
def test_conditions_in_words(condition, zh, en):
    words = condition_words(STRIKES, [Condition.model_validate(condition)])
    assert (words.zh, words.en) == (zh, en)


def test_the_guide_is_written_by_suffix_or_both_into_a_folder(tmp_path):
    assert [f.name for f in write_guide(STRIKES, tmp_path / "new" / "folder")] == ["guide.html", "guide.md"]
    assert write_guide(STRIKES, tmp_path / "mine.HTML")[0].read_text("utf-8") == guide_html(STRIKES)
    assert write_guide(STRIKES, tmp_path / "mine.md")[0].read_text("utf-8") == guide_markdown(STRIKES)
    assert len(write_guide(STRIKES, tmp_path)) == 2
    with pytest.raises(UserError, match=r"\.html or \.md"):
        write_guide(STRIKES, tmp_path / "guide.pdf")
    with pytest.raises(UserError, match="cannot be written"):
        write_guide(STRIKES, tmp_path / "mine.md" / "guide.html")


def test_a_guide_is_not_overwritten_without_force(tmp_path):
    (tmp_path / "guide.md").write_text("mine")
    with pytest.raises(UserError, match=r"guide\.md: exists already"):
        write_guide(STRIKES, tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == ["guide.md"]
    write_guide(STRIKES, tmp_path, force=True)
    assert (tmp_path / "guide.md").read_text("utf-8") == guide_markdown(STRIKES)


@pytest.mark.parametrize("command", ["check", "guide"])
def test_help_has_an_example(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"weijing codebook {command}" in result.output


def test_the_command_writes_where_it_is_told(tmp_path):
    result = CliRunner().invoke(app, ["guide", "-o", str(tmp_path / "g.html")])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(tmp_path / "g.html")
