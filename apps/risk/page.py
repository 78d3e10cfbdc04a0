"""report.html: the pictures and the tables of the risk report on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from apps.report import html
from apps.report.diagnostics import draw_convergence, draw_errors, draw_residuals
from apps.report.fit_pictures import grid_of, smile_of
from apps.report.matrices import draw_buckets, draw_signed_map
from apps.report.plots import as_inline_svg, readable_expiry
from apps.report.smiles import draw_smile, representative
from apps.report.surfaces import draw_surface
from apps.report.text import printable
from apps.risk import data_tables, product_tables, tables
from apps.risk.results import RiskResult

if TYPE_CHECKING:
    from pricers.calibration import CalibrationResult, FitQuality
    from pricers.surfaces.calibrated_volatility import CalibratedVolatility


def report_page(result: RiskResult, n_smiles: int) -> str:
    """Return the page; `n_smiles` expiries get a picture."""
    sections = {
        "Fit": _fit(result),
        "Quotes": [html.data_table(tables.left_out(result)), html.data_table(tables.arbitrage(result))],
        "Smiles": _smiles(result, n_smiles),
        "Surface": _surface(result),
        "Book and Greeks": _greeks(result),
        "Vega": _vega(result),
        "Hessian": _hessian(result),
        "Checks": [html.data_table(tables.checks(result))],
        "Data": _data(result),
    }
    q, c = result.quotes, result.calibration
    overview = html.cards(
        {
            "value of the book, index points": f"{result.greeks.value:,.2f}",
            "delta, per index point": f"{result.greeks.gradient[0]:.4g}",
            "gamma, per index point squared": f"{result.greeks.hessian[0, 0]:.4g}",
            "vega, per point of local volatility": f"{result.greeks.vega.sum():.5g}",
            "rho, per basis point": f"{1e-4 * result.greeks.gradient[1]:.4g}",
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


def _fit(result: RiskResult) -> list[str]:
    c, svi = result.calibration, result.svi
    q = result.quotes
    expiries = np.array([s.expiry for s in q.slices])
    errors = [("local volatility", c.quality.slice_rmse), ("SVI, slice by slice", svi.quality.slice_rmse)]
    pictures = {"errors": draw_errors(expiries, errors, "Error of each expiry")}
    if c.history:
        objective = np.array(
            [c.history[0].objective + c.history[0].actual, *(i.objective for i in c.history)]
        )
        accepted = np.array([True, *(i.accepted for i in c.history)])
        # The objective is half a sum of squares in volatility points.
        error = 0.01 * np.sqrt(2.0 * objective / len(q))
        # Neither line has penalties in it: the distance from the last march to the first line is the penalties' share.
        lines = [
            ("local volatility, without penalties", c.rmse),
            ("SVI, without penalties", svi.quality.rmse),
        ]
        pictures["convergence"] = draw_convergence(error, accepted, lines, "Convergence of the calibration")
    residuals = draw_residuals(q.log_moneyness, q.expiry, c.residuals, "Every quote: fit less mid")
    return [
        html.data_table(tables.fit(result)),
        html.tiles({name: as_inline_svg(figure, name) for name, figure in pictures.items()}, broad=True),
        html.picture(
            as_inline_svg(residuals, "residuals"),
            "Fit less mid of every quote, colour in volatility points.",
            wide=True,
        ),
        html.beside(
            [html.data_table(tables.optimisation(result)), html.data_table(data_tables.bounds(result))]
        ),
        html.folded("Expiry by expiry", html.data_table(tables.slices(result))),
    ]


def _smiles(result: RiskResult, n_smiles: int) -> list[str]:
    expiries = np.array([s.expiry for s in result.quotes.slices])
    drawn = {}
    for k in representative(expiries, n_smiles):
        smile = smile_of(result.quotes, result.calibration, result.svi, k)
        drawn[smile.title] = as_inline_svg(draw_smile(smile), f"smile{k}")
    text = (
        f"{len(drawn)} of {len(expiries)} slices, spread over the expiries (--smiles chooses how many). Above, implied "
        "volatilities; below, the same less the mid, over the bid-ask band of each quote."
    )
    return [html.paragraph(text), html.tiles(drawn)]


def _surface(result: RiskResult) -> list[str]:
    picture = draw_surface(grid_of(result.quotes, result.calibration.surface), "Calibrated local volatility")
    caption = (
        "Left, the spline without the levels of the expiry intervals; right, the whole surface between the outermost "
        "quotes, at most 4.5 deviations below and 3 above the money."
    )
    return [html.picture(as_inline_svg(picture, "surface"), caption, wide=True)]


def _greeks(result: RiskResult) -> list[str]:
    shown = [tables.named_greeks(result), tables.book(result)]
    if result.greeks.units:
        shown.append(product_tables.product_table(result))
    return [html.data_table(one) for one in shown]


def _vega(result: RiskResult) -> list[str]:
    b = result.buckets
    names = ("expiry", "deviations ln(K/F) / (ATM vol √T)")
    shape = (b.expiries.size, b.deviations.size)
    vega = draw_buckets(
        result.greeks.vega.reshape(shape),
        b.expiry_labels,
        b.deviation_labels,
        "Bucketed vega",
        "price per volatility point",
        names,
    )
    vanna = draw_buckets(
        result.greeks.spot_vega.reshape(shape),
        b.expiry_labels,
        b.deviation_labels,
        "Bucketed vanna",
        "delta per volatility point",
        names,
    )
    groups = [(label, b.deviations.size) for label in b.expiry_labels]
    matrix = draw_signed_map(
        result.greeks.vega_vega, groups, "Vega-vega matrix", "price per volatility point squared"
    )
    return [
        html.tiles({"vega": as_inline_svg(vega, "vega"), "vanna": as_inline_svg(vanna, "vanna")}, broad=True),
        html.data_table(tables.vega_buckets(result)),
        html.picture(
            as_inline_svg(matrix, "vega-vega"),
            "Second derivatives in the volatility buckets; inside each expiry, deviations rise from "
            f"{b.deviation_labels[0]} to {b.deviation_labels[-1]}. Colours are logarithmic on both sides of zero.",
            wide=True,
        ),
    ]


def _hessian(result: RiskResult) -> list[str]:
    groups = hessian_groups(result.calibration.surface)
    scale = np.ones(len(result.greeks.inputs))
    scale[0], scale[1] = 0.01 * result.quotes.spot, 0.01
    figure = draw_signed_map(
        result.greeks.hessian * np.outer(scale, scale),
        groups,
        "Hessian of the book",
        "price per product of input units",
    )
    share = float(np.mean(np.abs(result.greeks.hessian) > 0.0))
    caption = (
        f"All {len(scale)} x {len(scale)} second derivatives: spot (per 1%), rate (per 1%), spline weights of "
        f"ln(volatility) by expiry and strike, levels of ln(variance). "
        f"{100.0 * share:.0f}% of the entries are not zero. Colours are "
        "logarithmic on both sides of zero, over four decades."
    )
    if result.greeks.errors is not None:
        caption += " Simulated options are in its entries of spot and rate alone."
    return [html.picture(as_inline_svg(figure, "hessian"), caption, wide=True)]


def _data(result: RiskResult) -> list[str]:
    return [
        html.data_table(data_tables.implied_market(result)),
        html.data_table(data_tables.worst_quotes(result)),
        html.data_table(tables.dropped(result)),
        html.folded("What each column was taken for", html.data_table(data_tables.columns_read(result))),
        html.folded("Input, version and options", html.data_table(data_tables.provenance(result))),
    ]


def hessian_groups(surface: CalibratedVolatility) -> list[tuple[str, int]]:
    """Return (label, size) of the blocks of inputs: spot, rate, the weights centred at one expiry each, the levels."""
    n_strikes = surface.strike_basis.size
    centres = np.exp(surface.time_basis.greville).tolist()
    return [
        ("spot", 1),
        ("rate", 1),
        *((readable_expiry(t), n_strikes) for t in centres),
        ("levels", surface.levels.size),
    ]
