"""Binomial trees under curves: rates, yields and volatilities that change with time, on floats or duals.

Steps have equal variance, so that the lattice recombines. The tree carries the spot over its forward: what the rates do
from step to step moves all nodes of a step alike, and no drift is left in the probabilities.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from aadlib.compiled_duals import zeros
from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.trees.lattice_kernels import cox_ross_rubinstein_kernel, leisen_reimer_kernel
from pricers.trees.roll_back_kernel import roll_back_kernel


class Schedule(NamedTuple):
    """Steps of equal variance and what the curves add up to at their ends.

    Parallel shifts (of rate, dividend yield, implied volatilities) are the numbers that a tree is differentiated in; a
    shift of the volatilities moves the ends of the steps, to first order by `moves`.
    """

    times: Floats
    """(n_steps + 1,) years, from 0."""
    moves: Floats
    """(n_steps + 1,) derivative of the times in the shift of the volatility."""
    rates: Floats
    """(n_steps + 1,) integral of the rate up to each."""
    yields: Floats
    """(n_steps + 1,) integral of the dividend yield."""
    rate_there: Floats
    """(n_steps + 1,) the rate itself."""
    yield_there: Floats
    """(n_steps + 1,) the dividend yield itself."""
    variance: Floats
    """(3,) of the log spot at expiry: a polynomial in the shift of the volatility."""
    dates: Floats
    """(n_dividends,) years."""
    date_rates: Floats
    """(n_dividends,) integral of the rate up to each."""
    amounts: Floats
    """(n_dividends,) currency."""


@njit(**OPTIONS)
def cox_ross_rubinstein_tree_kernel(
    spot: Any, strike: float, rate: Any, dividend_yield: Any, volatility: Any, schedule: Any,
    n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Return the price at shifts of rate, dividend yield and volatility, and its likelihood-ratio delta."""
    deviation, growth = deviation_and_growth_kernel(rate, dividend_yield, volatility, schedule, n_steps)
    escrowed = spot - owed_kernel(rate, volatility, schedule, 0)
    one = 1.0 + 0.0 * deviation
    lattice = cox_ross_rubinstein_kernel(escrowed, strike / growth, one, 0.0 * one, deviation, n_steps)
    return scheduled_roll_back_kernel(
        escrowed,
        lattice,
        strike,
        rate,
        dividend_yield,
        volatility,
        deviation,
        schedule,
        n_steps,
        is_call,
        american,
    )


@njit(**OPTIONS)
def leisen_reimer_tree_kernel(
    spot: Any, strike: float, rate: Any, dividend_yield: Any, volatility: Any, schedule: Any,
    n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Return the price at shifts of rate, dividend yield and volatility, and its likelihood-ratio delta."""
    deviation, growth = deviation_and_growth_kernel(rate, dividend_yield, volatility, schedule, n_steps)
    escrowed = spot - owed_kernel(rate, volatility, schedule, 0)
    one = 1.0 + 0.0 * deviation
    lattice = leisen_reimer_kernel(escrowed, strike / growth, one, 0.0 * one, deviation, n_steps)
    return scheduled_roll_back_kernel(
        escrowed,
        lattice,
        strike,
        rate,
        dividend_yield,
        volatility,
        deviation,
        schedule,
        n_steps,
        is_call,
        american,
    )


@njit(**OPTIONS)
def deviation_and_growth_kernel(
    rate: Any, dividend_yield: Any, volatility: Any, schedule: Any, n_steps: int
) -> Any:
    """Return the deviation of the log spot at expiry, and forward over spot."""
    c = schedule.variance
    deviation = np.sqrt(c[0] + volatility * (c[1] + volatility * c[2]))
    years = schedule.times[n_steps]
    growth = np.exp(schedule.rates[n_steps] - schedule.yields[n_steps] + (rate - dividend_yield) * years)
    return deviation, growth


@njit(**OPTIONS)
def accumulated_kernel(rate: Any, volatility: Any, schedule: Any, m: int) -> Any:
    """Return the integral of the rate up to the end of step m."""
    moved = schedule.moves[m] * volatility
    return schedule.rates[m] + schedule.rate_there[m] * moved + rate * (schedule.times[m] + moved)


@njit(**OPTIONS)
def owed_kernel(rate: Any, volatility: Any, schedule: Any, m: int) -> Any:
    """Return the value at the end of step m of the dividends that are paid after it."""
    value, so_far = 0.0 * rate * volatility, accumulated_kernel(rate, volatility, schedule, m)
    for k in range(len(schedule.dates)):
        if schedule.dates[k] > schedule.times[m]:
            value += schedule.amounts[k] * np.exp(so_far - schedule.date_rates[k] - rate * schedule.dates[k])
    return value


@njit(**OPTIONS)
def scheduled_roll_back_kernel(
    escrowed: Any, lattice: Any, strike: float, rate: Any, dividend_yield: Any, volatility: Any, deviation: Any,
    schedule: Any, n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Roll back through the steps of a schedule; the lattice is that of the spot over its forward."""
    up, down, probability = lattice
    bottom = escrowed + 0.0 * probability * up * dividend_yield
    for _ in range(n_steps):
        bottom = bottom * down
    discounts, undo, levels = zeros(n_steps, bottom), zeros(n_steps, bottom), zeros(n_steps, bottom)
    later_rate = accumulated_kernel(rate, volatility, schedule, n_steps)
    later_growth = later_rate - accumulated_yield_kernel(dividend_yield, volatility, schedule, n_steps)
    bottom = bottom * np.exp(later_growth)
    for m in range(n_steps - 1, -1, -1):
        here = accumulated_kernel(rate, volatility, schedule, m)
        growth = here - accumulated_yield_kernel(dividend_yield, volatility, schedule, m)
        discounts[m] = np.exp(here - later_rate)
        undo[m] = np.exp(growth - later_growth) / down
        levels[m] = strike - owed_kernel(rate, volatility, schedule, m)
        later_rate, later_growth = here, growth
    scale = escrowed * deviation * np.sqrt(max(1, n_steps // 8) / n_steps)
    return roll_back_kernel(
        bottom, up / down, probability, strike, scale, discounts, undo, levels, n_steps, is_call, american
    )


@njit(**OPTIONS)
def accumulated_yield_kernel(dividend_yield: Any, volatility: Any, schedule: Any, m: int) -> Any:
    """Return the integral of the dividend yield up to the end of step m."""
    moved = schedule.moves[m] * volatility
    return schedule.yields[m] + schedule.yield_there[m] * moved + dividend_yield * (schedule.times[m] + moved)
