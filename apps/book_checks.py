"""Numbers of the risk report checked by other means than the ones that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from apps.book_greeks import SPOT_BUMP, BookModel, differences, moved
from apps.results import BookGreeks, Check

if TYPE_CHECKING:
    import aadlib as ad

FloatArray = NDArray[np.float64]

_FLAT_VOLATILITY = 0.2
_REFINEMENT = 1.5
_RATE_BUMP = 5e-4
_LOG_VOLATILITY_BUMP = 1e-3


def check_greeks(model: BookModel, program: ad.Program, greeks: BookGreeks) -> list[Check]:
    """Return checks by bumping, by a finer grid and by Black-Scholes."""
    return [
        *_by_bumps(model, program, greeks),
        *_by_a_finer_grid(model, greeks),
        *_by_closed_form(model, program),
    ]


def _by_bumps(model: BookModel, program: ad.Program, greeks: BookGreeks) -> list[Check]:
    """Compare with extrapolated differences of replayed prices: the same grid, no derivatives."""
    how = "extrapolated bumps, same grid"
    point, g, h = model.point, greeks.gradient, greeks.hessian
    parallel = np.zeros(point.size)
    parallel[2 : 2 + model.surface.weights.size] = 1.0
    delta, gamma = _spot_differences(model, program)
    rho, convexity = differences(lambda s: model.value(program, moved(point, 1, s)), _RATE_BUMP)
    vega, volga = differences(lambda s: model.value(program, point + s * parallel), _LOG_VOLATILITY_BUMP)
    return [
        Check("delta", "price / index point", float(g[0]), delta, how),
        Check("gamma", "price / index point^2", float(h[0, 0]), gamma, how),
        Check("rho", "price / unit of rate", float(g[1]), rho, how),
        Check("rate convexity", "price / unit of rate^2", float(h[1, 1]), convexity, how),
        Check("vega, all weights", "price / unit of ln vol", float(parallel @ g), vega, how),
        Check("volga, all weights", "price / (ln vol)^2", float(parallel @ h @ parallel), volga, how),
    ]


def _by_a_finer_grid(model: BookModel, greeks: BookGreeks) -> list[Check]:
    """Compare with a finer grid, differenced in spot."""
    program = model.record(_REFINEMENT)
    delta, gamma = _spot_differences(model, program)
    how = f"extrapolated bumps, grid {_REFINEMENT:g} times as fine"
    return [
        Check("value", "price", greeks.value, model.value(program, model.point), how),
        Check("delta", "price / index point", float(greeks.gradient[0]), delta, how),
        Check("gamma", "price / index point^2", float(greeks.hessian[0, 0]), gamma, how),
    ]


def _by_closed_form(model: BookModel, program: ad.Program) -> list[Check]:
    """Replay the recording on a flat surface, where Black-Scholes knows the answer."""
    from pricers import black_scholes

    c, spot = model.contracts, model.quotes.spot
    rate = -np.log(c["discounts"]) / c["expiries"]
    known = black_scholes.greeks(
        spot=spot,
        strike=c["strikes"],
        expiry=c["expiries"],
        rate=rate,
        dividend_yield=rate - np.log(c["forwards"] / spot) / c["expiries"],
        volatility=_FLAT_VOLATILITY,
        is_call=c["is_call"],
    )
    n_weights = model.surface.weights.size
    flat = model.point
    flat[2 : 2 + n_weights] = np.log(_FLAT_VOLATILITY)
    flat[2 + n_weights :] = 0.0
    quantities = model.quantities
    gradient = quantities @ program.jacobian(flat)
    gamma, _ = differences(
        lambda h: quantities @ model.spot_slope(program, moved(flat, 0, h)), SPOT_BUMP * spot
    )
    vega = gradient[2 : 2 + n_weights].sum() / _FLAT_VOLATILITY  # every weight is a log volatility
    how = f"Black-Scholes, flat {100.0 * _FLAT_VOLATILITY:.0f}% surface"

    def total(each: FloatArray) -> float:
        return float(quantities @ each)

    return [
        Check("value", "price", model.value(program, flat), total(known.price), how),
        Check("delta", "price / index point", float(gradient[0]), total(known.delta), how),
        Check("gamma", "price / index point^2", float(gamma), total(known.gamma), how),
        Check("rho", "price / unit of rate", float(gradient[1]), total(known.rho), how),
        Check("vega", "price / unit of vol", float(vega), total(known.vega), how),
    ]


def _spot_differences(model: BookModel, program: ad.Program) -> tuple[float, float]:
    """Return delta and gamma of the book by bumping."""
    first, second = differences(
        lambda h: model.value(program, moved(model.point, 0, h)), SPOT_BUMP * model.quotes.spot
    )
    return float(first), float(second)
