"""report.html and the picture of the program `scenarios`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from apps.report import html
from apps.report.files import csv_text
from apps.report.plots import as_inline_svg, as_png
from apps.report.surrogate_pictures import Compared, draw_predictions
from apps.scenarios import tables
from apps.scenarios.valuation import Stressed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(found: Stressed) -> Figure:
    """Draw profit and loss by the network, and by second-order Greeks alone, against the best there is."""
    name, true = tables.truth(found)
    predicted = {"network": found.network, "second order": found.delta.sum(axis=1) + found.gamma}
    quantity = Compared("profit and loss", "currency", np.asarray(true), predicted)
    return draw_predictions([quantity], f"{len(found.scenarios)} scenarios against {name}")


def contents(found: Stressed) -> dict[str, str | bytes]:
    """Return the files of the report by name."""
    figure = draw(found)
    caption = "Profit and loss by the network and by a second-order expansion, and their errors."
    parts = [
        html.data_table(tables.accuracy(found)),
        html.picture(as_inline_svg(figure, "scenarios"), caption),
        html.data_table(tables.worst(found)),
        html.data_table(tables.times(found)),
    ]
    market = found.book.market
    subtitle = f"{len(found.book.trades)} trades on {market.n_assets} assets and a short rate, {len(found.scenarios)} scenarios."
    return {
        "report.html": html.page("Stress scenarios", subtitle, parts),
        "scenarios.png": as_png(figure),
        "scenarios.csv": csv_text(cast(dict[str, Any], tables.csv_columns(found))),
    }
