"""Write ``report.html`` and ``report.json``."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.loaders import FunctionLoader
from markupsafe import Markup

from ..configs.codebook import Words
from ..data.artifacts import atomic_write, write_json
from .clean import clean, line
from .content import to_json
from .methods import methods
from .page_agreement import Agreement, two, written
from .page_documents import Documents
from .page_errors import Errors
from .page_evidence import Evidence
from .page_scores import Scores
from .page_together import AllCoders
from .page_verdicts import Verdicts
from .parts import ReportContent
from .words import WORDS, filled, reason

HTML, JSON = "report.html", "report.json"


def write_report(content: ReportContent, folder: str | Path) -> Path:
    """Write the page and its numbers into ``folder``, each at once or not at all; gives the page's path."""
    folder = Path(folder)
    html = render(content)
    write_json(folder / JSON, to_json(content))
    with atomic_write(folder / HTML) as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")
    return folder / HTML


def render(content: ReportContent) -> str:
    """The page, self-contained: no script, style, font or image from elsewhere."""
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(bi=bi, line=line, two=two, pct=percent, pvalue=p_value, written=written, why=reason)
    style, script = _file("report.css"), _file("evidence.js") + _file("report.js")
    documents = Documents(content)
    made = [documents.make(view, i + 1) for i, view in enumerate(content.documents)]
    page = environment.get_template("report.html.j2").render(
        content=content,
        study=content.study,
        t=WORDS,
        notices=notices(content),
        agreement=Agreement(content),
        all_coders=AllCoders(content),
        verdicts=Verdicts(content),
        ties=lambda n: filled("ties", n=str(n)),
        stories=lambda n: filled("stories_1" if n == 1 else "stories", n=f"{n:,}"),
        scores=Scores(content),
        errors=Errors(content, made),
        reader=documents,
        documents=made,
        evidence=Evidence(content, made),
        methods=methods(content),
        hardest=[d for d in made if d.view.id in content.hardest and d.disputed],
        left_out=filled("reader_left_out", n=str(content.n_left_out)),
        provinces=sorted({d.place for d in made if d.place}),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        svg=Markup,
    )
    return clean(page)


def notices(content: ReportContent) -> list[Words]:
    """What the reader must know first: made-up coders, no people, no pair of coders; then the caller's."""
    study = content.study
    synthetic, human = study.of_kind("synthetic"), study.of_kind("human")
    found = []
    if synthetic:
        found.append(filled("notice_synthetic", names=line("、".join(synthetic))))
    if synthetic and not human:
        found.append(WORDS["notice_no_human"])
    people = {*synthetic, *human}
    if not any(row.n and {row.coder_a, row.coder_b} <= people for row in content.comparison.pairs):
        found.append(WORDS["notice_no_coders"])
    return [*found, *study.notices]


def bi(words: Words | str) -> Markup:
    """Words in both languages, of which the page shows one."""
    if isinstance(words, str):
        return Markup("<bdi>{}</bdi>").format(line(words))
    zh, en = line(words.zh), line(words.en)
    if zh == en:
        return Markup("<bdi>{}</bdi>").format(zh)
    return Markup('<span class="zh" lang="zh-Hans">{}</span><span class="en" lang="en">{}</span>').format(zh, en)


def percent(share: float | None) -> str:
    """A share as a percentage."""
    return "–" if share is None else f"{share:.0%}"


def p_value(p: float) -> str:
    """A p-value to three decimals."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _policy(style: str, script: str) -> str:
    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> Any:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
