"""Directions of the normals that a conditional expectation integrates out: fixed numbers, chosen once for a path.

Any unit direction gives an exact conditional expectation. The gradient of the claim at the forward prices takes most
of its variance; where it does not move every term to the same side of the strike, one that does is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.triangular import Factor, multiply, solve_transposed, total

SMALLEST_SHARE = 1e-3
"""Least size of a term's slope relative to its deviation: smaller ones leave the root badly placed."""


def factor_matrix(factor: Factor, n_assets: int) -> Floats:
    """Return a Cholesky factor as a float matrix."""
    return np.eye(n_assets) if factor is None else values_of(factor)


def slopes(direction: Floats, factor: Floats, deviations: Floats) -> Floats:
    """Return the derivative of every log price, (n_steps, n_assets), along a direction of that shape."""
    return np.asarray(deviations * np.cumsum(direction @ factor.T, axis=0))


def choose_direction(
    claim: LinearClaim,
    *,
    forwards: Floats,
    deviations: Floats,
    factor: Floats,
    first_step: int = 0,
) -> Floats:
    """Return a unit direction of the normals from `first_step` on, (n_steps, n_assets), zero before.

    Parameters
    ----------
    claim : LinearClaim over the dates at which the steps end
    forwards : (n_steps, n_assets) expected prices, to weigh the terms
    deviations : (n_assets,) standard deviations of one step
    factor : (n_assets, n_assets) Cholesky factor

    Raises
    ------
    AadValueError
        When an asset of the claim has no risk, or when no direction moves every term of the claim to the same side: an
        asset with weights of both signs.
    """
    if not np.all(deviations[np.any(claim.weights != 0.0, axis=0)] > 0.0):
        raise AadValueError(
            "volatilities: one is zero, and conditional_expectation integrates over a move of every asset; "
            "use smoothing='kernel', or leave the asset out"
        )
    weights = claim.weights if claim.geometric else claim.weights * forwards
    later = np.cumsum(weights[::-1], axis=0)[::-1]  # what the dates from here on weigh
    gradient = (later * deviations) @ factor
    signs = np.sign(claim.weights).sum(axis=0)
    uniform = np.tile(_solved(factor, np.sign(signs)), (len(weights), 1))
    for candidate in (gradient, uniform):
        candidate[:first_step] = 0.0
        length = float(np.linalg.norm(candidate))
        if length == 0.0:
            continue
        unit = candidate / length
        moved = slopes(unit, factor, deviations)
        if claim.geometric:
            return unit
        used = claim.weights != 0.0
        share = np.sign(claim.weights) * moved / np.broadcast_to(deviations, moved.shape)
        if (share[used] > SMALLEST_SHARE).all():
            return unit
    raise AadValueError(
        "conditional_expectation finds no direction in which the claim increases: an asset has weights of both signs; "
        "use smoothing='kernel' or 'likelihood_ratio'"
    )


def _solved(factor: Floats, moves: Floats) -> Floats:
    """Return the normals that make the moves; the nearest ones where assets are perfectly correlated."""
    if np.diag(factor).all():
        return np.asarray(np.linalg.solve(factor, moves))
    return np.asarray(np.linalg.lstsq(factor, moves)[0])


def require_same_side(weights: Iterable[float], along: Iterable[Any]) -> None:
    """Raise unless every term still moves to the side of its weight; in a recording the comparisons stay as guards.

    The direction is fixed where a path is built, the correlations that turn it into moves of the assets are not.
    """
    for weight, moved in zip(weights, along, strict=True):
        if weight != 0.0 and not weight * moved > 0.0:
            raise AadValueError(
                "correlations moved so far that the direction of the conditional expectation no longer fits: build the "
                "path again at these numbers"
            )


def take_out(direction: Floats, simulation: Simulation) -> tuple[Any, Simulation]:
    """Return the normals' component along a direction, and the simulation with what is left of them.

    The rest is left correlated: L z less the component times L e, so that the factor is applied once.
    """
    factor = simulation.factor
    shares = []
    for step, row in enumerate(direction):
        if row.any():
            weights = solve_transposed(factor, row.tolist()) if simulation.correlated else row.tolist()
            shares += [w * z for w, z in zip(weights, simulation.normals[step], strict=True)]
    share = total(shares)
    rest = []
    for step, row in enumerate(direction):
        shocks = simulation.shocks(step)
        if row.any():
            shocks = [s - e * share for s, e in zip(shocks, multiply(factor, row.tolist()), strict=True)]
        rest.append(shocks)
    return share, replace(simulation, normals=rest, correlated=True)
