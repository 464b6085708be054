"""The reader: each report with everybody's codes side by side and the evidence marked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from ..configs.codebook import Value, Words
from .clean import line
from .highlight import LINES, highlight
from .parts import EvidenceSpan, LabelView, ReportContent, ReportView, VariableView
from .words import WORDS, plain

GATE_COLOUR = 8
COLOURS = 8
Palette = dict[tuple[str, str | None], int]


@dataclass(frozen=True)
class Item:
    """One label or value in a cell. ``state``: same, added, missing or other (than the reference), or plain."""

    name: Words
    state: str
    colour: int | None
    probability: float | None = None
    on_absence: bool = False


@dataclass(frozen=True)
class Cell:
    """A coder's code; without items the coder was not asked or did not code."""

    items: tuple[Item, ...]
    absent: bool
    unsure: bool = False


@dataclass(frozen=True)
class CodesRow:
    """A variable and everybody's codes."""

    name: Words
    cells: tuple[Cell, ...]
    disputed: bool


@dataclass(frozen=True)
class Document:
    """A report as the template shows it; ``tokens`` and ``place`` are what the filters look at."""

    anchor: str
    view: ReportView
    title: str
    meta: tuple[str, ...]
    rows: tuple[CodesRow, ...]
    text: Markup
    tokens: str
    place: str
    disputed: bool
    gist: tuple[Item, ...]
    legend: tuple[Item, ...]
    underliners: tuple[tuple[str, int], ...]
    shaded: bool


class Documents:
    """Makes documents; knows the columns and the colours, which are the same all over the page."""

    def __init__(self, content: ReportContent) -> None:
        self.content = content
        study = content.study
        kinds = ("human", "synthetic", "model", "baseline")
        ordered = sorted(study.coders, key=lambda c: kinds.index(c.kind) if c.kind in kinds else 0)
        self.coders = [c.name for c in ordered]
        self.columns = [*([study.reference or "gold"] if self._has_gold else []), *self.coders]
        self.styles = {name: i % LINES for i, name in enumerate(study.of_kind("human", "synthetic"))}
        learned = [v for v in content.variables if v.learned]
        self.variables = learned or [v for v in content.variables if v.type != "text"]
        self._names = {v.id: v for v in content.variables}
        keys = [
            (v.id, label)
            for v in self.variables
            for label in ([la.id for la in v.labels] if v.type == "multi" else [None])
            if not v.gate
        ]
        self.colours: dict[tuple[str, str | None], int] = {key: i % COLOURS for i, key in enumerate(keys)}

    @property
    def _has_gold(self) -> bool:
        return any(view.gold for view in self.content.documents)

    def _palette(self, view: ReportView) -> Palette:
        """Colours of what occurs in a report: the usual ones, but no two alike while there are others left."""
        present = {
            key(v, one)
            for v in self.variables
            for own in (view.gold, *view.codes.values())
            for one in ids(own.get(v.id))
        } | {(s.variable, s.label) for s in view.spans}
        palette: Palette = {}
        for wanted in self.colours:
            if wanted in present:
                free = [c for c in range(COLOURS) if c not in palette.values()]
                usual = self.colours[wanted]
                palette[wanted] = usual if usual in free or not free else free[0]
        return palette

    def make(self, view: ReportView, number: int) -> Document:
        """The report as the template shows it."""
        palette = self._palette(view)
        rows = tuple(self._row(variable, view, palette) for variable in self.variables)
        settled = view.gold or view.codes.get(self.content.study.model or "", {})
        marked = {(s.variable, s.label): s for s in view.spans}
        underliners = dict.fromkeys(s.coder for s in view.spans if s.kind != "model")
        return Document(
            anchor=f"doc-{number}",
            view=view,
            title=line(view.title or "") or line(view.text[:40]),
            meta=tuple(line(x) for x in (view.outlet, view.date, view.province, view.id) if x),
            rows=rows,
            text=highlight(
                view.text,
                view.spans,
                lambda s: palette.get((s.variable, s.label), GATE_COLOUR),
                self._describe,
                self.styles,
            ),
            tokens="|" + "".join(f"{t}|" for v in self.variables for t in tokens(v, settled.get(v.id))),
            place=line(view.province or ""),
            disputed=any(row.disputed for row in rows),
            gist=tuple(item for v in self.variables if not v.gate for item in items(v, settled.get(v.id), palette))
            or tuple(item for v in self.variables for item in items(v, settled.get(v.id), palette)),
            legend=tuple(Item(self._span_name(s), "plain", palette.get(k, GATE_COLOUR)) for k, s in marked.items()),
            underliners=tuple((line(name), self.styles.get(name, 0)) for name in underliners),
            shaded=any(s.kind == "model" for s in view.spans),
        )

    def _row(self, variable: VariableView, view: ReportView, palette: Palette) -> CodesRow:
        settled = view.gold.get(variable.id)
        given = [view.codes.get(c, {}).get(variable.id) for c in self.coders]
        cells = [self._cell(variable, settled, None, view, None, palette)] if self._has_gold else []
        cells += [
            self._cell(variable, value, settled, view, coder, palette)
            for coder, value in zip(self.coders, given, strict=True)
        ]
        seen = [frozenset(v) if isinstance(v, list) else v for v in (settled, *given) if v is not None]
        return CodesRow(variable.name, tuple(cells), len(set(seen)) > 1)

    def _cell(
        self,
        variable: VariableView,
        value: Value,
        settled: Value,
        view: ReportView,
        coder: str | None,
        palette: Palette,
    ) -> Cell:
        if value is None:
            return Cell((), True)
        by_model = coder is not None and coder == self.content.study.model
        differs = "added" if variable.type == "multi" else "other"
        shown = []
        for one, item in zip(ids(value), items(variable, value, palette), strict=True):
            state = "plain" if settled is None else "same" if one in ids(settled) else differs
            p = probability(variable, view.probs.get(variable.id), one) if by_model else None
            shown.append(replace(item, state=state, probability=p))
            if by_model and key(variable, one) in view.absence:
                shown[-1] = replace(shown[-1], on_absence=True)
        if isinstance(settled, list):
            gone: list[str] = [label for label in settled if label not in ids(value)]
            shown += [replace(item, state="missing") for item in items(variable, gone, palette)]
        return Cell(tuple(shown), False, by_model and variable.id in view.abstain)

    def _span_name(self, span: EvidenceSpan) -> Words:
        variable = self._names.get(span.variable)
        if variable is None:
            return plain(span.variable)
        return value_name(variable, span.label) if span.label else variable.name

    def _describe(self, span: EvidenceSpan) -> str:
        name = self._span_name(span)
        weight = "" if span.weight is None else f" {span.weight:.2f}"
        return line(f"{name.zh} / {name.en} · {span.coder}{weight}")

    def filters(self) -> list[tuple[Words, list[tuple[str, Words]]]]:
        """A menu a variable: tokens with their names."""
        menus = []
        for variable in self.variables:
            if variable.type == "binary":
                options = [(f"{variable.id}=yes", WORDS["yes"]), (f"{variable.id}=no", WORDS["no"])]
            else:
                options = [(f"{variable.id}={token(la)}", label_name(la)) for la in variable.labels]
            if options:
                menus.append((variable.name, options))
        return menus


def key(variable: VariableView, value: bool | int | str) -> tuple[str, str | None]:
    """What has a colour of its own: a label of a multi variable, or another variable as a whole."""
    return (variable.id, str(value) if variable.type == "multi" else None)


def items(variable: VariableView, value: Value, palette: Palette) -> list[Item]:
    """A code in words and colours."""
    return [
        Item(value_name(variable, one), "plain", palette.get(key(variable, one), GATE_COLOUR)) for one in ids(value)
    ]


def ids(value: Value) -> list[bool | int | str]:
    """The single codes in a code."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def token(label: LabelView) -> str:
    """What stands for a label in the filters."""
    return label.id if label.code is None else str(label.code)


def tokens(variable: VariableView, value: Value) -> list[str]:
    """What the filters find a code by."""
    return [f"{variable.id}={code_token(v)}" for v in ids(value)]


def code_token(code: bool | int | str) -> str:
    """What stands for a code in the filters."""
    return ("no", "yes")[code] if isinstance(code, bool) else str(code)


def label_name(label: LabelView) -> Words:
    """The name, after its number if it has one."""
    if label.code is None:
        return label.name
    return Words(zh=f"{label.code} {label.name.zh}", en=f"{label.code} {label.name.en}")


def value_name(variable: VariableView, value: bool | int | str) -> Words:
    """A code in words."""
    if isinstance(value, bool):
        return WORDS["yes" if value else "no"]
    for label in variable.labels:
        if value == (label.id if label.code is None else label.code):
            return label_name(label)
    return plain(value)


def probability(
    variable: VariableView, probs: float | dict[str, float] | list[float] | None, value: bool | int | str
) -> float | None:
    """The model's probability of that code."""
    if isinstance(probs, dict):
        return probs.get(str(value))
    if isinstance(probs, list):
        return probs[value] if isinstance(value, int) and 0 <= value < len(probs) else None
    return None if probs is None else probs if value is True else 1 - probs
