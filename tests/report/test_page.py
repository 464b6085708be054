from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_up_study import HOSTILE, codebook, study
from weijing.configs.codebook import Words
from weijing.configs.load import load_codebook
from weijing.report.content import to_json
from weijing.report.parts import ReportContent
from weijing.report.render import notices, render, write_report
from weijing.report.words import WORDS

ISLAND = {"type": "application/json", "id": "evidence-data"}
VOID = {"meta", "input", "br", "img", "link"}


class Page(HTMLParser):
    """Collects elements and text, and insists that tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.inside: dict[str, str] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        tags = {"json"} if self.open[-1:] == ["script"] and self.tags[-1][1].get("type") else set(self.open)
        for tag in tags:
            self.inside[tag] = self.inside.get(tag, "") + data

    def count(self, tag: str, cls: str = "") -> int:
        return sum(t == tag and cls in [*(a.get("class") or "").split(), ""] for t, a in self.tags)


def check_safe(html: str) -> Page:
    page = Page(html)
    html.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    # One script that runs; the other is data.
    assert [attrs for tag, attrs in page.tags if tag == "script" and attrs != ISLAND] == [{}]
    assert "<" not in page.inside.get("json", "")
    assert page.count("style") == 1
    assert not {t for t, _ in page.tags} & {"img", "iframe", "object", "embed", "link", "base", "form"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "style"]
    assert not [a["href"] for t, a in page.tags if t == "a" and not (a["href"] or "").startswith("#")]
    (policy,) = [a["content"] or "" for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.inside[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    return page


@pytest.mark.parametrize("ordinal", [True, False])
@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("n_labels", [1, 3, 65])
def test_any_codebook_renders(n_labels: int, gate: bool, ordinal: bool) -> None:
    content = study(codebook(n_labels, ordinal, gate))
    page = check_safe(render(content))
    assert page.count("svg", "confusion") == (2 if ordinal else 0)
    assert page.count("svg", "reliability") == 1 + gate + ordinal
    assert page.count("svg", "tiles") == (gate + ordinal or 1)
    assert page.count("details", "doc") == 12
    for i in range(n_labels):
        assert f"标签{i}" in page.inside["table"]


def test_without_reference_model_or_intervals() -> None:
    page = check_safe(render(study(codebook(), gold=False, draws=None)))
    assert "nan" not in page.inside["table"].lower()
    assert "None" not in page.inside["div"]


def test_one_report_and_one_coder() -> None:
    content = study(codebook(), n=1, coders=("ann",), kind="human")
    assert WORDS["notice_no_coders"] in notices(content)
    check_safe(render(content))


def test_nothing_at_all() -> None:
    check_safe(render(study(codebook(), n=0)))


def test_hostile_texts_do_no_harm(tmp_path: Path) -> None:
    book = codebook(name=HOSTILE[0] + HOSTILE[2])
    content = study(
        book,
        texts=HOSTILE,
        province=(*HOSTILE, "广东"),
        coders=(HOSTILE[2], HOSTILE[3], HOSTILE[6]),
        title=Words(zh=HOSTILE[9], en=HOSTILE[1]),
        encoder=HOSTILE[0],
        notices=[Words(zh=HOSTILE[0], en=HOSTILE[7])],
        splits={"r0": HOSTILE[2]},
    )
    path = write_report(content, tmp_path / "out")
    page = check_safe(path.read_text(encoding="utf-8"))
    assert "<script>alert(1)</script>" in page.inside["details"]
    assert "alert" not in page.inside["script"]
    assert "{{ 7 * 7 }}" in page.inside["details"]
    titles = page.inside["title"]
    assert "\u202e" not in titles


def test_report_json_round_trips_and_is_utf8(tmp_path: Path) -> None:
    content = study(codebook(), texts=HOSTILE)
    write_report(content, tmp_path)
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert data == to_json(content)
    assert data["study"]["n_reports"] == 12
    assert len(data["comparison"]["pairs"]) == len(content.comparison.pairs)
    assert "text" not in data["documents"][0]
    assert {p.name for p in tmp_path.iterdir()} == {"report.html", "report.json"}


def test_notices_follow_the_kinds_of_coders() -> None:
    assert WORDS["notice_no_human"] in notices(study(codebook()))
    assert notices(study(codebook(), kind="human")) == []
    own = Words(zh="自己的", en="own")
    assert notices(study(codebook(), kind="human", notices=[own])) == [own]


def test_places_that_are_no_province_go_elsewhere() -> None:
    (places,) = study(codebook(gate=False)).maps
    assert [p.name for p in places.elsewhere] == ["火星"]
    by_name = {p.name: p for p in places.places}
    assert by_name["广东"].n == 3
    assert by_name["北京"].n == 3
    assert by_name["西藏"].value is None
    assert places.n_unplaced == 3
    page = check_safe(render(study(codebook())))
    assert "火星" in page.inside["p"]


def test_shows_so_many_documents_the_hardest_first() -> None:
    content = study(codebook(), documents=5)
    assert len(content.documents) == 5
    assert content.n_left_out == 7
    hardness = [d.hardness for d in content.documents]
    assert hardness == sorted(hardness, reverse=True)
    assert content.hardest == tuple(d.id for d in content.documents)
    page = check_safe(render(content))
    assert "还有 7 篇" in page.inside["p"]


def test_undefined_numbers_say_why() -> None:
    content: ReportContent = study(codebook(20), n=2)
    page = check_safe(render(content))
    assert "所有编码都相同" in page.inside["table"]
    assert "nan" not in page.inside["table"].lower()


def test_the_bundled_codebook_renders_and_no_label_is_written_in_the_package() -> None:
    book = load_codebook()
    check_safe(render(study(book)))
    folder = Path(__file__).parents[2] / "report"
    written = "".join(
        p.read_text() for p in (*folder.glob("*.py"), *folder.glob("templates/*")) if p.name != "study.py"
    )
    ids = [label for v in book.variables for label in v.label_ids if "_" in label]
    assert not [label for label in ids if label in written]


def test_same_content_gives_the_same_page() -> None:
    assert render(study(codebook())) == render(study(codebook()))


def test_nobody_is_taken_for_a_person_by_default() -> None:
    with pytest.raises(KeyError, match="ann"):
        study(codebook(), kinds={})
