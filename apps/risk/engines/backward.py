"""Price and Greeks of one option by the backward march over the calibrated surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.risk.model import BookModel
from apps.risk.results import UnitGreeks
from greeks2 import hessian_result

if TYPE_CHECKING:
    from pricers.pde import MarketPrice

OVER = "knocked out"
"""The engine of what is over and worth nothing."""

RATE_STEP = 0.005
WEIGHT_STEP = 0.05  # of the logarithm of the local volatility
LEVEL_STEP = 0.1  # of the logarithm of the local variance
BUMP_STEP = 0.01
"""Steps of differences that carry the boundary of early exercise over many nodes."""


def backward_greeks(model: BookModel, claim: MarketPrice | None) -> UnitGreeks:
    """Return price, gradient and Hessian of an option in all of the model's inputs.

    Parameters
    ----------
    claim : its price as a function of a market, or None for one that is over and worth nothing

    Notes
    -----
    Derivatives are exact ones of the recorded march, but for American options second ones that do not involve the spot:
    those of a recording hold the exercised nodes where they are and leave the boundary's motion out (an at-the-money
    volga can have the wrong sign). They are central differences of exact gradients over steps that carry the boundary
    over many nodes. Delta's own derivatives need none: at the spot nothing is exercised.
    """
    point = model.point
    n = point.size
    if claim is None:
        return UnitGreeks(0.0, np.zeros(n), np.zeros((n, n)), OVER)
    program = ad.record(lambda x: claim.price_at(model.market(x)), point)
    engine = f"backward PDE, {claim.legs[0].grid.n_nodes} nodes x {claim.n_steps} steps"
    if program.kinks:
        gradient = np.asarray(program.gradient(point))
        return UnitGreeks(
            float(program.value(point)), gradient, _with_moving_boundary(model, program), engine
        )
    result = hessian_result(program, point)
    return UnitGreeks(float(result.value), result.gradient, result.matrix, engine)


def _with_moving_boundary(model: BookModel, program: ad.Program) -> Floats:
    """Return the Hessian by differences of gradients, its row of the spot exact."""
    point, weights = model.point, model.surface.weights.size
    steps = np.full(point.size, LEVEL_STEP)
    steps[1], steps[2 : 2 + weights], steps[model.bumps] = RATE_STEP, WEIGHT_STEP, BUMP_STEP
    hessian = np.zeros((point.size, point.size))
    for k in range(1, point.size):
        up, down = point.copy(), point.copy()
        up[k] += steps[k]
        down[k] -= steps[k]
        hessian[k] = (program.gradient(up) - program.gradient(down)) / (2.0 * steps[k])
    hessian = 0.5 * (hessian + hessian.T)
    along_spot = np.eye(1, point.size)[0]
    hessian[0] = hessian[:, 0] = program.hvp(point, along_spot)
    return hessian
