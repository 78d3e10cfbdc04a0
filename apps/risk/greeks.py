"""Greeks of the book: one exact Hessian in spot, rate, surface parameters and bumps, and each position's own."""

from __future__ import annotations

import numpy as np

import aadlib as ad
from apps.risk.bumping import bumped, differences, spot_step
from apps.risk.model import BookModel
from apps.risk.results import VOLATILITY_POINT, BookGreeks
from greeks2 import hessian_result


def no_greeks(model: BookModel) -> BookGreeks:
    """Return the Greeks of a book without vanillas."""
    n, n_buckets, none = len(model.inputs), model.buckets.size, np.empty(0)
    zeros = np.zeros(n_buckets)
    return BookGreeks(
        inputs=model.inputs,
        value=0.0,
        gradient=np.zeros(n),
        hessian=np.zeros((n, n)),
        vega=zeros,
        vega_vega=np.zeros((n_buckets, n_buckets)),
        spot_vega=zeros,
        rate_vega=zeros,
        unit_prices=none,
        unit_deltas=none,
        unit_gammas=none,
        unit_vegas=none,
        unit_black_vegas=none,
        method="no vanillas",
    )


def book_greeks(model: BookModel, program: ad.Program, *, method: str) -> BookGreeks:
    """Return value, gradient and Hessian of the book, and the Greeks of each position.

    Parameters
    ----------
    program : recording of `model`
    method : a method of `greeks2.hessian`
    """
    point = model.point
    result = hessian_result(program, point, weights=model.quantities, method=method)
    gradient, hessian = result.gradient, result.matrix
    inputs, bumps = slice(0, model.bumps.start), model.bumps
    gradients, prices = program.jacobian(point), np.asarray(program.value(point))
    gammas, _ = differences(
        lambda h: model.spot_slope(program, bumped(point, 0, h)), spot_step(model.grid(), point[0])
    )
    return BookGreeks(
        inputs=model.inputs,
        value=result.value,
        gradient=gradient[inputs],
        hessian=hessian[inputs, inputs],
        vega=VOLATILITY_POINT * gradient[bumps],
        vega_vega=VOLATILITY_POINT**2 * hessian[bumps, bumps],
        spot_vega=VOLATILITY_POINT * hessian[0, bumps],
        rate_vega=VOLATILITY_POINT * hessian[1, bumps],
        unit_prices=prices,
        unit_deltas=gradients[:, 0],
        unit_gammas=gammas,
        unit_vegas=VOLATILITY_POINT * gradients[:, bumps].sum(axis=1),
        unit_black_vegas=model.black_vegas(prices),
        method=f"{result.method.replace('_', ' ')} over a recorded forward PDE of {program.n_nodes:,} operations",
    )
