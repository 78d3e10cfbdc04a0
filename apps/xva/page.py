"""report.html and the picture of the program `xva`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apps.report import html
from apps.report.files import csv_text
from apps.report.plots import ACCENT, INK, SECOND, as_inline_svg, as_png, house_style, new_figure
from apps.xva import tables
from apps.xva.adjustments import profile
from apps.xva.valuation import Valued

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = {
    "closed forms": {"color": INK, "linewidth": 1.0},
    "nested simulation": {"color": SECOND, "linestyle": "--", "marker": "s", "markersize": 3.5},
    "network": {"color": ACCENT, "linestyle": "", "marker": "o", "markersize": 5.0},
}


def draw_exposures(found: Valued) -> Figure:
    """Draw discounted expected positive and negative exposures over time, by route."""
    by_route = tables.routes(found)
    years = found.netting_set.horizons
    with house_style():
        figure = new_figure(7.6, 4.2)
        axes = figure.add_axes((0.1, 0.12, 0.87, 0.79))
        for name, looks in LOOKS.items():
            if name not in by_route:
                continue
            values = by_route[name]
            positive, negative = profile(values, found.scenarios.discounts[: len(values)])
            options: dict[str, object] = dict(looks)
            label = f"{name}, {len(values):,d} scenarios"
            axes.plot(years, positive, label=label, **options)  # type: ignore[arg-type]
            axes.plot(years, -negative, **options)  # type: ignore[arg-type]
        axes.axhline(0.0, color=INK, linewidth=0.6)
        axes.set_xlabel("horizon (years)")
        axes.set_ylabel("discounted expected exposure (currency)")
        axes.set_title("Positive exposure above zero, negative below")
        axes.set_xticks(np.arange(0.0, years[-1] + 0.75, 0.5 if years[-1] <= 6.0 else 1.0))
        axes.grid(True)
        axes.legend()
    return figure


def contents(found: Valued) -> dict[str, str | bytes]:
    """Return the files of the report by name."""
    figure = draw_exposures(found)
    shown = [tables.adjustments(found), tables.times(found), tables.exposures(found), tables.errors(found)]
    parts = [html.data_table(one) for one in shown if one is not None]
    parts.insert(
        1,
        html.picture(
            as_inline_svg(figure, "exposures"), "Discounted expected exposures by route.", wide=True
        ),
    )
    credit = found.credit
    subtitle = (
        f"{len(found.netting_set.trades)} trades on {found.netting_set.market.n_assets} assets and a short rate. Flat "
        f"intensities {credit.counterparty:.2%} (counterparty) and {credit.own:.2%} (own), recovery "
        f"{credit.recovery:.0%}, funding spread {credit.funding:.2%}."
    )
    return {
        "report.html": html.page("Valuation adjustments", subtitle, parts),
        "exposures.png": as_png(figure),
        "exposures.csv": csv_text(tables.csv_columns(found)),
    }
