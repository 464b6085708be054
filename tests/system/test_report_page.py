"""The report in a real browser: hostile texts do nothing, filters and exports give what the content holds."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from weijing.data.cell_text import to_csv
from weijing.report.clean import clean
from weijing.report.evidence import quotations
from weijing.report.page_evidence import FIRST
from weijing.report.parts import ReportContent
from weijing.report.render import write_report

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from made_up_study import HOSTILE, codebook, study

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.slow

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SECONDS = 180
FORMULAS = ("+1+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "\u200b=1", "'=1", "＝1", "＋1", '="a",""b"\n=2')
STORY = (
    "😀某县公安局开通微信公众号。\n\n群众可以在公众号里报警，值班民警随后派警。"
    "派出所民警还在小区微信群里答复居民。\n\n收到线索三条。"
)
TEXTS = (STORY, *HOSTILE, *FORMULAS)
Open = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def content() -> ReportContent:
    hostile = HOSTILE[0] + HOSTILE[2] + "</script>"
    return study(
        codebook(name=f"标签{hostile}"), n=len(TEXTS), texts=TEXTS, province=("广东", HOSTILE[2], None, "=1"),
        coders=("ann", HOSTILE[2], "=bob"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def opened(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    address = write_report(content, tmp_path_factory.mktemp("report")).as_uri()
    # The system's browser, or else the one that `playwright install chromium` fetched.
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=next(found, None), args=FLAGS, timeout=SECONDS * 1000)

        @contextmanager
        def page_of(width: int = 1280, **options: Any) -> Iterator[Any]:
            with browser.new_context(viewport={"width": width, "height": 900}, **options) as context:
                context.set_default_timeout(SECONDS * 1000)
                page = context.new_page()
                trouble: list[str] = []
                page.on("pageerror", lambda error: trouble.append(str(error)))
                page.on(
                    "console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None
                )
                page.on(
                    "request",
                    lambda one: trouble.append(one.url) if not one.url.startswith(("file:", "blob:")) else None,
                )

                def dialog(shown: Any) -> None:
                    trouble.append(shown.message)
                    shown.dismiss()

                page.on("dialog", dialog)
                page.goto(address)
                yield page
                assert trouble == []

        yield page_of
        browser.close()


def marks(content: ReportContent) -> list[dict[str, Any]]:
    """What an export of everything holds, as far as the content says it."""
    return [
        {
            "quotation": clean(view.text[q.start : q.end]),
            "variable": m.variable,
            "coder_kind": m.kind,
            "settled": m.settled,
            "weight": m.weight,
            "report_id": view.id,
            "content_hash": view.content_hash,
            "start": q.start,
            "end": q.end,
        }
        for q in quotations(content)
        for view in [content.documents[q.number - 1]]
        for m in q.marks
    ]


def saved(page: Any, kind: str) -> Path:
    with page.expect_download() as waiting:
        page.click(f"#evidence button[data-save={kind}]")
    assert waiting.value.suggested_filename == f"evidence.{kind}"
    return Path(waiting.value.path())


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_stands_at_this_width_and_nothing_in_it_runs(opened: Open, width: int) -> None:
    with opened(width) as page:
        for english in (False, True):
            if english:
                page.click("label[for=lang-en]")
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.locator("img").count() == 0
        assert page.evaluate("getComputedStyle(document.body).display") == "block"
        page.click("label[for=lang-zh]")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = false; })")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"report-{width}.png")
        for section in ("verdicts", "errors", "evidence", "methods"):
            page.locator(f"#{section}").screenshot(path=SCREENSHOTS / f"report-{section}-{width}.png")


def test_the_exports_hold_every_mark_and_no_formula(opened: Open, content: ReportContent) -> None:
    with opened() as page:
        path = saved(page, "csv")
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        listed = json.loads(saved(page, "json").read_text(encoding="utf-8"))
    expected = marks(content)
    assert [{key: row[key] for key in expected[0]} for row in listed] == expected
    for row, one in zip(rows, listed, strict=True):
        for key, value in one.items():
            if isinstance(value, str):
                assert row[key] == to_csv(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                assert float(row[key]) == value
            else:
                assert row[key] == {None: "", True: "true", False: "false"}[value]
    # Every way to begin a formula was there to be disarmed.
    assert {clean(text) for text in FORMULAS} <= {one["quotation"] for one in listed}
    assert {one["coder"] for one in listed} >= {"=bob"}


def test_filters_leave_what_they_say(opened: Open, content: ReportContent) -> None:
    with opened() as page:
        bar = page.locator("#evidence .filters")
        bar.locator("select[name=kind]").select_option("model")
        listed = json.loads(saved(page, "json").read_text(encoding="utf-8"))
        assert {one["coder_kind"] for one in listed} == {"model"}
        assert len(listed) == sum(one["coder_kind"] == "model" for one in marks(content))
        about = next(f"{one['variable']}={one['label']}" for one in listed if one["label"] is not None)
        bar.locator("select[name=about]").select_option(about)
        narrowed = json.loads(saved(page, "json").read_text(encoding="utf-8"))
        assert 0 < len(narrowed) < len(listed) or {f"{o['variable']}={o['label']}" for o in listed} == {about}
        assert {f"{one['variable']}={one['label']}" for one in narrowed} == {about}
        for menu in ("kind", "about"):
            bar.locator(f"select[name={menu}]").select_option("")
        bar.locator("select[name=place]").select_option("=广东")
        listed = json.loads(saved(page, "json").read_text(encoding="utf-8"))
        assert {one["province"] for one in listed} == {"广东"}
        bar.locator("select[name=place]").select_option("")
        depth = bar.locator("select[name=document]")
        depth.select_option(index=1)
        code = int(depth.input_value().rpartition("=")[2])
        reports = {view.id for view in content.documents if view.gold.get("grade") == code}
        listed = json.loads(saved(page, "json").read_text(encoding="utf-8"))
        assert {one["report_id"] for one in listed} == reports
        depth.select_option("")
        bar.locator("input[type=search]").fill("微信公众号")
        shown = page.locator("#evidence .quote")
        assert shown.count() > 0
        assert all("微信公众号" in text for text in shown.all_inner_texts())
        bar.locator("input[type=search]").fill("没有这样的字")
        assert shown.count() == 0


def test_a_title_leads_to_the_stretch_in_its_report(opened: Open) -> None:
    with opened() as page:
        page.locator("#evidence input[type=search]").fill("派出所民警")
        card = page.locator("#evidence .quote").first
        quoted = card.locator("blockquote b").evaluate("one => one.textContent")
        card.locator(".source a").click()
        page.locator("#reader mark.here").first.wait_for()
        found = page.locator("#reader mark.here").evaluate_all(
            "all => all.filter(one => !one.querySelector('mark')).map(one => one.textContent).join('')"
        )
        assert found.replace("\n", "") == quoted.replace("\n", "")
        page.reload()
        seen = page.locator("#reader mark.here").first.bounding_box()
        assert 0 <= seen["y"] < 900


def test_on_paper_the_tables_are_open(opened: Open) -> None:
    with opened() as page:
        page.evaluate("document.querySelectorAll('details.table').forEach(one => { one.open = false; })")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details.table:not([open])").count() == 0


def test_without_a_script_the_first_quotations_are_there(opened: Open) -> None:
    with opened(java_script_enabled=False) as page:
        assert page.locator("#evidence .quote").count() == FIRST
        assert page.locator("#evidence .filters").is_hidden()
        assert page.locator("#evidence noscript").is_visible()
