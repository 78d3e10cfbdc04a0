"""The backward Black-Scholes equation with local volatility, by Crank-Nicolson with a damped start.

    dV/dt + (1/2) sigma(S, t)^2 S^2 V_SS + (r - q) S V_S - r V = 0

Second order in time and space: central differences on a smooth grid, the kink of the payoff averaged over its
cell (so that its place between two nodes does not matter), and the first steps halved and made implicit, which
damps what Crank-Nicolson would carry along for ever.

References
----------
R. Rannacher (1984), "Finite element solution of diffusion problems with irregular data", Numer. Math. 43.
D. Pooley, K. Vetzal and P. Forsyth (2003), "Convergence remedies for non-smooth payoffs in option pricing",
J. Comput. Finance 6(4).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    one_float,
    one_number,
    require_choice,
    require_finite,
    require_flag,
    require_instance,
    require_positive,
    values_of,
)
from pricers.curves.rate_curve import is_curve
from pricers.number_kinds import holds_recorded, is_plain
from pricers.pde.backward.forward_frame import forward_frame
from pricers.pde.backward.payoff import PAYS, Pays, averaged_payoff, boundary_values, intrinsic_values
from pricers.pde.grids.automatic_grid import default_grid, require_terms
from pricers.pde.grids.interpolation import interpolate
from pricers.pde.grids.spot_grids import Grid
from pricers.pde.march.operator import plain_bands, step_operators
from pricers.pde.march.substeps import Substep, march
from pricers.pde.march.volatility import march_volatility
from pricers.surfaces.surface import TabulatedSurface

Exercise = Literal["european", "american"]
Volatility = Any  # a number, (n_nodes,), (n_steps, n_nodes), or a callable of (spots, time)


def price(
    *,
    spot: Any,
    strike: Any,
    expiry: Any,
    rate: Any,
    dividend_yield: Any = 0.0,
    volatility: Volatility,
    is_call: bool = True,
    exercise: Exercise = "european",
    lower_barrier: float | None = None,
    upper_barrier: float | None = None,
    rebate: Any = 0.0,
    pays: Pays = "option",
    grid: Grid | None = None,
    n_nodes: int = 401,
    n_steps: int = 200,
    damped_steps: int = 2,
    expand: bool = False,
) -> Any:
    """Price an option by finite differences and read the value at the spot.

    Parameters
    ----------
    spot : float, currency, > 0, inside the grid and between the barriers
    strike, expiry, rate, dividend_yield, volatility, is_call, exercise, lower_barrier, upper_barrier, rebate, pays,
    n_steps, damped_steps, expand
        As for `crank_nicolson`.
    grid : Grid or None
        None builds `default_grid` with `n_nodes` nodes, in the frame of the forward where nothing is tied to levels of
        the spot: European options without barriers.
    n_nodes : int, >= 5

    Returns
    -------
    price : currency, a number of the kind of the arguments

    Raises
    ------
    AadValueError, AadTypeError
        As for `crank_nicolson`; also when the spot is outside the grid, and when no grid is given although the
        volatility is an array (its entries belong to the nodes of a grid).

    Notes
    -----
    Cubic interpolation through the four nodes around the spot: differentiating it in the spot gives delta and
    gamma of the recorded value exactly. The default grid depends on the value of the arguments alone and is a
    constant of a recording. Where exercise or a barrier ties it to levels of the spot, a drift of ten deviations costs
    accuracy (1e-3 of a price, 1e-2 of a vega): take more nodes and steps.

    Examples
    --------
    >>> from pricers.pde import backward
    >>> value = backward.price(spot=100.0, strike=100.0, expiry=1.0, rate=0.03, volatility=0.15)
    >>> abs(float(value) - 7.485087593912603) < 1e-4
    True
    """
    require_terms(spot=spot, strike=strike, expiry=expiry, rate=rate, dividend_yield=dividend_yield)
    if grid is None:
        market = {"rate": rate, "dividend_yield": dividend_yield, "volatility": volatility}
        curved = is_curve(rate) or is_curve(dividend_yield)
        if not curved and is_free(exercise, lower_barrier, upper_barrier, volatility):
            frame = forward_frame(spot=spot, expiry=expiry, **market)
            contract: dict[str, Any] = {
                "spot": frame.spot,
                "strike": strike,
                "expiry": expiry,
                "is_call": is_call,
                "pays": pays,
            }
            march: dict[str, Any] = {"n_steps": n_steps, "damped_steps": damped_steps, "expand": expand}
            grid = default_grid(
                spot=frame.spot, strike=strike, expiry=expiry, n_nodes=n_nodes, **frame.market
            )
            return frame.discount * price(**contract, **frame.market, grid=grid, **march)
        grid = default_grid(
            spot=spot,
            strike=strike,
            expiry=expiry,
            lower_barrier=lower_barrier,
            upper_barrier=upper_barrier,
            n_nodes=n_nodes,
            **market,
        )
    require_instance("grid", grid, Grid, "a Grid, such as uniform_grid(...)")
    grid.require_inside("spot", float(values_of(spot)))
    values = crank_nicolson(
        grid=grid,
        strike=strike,
        expiry=expiry,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
        is_call=is_call,
        exercise=exercise,
        lower_barrier=lower_barrier,
        upper_barrier=upper_barrier,
        rebate=rebate,
        pays=pays,
        n_steps=n_steps,
        damped_steps=damped_steps,
        expand=expand,
    )
    return interpolate(grid=grid, values=values, spot=spot, expand=expand)


def crank_nicolson(
    *,
    grid: Grid,
    strike: Any,
    expiry: Any,
    rate: Any,
    dividend_yield: Any = 0.0,
    volatility: Volatility,
    is_call: bool = True,
    exercise: Exercise = "european",
    lower_barrier: float | None = None,
    upper_barrier: float | None = None,
    rebate: Any = 0.0,
    pays: Pays = "option",
    n_steps: int = 200,
    damped_steps: int = 2,
    expand: bool = False,
) -> Any:
    """March the value of an option from expiry to today on a grid.

    Parameters
    ----------
    grid : Grid
        Its ends are boundaries: at a barrier the value there is the rebate, elsewhere it is the discounted intrinsic
        value (the intrinsic value for an American option), so they should be some deviations away.
    strike : float, currency, > 0, inside the grid or beyond a barrier
    expiry : float, years, >= 0
    rate, dividend_yield : float or RateCurve, per year, continuously compounded
    volatility : per square root of a year, >= 0
        A number; (n_nodes,) one for each node; (n_steps, n_nodes) with row 0 for the first time step from today;
        or a function of (spots (n_nodes - 2,), time) called at the interior nodes and the middle of each step,
        that returns a number or (n_nodes - 2,). A `VolatilitySurface` is such a function. Of a `SplineVolatility` or a
        calibrated surface a recorded march takes the weights as they are: what is recorded does not grow with the nodes
        and steps then.
    is_call : bool
    exercise : "european" or "american"
    lower_barrier, upper_barrier : float or None, currency
        Knock-out levels, watched continuously; the grid must end there.
    rebate : float, currency, paid when a barrier is hit
    pays : "option", "cash" or "asset"
        What is paid in the money at expiry: how far the spot is beyond the strike, one unit of currency, or the asset.
        The last two are European.
    n_steps : int, >= 1
        Equal steps; where the surface jumps in time they are laid between its jumps, and may be a few more.
    damped_steps : int, 0 <= damped_steps <= n_steps
        Steps next to expiry that are replaced by two implicit half steps each.
    expand : bool
        Whether a recording holds every operation of the march. By default the march is one operation with derivative
        rules of its own, `CrankNicolsonMarch`: the same numbers at a fraction of the cost. Arguments that are lanes
        of a recording need True.

    All but the grid, the barriers and the flags may be numbers being differentiated.

    Returns
    -------
    values : (n_nodes,) currency, today; floats, or numbers of the kind of the arguments

    Raises
    ------
    AadValueError
        When strike is not positive, expiry negative, a rate is not finite, a volatility is negative, NaN or of the
        wrong shape, the strike is outside the grid, a barrier is not an end of the grid, or a count is out of range.
    AadTypeError
        When `is_call` is not a bool or the volatility function returns no numbers.

    Notes
    -----
    Second order in time and space. Floats take a compiled march, and so does a recording. Expanded, it is 16 nodes
    for each cell and step when the volatility depends on time, and 6 when it does not: the matrix is then eliminated
    once. Duals always go through every operation.

    American exercise is imposed inside the solve (Brennan-Schwartz), right while exercise happens on one side:
    puts with rate >= 0, calls with dividend_yield >= 0. Derivatives hold the exercised nodes where the values put
    them: second ones hold no term for the motion of the exercise boundary from one node to the next. That is a kink of
    the recording, "early exercise", which a Hessian warns of. Where exercise binds away from its end too (negative
    values far from the money), a recording is expanded.

    Examples
    --------
    >>> from pricers.pde import backward, grids
    >>> nodes = grids.uniform_grid(lowest=0.0, highest=300.0, n_nodes=201)
    >>> values = backward.crank_nicolson(grid=nodes, strike=100.0, expiry=1.0, rate=0.05, volatility=0.2, n_steps=100)
    >>> values.shape
    (201,)
    """
    _require_kinds(grid, expand, rebate)
    _require_contract(strike, expiry, rate, dividend_yield, is_call, exercise, pays)
    _require_counts(n_steps, damped_steps)
    _require_barrier("lower_barrier", lower_barrier, grid.spots[0], "begin")
    _require_barrier("upper_barrier", upper_barrier, grid.spots[-1], "end")
    _require_strike(strike, grid, lower_barrier, upper_barrier)

    american = exercise == "american"
    local = march_volatility(volatility, grid, expiry=expiry, n_steps=n_steps)
    steps, n_steps = local.steps, local.steps.n_steps
    rates, dividend_yields = steps.means(rate), steps.means(dividend_yield)
    initial = averaged_payoff(grid, strike, is_call, pays)
    immediate = intrinsic_values(grid.spots, strike, is_call) if american else None
    weights = local.weights(rates, dividend_yields)

    times = [n + part for n in range(n_steps) for part in ((0.5, 1.0) if n < damped_steps else (1.0,))]
    ends = []
    for position, barrier in ((0, lower_barrier), (-1, upper_barrier)):
        if barrier is not None:
            initial[position] = rebate
            ends.append([rebate] * len(times))
        else:
            terms = strike, rate, dividend_yield, [steps.elapsed(time) for time in times], is_call, american
            ends.append(boundary_values(grid.spots[position].item(), *terms, expiry, pays))
    substeps = [
        Substep(n_steps - math.ceil(time), time <= damped_steps, lower, upper)
        for time, lower, upper in zip(times, *ends, strict=True)
    ]

    if not expand and holds_recorded([strike, rebate, steps.step, *rates, *dividend_yields, *local.numbers]):
        from pricers.pde.backward.recorded import recorded_march

        values = recorded_march(
            weights=weights,
            rates=rates,
            dividend_yields=dividend_yields,
            volatility=local,
            initial=initial,
            substeps=substeps,
            exercise=immediate,
            exercised_at_top=is_call,
        )
        if values is not None:
            return values
    volatilities = local.rows()
    n_rows = n_steps
    if steps.ends is None and len(rates) == len(dividend_yields) == 1:
        n_rows = len(volatilities)
    if n_rows == 1:
        substeps = [replace(substep, row=0) for substep in substeps]
    if is_plain([strike, rebate, steps.step, *rates, *dividend_yields]) and is_plain(volatilities):
        squares = np.array([np.broadcast_to(row, grid.n_nodes - 2) for row in volatilities]) ** 2
        variances = np.broadcast_to(squares, (n_rows, grid.n_nodes - 2))
        bands = plain_bands(weights, steps, rates, dividend_yields, variances)
        return _compiled_march(initial, bands, substeps, immediate, is_call)
    operators = step_operators(weights, steps, rates, dividend_yields)
    every = [
        operators[min(j, len(operators) - 1)].bands(row * row)
        for j, row in enumerate(volatilities if len(volatilities) == n_rows else volatilities * n_rows)
    ]
    return ad.array(march(initial, every, substeps, immediate, is_call))


def is_free(exercise: Any, lower_barrier: float | None, upper_barrier: float | None, volatility: Any) -> bool:
    """Say whether the frame of the forward may be taken: nothing is tied to fixed levels of the spot.

    A surface that is tabulated is a basis on fixed nodes in a recorded march, which a moving frame would take away.
    """
    require_choice("exercise", exercise, ("european", "american"))
    fixed = exercise != "european" or lower_barrier is not None or upper_barrier is not None
    return not (fixed or isinstance(volatility, TabulatedSurface))


def _compiled_march(
    initial: list[Any],
    bands: tuple[Floats, Floats, Floats],
    substeps: list[Substep],
    immediate: list[Any] | None,
    exercised_at_top: bool,
) -> Floats:
    """Run the compiled march; a problem exercised at the top is solved in reverse order."""
    from pricers.pde.march.march_kernels import backward_march_kernel

    values = np.array(initial, dtype=np.float64)
    exercise = np.array([] if immediate is None else immediate, dtype=np.float64)
    below, diagonal, above = bands
    lower = np.array([s.lower for s in substeps], dtype=np.float64)
    upper = np.array([s.upper for s in substeps], dtype=np.float64)
    if exercised_at_top:
        values, exercise = values[::-1], exercise[::-1]
        below, diagonal, above = above[:, ::-1], diagonal[:, ::-1], below[:, ::-1]
        lower, upper = upper, lower
    values = np.ascontiguousarray(values)
    backward_march_kernel(
        values,
        np.ascontiguousarray(below),
        np.ascontiguousarray(diagonal),
        np.ascontiguousarray(above),
        np.array([s.row for s in substeps], dtype=np.int64),
        np.array([s.damped for s in substeps]),
        lower,
        upper,
        np.ascontiguousarray(exercise),
    )
    return values[::-1].copy() if exercised_at_top else values


def _require_kinds(grid: Any, expand: Any, rebate: Any) -> None:
    require_instance("grid", grid, Grid, "a Grid, such as uniform_grid(...)")
    require_flag("expand", expand)
    one_number("rebate", rebate)
    require_finite("rebate", rebate)


def _require_contract(
    strike: Any, expiry: Any, rate: Any, dividend_yield: Any, is_call: Any, exercise: Any, pays: Any
) -> None:
    require_terms(strike=strike, expiry=expiry, rate=rate, dividend_yield=dividend_yield)
    if not isinstance(is_call, bool | np.bool_):
        raise AadTypeError(f"is_call = {is_call!r}: must be True for a call or False for a put")
    require_choice("exercise", exercise, ("european", "american"))
    require_choice("pays", pays, PAYS)
    if pays != "option" and exercise == "american":
        raise AadValueError(f"pays = {pays!r} with exercise = 'american': digitals are European here")


def _require_counts(n_steps: Any, damped_steps: Any) -> None:
    if not isinstance(n_steps, int | np.integer) or n_steps < 1:
        raise AadValueError(f"n_steps = {n_steps!r}: must be an integer not below 1")
    if not isinstance(damped_steps, int | np.integer) or not 0 <= damped_steps <= n_steps:
        raise AadValueError(
            f"damped_steps = {damped_steps!r}: must be an integer from 0 to n_steps = {n_steps}"
        )


def _require_strike(strike: Any, grid: Grid, lower: float | None, upper: float | None) -> None:
    """Raise unless the kink is inside the grid, or beyond a barrier, where no path ends."""
    level = float(values_of(strike))
    beyond = (lower is not None and level <= lower) or (upper is not None and level >= upper)
    if not beyond:
        grid.require_inside("strike", level)


def _require_barrier(name: str, barrier: float | None, end: float, verb: str) -> None:
    if barrier is not None:
        require_positive(name, one_float(name, barrier))
        if float(barrier) != float(end):
            raise AadValueError(
                f"{name} = {barrier!r}: the grid must {verb} at it, but does at {float(end)!r}"
            )
