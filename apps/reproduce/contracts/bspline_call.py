"""The call of the report's section 4.3: a local volatility in cubic B-spline weights, by Crank-Nicolson."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.types import Floats
from pricers.pde import backward, grids
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.spline_volatility import SplineVolatility

HIGHEST_SPOT = 300.0


def skew(n_weights: int) -> Floats:
    """Return weights from 30% at spot 0 down to 15% at the highest spot, (n_weights,)."""
    return np.linspace(0.30, 0.15, n_weights)


def price(weights: Any, *, expand: bool = False, n_nodes: int = 201, n_steps: int = 100) -> Any:
    """Return the price of a one-year call, spot and strike 100, rate 5%, on uniform spots from 0 to 300.

    `expand` records every operation of the march, which methods that sweep single operations need.
    """
    basis = uniform_basis(lower=0.0, upper=HIGHEST_SPOT, size=len(weights))
    return backward.price(
        spot=100.0,
        strike=100.0,
        expiry=1.0,
        rate=0.05,
        volatility=SplineVolatility(basis, weights),
        grid=grids.uniform_grid(lowest=0.0, highest=HIGHEST_SPOT, n_nodes=n_nodes),
        n_steps=n_steps,
        expand=expand,
    )
