"""Finite differences: grids, and the backward and the forward march on them."""

from pricers.pde import backward, forward, grids
from pricers.pde.backward import crank_nicolson, extrapolated_price
from pricers.pde.claims import MarketPrice, MarketPrices, american, barrier, digital, european, vanillas
from pricers.pde.forward import book_grid, march_forward, price_book, read_options
from pricers.pde.grids import (
    ForwardGrid,
    Grid,
    default_grid,
    forward_grid,
    interpolate,
    log_grid,
    sinh_grid,
    uniform_grid,
)

__all__ = [
    "ForwardGrid", "Grid", "MarketPrice", "MarketPrices", "american", "backward", "barrier", "book_grid",
    "crank_nicolson", "default_grid", "digital", "european", "extrapolated_price", "forward", "forward_grid", "grids",
    "interpolate", "log_grid", "march_forward", "price_book", "read_options", "sinh_grid", "uniform_grid",
    "vanillas",
]  # fmt: skip
