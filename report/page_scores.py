"""The sections on the model's scores, its confusions and its calibration, ready for the template."""

from __future__ import annotations

from dataclasses import dataclass

from ..configs.codebook import Words
from ..evaluation.calibration import Calibration
from ..evaluation.rows import ScoreRow
from .charts import Point, Row, Series, bars_chart, confusion_heatmap, key_mark, reliability_diagram, tile_map
from .clean import line
from .page_agreement import panels, written
from .parts import PlaceMap, ReportContent, VariableView
from .row_charts import MACHINES
from .words import WORDS, filled, plain, reason

MOST_CATEGORIES = 15


@dataclass(frozen=True)
class ScoreLine:
    """A label or average, with one row a coder."""

    name: Words
    strong: bool
    rows: tuple[ScoreRow, ...]


@dataclass(frozen=True)
class ScoreTable:
    """One variable: scores as a whole, by label, and what else was compared."""

    variable: VariableView
    scope: str
    wholes: tuple[ScoreRow, ...]
    lines: tuple[ScoreLine, ...]
    rest: tuple[tuple[Words, ScoreRow], ...]


@dataclass(frozen=True)
class Drawing:
    """A chart with its heading, and words beside it."""

    name: Words
    svg: str
    about: Words | None = None
    calibration: Calibration | None = None
    places: PlaceMap | None = None


class Scores:
    """Everything these sections show."""

    def __init__(self, content: ReportContent) -> None:
        self.content = content
        study = content.study
        first = [study.model] if study.model else []
        scored = {row.coder for row in content.comparison.scores if row.n}
        others = [c for c in study.of_kind("model", "baseline") if c not in first]
        self.coders = [c for c in (*first, *others) if c in scored]
        self.series = [Series(plain(c), *MACHINES[min(i, 3)]) for i, c in enumerate(self.coders)]

    def legend(self) -> list[tuple[str, Words]]:
        """A mark and name of each coder."""
        return [(key_mark(one), one.name) for one in self.series]

    def _names(self, variable: VariableView) -> dict[str | None, Words]:
        return {None: WORDS["whole"], **{label.id: label.name for label in variable.labels}}

    def tables(self) -> list[ScoreTable]:
        """A table a variable."""
        made = []
        for variable in self.content.variables:
            rows = [row for row in self.content.comparison.scores if row.variable == variable.id and row.n]
            own = [row for row in rows if row.coder in self.coders]
            if not own:
                continue
            scope = "all" if any(row.scope == "all" for row in own) else "asked"
            main = sorted((row for row in own if row.scope == scope), key=lambda row: self.coders.index(row.coder))
            names = self._names(variable)
            rest = [(_name(row, names), row) for row in rows if row not in main]
            wholes = tuple(row for row in main if row.f1 is None)
            made.append(ScoreTable(variable, scope, wholes, self._lines(main, names), tuple(rest)))
        return made

    @staticmethod
    def _lines(rows: list[ScoreRow], names: dict[str | None, Words]) -> tuple[ScoreLine, ...]:
        grouped: dict[tuple[str | None, str | None], list[ScoreRow]] = {}
        for row in rows:
            if row.f1 is not None:
                grouped.setdefault((row.average, row.label), []).append(row)
        return tuple(ScoreLine(_name(own[0], names), key[0] is not None, tuple(own)) for key, own in grouped.items())

    def plots(self) -> list[str]:
        """F1 of every learned yes-or-no variable and label, divided into panels."""
        rows = []
        for table in self.tables():
            for one in table.lines if table.variable.learned else ():
                if one.strong:
                    continue
                name = one.name if one.rows[0].label else table.variable.name
                by_coder = {row.coder: row for row in one.rows}
                positives = (one.rows[0].tp or 0) + (one.rows[0].fn or 0)
                points = tuple(_point(name, by_coder.get(c)) for c in self.coders)
                note = filled("positives_short", n=str(positives))
                rows.append(Row(name, points, one.rows[0].label is None, note))
        return [bars_chart(panel, self.series, WORDS["f1"]) for panel in panels(rows)] if rows else []

    def confusions(self) -> list[Drawing]:
        """A heatmap of each ordinal (or learned nominal) variable and coder."""
        made = []
        for one in self.content.confusions:
            variable = self.content.variable(one.variable)
            nominal = variable.type == "nominal" and variable.learned
            if not (variable.type == "ordinal" or nominal) or len(one.categories) > MOST_CATEGORIES:
                continue
            names = {label.id: label.name for label in variable.labels}
            categories = [names.get(c) or plain(c) for c in one.categories]
            codes = [str(i + nominal) for i in range(len(categories))]
            axes = (WORDS["reference"], plain(one.coder))
            svg = confusion_heatmap(one.counts, categories, codes, variable.name, axes)
            coder = line(one.coder)
            name = Words(zh=f"{variable.name.zh} · {coder}", en=f"{variable.name.en} · {coder}")
            made.append(Drawing(name, svg))
        return made

    def reliability(self) -> list[Drawing]:
        """A reliability diagram of each variable or label with predictions."""
        made = []
        for one in self.content.reliability:
            variable = self.content.variable(one.variable)
            name = self._names(variable)[one.label] if one.label else variable.name
            about = "about_yes" if one.label or variable.type == "binary" else "about_top"
            about = "about_labels" if variable.type == "multi" and not one.label else about
            if one.calibration.n:
                svg = reliability_diagram(one.calibration.bins, name)
                made.append(Drawing(name, svg, WORDS[about], one.calibration))
        return made

    def maps(self) -> list[Drawing]:
        """The tile maps."""
        made = []
        for i, one in enumerate(self.content.maps):
            variable = self.content.variable(one.variable) if one.variable else None
            top = 1.0
            if one.measure == "mean" and variable:
                top = float(len(variable.labels) - 1)
            elif one.measure == "count":
                top = max([1.0, *(p.value or 0.0 for p in one.places)])
            named = {"zh": variable.name.zh, "en": variable.name.en} if variable else {"zh": "", "en": ""}
            words = WORDS[f"map_{one.measure}"]
            name = Words(zh=words.zh.format(name=named["zh"]), en=words.en.format(name=named["en"]))
            made.append(Drawing(name, tile_map(one, name, top, str(i)), places=one))
        return made


def _name(row: ScoreRow, names: dict[str | None, Words]) -> Words:
    if row.average:
        return WORDS[row.average]
    return WORDS["yes"] if row.label is None and row.f1 is not None else names.get(row.label, WORDS["whole"])


def _point(name: Words, row: ScoreRow | None) -> Point | None:
    if row is None or row.f1 is None:
        return None
    f1, who = row.f1, f"{line(row.coder)}, n = {row.n}"
    if f1.value is None:
        why = reason(f1.reason)
        missing = Words(zh=f"{WORDS['undefined'].zh}：{why.zh}", en=f"{WORDS['undefined'].en}: {why.en}")
        return Point(None, None, None, Words(zh=f"{name.zh}：{why.zh}", en=f"{why.en} ({who})"), missing)
    number = f"F1 {written(f1)}"
    return Point(f1.value, f1.low, f1.high, Words(zh=f"{name.zh}：{number}", en=f"{name.en}: {number} ({who})"))
