"""report.html: the pictures and the tables of the risk report on one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.report import html
from apps.report.text import printable
from apps.risk import data_tables, positions, product_tables, tables
from apps.risk.desk import scenario_tables
from apps.risk.desk import tables as desk_tables
from apps.risk.money import money_greeks
from apps.risk.pictures import input_units
from apps.risk.results import RiskResult

if TYPE_CHECKING:
    from apps.risk.desk.moves import Scenarios
    from pricers.calibration import CalibrationResult, FitQuality


def report_page(result: RiskResult, pictures: Mapping[str, Any]) -> str:
    """Return the page, with the pictures of `apps.risk.pictures` by name."""
    sections = {
        "Fit": _fit(result, pictures),
        "Quotes": [html.data_table(tables.left_out(result)), html.data_table(tables.arbitrage(result))],
        "Smiles": _smiles(result, pictures),
        "Surface": _surface(pictures),
        "Book and Greeks": _greeks(result),
        **({"Desk": [html.data_table(one) for one in desk_tables.shown(result.desk)]} if result.desk else {}),
        **({"Ladders and stress": _scenarios(result.scenarios)} if result.scenarios else {}),
        "Vega": _vega(result, pictures),
        "Hessian": _hessian(result, pictures),
        "Checks": [html.data_table(tables.checks(result))],
        "Data": _data(result),
    }
    q, c = result.quotes, result.calibration
    unit = result.price_unit
    point = "index point" if unit == "index points" else "point of spot"
    overview = html.cards(
        {
            f"value of the book, {unit}": f"{result.greeks.value:,.2f}",
            f"delta, per {point}": f"{result.greeks.gradient[0]:.4g}",
            f"gamma, per {point} squared": f"{result.greeks.hessian[0, 0]:.4g}",
            "vega, per point of local volatility": f"{result.greeks.vega.sum():.5g}",
            **({"theta, per calendar day": f"{result.desk.time.theta:.5g}"} if result.desk else {}),
            "rho, per basis point": f"{1e-4 * result.greeks.gradient[1]:.4g}",
            "positions, expiries": f"{len(result.book)}, {len({p.term for p in result.book})}",
            "quotes, slices": f"{len(q):,}, {len(q.slices)}",
            "rmse, volatility points (SVI)": f"{100.0 * c.rmse:.3f} ({100.0 * result.svi.quality.rmse:.3f})",
            "inside bid-ask (SVI)": "mid prices only" if q.is_mid_only else _inside(c, result.svi.quality),
        }
    )
    parts = [html.links(sections), overview]
    parts += [html.warning(text) for text in (*q.warnings, *result.book_warnings, *tables.warnings(result))]
    for name, content in sections.items():
        parts += [html.heading(name), *content]
    subtitle = (
        f"{result.source}: {len(q):,} out-of-the-money quotes of {q.quote_date.isoformat()}, spot {q.spot:,.2f}, "
        f"{c.weights.replace('_', ' ')} weights."
    )
    return printable(html.page("Risk report", subtitle, parts), keep="\n")


def _inside(ours: CalibrationResult, svi: FitQuality) -> str:
    shares = ours.share_inside, svi.share_inside
    return "bid = ask: no meaning" if np.isnan(shares[0]) else "{:.1%} ({:.0%})".format(*shares)


def _fit(result: RiskResult, pictures: Mapping[str, Any]) -> list[str]:
    tiles = {name: pictures[name] for name in ("errors", "convergence") if name in pictures}
    return [
        html.data_table(tables.fit(result)),
        html.tiles(tiles, broad=True),
        html.picture(
            pictures["residuals"], "Fit less mid of every quote, colour in volatility points.", wide=True
        ),
        html.beside(
            [html.data_table(tables.optimisation(result)), html.data_table(data_tables.bounds(result))]
        ),
        html.folded("Expiry by expiry", html.data_table(tables.slices(result))),
    ]


def _smiles(result: RiskResult, pictures: Mapping[str, Any]) -> list[str]:
    drawn = pictures["smiles"]
    text = (
        f"{len(drawn)} of {len(result.quotes.slices)} slices, spread over the expiries (--smiles chooses how many). "
        "Above, implied volatilities; below, the same less the mid, over the bid-ask band of each quote."
    )
    return [html.paragraph(text), html.tiles(drawn)]


def _surface(pictures: Mapping[str, Any]) -> list[str]:
    caption = (
        "Left, the spline without the levels of the expiry intervals; right, the whole surface between the outermost "
        "quotes, at most 4.5 deviations below and 3 above the money."
    )
    implied = "What the surface implies for European options over the same range: volatilities of one forward march."
    return [
        html.picture(pictures["surface"], caption, wide=True),
        html.picture(pictures["implied"], implied, wide=True),
    ]


def _greeks(result: RiskResult) -> list[str]:
    parts = [
        html.data_table(tables.named_greeks(result)),
        html.data_table(money_greeks(result)),
        html.grouped_table(*positions.by_expiry(result)),
    ]
    if result.greeks.units:
        parts.append(html.data_table(product_tables.product_table(result)))
    return parts


def _scenarios(found: Scenarios) -> list[str]:
    return [html.data_table(one) for one in scenario_tables.shown(found)]


def _vega(result: RiskResult, pictures: Mapping[str, Any]) -> list[str]:
    labels = result.buckets.deviation_labels
    return [
        html.tiles({name: pictures[name] for name in ("vega", "vanna")}, broad=True),
        html.data_table(tables.vega_buckets(result)),
        html.picture(
            pictures["vega-vega"],
            "Second derivatives in the volatility buckets; inside each expiry, deviations rise from "
            f"{labels[0]} to {labels[-1]}. Colours are logarithmic on both sides of zero.",
            wide=True,
        ),
        html.data_table(
            tables.largest_entries(
                result.buckets.labels,
                result.greeks.vega_vega,
                "Largest entries of the vega-vega matrix",
                "per vol point squared",
                "All of them are in vega_matrix.csv; an entry off the diagonal stands for two.",
            )
        ),
    ]


def _hessian(result: RiskResult, pictures: Mapping[str, Any]) -> list[str]:
    n = len(result.greeks.inputs)
    share = float(np.mean(np.abs(result.greeks.hessian) > 0.0))
    caption = (
        f"All {n} x {n} second derivatives: spot (per 1%), rate (per 1%), spline weights of "
        f"ln(volatility) by expiry and strike, levels of ln(variance). "
        f"{100.0 * share:.0f}% of the entries are not zero. Colours are "
        "logarithmic on both sides of zero, over four decades."
    )
    if result.greeks.errors is not None:
        caption += " Simulated options are in its entries of spot and rate alone."
    g = result.greeks
    entries = tables.largest_entries(
        g.inputs,
        g.hessian * np.outer(*2 * [input_units(result)]),
        "Largest entries of the Hessian",
        "in these units",
        "weight[j,i]: expiry j, strike i of the spline, see surface_weights.csv; all of them are in hessian.csv.",
    )
    return [html.picture(pictures["hessian"], caption, wide=True), html.data_table(entries)]


def _data(result: RiskResult) -> list[str]:
    return [
        html.data_table(data_tables.implied_market(result)),
        html.data_table(data_tables.worst_quotes(result)),
        html.data_table(tables.dropped(result)),
        html.folded("What each column was taken for", html.data_table(data_tables.columns_read(result))),
        html.folded("Input, version and options", html.data_table(data_tables.provenance(result))),
    ]
