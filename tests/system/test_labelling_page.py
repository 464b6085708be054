"""The labelling page of the real server, in a real browser: what is clicked is what is read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from weijing.annotation.accounts import Account, ensure_accounts
from weijing.annotation.client import Client, Connection
from weijing.annotation.interface import labelling_config
from weijing.annotation.server import down, up
from weijing.annotation.tasks import Coding, coder_id, read_annotation, task_of
from weijing.configs.codebook import Codebook
from weijing.data.report import Report
from weijing.data.study import Study

pytest.importorskip("label_studio_sdk")
playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.slow

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
CODERS = ("coder_a", "coder_b")
SECONDS = 180
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
QUOTE = "𠮷县公安局开通微信报警平台"
TEXT = (
    f"😀记者昨日获悉，{QUOTE}，群众在公众号里发来文字、定位和照片，指挥中心即可派警。\n\n"
    + "值班民警说，收到定位以后，最近的巡逻车几分钟就能赶到。\n\n" * 30
    + "派出所民警还在二十六个小区的微信群里提醒居民防骗。"
)
REPORT = Report("r1", TEXT, title="𠮷县警方上线微信报警", outlet="江畔晚报", date="2018-03-02")
ATTACK = "<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>"


@dataclass(frozen=True)
class Running:
    client: Client
    url: str
    accounts: dict[str, Account]
    browser: Any

    def project(self, name: str, codebook: Codebook, report: Report) -> tuple[int, str]:
        """Number of a project with one report, and the page where it is coded."""
        number = self.client.ensure_project(name, name, labelling_config(codebook))
        task = self.client.import_tasks(number, [task_of(report)])[report.id]
        return number, f"{self.url}/projects/{number}/data?task={task}"

    @contextmanager
    def page(self, coder: str, address: str, width: int = 1440) -> Iterator[Any]:
        """The page as this coder sees it after logging in."""
        with self.browser.new_context(viewport={"width": width, "height": 900}) as context:
            context.set_default_timeout(SECONDS * 1000)
            page = context.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"{self.url}/user/login/")
            page.fill("input[name=email]", self.accounts[coder].email)
            page.fill("input[name=password]", self.accounts[coder].password)
            page.click("button[type=submit]")
            page.wait_for_url(lambda url: "/login" not in url)
            page.goto(address)
            page.locator(".wj-questions .lsf-choices").first.wait_for()
            page.locator(".lsf-richtext__line").first.wait_for()
            yield page
            assert errors == []

    def annotation(self, project: int, coder: str) -> dict[str, Any]:
        """The one annotation of a project, which must be this coder's."""
        ((made,),) = (task["annotations"] for task in self.client.export(project))
        assert coder_id(made) == self.client.members()[self.accounts[coder].email]
        found: dict[str, Any] = made
        return found


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("page") / "study"
    Study.create(root)
    settings = root / "weijing.yaml"
    said = settings.read_text("utf-8").replace("annotation: {}", f"annotation: {json.dumps({'coders': CODERS})}")
    settings.write_text(said, "utf-8")
    study = Study.open(root)
    try:
        server = up(study)
        connection = Connection(server.url, server.token)
        accounts = ensure_accounts(study, connection)
        # The system's browser, or else the one that `playwright install chromium` fetched.
        found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=next(found, None), args=FLAGS, timeout=SECONDS * 1000)
            yield Running(Client(connection), server.url, accounts, browser)
            browser.close()
    finally:
        down(study)


def part(page: Any, codebook: Codebook, variable: str) -> Any:
    """The part of the page that asks for a variable."""
    name = codebook.variable(variable).name
    heading = page.get_by_text(f"{name.zh} · {name.en}", exact=True)
    return page.locator(".wj-variable").filter(has=heading)


def pick(page: Any, codebook: Codebook, variable: str, *labels: str) -> None:
    for label in labels:
        part(page, codebook, variable).locator(
            ".wj-name", has_text=codebook.variable(variable).label(label).name.zh
        ).click()


def drag_over(page: Any, quote: str) -> None:
    """Select with the mouse, from the left edge of the first character to the right edge of the last."""
    edges = page.evaluate(
        """quote => {
            for (const line of document.querySelectorAll('.lsf-richtext__line')) {
                const at = line.textContent.indexOf(quote);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(line.firstChild, at);
                range.setEnd(line.firstChild, at + quote.length);
                const boxes = [...range.getClientRects()], first = boxes[0], last = boxes.at(-1);
                return [first.left, (first.top + first.bottom) / 2, last.right, (last.top + last.bottom) / 2];
            }
        }""",
        quote,
    )
    left, top, right, bottom = edges
    page.mouse.move(left + 1, top)
    page.mouse.down()
    page.mouse.move(right - 1, bottom, steps=8)
    page.mouse.up()


def submit(page: Any) -> None:
    def made(response: Any) -> bool:
        return response.request.method == "POST" and response.url.split("?")[0].rstrip("/").endswith("/annotations")

    with page.expect_response(made) as answer:
        page.click('button[aria-label="Submit current annotation"]')
    assert answer.value.status == 201


def values(coding: Coding) -> dict[str, Any]:
    return {code.variable: code.value for code in coding.codes}


def test_two_coders_code_by_clicking(live: Running, bundled: Codebook) -> None:
    # A project each, as always: whoever opens a task sees, and may change, what others made of it.
    (project_a, address_a), (project_b, address_b) = (live.project(coder, bundled, REPORT) for coder in CODERS)
    with live.page("coder_a", address_a) as page:
        functions, near_miss = part(page, bundled, "functions"), part(page, bundled, "near_miss_type")
        assert not functions.is_visible()
        assert not near_miss.is_visible()
        part(page, bundled, "relevant").get_by_text("是 · yes").click()
        functions.wait_for()
        assert not near_miss.is_visible()
        pick(page, bundled, "functions", "emergency_alarm", "community_groups")
        page.locator(".wj-labels .lsf-label", has_text="微信报警与应急接处警").click()
        drag_over(page, QUOTE)
        page.locator(".htx-highlight").first.wait_for()
        pick(page, bundled, "depth", "operational")
        part(page, bundled, "depth").get_by_text("存疑 · unsure").click()
        # Not closed with Enter, as people do.
        part(page, bundled, "depth").get_by_placeholder("备注 · note").fill("定位是否只是 <b>截图</b>？")
        part(page, bundled, "depth_uncertain").get_by_text("否 · no").click()
        functions.locator("summary").first.click()
        part(page, bundled, "relevant").scroll_into_view_if_needed()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "labelling.png")
        submit(page)
    with live.page("coder_b", address_b) as page:
        part(page, bundled, "relevant").get_by_text("是 · yes").click()
        pick(page, bundled, "functions", "fraud_prevention")
        # What was answered before the gate was closed goes with it; and the keys that are shown do what they say.
        page.keyboard.press("Shift+Digit3")
        part(page, bundled, "near_miss_type").wait_for()
        assert not part(page, bundled, "functions").is_visible()
        pick(page, bundled, "near_miss_type", "other_agency")
        submit(page)
    first, second = (
        read_annotation(live.annotation(project, coder), REPORT, bundled, coder)
        for project, coder in ((project_a, "coder_a"), (project_b, "coder_b"))
    )
    assert first.problems == second.problems == ()
    assert values(first) == {
        "relevant": True,
        "functions": ["emergency_alarm", "community_groups"],
        "depth": 3,
        "depth_uncertain": False,
    }
    code = {code.variable: code for code in first.codes}
    (span,) = code["functions"].evidence
    assert (span.text, span.label) == (QUOTE, "emergency_alarm")
    assert TEXT[span.start : span.end] == QUOTE
    assert span.start == TEXT.index(QUOTE)
    assert (code["depth"].unsure, code["depth"].note) == (True, "定位是否只是 <b>截图</b>？")
    assert [v for v, c in code.items() if c.unsure or c.note] == ["depth"]
    assert values(second) == {"relevant": False, "near_miss_type": "other_agency"}


@pytest.mark.parametrize("width", [1280, 1440])
def test_report_and_questions_stand_side_by_side(live: Running, bundled: Codebook, width: int) -> None:
    _, address = live.project("layout", bundled, REPORT)
    with live.page("coder_a", address, width) as page:
        part(page, bundled, "relevant").get_by_text("是 · yes").click()
        part(page, bundled, "functions").wait_for()
        report, questions = (page.locator(place).bounding_box() for place in (".wj-report", ".wj-questions"))
        button = page.get_by_label("Submit current annotation").bounding_box()
        assert report["x"] + report["width"] <= questions["x"]
        assert report["width"] > 450
        assert questions["width"] > 450
        assert questions["x"] + questions["width"] <= width
        assert max(box["y"] + box["height"] for box in (report, questions)) <= button["y"]
        # Read to the end of the report, the labels and the questions are still there.
        page.locator(".lsf-richtext__line").last.scroll_into_view_if_needed()
        label, question = page.locator(".wj-labels .lsf-label").last, part(page, bundled, "relevant").locator("h3")
        for seen in (label, question, page.locator(".lsf-richtext__line").last):
            box = seen.bounding_box()
            assert 0 <= box["y"] < button["y"]
        # No choice runs over its neighbour.
        for place in (".wj-report", ".wj-questions"):
            assert page.locator(place).evaluate("place => place.scrollWidth <= place.clientWidth")


def test_words_of_codebook_and_report_are_harmless(live: Running, strikes_path: Path) -> None:
    raw = yaml.safe_load(strikes_path.read_text(encoding="utf-8"))
    words = {"zh": f"{ATTACK}字", "en": f"{ATTACK}word"}
    first, claims = raw["variables"][:2]
    first["name"] = first["question"] = first["rules"][0]["text"] = words
    label = claims["labels"][0]
    label["name"] = label["definition"] = label["include"][0] = label["exclude"][0] = words
    codebook = Codebook.model_validate(raw)
    report = Report("r2", f"{ATTACK}正文", title=f"{ATTACK}题", outlet=f"{ATTACK}报")
    _, address = live.project("attack", codebook, report)
    with live.page("coder_a", address) as page:
        page.locator(".wj-questions").get_by_text("是 · yes").first.click()
        page.locator(".wj-more summary").first.click()
        page.locator(".wj-more p").first.wait_for()
        page.locator(".ant-collapse-header").first.click()
        page.locator(".wj-rule").first.wait_for()
        page.locator(".wj-labels .lsf-label").nth(1).hover()
        page.locator('[class*="tooltip"]:visible', has_text=ATTACK).first.wait_for()
        assert page.evaluate("window.attacked") is None
        assert page.locator("img[src=x]").count() == 0
        for place in (".wj-name", ".wj-more p", ".wj-rule", ".wj-title h3", ".wj-title h4", ".lsf-richtext__line"):
            assert ATTACK in page.locator(place).first.inner_text()


def test_a_codebook_of_another_kind(live: Running, strikes: Codebook) -> None:
    _, address = live.project("strikes", strikes, REPORT)
    with live.page("coder_b", address) as page:
        assert not part(page, strikes, "claims").is_visible()
        part(page, strikes, "is_protest").get_by_text("是 · yes").click()
        for variable in ("claims", "sector", "intensity"):
            part(page, strikes, variable).wait_for()
        page.screenshot(path=SCREENSHOTS / "another-codebook.png")
