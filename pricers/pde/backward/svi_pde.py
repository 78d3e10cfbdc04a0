"""European options under the local volatility of SVI slices: a price as a function of five parameters a slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

import aadlib as ad
from aadlib.validation import require_positive, values_of
from pricers.pde.backward import pricing
from pricers.pde.backward.payoff import averaged_payoff, boundary_values
from pricers.pde.grids.automatic_grid import default_grid
from pricers.pde.grids.interpolation import interpolate
from pricers.pde.grids.spot_grids import Grid
from pricers.pde.march.operator import Operator, Weights
from pricers.pde.march.substeps import Bands, Substep, march
from pricers.pde.march.volatility import march_volatility
from pricers.surfaces.svi_local_volatility import SVILocalVolatility

DAMPED_STEPS = 2


def price(
    *,
    parameters: Any,
    expiries: ArrayLike,
    spot: Any,
    strike: Any,
    expiry: Any,
    rate: Any = 0.0,
    dividend_yield: Any = 0.0,
    is_call: bool = True,
    reach: float | None = 1.5,
    grid: Grid | None = None,
    n_nodes: int = 201,
    n_steps: int = 100,
    expand: bool = False,
) -> Any:
    """Price a European option by Crank-Nicolson under Dupire's local volatility of SVI slices.

    Parameters
    ----------
    parameters : (5 n_slices,) numbers: a, b, rho, m, sigma of each slice, by expiry
    expiries : (n_slices,) float, years, > 0, increasing
    spot, strike, expiry, rate, dividend_yield, is_call, grid, n_nodes, n_steps
        As for `pricers.pde.backward.price`.
    reach : float or None
        Beyond this absolute log-moneyness the local volatility is held flat.
    expand : bool
        Record every operation of the march, cell by cell: about 60 a cell. Otherwise the march is one operation after
        some 50 a cell for the volatilities.

    Parameters, spot, strike, expiry, rate and dividend yield may be numbers being differentiated.

    Returns
    -------
    price : currency

    Raises
    ------
    AadValueError
        As for `SVILocalVolatility` and `backward.price`: slices with arbitrage inside the grid have no local
        volatility and are refused with the place.

    Notes
    -----
    Expanded, a cell's volatility is recorded just before the step that uses it. Methods that sweep back with one row
    for each live number (edge pushing, Taylor) then hold a few hundred of them, not every cell of the march.

    Examples
    --------
    >>> flat = [0.04, 0.0, 0.0, 0.0, 0.1]
    >>> value = price(parameters=flat, expiries=[1.0], spot=100.0, strike=100.0, expiry=1.0, rate=0.03)
    >>> abs(float(value) - 9.413403) < 2e-3
    True
    """
    require_positive("spot", spot)
    require_positive("expiry", expiry)
    market = {"spot": spot, "rate": rate, "dividend_yield": dividend_yield}
    surface = SVILocalVolatility(
        parameters=parameters, expiries=np.asarray(expiries, dtype=np.float64), reach=reach, **market
    )
    plain = SVILocalVolatility(
        parameters=[float(values_of(number)) for number in parameters],
        expiries=surface.expiries,
        reach=reach,
        **{name: float(values_of(number)) for name, number in market.items()},
    )
    years = float(values_of(expiry))
    if grid is None:
        grid = default_grid(strike=strike, expiry=years, volatility=plain, n_nodes=n_nodes, **market)
    if expand:
        local = march_volatility(plain, grid, expiry=years, n_steps=n_steps)
        weights = local.weights([rate], [dividend_yield])
        return _expanded_price(surface, strike, expiry, is_call, grid, n_steps, weights)
    return pricing.price(
        strike=strike,
        expiry=expiry,
        volatility=surface,
        is_call=is_call,
        grid=grid,
        n_steps=n_steps,
        damped_steps=min(DAMPED_STEPS, n_steps),
        **market,
    )


def _expanded_price(
    surface: SVILocalVolatility,
    strike: Any,
    expiry: Any,
    is_call: bool,
    grid: Grid,
    n_steps: int,
    weights: Weights,
) -> Any:
    grid.require_inside("spot", float(values_of(surface.spot)))
    grid.require_inside("strike", float(values_of(strike)))
    step = expiry / n_steps
    damped = min(DAMPED_STEPS, n_steps)
    times = [n + part for n in range(n_steps) for part in ((0.5, 1.0) if n < damped else (1.0,))]
    elapsed = [time * step for time in times]
    lower, upper = (
        boundary_values(end, strike, surface.rate, surface.dividend_yield, elapsed, is_call, american=False)
        for end in (grid.spots[0].item(), grid.spots[-1].item())
    )
    substeps = [
        Substep(n_steps - math.ceil(time), time <= damped, low, high)
        for time, low, high in zip(times, lower, upper, strict=True)
    ]
    rows = _RowsWhenUsed(surface, grid, step, n_steps, weights)
    values = march(averaged_payoff(grid, strike, is_call), rows, substeps, None, exercised_at_top=False)
    return interpolate(grid=grid, values=values, spot=surface.spot, expand=True)


class _RowsWhenUsed(Sequence[Bands]):
    """The bands of every step, each made at the step's first solve and held to its last."""

    def __init__(
        self, surface: SVILocalVolatility, grid: Grid, step: Any, n_steps: int, weights: Weights
    ) -> None:
        self.surface, self.step, self.n_steps = surface, step, n_steps
        self.operator = Operator(weights, surface.rate, surface.dividend_yield, step)
        self.spots = grid.spots[1:-1].tolist()
        self.cache: tuple[int, Bands] | None = None

    def __len__(self) -> int:
        return self.n_steps

    @overload
    def __getitem__(self, row: int) -> Bands: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Bands]: ...
    def __getitem__(self, row: int | slice) -> Bands | Sequence[Bands]:
        if isinstance(row, slice):
            return [self[k] for k in range(self.n_steps)[row]]
        if self.cache is None or self.cache[0] != row:
            time = (row + 0.5) * self.step
            volatilities = [self.surface(spot, time) for spot in self.spots]
            self.cache = row, self.operator.bands(ad.array([sigma * sigma for sigma in volatilities]))
        return self.cache[1]
