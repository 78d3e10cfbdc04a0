"""Grids of the spot for the backward march and of log-moneyness for the forward one, and reading between nodes."""

from pricers.pde.grids.automatic_grid import default_grid
from pricers.pde.grids.interpolation import interpolate
from pricers.pde.grids.lagrange import (
    lagrange_derivatives,
    lagrange_start,
    lagrange_stencils,
    lagrange_weights,
)
from pricers.pde.grids.moneyness_grid import ForwardGrid, forward_grid
from pricers.pde.grids.spot_grids import Grid, log_grid, sinh_grid, uniform_grid

__all__ = [
    "ForwardGrid", "Grid", "default_grid", "forward_grid", "interpolate", "lagrange_derivatives",
    "lagrange_start", "lagrange_stencils", "lagrange_weights", "log_grid", "sinh_grid", "uniform_grid",
]  # fmt: skip
