"""A tree rolled back from expiry: the one source of every binomial price, on floats or duals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from aadlib.compiled_duals import zeros
from pricers.kernel_options import OPTIONS
from pricers.trees.lattice_kernels import cox_ross_rubinstein_kernel, leisen_reimer_kernel


@njit(**OPTIONS)
def cox_ross_rubinstein_tree_kernel(
    spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any,
    dates: Any, amounts: Any, n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Return the price on a Cox-Ross-Rubinstein tree, and its likelihood-ratio delta."""
    escrowed = spot - paid_later_kernel(dates, amounts, rate, 0.0)
    lattice = cox_ross_rubinstein_kernel(escrowed, strike, expiry, rate - dividend_yield, volatility, n_steps)
    return flat_roll_back_kernel(
        escrowed, lattice, strike, expiry, rate, volatility, dates, amounts, n_steps, is_call, american
    )


@njit(**OPTIONS)
def leisen_reimer_tree_kernel(
    spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any,
    dates: Any, amounts: Any, n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Return the price on a Leisen-Reimer tree, and its likelihood-ratio delta."""
    escrowed = spot - paid_later_kernel(dates, amounts, rate, 0.0)
    lattice = leisen_reimer_kernel(escrowed, strike, expiry, rate - dividend_yield, volatility, n_steps)
    return flat_roll_back_kernel(
        escrowed, lattice, strike, expiry, rate, volatility, dates, amounts, n_steps, is_call, american
    )


@njit(**OPTIONS)
def paid_later_kernel(dates: Any, amounts: Any, rate: Any, time: Any) -> Any:
    """Return the value at `time` of the cash dividends that are paid after it."""
    value = 0.0 * rate
    for k in range(len(dates)):
        if dates[k] > time:
            value += amounts[k] * np.exp(-rate * (dates[k] - time))
    return value


@njit(**OPTIONS)
def flat_roll_back_kernel(
    escrowed: Any, lattice: Any, strike: Any, expiry: Any, rate: Any, volatility: Any,
    dates: Any, amounts: Any, n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Roll back through equal steps at one rate."""
    up, down, probability = lattice
    step = expiry / n_steps
    discount = np.exp(-rate * step)
    bottom = escrowed + 0.0 * discount * probability * up
    for _ in range(n_steps):
        bottom = bottom * down
    undo_down = 1.0 / down
    discounts, undo, levels = zeros(n_steps, bottom), zeros(n_steps, bottom), zeros(n_steps, bottom)
    for m in range(n_steps):
        discounts[m], undo[m] = discount, undo_down
        levels[m] = strike - paid_later_kernel(dates, amounts, rate, m * step)
    first = max(1, n_steps // 8)
    scale = escrowed * volatility * np.sqrt(first * step)
    return roll_back_kernel(
        bottom, up / down, probability, strike, scale, discounts, undo, levels, n_steps, is_call, american
    )


@njit(**OPTIONS)
def roll_back_kernel(
    bottom: Any, ratio: Any, probability: Any, strike: Any, scale: Any, discounts: Any, undo: Any, levels: Any,
    n_steps: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Return the value at the root, and the likelihood-ratio delta of the first eighth of the steps.

    The tree carries the spot less the worth of its dividends (escrowed), `bottom` at the lowest node of the last step;
    a holder who exercises gets the whole spot.

    Parameters
    ----------
    ratio : of one node to the next one below
    probability : of up
    scale : spot times the deviation of the first eighth of the steps
    discounts : (n_steps,) of each step
    undo : (n_steps,) what takes a node after a step down to the one before it
    levels : (n_steps,) strike less the worth of the dividends to come, at the begin of each step
    """
    sign = 1.0 if is_call else -1.0
    spots, values = zeros(n_steps + 1, bottom), zeros(n_steps + 1, bottom)
    for i in range(n_steps + 1):
        spots[i] = bottom
        values[i] = max(sign * (bottom - strike), 0.0)
        bottom = bottom * ratio
    ratio_delta = 0.0 * bottom
    first = max(1, n_steps // 8)
    for m in range(n_steps - 1, -1, -1):
        to_up, to_down = discounts[m] * probability, discounts[m] * (1.0 - probability)
        if american:
            level, undo_down = levels[m], undo[m]
            for i in range(m + 1):  # a loop of its own: each of the two is SIMD
                spots[i] = spots[i] * undo_down
            for i in range(m + 1):
                values[i] = max(to_up * values[i + 1] + to_down * values[i], sign * (spots[i] - level))
        else:
            for i in range(m + 1):
                values[i] = to_up * values[i + 1] + to_down * values[i]
        if m == first:
            ratio_delta = likelihood_ratio_kernel(values, m, probability, discounts) / scale
    return values[0], ratio_delta


@njit(**OPTIONS)
def likelihood_ratio_kernel(values: Any, m: int, probability: Any, discounts: Any) -> Any:
    """Return E[V_m z], discounted over the first m steps, with z the number of ups in them, standardised.

    For a log-normal spot, d/dS E[V(S_t)] = E[V(S_t) z] / (S sigma sqrt(t)); the tree's z tends to the normal one.
    Several steps, so that the values are averaged over many nodes.
    """
    weight = 1.0 + 0.0 * probability
    for k in range(m):
        weight = weight * (discounts[k] * (1.0 - probability))
    odds = probability / (1.0 - probability)
    deviation = np.sqrt(m * probability * (1.0 - probability))
    total = 0.0 * weight
    for j in range(m + 1):
        total += weight * values[j] * ((j - m * probability) / deviation)
        weight = weight * odds * ((m - j) / (j + 1.0))
    return total
