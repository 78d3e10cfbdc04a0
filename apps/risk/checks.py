"""Numbers of the risk report checked by other means than the ones that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aadlib.types import Floats
from apps.risk.bumping import bumped, differences, rate_step, spot_step
from apps.risk.model import BookModel
from apps.risk.results import VOLATILITY_POINT, BookGreeks, Check
from pricers.pde.forward import READING_WIDTH, march_forward
from pricers.pde.grids import lagrange_start, lagrange_weights

if TYPE_CHECKING:
    import aadlib as ad
    from pricers.pde.grids import ForwardGrid


_FLAT_VOLATILITY = 0.2
_REFINEMENT = 1.5
_LOG_VOLATILITY_BUMP = 1e-3
_VOLATILITY_BUMP = 0.1  # volatility points


def check_greeks(model: BookModel, program: ad.Program, greeks: BookGreeks) -> list[Check]:
    """Return checks by bumping, by marching again, by a finer grid and by Black-Scholes."""
    grid = model.grid()
    return [
        *_by_bumps(model, program, greeks, grid),
        *_by_a_raised_surface(model, greeks, grid),
        *_by_a_finer_grid(model, greeks),
        *_by_closed_form(model, program, grid),
    ]


def _by_bumps(model: BookModel, program: ad.Program, greeks: BookGreeks, grid: ForwardGrid) -> list[Check]:
    """Compare with extrapolated differences of replayed prices: the same grid, no derivatives."""
    how = "extrapolated bumps, same grid"
    point, g, h = model.point, greeks.gradient, greeks.hessian
    parallel = np.zeros(point.size)
    parallel[2 : 2 + model.surface.weights.size] = 1.0
    delta, gamma = _spot_differences(model, program, model.point, grid)
    rho, convexity = differences(lambda s: model.value(program, bumped(point, 1, s)), rate_step(grid))
    vega, volga = differences(lambda s: model.value(program, point + s * parallel), _LOG_VOLATILITY_BUMP)
    weights = parallel[: g.size]
    return [
        Check("delta", "price / index point", float(g[0]), delta, how),
        Check("gamma", "price / index point^2", float(h[0, 0]), gamma, how),
        Check("rho", "price / unit of rate", float(g[1]), rho, how),
        Check("rate convexity", "price / unit of rate^2", float(h[1, 1]), convexity, how),
        Check("vega, all weights", "price / unit of ln vol", float(weights @ g), vega, how),
        Check("volga, all weights", "price / (ln vol)^2", float(weights @ h @ weights), volga, how),
    ]


def _by_a_raised_surface(model: BookModel, greeks: BookGreeks, grid: ForwardGrid) -> list[Check]:
    """Compare the sums over all buckets with marches on sigma + constant: no buckets, no recording."""
    how = "extrapolated bumps of sigma, same grid marched again"
    vega, volga = differences(lambda h: raised_value(model, grid, h), _VOLATILITY_BUMP)
    return [
        Check("vega, all buckets", "price / vol point", float(greeks.vega.sum()), vega, how),
        Check("volga, all buckets", "price / vol point^2", float(greeks.vega_vega.sum()), volga, how),
    ]


def raised_value(model: BookModel, grid: ForwardGrid, points: float) -> float:
    """Return the value of the book on its local volatility raised everywhere by so many points."""
    c, nodes = model.contracts, grid.nodes
    volatility = model.surface.local_volatility(log_moneyness=nodes, time=grid.midpoints[:, None])
    variance = ((volatility + VOLATILITY_POINT * points) ** 2).tolist()
    calls = np.array(march_forward(grid=grid, variance=lambda step: variance[step]))
    x = model.log_moneyness
    row = np.argmin(np.abs(grid.expiries[:, None] - c["expiries"]), axis=0)
    around = lagrange_start(nodes, x, READING_WIDTH) + np.arange(READING_WIDTH)[:, None]
    call = np.sum(np.array(lagrange_weights(list(nodes[around]), x)) * calls[row, around], axis=0)
    price = np.where(c["is_call"], call, call - (1.0 - np.exp(x)))
    return float(model.quantities @ (c["discounts"] * c["forwards"] * price))


def _by_a_finer_grid(model: BookModel, greeks: BookGreeks) -> list[Check]:
    """Compare with a finer grid that is damped more, differenced in spot."""
    grid = model.finer_grid(_REFINEMENT)
    program, spot = model.record_in_spot(grid), np.array([model.quotes.spot])
    delta, gamma = _spot_differences(model, program, spot, grid)
    how = f"extrapolated bumps, grid {_REFINEMENT:g} times as fine and damped twice as long"
    return [
        Check("value", "price", greeks.value, model.value(program, spot), how),
        Check("delta", "price / index point", float(greeks.gradient[0]), delta, how),
        Check("gamma", "price / index point^2", float(greeks.hessian[0, 0]), gamma, how),
    ]


def _by_closed_form(model: BookModel, program: ad.Program, grid: ForwardGrid) -> list[Check]:
    """Replay the recording on a flat surface, where Black-Scholes knows the answer."""
    from pricers import black_scholes

    c, spot = model.contracts, model.quotes.spot
    rate = -np.log(c["discounts"]) / c["expiries"]
    closed_form = black_scholes.greeks(
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
    flat[2 + n_weights :] = 0.0  # no levels, no bumps
    quantities = model.quantities
    gradient = quantities @ program.jacobian(flat)
    gamma, _ = differences(
        lambda h: quantities @ model.spot_slope(program, bumped(flat, 0, h)), spot_step(grid, spot)
    )
    how = f"Black-Scholes, flat {100.0 * _FLAT_VOLATILITY:.0f}% surface"

    def total(each: Floats) -> float:
        return float(quantities @ each)

    return [
        Check("value", "price", model.value(program, flat), total(closed_form.price), how),
        Check("delta", "price / index point", float(gradient[0]), total(closed_form.delta), how),
        Check("gamma", "price / index point^2", float(gamma), total(closed_form.gamma), how),
        Check("rho", "price / unit of rate", float(gradient[1]), total(closed_form.rho), how),
        Check(
            "vega", "price / unit of vol", float(gradient[model.bumps].sum()), total(closed_form.vega), how
        ),
    ]


def _spot_differences(
    model: BookModel, program: ad.Program, point: Floats, grid: ForwardGrid
) -> tuple[float, float]:
    """Return delta and gamma of the book by bumping."""
    first, second = differences(
        lambda h: model.value(program, bumped(point, 0, h)), spot_step(grid, float(point[0]))
    )
    return float(first), float(second)
