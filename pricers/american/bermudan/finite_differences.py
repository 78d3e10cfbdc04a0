"""The same Greeks by the backward equation: a cross-check that shares nothing with simulation."""

from __future__ import annotations

import math

import numpy as np

from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.result import AmericanGreeks
from pricers.american.bermudan.value_differences import differenced
from pricers.curves.rate_curve import Rate
from pricers.pde.backward.payoff import averaged_payoff
from pricers.pde.grids.interpolation import interpolate
from pricers.pde.grids.spot_grids import Grid, log_grid, sinh_grid
from pricers.pde.march.march_kernels import backward_march_kernel
from pricers.pde.march.operator import difference_weights, plain_bands
from pricers.pde.march.steps import MarchSteps

DAMPED = 2
"""Steps after every exercise date that are two implicit half steps: exercise leaves a corner at the boundary."""
SPOT_STEP, VOLATILITY_STEP, RATE_STEP = 0.004, 0.01, 0.002
"""Wide enough that what is left of the boundary's jumps from node to node does not show."""
DEVIATIONS = 0.02
"""Most that the spot is moved by, in deviations of the log spot at expiry: short options bend within a narrow range."""
REACH = 6.0
WIDE_DEVIATION = 1.0
"""Total deviation beyond which the grid is laid in the logarithm."""


def finite_difference_greeks(
    *,
    spot: float,
    strike: float,
    expiry: float,
    volatility: float,
    rate: Rate = 0.0,
    dividend_yield: Rate = 0.0,
    is_call: bool = False,
    n_dates: int = 50,
    n_nodes: int = 1001,
    n_steps: int = 500,
) -> AmericanGreeks:
    """Price a Bermudan call or put on a grid, with derivatives by central differences of the price.

    Parameters
    ----------
    spot, strike, expiry, volatility, rate, dividend_yield, is_call, n_dates
        As for `least_squares_price`.
    n_nodes : int, >= 5
    n_steps : int, >= 1
        Crank-Nicolson steps to expiry, at least four between exercise dates, the first two of them damped.

    Returns
    -------
    AmericanGreeks
        Its standard errors are NaN.

    Raises
    ------
    AadValueError
        For what `BermudanOption` refuses, and for counts out of range.

    Notes
    -----
    Holding on is compared with exercise node by node, so exercise between two boundaries is no exception. Second order
    in the spacing of the nodes and in the steps; the grid is the same for every bump of the volatility and the rates.
    Total deviations (volatility times root of expiry) above one have a grid in the logarithm. Where the rate of a put
    (the dividend yield of a call) is near zero, where early exercise begins, derivatives in it are taken on its own
    side, from above at zero itself.

    Examples
    --------
    >>> put = finite_difference_greeks(spot=100.0, strike=100.0, expiry=1.0, volatility=0.2, rate=0.03)
    >>> abs(put.price - 6.735558) < 1e-3, abs(put.gamma - 0.0214002) < 5e-5
    (True, True)
    """
    option = BermudanOption(
        spot=spot, strike=strike, expiry=expiry, volatility=volatility, rate=rate, dividend_yield=dividend_yield,
        is_call=is_call, n_dates=n_dates,
    )  # fmt: skip
    steps = max(DAMPED + 2, -(-whole_number("n_steps", n_steps, 1) // option.n_dates))
    deviation = option.volatility * math.sqrt(option.expiry)
    grid = deviations_grid(option, whole_number("n_nodes", n_nodes, 5))

    def values(moved: BermudanOption, spots: Floats) -> Floats:
        nodes = grid_values(moved, grid, steps)
        return np.array([float(interpolate(grid=grid, values=nodes, spot=level)) for level in spots.tolist()])

    price, gradient, hessian = differenced(
        values,
        option,
        spot_step=min(SPOT_STEP, DEVIATIONS * deviation),
        volatility_step=VOLATILITY_STEP,
        rate_step=RATE_STEP,
    )
    return AmericanGreeks(price=price, gradient=gradient, hessian=hessian, exercise="finite_differences")


def deviations_grid(option: BermudanOption, n_nodes: int) -> Grid:
    """Return nodes that reach far beyond spot, strike and forward, in the logarithm where the deviation is large."""
    spot, strike = option.spot, option.strike
    deviation = option.volatility * math.sqrt(option.expiry)
    forward = spot * math.exp((option.mean_rate - option.mean_yield) * option.expiry)
    levels = spot, strike, forward
    if deviation > WIDE_DEVIATION:
        reach = deviation * (
            4.5 + 0.5 * deviation
        )  # a call's value is a share exp(x) of the density at distance x
        return log_grid(
            lowest=min(levels) * math.exp(-reach),
            highest=max(levels) * math.exp(reach),
            centre=strike,
            n_nodes=n_nodes,
        )
    return sinh_grid(
        lowest=0.0,
        highest=max(levels) * math.exp(min(REACH * deviation, 5.0)),
        centre=strike,
        width=1.5 * strike * deviation,
        n_nodes=n_nodes,
    )


def grid_values(option: BermudanOption, grid: Grid, steps_per_date: int) -> Floats:
    """Return the values today at the nodes, (n_nodes,): a European march between dates, the better of two at each."""
    step = option.expiry / (option.n_dates * steps_per_date)
    is_call = bool(option.is_call)
    sign = option.sign
    values = np.array(averaged_payoff(grid, option.strike, is_call), dtype=np.float64)
    intrinsic = np.maximum(sign * (grid.spots - option.strike), 0.0)
    steps = MarchSteps(option.expiry, option.n_dates * steps_per_date, None)
    rates, yields = steps.means(option.rate), steps.means(option.dividend_yield)
    n_rows = max(len(rates), len(yields))
    variances = np.full((n_rows, grid.n_nodes - 2), option.volatility**2)
    drifts = np.subtract(rates, yields)
    carry = float(drifts[np.argmax(np.abs(drifts))])
    weights = difference_weights(grid, carry=carry, variance=variances[0])
    bands = plain_bands(weights, steps, rates, yields, variances)
    parts = [
        (n + part, n < DAMPED)
        for n in range(steps_per_date)
        for part in ((0.5, 1.0) if n < DAMPED else (1.0,))
    ]
    marched = np.array([time for time, _ in parts])
    damped = np.array([is_damped for _, is_damped in parts])
    nothing, within = np.empty(0), np.ceil(marched).astype(np.int64)
    # Far in the money the value is a x spot - c x strike (a call), each factor discounted since it was last exercised.
    asset = cash = 1.0
    far = grid.spots[-1] if is_call else grid.spots[0]
    for date in range(option.n_dates, 0, -1):
        at_date = step * (date * steps_per_date)
        since = option.growth_between(at_date - step * marched, at_date)
        assets, discounts = asset * np.exp(-since[1]), cash * np.exp(-since[0])
        rows = np.minimum(date * steps_per_date - within, n_rows - 1)
        edge = np.maximum(
            sign * (assets * far - discounts * option.strike),
            0.0,
        )
        lower, upper = (np.zeros_like(edge), edge) if is_call else (edge, np.zeros_like(edge))
        backward_march_kernel(values, *bands, rows, damped, lower, upper, nothing)
        asset, cash = float(assets[-1]), float(discounts[-1])
        if date > 1:
            if sign * (far - option.strike) > sign * (asset * far - cash * option.strike):
                asset = cash = 1.0
            values = better(grid.positions, values, intrinsic)
    return values


def better(x: Floats, held: Floats, exercised: Floats) -> Floats:
    """Return the larger of two values at the nodes, its corner averaged over the cell of the node nearest to it.

    Where the boundary lies between two nodes then matters in second order only, and smoothly.
    """
    values = np.maximum(held, exercised)
    excess = exercised - held
    left = np.flatnonzero((excess[:-1] > 0.0) != (excess[1:] > 0.0))
    slope = np.abs(excess[left + 1] - excess[left]) / (x[left + 1] - x[left])
    corner = x[left] + np.abs(excess[left]) / np.where(slope > 0.0, slope, 1.0)
    edges = 0.5 * (x[:-1] + x[1:])
    node = left + (corner > edges[left])
    inside = (node > 0) & (node < x.size - 1)
    node, slope, corner = node[inside], slope[inside], corner[inside]
    gap = np.where(corner > x[node], edges[node] - corner, corner - edges[node - 1])
    values[node] += slope * gap**2 / (2.0 * (edges[node] - edges[node - 1]))
    return values
