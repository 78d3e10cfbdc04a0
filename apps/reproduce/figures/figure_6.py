"""Figure 6: the Hessian of a call in ten B-spline weights of a local volatility."""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.report.matrices import draw_bars
from apps.report.tables import Column, table
from apps.reproduce.reproduction import Reproduction
from pricers.pde import backward, grids
from pricers.surfaces.bspline import uniform_basis

N_WEIGHTS = 10
PUBLISHED_NON_ZERO = 0.36
"""Share of entries that are not zero, by the report."""

_GRID = grids.uniform_grid(lowest=0.0, highest=300.0, n_nodes=201)
_BASIS = uniform_basis(lower=0.0, upper=300.0, size=N_WEIGHTS).matrix(_GRID.spots)
_SKEW = np.linspace(0.30, 0.15, N_WEIGHTS)


def price(weights: Any) -> Any:
    """Return the price of a one-year call at the money, sigma(S) = sum of weights times cubic B-splines."""
    return backward.price(
        spot=100.0, strike=100.0, expiry=1.0, rate=0.05, volatility=_BASIS @ weights, grid=_GRID, n_steps=100
    )


def reproduce() -> Reproduction:
    """Return the matrix as bars, its share of entries that are not zero, and a check by bumping."""
    program = ad.record(price, _SKEW)
    hessian = program.hessian(_SKEW)
    bumped = _bumped(program)
    size = np.abs(hessian)
    shares = [
        ("not zero", float(np.mean(size > 0.0))),
        ("above 1e-6 of the largest", float(np.mean(size > 1e-6 * size.max()))),
        ("above 1e-2 of the largest", float(np.mean(size > 1e-2 * size.max()))),
    ]
    columns = [Column("entries"), Column("share", "%", ".0f")]
    rows = [
        ("not zero, by the report", 100.0 * PUBLISHED_NON_ZERO),
        *((name, 100.0 * share) for name, share in shares),
    ]
    checks = [
        ("price", float(program.value(_SKEW))),
        ("largest entry", float(size.max())),
        ("largest difference from bumping", float(np.abs(hessian - bumped).max())),
    ]
    return Reproduction(
        title="Figure 6: Hessian of a call in ten B-spline weights (spot and strike 100, rate 5%, one year)",
        figure=draw_bars(
            hessian,
            [f"$w_{{{k}}}$" for k in range(N_WEIGHTS)],
            "Hessian of the price in the spline weights",
            "second derivative (price / volatility²)",
        ),
        checks=(
            table("Entries", columns, rows),
            table("Hessian", [Column("quantity"), Column("value", "", ".6g")], checks),
        ),
        remark=(
            "The report calls the matrix sparse. It is dense, as diffusion carries every weight to every node; "
            "its 36% is the share above a threshold near 1e-6 of the largest. Sparse are only the arcs alive during "
            "the sweep."
        ),
    )


def _bumped(program: ad.Program, step: float = 1e-3) -> Floats:
    """Return central second differences of replayed prices, (n, n)."""
    n = N_WEIGHTS
    moves = step * np.eye(n)

    def mixed(i: int, j: int) -> float:
        signs = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
        total = sum(a * b * program.value(_SKEW + a * moves[i] + b * moves[j]) for a, b in signs)
        return float(total / (4.0 * step * step))

    return np.array([[mixed(i, j) for j in range(n)] for i in range(n)])
