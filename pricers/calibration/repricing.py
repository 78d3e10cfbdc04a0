"""Implied volatilities of a surface at quotes, on a grid of choice."""

from __future__ import annotations

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_instance
from pricers.analytic.analytic_kernels import implied_deviation_kernel
from pricers.calibration.frame import SAME_TIME, distinct_expiries, march_grid
from pricers.calibration.quality import require_quotes
from pricers.chain.quotes import Quotes
from pricers.pde.forward.compiled import CompiledForwardMarch
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

FINE = 4
"""Refinement of the checking grid: 2,000 nodes, four times the steps."""


def reprice(*, surface: CalibratedVolatility, quotes: Quotes, grid: ForwardGrid | None = None) -> Floats:
    """Return the implied volatilities of a surface at every quote.

    Parameters
    ----------
    surface : CalibratedVolatility
    quotes : Quotes
        Their prices are not used.
    grid : ForwardGrid, optional
        By default 2,000 nodes and four times the calibration's steps.

    Returns
    -------
    (n_quotes,) ndarray
        Per square root of a year.

    Raises
    ------
    AadValueError
        If the grid misses an expiry of the quotes.
    """
    require_instance(
        "surface", surface, CalibratedVolatility, "a CalibratedVolatility, such as a calibration's"
    )
    require_quotes(quotes)
    grid = march_grid(quotes, refinement=FINE) if grid is None else grid
    require_instance("grid", grid, ForwardGrid, "a ForwardGrid")
    expiries, position = distinct_expiries(quotes)
    on_grid = np.searchsorted(grid.expiries, expiries - SAME_TIME)
    if on_grid[-1] >= grid.expiries.size or np.any(np.abs(grid.expiries[on_grid] - expiries) > SAME_TIME):
        raise AadValueError(
            "grid does not hit every expiry of the quotes: build it from quotes that have them all"
        )
    march = CompiledForwardMarch(
        surface=surface,
        grid=grid,
        log_moneyness=quotes.log_moneyness,
        expiry_index=on_grid[position],
        is_call=quotes.is_call,
        n_threads=1,
    )
    deviation, slope = np.empty((2, len(quotes)))
    implied_deviation_kernel(march.march(surface.parameters), quotes.log_moneyness, deviation, slope)
    return np.asarray(deviation / np.sqrt(expiries)[position])
