"""Price and Greeks of one option by the backward march over the calibrated surface."""

from __future__ import annotations

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.risk.model import BookModel
from apps.risk.products.contract import Contract, OptionTerms
from apps.risk.results import UnitGreeks
from greeks2 import hessian_result

OVER = "knocked out"
"""The engine of what is over and worth nothing."""

SIZES = {"n_nodes": 601, "n_steps": 300}
"""Of the march: gammas of the cubic that is read at the spot are 0.1% off, 0.5% on two thirds of the nodes."""
COARSE = {"n_nodes": 301, "n_steps": 150}
"""Of the march whose gradients are differenced, two for each input."""

LEVEL_STEP = 0.1  # of the logarithm of the local variance
BUMP_STEP = 0.01
"""Steps of differences that carry the boundary of early exercise over many nodes, beside those of
`pricers.calibration.curvature`."""


def backward_greeks(model: BookModel, contract: Contract, terms: OptionTerms) -> UnitGreeks:
    """Return price, gradient and Hessian of an option in all of the model's inputs.

    Notes
    -----
    Derivatives are exact ones of the recorded march, but for American options second ones that do not involve the spot:
    those of a recording hold the exercised nodes where they are and leave the boundary's motion out (an at-the-money
    volga can have the wrong sign). They are central differences of exact gradients over steps that carry the boundary
    over many nodes. Delta's own derivatives need none: at the spot nothing is exercised.
    """
    point, market = model.point, model.market(model.point)
    claim = contract.claim(market, terms, **SIZES)
    if claim is None:
        return UnitGreeks(0.0, np.zeros(point.size), np.zeros((point.size, point.size)), OVER)
    program = ad.record(lambda x: claim.price_at(model.market(x)), point)
    engine = f"backward PDE, {SIZES['n_nodes']} nodes x {SIZES['n_steps']} steps"
    if not program.kinks:
        result = hessian_result(program, point)
        return UnitGreeks(float(result.value), result.gradient, result.matrix, engine)
    coarse = contract.claim(market, terms, **COARSE)
    assert coarse is not None
    hessian = _by_differences(model, ad.record(lambda x: coarse.price_at(model.market(x)), point))
    hessian[0] = hessian[:, 0] = program.hvp(point, np.eye(1, point.size)[0])
    return UnitGreeks(float(program.value(point)), np.asarray(program.gradient(point)), hessian, engine)


def _by_differences(model: BookModel, program: ad.Program) -> Floats:
    """Return the Hessian by differences of gradients, but for the spot's row; what moves nothing has zeros."""
    from pricers.calibration.curvature import RATE_STEP, WEIGHT_STEP

    point, weights = model.point, model.surface.weights.size
    steps = np.full(point.size, LEVEL_STEP)
    steps[1], steps[2 : 2 + weights], steps[model.bumps] = RATE_STEP, WEIGHT_STEP, BUMP_STEP
    hessian = np.zeros((point.size, point.size))
    for k in np.flatnonzero(program.gradient(point)).tolist():
        up, down = point.copy(), point.copy()
        up[k] += steps[k]
        down[k] -= steps[k]
        hessian[k] = (program.gradient(up) - program.gradient(down)) / (2.0 * steps[k])
    return np.asarray(0.5 * (hessian + hessian.T))
