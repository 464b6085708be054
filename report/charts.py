"""All charts of the page. Each function gives one SVG as a string, safe to put into HTML as it is."""

from .grid_charts import confusion_heatmap, tile_map
from .reliability_chart import reliability_diagram
from .row_charts import Point, Row, Series, agreement_plot, bars_chart, forest_plot, key_mark

__all__ = [
    "Point",
    "Row",
    "Series",
    "agreement_plot",
    "bars_chart",
    "confusion_heatmap",
    "forest_plot",
    "key_mark",
    "reliability_diagram",
    "tile_map",
]
