"""The section on evidence, ready for the template and for the page's script."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from ..configs.codebook import Words
from .clean import clean_data, line
from .evidence import Mark, Quotation, on_page, quotations
from .highlight import clean_piece
from .page_documents import Document, code_token, label_name, token
from .parts import ReportContent
from .words import WORDS, plain

FIRST = 10
"""Quotations that are there without a script."""


@dataclass(frozen=True)
class MarkLine:
    """A mark in words."""

    about: Words
    coder: str
    kind: Words
    settled: bool


@dataclass(frozen=True)
class Card:
    """A quotation as the template shows it."""

    document: Document
    before: str
    text: str
    after: str
    marks: tuple[MarkLine, ...]


class Evidence:
    """Everything the section shows."""

    def __init__(self, content: ReportContent, documents: Sequence[Document]) -> None:
        self.documents = documents
        self.quotations = quotations(content)
        self._variables = {v.id: v for v in content.variables}
        marks = [mark for quotation in self.quotations for mark in quotation.marks]
        self._abouts = sorted({(m.variable, _token(m)) for m in marks}, key=self._order)
        self._coders = sorted({(m.kind, m.coder) for m in marks})

    def cards(self) -> list[Card]:
        """The first quotations: what is read without a script, and the pattern of all others."""
        return [self._card(quotation) for quotation in self.quotations[:FIRST]]

    def about_menu(self) -> list[tuple[Words, str, list[tuple[str, Words]]]]:
        """Of each variable with evidence: its name, what stands for it, and its codes with evidence."""
        found: dict[str, list[tuple[str, Words]]] = {}
        for variable, code in self._abouts:
            found.setdefault(variable, [])
            if code is not None:
                found[variable].append((f"{variable}={code}", self._code_name(variable, code)))
        return [(self._name(variable), variable, codes) for variable, codes in found.items()]

    def ordinal_menus(self) -> list[tuple[Words, list[tuple[str, Words]]]]:
        """Of each ordinal variable: its name, and the tokens of its codes as the documents carry them."""
        return [
            (_of_report(v.name), [(f"{v.id}={token(label)}", label_name(label)) for label in v.labels])
            for v in self._variables.values()
            if v.type == "ordinal" and any(f"|{v.id}=" in d.tokens for d in self.documents)
        ]

    def kinds(self) -> list[tuple[str, Words]]:
        """The kinds of coders with evidence."""
        return [(kind, WORDS[f"kind_{kind}"]) for kind in dict.fromkeys(kind for kind, _ in self._coders)]

    def island(self) -> Markup:
        """What the script knows, as JSON that ends no script element. Texts stay in the documents.

        ``quotations``: document, offsets of the text as imported, then as on the page: where the sentences, the
        quotation, and the sentences end; then marks (about, coder, settled, weight).
        """
        abouts = {one: i for i, one in enumerate(self._abouts)}
        coders = {one: i for i, one in enumerate(self._coders)}
        data = {
            "abouts": [self._about(variable, code) for variable, code in self._abouts],
            "coders": [
                {"name": line(name), "kind": kind, "zh": WORDS[f"kind_{kind}"].zh, "en": WORDS[f"kind_{kind}"].en}
                for kind, name in self._coders
            ],
            "documents": [self._source(document) for document in self.documents],
            "quotations": [
                [
                    q.number - 1,
                    q.start,
                    q.end,
                    *(on_page(self._text(q), offset) for offset in (q.before, q.start, q.end, q.after)),
                    [[abouts[m.variable, _token(m)], coders[m.kind, m.coder], m.settled, m.weight] for m in q.marks],
                ]
                for q in self.quotations
            ],
        }
        written = json.dumps(clean_data(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for character in "<>&\u2028\u2029":
            written = written.replace(character, f"\\u{ord(character):04x}")
        return Markup(written)

    def _card(self, quotation: Quotation) -> Card:
        text = self._text(quotation)
        cuts = pairwise((quotation.before, quotation.start, quotation.end, quotation.after))
        before, quoted, after = (re.sub("\n+", "\n", clean_piece(text, start, end)) for start, end in cuts)
        return Card(
            self.documents[quotation.number - 1],
            before,
            quoted,
            after,
            tuple(
                MarkLine(
                    self._about_name(m.variable, _token(m)), line(m.coder), WORDS[f"kind_{m.kind}"], m.settled is True
                )
                for m in quotation.marks
            ),
        )

    def _text(self, quotation: Quotation) -> str:
        return self.documents[quotation.number - 1].view.text

    def _source(self, document: Document) -> dict[str, Any]:
        view = document.view
        return {
            "report_id": view.id,
            "title": document.title,
            "outlet": view.outlet,
            "date": view.date,
            "province": view.province,
            "url": view.url,
            "content_hash": view.content_hash,
        }

    def _about(self, variable: str, code: str | None) -> dict[str, Any]:
        name = self._about_name(variable, code)
        return {"variable": variable, "code": code, "zh": line(name.zh), "en": line(name.en)}

    def _about_name(self, variable: str, code: str | None) -> Words:
        name = self._name(variable)
        if code is None:
            return name
        of = self._code_name(variable, code)
        return Words(zh=f"{name.zh}：{of.zh}", en=f"{name.en}: {of.en}")

    def _name(self, variable: str) -> Words:
        view = self._variables.get(variable)
        return view.name if view else plain(variable)

    def _code_name(self, variable: str, code: str) -> Words:
        view = self._variables.get(variable)
        if view is None or view.type == "binary":
            return WORDS[code] if code in ("yes", "no") else plain(code)
        return next((label_name(label) for label in view.labels if token(label) == code), plain(code))

    def _order(self, about: tuple[str, str | None]) -> tuple[int, str, int, str]:
        """As in the codebook; a variable as a whole before its codes."""
        variable, code = about
        view = self._variables.get(variable)
        places = [token(la) for la in view.labels] if view else []
        place = places.index(code) if code in places else -1
        return list(self._variables).index(variable) if view else len(self._variables), variable, place, code or ""


def _of_report(name: Words) -> Words:
    words = WORDS["evidence_document"]
    return Words(zh=words.zh.format(name=name.zh), en=words.en.format(name=name.en))


def _token(mark: Mark) -> str | None:
    return None if mark.code is None else code_token(mark.code)
