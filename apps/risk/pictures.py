"""The pictures of the risk report: what is drawn as soon as its numbers are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.report.diagnostics import draw_convergence, draw_errors, draw_residuals
from apps.report.drawing import Picture
from apps.report.fit_pictures import grid_of, implied_grid_of, smile_of
from apps.report.matrices import draw_buckets, draw_signed_map
from apps.report.plots import as_inline_svg, readable_expiry
from apps.report.smiles import representative, smile_pictures
from apps.report.surfaces import draw_surface
from apps.risk.results import Valuation

if TYPE_CHECKING:
    from pricers.calibration.svi_fit import SVIFit
    from pricers.surfaces.calibrated_volatility import CalibratedVolatility


def _svg(name: str, draw: Callable[..., Any], *arguments: Any) -> str:
    """Draw one picture."""
    return as_inline_svg(draw(*arguments), name)


def _named(pictures: dict[str, tuple[Any, ...]]) -> dict[str, Picture]:
    """Return pictures of name to drawing function and arguments."""
    return {name: Picture(_svg, (name, *rest)) for name, rest in pictures.items()}


def greek_pictures(result: Valuation) -> dict[str, Picture]:
    """Return the pictures of the surface and the Greeks."""
    b, greeks, surface = result.buckets, result.greeks, result.calibration.surface
    names = ("expiry", "deviations ln(K/F) / (ATM vol √T)")
    labels, shape = (b.expiry_labels, b.deviation_labels), (b.expiries.size, b.deviations.size)
    vega, vanna = greeks.vega.reshape(shape), greeks.spot_vega.reshape(shape)
    groups = [(label, b.deviations.size) for label in b.expiry_labels]
    q, c = result.quotes, result.calibration
    return _named(
        {
            "surface": (draw_surface, grid_of(q, surface), "Calibrated local volatility"),
            "implied": (draw_surface, implied_grid_of(q, c), "Implied volatility", "implied volatility"),
            "residuals": (
                draw_residuals, q.log_moneyness, q.expiry, c.residuals, "Every quote: fit less mid",
            ),
            "vega": (draw_buckets, vega, *labels, "Bucketed vega", "price per volatility point", names),
            "vanna": (draw_buckets, vanna, *labels, "Bucketed vanna", "delta per volatility point", names),
            "vega-vega": (
                draw_signed_map, greeks.vega_vega, groups, "Vega-vega matrix", "price per volatility point squared",
            ),
            "hessian": (
                draw_signed_map, greeks.hessian * np.outer(*2 * [input_units(result)]), hessian_groups(surface),
                "Hessian of the book", "price per product of input units",
            ),
        }
    )  # fmt: skip


def fit_pictures(result: Valuation, svi: SVIFit, n_smiles: int) -> dict[str, Picture]:
    """Return the pictures of the fit beside the SVI slices, with the smiles of so many expiries."""
    q, c = result.quotes, result.calibration
    expiries = np.array([s.expiry for s in q.slices])
    errors = [("local volatility", c.quality.slice_rmse), ("SVI, slice by slice", svi.quality.slice_rmse)]
    pictures: dict[str, tuple[Any, ...]] = {"errors": (draw_errors, expiries, errors, "Error of each expiry")}
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
        pictures["convergence"] = draw_convergence, error, accepted, lines, "Convergence of the calibration"
    smiles = [smile_of(q, c, svi, k) for k in representative(expiries, n_smiles)]
    return {**_named(pictures), "smiles": Picture(smile_pictures, (smiles,))}


def input_units(result: Valuation) -> Any:
    """Return the unit of each input in the picture of the Hessian: 1% of spot, 1% of rate."""
    scale = np.ones(len(result.greeks.inputs))
    scale[0], scale[1] = 0.01 * result.quotes.spot, 0.01
    return scale


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
