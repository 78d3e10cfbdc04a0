"""The call of `bspline_pde` through the library's own march, under a spline in the spot or in spot and time.

The march is one operation of the recording here. The twin in jax takes the same payoff, averaged over the strike's
cell, the same steps and the same cubic reading at the spot, so that the numbers agree to round-off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

import aadlib as ad
from pricers.pde import backward
from pricers.pde.backward.payoff import averaged_payoff
from pricers.pde.grids import Grid, lagrange_weights, uniform_grid
from pricers.surfaces.bspline import BSplineBasis, TensorBasis, uniform_basis
from pricers.surfaces.spline_volatility import SplineVolatility

from .bspline_pde import EXPIRY, HIGHEST_SPOT, RATE, SPOT, STRIKE, weights

N_SPOTS, N_STEPS = 201, 100
SHAPE = (12, 8)

Basis = BSplineBasis | TensorBasis


def grid() -> Grid:
    """Return the grid of all these prices."""
    return uniform_grid(lowest=0.0, highest=HIGHEST_SPOT, n_nodes=N_SPOTS)


def static_basis(n_weights: int) -> BSplineBasis:
    """Return the cubic basis in the spot."""
    return uniform_basis(lower=0.0, upper=HIGHEST_SPOT, size=n_weights)


def tensor_basis(shape: tuple[int, int] = SHAPE) -> TensorBasis:
    """Return the cubic basis in spot and time."""
    return TensorBasis(static_basis(shape[0]), uniform_basis(lower=0.0, upper=EXPIRY, size=shape[1]))


def tensor_weights(shape: tuple[int, int] = SHAPE) -> npt.NDArray[np.float64]:
    """Return weights of a skew that lifts with time, flat."""
    return (weights(shape[0])[:, None] * np.linspace(1.0, 1.2, shape[1])).ravel()


def price(x: Any, basis: Basis, *, expand: bool = False) -> Any:
    """Return the price for flat weights `x`, in the number type of `x`."""
    shape = (basis.size,) if isinstance(basis, BSplineBasis) else basis.shape
    return backward.price(
        spot=SPOT,
        strike=STRIKE,
        expiry=EXPIRY,
        rate=RATE,
        volatility=SplineVolatility(basis, np.asarray(x).reshape(shape)),
        grid=grid(),
        n_steps=N_STEPS,
        damped_steps=0,
        expand=expand,
    )


def recorded(x: npt.NDArray[np.float64], basis: Basis, *, expand: bool = False) -> ad.Program:
    """Record the price at weights `x`."""
    return ad.record(partial(price, basis=basis, expand=expand), x)


def jax_price(basis: Basis) -> Callable[[Any], Any]:
    """Return the same price written for jax: LAPACK's tridiagonal solver inside a scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    nodes = grid().spots
    step = EXPIRY / N_STEPS
    in_spot = jnp.asarray((basis if isinstance(basis, BSplineBasis) else basis.first).matrix(nodes[1:-1]))
    node = jnp.asarray(nodes[1:-1] / (nodes[1] - nodes[0]))
    initial = jnp.asarray([float(v) for v in averaged_payoff(grid(), STRIKE, True)])
    tops = jnp.asarray(HIGHEST_SPOT - STRIKE * np.exp(-RATE * step * np.arange(1, N_STEPS + 1)))
    start = int(np.searchsorted(nodes, SPOT, side="right")) - 2
    reading = jnp.asarray(lagrange_weights(nodes[start : start + 4].tolist(), SPOT))

    def bands(volatility: Any) -> tuple[Any, Any, Any]:
        diffusion = 0.25 * step * (node * volatility) ** 2
        drift = 0.25 * step * RATE * node
        return diffusion - drift, -2.0 * diffusion - 0.5 * step * RATE, diffusion + drift

    def advance(values: Any, top: Any, lower: Any, diagonal: Any, upper: Any) -> Any:
        right = lower * values[:-2] + (1.0 + diagonal) * values[1:-1] + upper * values[2:]
        right = right.at[-1].add(upper[-1] * top)
        below = jnp.concatenate([jnp.zeros(1), -lower[1:]])
        above = jnp.concatenate([-upper[:-1], jnp.zeros(1)])
        inner = jax.lax.linalg.tridiagonal_solve(below, 1.0 - diagonal, above, right[:, None])[:, 0]
        return jnp.concatenate([jnp.zeros(1), inner, top[None]])

    def static(x: Any) -> Any:
        rows = bands(in_spot @ x)
        values, _ = jax.lax.scan(lambda v, top: (advance(v, top, *rows), None), initial, tops)
        return reading @ values[start : start + 4]

    if isinstance(basis, BSplineBasis):
        return static
    in_time = jnp.asarray(basis.second.matrix((N_STEPS - 0.5 - np.arange(N_STEPS)) * step))

    def moving(x: Any) -> Any:
        volatility = in_time @ (in_spot @ x.reshape(basis.shape)).T
        values, _ = jax.lax.scan(
            lambda v, given: (advance(v, given[0], *bands(given[1])), None), initial, (tops, volatility)
        )
        return reading @ values[start : start + 4]

    return moving
