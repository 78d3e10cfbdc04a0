"""An American option on a spot that pays cash dividends, marched backward over sixteen options at a time.

S_t = X_t + D_t: X is log-normal with drift r - q, D_t the value at t of the dividends still to come before expiry, so
forwards, parity and the Black formula hold for what is not exercised. On even steps of ln X the equation has constant
coefficients; exercise is worth w (X + D_t - K), held inside each solve from the end where it happens. The European
price is marched beside it and subtracted: what both have in common in discretisation error cancels.

References
----------
M. Brennan and E. Schwartz (1977), "The valuation of American put options", J. Finance 32(2); R. Rannacher (1984),
"Finite element solution of diffusion problems with irregular data", Numer. Math. 43.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Bools, Longs

LANES = 16  # shorter inner loops are unrolled by the compiler, not vectorised
N_NODES = 201
REACH = 4.5  # deviations beyond strike and spot


@nb.njit(**OPTIONS)
def _lay_grid_kernel(
    asset: Floats,
    strike: Floats,
    expiry: float,
    rate: Floats,
    dividend_yield: Floats,
    volatility: Floats,
    is_call: Bools,
    sign: Floats,
    gap: Floats,
    centre: Longs,
    payoff: Floats,
    values: Floats,
) -> None:
    """Fill the signs, steps of ln X, nodes of today's X, payoffs and what they are worth at expiry."""
    n = N_NODES
    for m in range(LANES):
        sign[m] = 1.0 if is_call[m] else -1.0
        deviation = volatility[m] * math.sqrt(expiry)
        drift = (rate[m] - dividend_yield[m]) * expiry
        here = math.log(asset[m])
        low = min(here, here + drift, math.log(strike[m]), math.log(strike[m]) - drift) - REACH * deviation
        high = max(here, here + drift, math.log(strike[m]), math.log(strike[m]) - drift) + REACH * deviation
        first, last = (high, low) if is_call[m] else (low, high)  # exercise happens at the first node
        gap[m] = (last - first) / (n - 1)
        centre[m] = round((here - first) / gap[m])
        for j in range(n):
            level = math.exp(here + gap[m] * (j - centre[m]))
            edge = level * math.exp(-0.5 * abs(gap[m])), level * math.exp(0.5 * abs(gap[m]))
            payoff[j, m] = sign[m] * (level - strike[m])
            values[j, m] = max(payoff[j, m], 0.0)
            if edge[0] < strike[m] < edge[1]:  # the kink averaged over its cell, in the logarithm
                width = math.log(edge[1] / strike[m]) if is_call[m] else math.log(strike[m] / edge[0])
                area = edge[1] - strike[m] if is_call[m] else strike[m] - edge[0]
                values[j, m] = abs(area - strike[m] * width) / abs(gap[m])


@nb.njit(**OPTIONS)
def _factorise_kernel(
    length: float,
    rate: Floats,
    dividend_yield: Floats,
    volatility: Floats,
    gap: Floats,
    down: Floats,
    up: Floats,
    inverse: Floats,
    ratio: Floats,
) -> None:
    """Fill the bands and the factors of (1 - L h / 2) / 2, h the step of Crank-Nicolson, twice an implicit one."""
    n, middle = N_NODES, np.empty(LANES)
    for m in range(LANES):
        variance = volatility[m] * volatility[m]
        spread = 0.5 * variance / (gap[m] * gap[m])
        slope = 0.5 * (rate[m] - dividend_yield[m] - 0.5 * variance) / gap[m]
        down[m] = 0.25 * length * (spread - slope)
        up[m] = 0.25 * length * (spread + slope)
        middle[m] = 0.5 + 0.25 * length * (2.0 * spread + rate[m])
        ratio[n - 1, m] = 0.0
    for j in range(n - 2, 0, -1):
        for m in range(LANES):
            inverse[j, m] = 1.0 / (middle[m] - up[m] * ratio[j + 1, m])
            ratio[j, m] = down[m] * inverse[j, m]


@nb.njit(**OPTIONS)
def march_premiums_kernel(
    asset: Floats,
    strike: Floats,
    expiry: float,
    rate: Floats,
    dividend_yield: Floats,
    volatility: Floats,
    is_call: Bools,
    lengths: Floats,
    owed: Floats,
    implicit: Bools,
    out: Floats,
) -> None:
    """Fill `out` (LANES,) with premiums of options of one expiry.

    Parameters
    ----------
    asset, strike, rate, dividend_yield, volatility, is_call : (LANES,), asset being X today
    lengths : (n_steps,) years of a Crank-Nicolson step, in marching order; an implicit one goes half as far
    owed : (n_steps, 2, LANES) value of the dividends to come at a step's end, before and after the one on that day
    implicit : (n_steps,) whether a step is implicit or Crank-Nicolson
    """
    n = N_NODES
    american, european, payoff = np.empty((n, LANES)), np.empty((n, LANES)), np.empty((n, LANES))
    inverse, ratio = np.empty((n, LANES)), np.empty((n, LANES))
    solved, other = np.empty((n, LANES)), np.empty((n, LANES))
    sign, gap, centre = np.empty(LANES), np.empty(LANES), np.empty(LANES, dtype=np.int64)
    down, up = np.empty(LANES), np.empty(LANES)
    x_a, x_e, past = np.empty(LANES), np.empty(LANES), np.zeros(LANES)
    added = np.empty(LANES)
    _lay_grid_kernel(
        asset, strike, expiry, rate, dividend_yield, volatility, is_call, sign, gap, centre, payoff, american
    )
    european[:] = american
    length = -1.0
    for step in range(lengths.size):
        damped = implicit[step]
        if lengths[step] != length:
            length = lengths[step]
            _factorise_kernel(length, rate, dividend_yield, volatility, gap, down, up, inverse, ratio)
        span = 0.5 * length if damped else length
        twice, share, kept = (2.0, 0.5, 0.0) if damped else (1.0, 1.0, 1.0)
        for m in range(LANES):
            past[m] += span
            x_a[m] = 0.0
            x_e[m] = 0.0
        for j in range(n - 2, 0, -1):
            for m in range(LANES):
                x_a[m] = (american[j, m] + up[m] * x_a[m]) * inverse[j, m]
                x_e[m] = (european[j, m] + up[m] * x_e[m]) * inverse[j, m]
                solved[j, m] = x_a[m]
                other[j, m] = x_e[m]
        for m in range(LANES):
            added[m] = max(sign[m] * owed[step, 0, m], sign[m] * owed[step, 1, m])
            level = payoff[0, m] + sign[m] * strike[m]
            held = level * math.exp(-dividend_yield[m] * past[m])
            held = max(held - sign[m] * strike[m] * math.exp(-rate[m] * past[m]), 0.0)
            moved = max(payoff[0, m] + added[m], held)
            x_a[m] = moved + (moved if damped else american[0, m])
            x_e[m] = held + (held if damped else european[0, m])
            american[0, m] = moved
            european[0, m] = held
        for j in range(1, n - 1):
            for m in range(LANES):
                free = solved[j, m] + ratio[j, m] * x_a[m]
                held = twice * (payoff[j, m] + added[m]) + kept * american[j, m]
                x_a[m] = free if free > held else held
                x_e[m] = other[j, m] + ratio[j, m] * x_e[m]
                american[j, m] = share * x_a[m] - kept * american[j, m]
                european[j, m] = share * x_e[m] - kept * european[j, m]
        for m in range(LANES):
            american[n - 1, m] = 0.0
            european[n - 1, m] = 0.0
    for m in range(LANES):
        out[m] = max(american[centre[m], m] - european[centre[m], m], 0.0)


@nb.njit(**OPTIONS)
def expiry_premiums_kernel(
    spot: Floats,
    strike: Floats,
    expiry: float,
    rate: Floats,
    dividend_yield: Floats,
    volatility: Floats,
    is_call: Bools,
    times: Floats,
    amounts: Floats,
    lengths: Floats,
    ends: Floats,
    implicit: Bools,
    out: Floats,
) -> None:
    """Fill `out` (n,) with premiums of options of one expiry.

    times, amounts : (n_dividends,) before expiry; ends : (n_steps,) years. The last block repeats its last option.
    """
    asset, block = np.empty(LANES), np.empty((5, LANES))
    calls, found = np.empty(LANES, dtype=np.bool_), np.empty(LANES)
    owed = np.empty((lengths.size, 2, LANES))
    for begin in range(0, out.size, LANES):
        for m in range(LANES):
            i = min(begin + m, out.size - 1)
            block[0, m], block[1, m], block[2, m] = strike[i], rate[i], dividend_yield[i]
            block[3, m], calls[m] = volatility[i], is_call[i]
            asset[m] = spot[i]
            for d in range(times.size):
                asset[m] -= amounts[d] * math.exp(-rate[i] * times[d])
            for step in range(lengths.size):
                owed[step, 0, m] = 0.0
                owed[step, 1, m] = 0.0
                for d in range(times.size):
                    ahead = times[d] - ends[step]
                    value = amounts[d] * math.exp(-rate[i] * ahead)
                    if ahead > -1e-9:
                        owed[step, 0, m] += value
                    if ahead > 1e-9:
                        owed[step, 1, m] += value
        march_premiums_kernel(
            asset, block[0], expiry, block[1], block[2], block[3], calls, lengths, owed, implicit, found
        )
        for m in range(min(LANES, out.size - begin)):
            out[begin + m] = found[m]
