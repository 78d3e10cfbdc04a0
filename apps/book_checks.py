"""Numbers of the risk report checked by other means than the ones that made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from apps.results import BookGreeks, Check

if TYPE_CHECKING:
    import aadlib as ad
    from apps.book_greeks import BookModel

FloatArray = NDArray[np.float64]

_FLAT_VOLATILITY = 0.2
_REFINEMENT = 1.5
_SPOT_BUMP = 5e-4  # of the spot
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
    """Compare with extrapolated differences of replayed prices: the same grid, no adjoints."""
    how = "extrapolated bumps, same grid"
    delta, gamma = _spot_differences(model, program.value)
    rho, convexity = _differences(lambda h: program.value(_moved(model.point, 1, h)), _RATE_BUMP)
    parallel = np.zeros(len(model.point))
    parallel[2 : 2 + model.surface.weights.size] = 1.0
    vega, volga = _differences(lambda h: program.value(model.point + h * parallel), _LOG_VOLATILITY_BUMP)
    point = model.point
    return [
        Check("delta", "price / index point", float(greeks.gradient[0]), delta, how),
        Check("gamma", "price / index point^2", float(greeks.hessian[0, 0]), gamma, how),
        Check("rho", "price / unit of rate", float(greeks.gradient[1]), rho, how),
        Check("rate convexity", "price / unit of rate^2", float(greeks.hessian[1, 1]), convexity, how),
        Check("vega, all weights", "price / unit of ln vol", float(parallel @ greeks.gradient), vega, how),
        Check(
            "volga, all weights",
            "price / (ln vol)^2",
            float(parallel @ program.hvp(point, parallel)),
            volga,
            how,
        ),
    ]


def _by_a_finer_grid(model: BookModel, greeks: BookGreeks) -> list[Check]:
    """Compare with a finer grid, differenced in spot."""
    program = model.record(_REFINEMENT)
    delta, gamma = _spot_differences(model, program.value)
    how = f"extrapolated bumps, grid {_REFINEMENT:g} times as fine"
    return [
        Check("value", "price", greeks.value, float(program.value(model.point)), how),
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
    value, gradient = program.value_and_gradient(flat)
    in_spot = np.zeros(flat.size)
    in_spot[0] = 1.0
    gamma = program.hvp(flat, in_spot)[0]
    vega = gradient[2 : 2 + n_weights].sum() / _FLAT_VOLATILITY  # every weight is a log volatility
    how = f"Black-Scholes, flat {100.0 * _FLAT_VOLATILITY:.0f}% surface"

    def total(each: FloatArray) -> float:
        return float(model.quantities @ each)

    return [
        Check("value", "price", float(value), total(known.price), how),
        Check("delta", "price / index point", float(gradient[0]), total(known.delta), how),
        Check("gamma", "price / index point^2", float(gamma), total(known.gamma), how),
        Check("rho", "price / unit of rate", float(gradient[1]), total(known.rho), how),
        Check("vega", "price / unit of vol", float(vega), total(known.vega), how),
    ]


def _spot_differences(model: BookModel, value: Callable[[FloatArray], float]) -> tuple[float, float]:
    return _differences(lambda h: value(_moved(model.point, 0, h)), _SPOT_BUMP * model.quotes.spot)


def _moved(point: FloatArray, position: int, step: float) -> FloatArray:
    moved = point.copy()
    moved[position] += step
    return moved


def _differences(value: Callable[[float], float], step: float) -> tuple[float, float]:
    """Return first and second central differences, extrapolated from steps h and 2 h to fourth order."""
    centre = value(0.0)
    up, down, far_up, far_down = (value(k * step) for k in (1.0, -1.0, 2.0, -2.0))
    first = (8.0 * (up - down) - (far_up - far_down)) / (12.0 * step)
    second = (16.0 * (up + down) - (far_up + far_down) - 30.0 * centre) / (12.0 * step * step)
    return float(first), float(second)
