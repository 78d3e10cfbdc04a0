"""Backward regression of the early exercise premium: where to stop, and how that moves with the market.

At each date paths near the boundary of the date after are regressed on polynomials in their scaled log moneyness: the
premium they will be stopped at, and its derivatives. Exercise pays where its own premium is above the fitted one; the
crossing is an end of the exercise interval, in units of the Brownian motion. With the fitted derivatives Y_i of
(continuation minus exercise) along the path, the end moves away from the path at the rate Y_i / (dY / dln S).

Paths start dispersed, half a deviation in the money, because the policy does not depend on where they start: early
dates see the boundary too, and the same policy is fitted wherever the spot is.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.american.bermudan.least_squares_kernel import SUM_OPTIONS, products_kernel, solve_kernel
from pricers.american.bermudan.orthogonal_basis import basis_rows_kernel, basis_sum_kernel
from pricers.american.bermudan.stopped_premium_kernel import (
    N_INPUTS,
    Terms,
    beyond_mean_kernel,
    stopped_gradient_kernel,
    stopped_value_kernel,
)
from pricers.kernel_options import OPTIONS
from pricers.types import Longs

BLOCK = 64
"""Paths turned from rows into columns at a time: their normals stay in the cache."""
ROUND_OFF = 1e-11
"""Share of the strike that exercise has to gain to be more than round-off."""
SPREAD = 0.5
"""Deviation of where regressed paths start, in deviations of the log spot at expiry."""
DEPTH = 0.5
"""How far in the money they start, in the same unit."""
REACH = 3.5
"""Deviations of the dispersed state within which exercise is looked for."""
PIECES = 16
"""Pieces of a window in which a crossing is looked for."""
MOST_SECANTS = 60
ROOT_WIDTH = 1e-14
"""Share of half a window that a root is found to."""
POINTS_PER_FUNCTION = 8
"""Paths a regression needs for each basis function: with fewer the degree is reduced."""


@njit(**OPTIONS)
def strike_kernel(time: float, terms: Terms) -> float:
    """Return the Brownian motion at which the spot is at the strike."""
    drift = terms.rate - terms.dividend_yield - 0.5 * terms.volatility * terms.volatility
    carried = beyond_mean_kernel(0, time, terms) - beyond_mean_kernel(1, time, terms)
    return (math.log(terms.strike / terms.spot) - drift * time - carried) / terms.volatility


@njit(**OPTIONS)
def start_kernel(terms: Terms) -> float:
    """Return the Brownian motion around which regressed paths start."""
    return strike_kernel(0.0, terms) + terms.sign * DEPTH * math.sqrt(terms.expiry)


@njit(**OPTIONS)
def dispersed_paths_kernel(normals: Floats, terms: Terms, paths: Floats) -> None:
    """Write Brownian motions of one row a date from normals of one row a path, whose first column draws the start.

    `paths` (n_dates - 1, n_paths) has as many columns as there are normals, or twice as many with mirror images.
    """
    n_drawn, n_dates = normals.shape
    start, mirrored = start_kernel(terms), paths.shape[1] > n_drawn
    spread, root = SPREAD * math.sqrt(terms.expiry), math.sqrt(terms.expiry / n_dates)
    for begin in range(0, n_drawn, BLOCK):
        end = min(begin + BLOCK, n_drawn)
        state = spread * normals[begin:end, 0]
        for date in range(n_dates - 1):
            for i in range(end - begin):
                state[i] += root * normals[begin + i, date + 1]
                paths[date, begin + i] = start + state[i]
            if mirrored:
                for i in range(end - begin):
                    paths[date, n_drawn + begin + i] = start - state[i]


@njit(**OPTIONS)
def excess_kernel(
    point: float,
    middle: float,
    half: float,
    time: float,
    terms: Terms,
    coefficients: Floats,
    recurrence: Floats,
) -> float:
    """Return fitted continuation minus exercise at a point of the window [-1, 1]."""
    continued = basis_sum_kernel(coefficients, point, recurrence)
    return continued - stopped_value_kernel(time, middle + half * point, terms)


@njit(**OPTIONS)
def root_kernel(
    inside: float, outside: float, middle: float, half: float, time: float, terms: Terms, coefficients: Floats,
    recurrence: Floats,
) -> float:  # fmt: skip
    """Return the Brownian motion, between exercise and continuation, where the two are worth the same.

    Secants that keep the root between their ends; the value at an end kept twice counts half (Illinois).
    """
    below = excess_kernel(inside, middle, half, time, terms, coefficients, recurrence)
    above = excess_kernel(outside, middle, half, time, terms, coefficients, recurrence)
    point, side = inside, 0
    for _ in range(MOST_SECANTS):
        before = point
        point = outside - above * (outside - inside) / (above - below)
        if abs(point - before) < ROOT_WIDTH:
            break
        value = excess_kernel(point, middle, half, time, terms, coefficients, recurrence)
        if value < 0.0:
            inside, below = point, value
            above *= 0.5 if side < 0 else 1.0
            side = -1
        else:
            outside, above = point, value
            below *= 0.5 if side > 0 else 1.0
            side = 1
    return middle + half * point


@njit(**OPTIONS)
def crossing_kernel(
    end: int, near: float, low: float, high: float, time: float, terms: Terms, coefficients: Floats,
    recurrence: Floats,
) -> float:  # fmt: skip
    """Return the lower (end 0) or upper (1) end of exercise nearest to `near`, or NaN."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    nearest = math.nan
    before = excess_kernel(-1.0, middle, half, time, terms, coefficients, recurrence)
    for piece in range(PIECES):
        left = -1.0 + 2.0 * piece / PIECES
        right = left + 2.0 / PIECES
        after = excess_kernel(right, middle, half, time, terms, coefficients, recurrence)
        crossed = before < 0.0 <= after if end == 1 else after < 0.0 <= before
        if crossed:
            inside, outside = (left, right) if end == 1 else (right, left)
            found = root_kernel(inside, outside, middle, half, time, terms, coefficients, recurrence)
            if not abs(nearest - near) <= abs(found - near):
                nearest = found
        before = after
    return nearest


@njit(**OPTIONS)
def last_ends_kernel(
    low: float, high: float, time: float, terms: Terms, recurrence: Floats, ends: Floats
) -> None:
    """Write the exercise interval one date before expiry, where continuation is European: the closed form decides."""
    nothing = np.zeros(recurrence.shape[0] + 1)
    gain = ROUND_OFF * terms.strike
    at_low = stopped_value_kernel(time, low, terms) > gain
    at_high = stopped_value_kernel(time, high, terms) > gain
    lower = crossing_kernel(0, low, low, high, time, terms, nothing, recurrence)
    upper = crossing_kernel(1, high, low, high, time, terms, nothing, recurrence)
    ends[0], ends[1] = math.inf, -math.inf
    between = (
        lower == lower and upper == upper and stopped_value_kernel(time, 0.5 * (lower + upper), terms) > gain
    )
    if at_low or at_high or between:
        ends[0] = lower if lower == lower and not at_low else -math.inf
        ends[1] = upper if upper == upper and not at_high else math.inf


@njit(**OPTIONS)
def select_kernel(
    row: Floats, date: int, low: float, high: float, step: float, terms: Terms, brownian: Floats, stops: Longs,
    valued: Longs, premiums: Floats, points: Floats, targets: Floats,
) -> int:  # fmt: skip
    """Gather the paths between `low` and `high`: their points in [-1, 1] and premiums at their stops."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    n_targets = targets.shape[0]
    picked = np.empty(row.size, np.int64)
    size = 0
    for i in range(row.size):
        # Written without a branch that the processor would guess wrong: the next path overwrites one outside.
        picked[size] = i
        size += 1 if low <= row[i] <= high else 0
    for place in range(size):
        i = picked[place]
        stop = stops[i]
        if valued[i] != stop:
            # A premium is worked out when a regression first needs it: most stops are overwritten before.
            valued[i] = stop
            time, at = (stop + 1) * step, brownian[stop, i]
            if n_targets == 1:
                premiums[i, 0] = stopped_value_kernel(time, at, terms)
            else:
                gradient = stopped_gradient_kernel(time, at, terms)
                for c in range(n_targets):
                    premiums[i, c] = gradient[c]
        points[place] = (row[i] - middle) / half
        for c in range(n_targets):
            targets[c, place] = premiums[i, c]
    return size


@njit(**OPTIONS)
def shift_kernel(
    end: float, time: float, low: float, high: float, terms: Terms, coefficients: Floats, recurrence: Floats,
    shifts: Floats,
) -> None:  # fmt: skip
    """Write how fast ln S minus the boundary moves with each input where the path stands at the boundary."""
    point = (end - 0.5 * (low + high)) / (0.5 * (high - low))
    exercised = stopped_gradient_kernel(time, end, terms)
    slope = basis_sum_kernel(coefficients[1], point, recurrence) - exercised[1]
    for i in range(N_INPUTS):
        jump = basis_sum_kernel(coefficients[1 + i], point, recurrence) - exercised[1 + i]
        shifts[i] = jump / (slope * terms.spot)


@njit(**OPTIONS)
def strike_shift_kernel(end: float, time: float, terms: Terms, shifts: Floats) -> None:
    """Write how fast ln S moves where the boundary does not."""
    shifts[0] = 1.0 / terms.spot
    shifts[1] = end - terms.volatility * time
    shifts[2] = time
    shifts[3] = -time


@njit(**SUM_OPTIONS)
def fit_end_kernel(
    end: int, date: int, near: float, window: float, low: float, high: float, step: float, terms: Terms,
    brownian: Floats, recurrence: Floats, stops: Longs, valued: Longs, premiums: Floats,
    points: Floats, rows: Floats, targets: Floats, coefficients: Floats,
) -> tuple[float, float, float, int, int]:  # fmt: skip
    """Return one end of a date's exercise interval, the window it was fitted in, the paths there, and the rank.

    The end is NaN where there are too few paths to say, and infinite where exercise does not pay at this date.
    """
    n = recurrence.shape[0] + 1
    time = (date + 1) * step
    bottom, top = max(low, near - window), min(high, near + window)
    size = rank = 0
    for attempt in range(2):
        if bottom < top:
            size = select_kernel(
                brownian[date],
                date,
                bottom,
                top,
                step,
                terms,
                brownian,
                stops,
                valued,
                premiums,
                points,
                targets,
            )
            used = min(n, size // POINTS_PER_FUNCTION)
            if used > 0:
                basis_rows_kernel(points, size, recurrence[: used - 1], rows)
                gram = np.empty((used, used))
                fitted = np.empty((targets.shape[0], used))
                products_kernel(rows[:used], targets, size, gram, fitted)
                rank = solve_kernel(gram, fitted)
                coefficients[:] = 0.0
                coefficients[:, :used] = fitted
                found = crossing_kernel(end, near, bottom, top, time, terms, coefficients[0], recurrence)
                if found == found:
                    return found, bottom, top, size, rank
                if attempt == 1 and excess_kernel(
                    0.0, 0.5 * (low + high), 0.5 * (high - low), time, terms, coefficients[0], recurrence
                ) >= 0.0:  # fmt: skip
                    return math.inf, low, high, size, rank
        # Not in the window: once more in all that is in the money and within reach.
        bottom, top = low, high
    return math.nan, low, high, size, rank


@njit(**OPTIONS)
def fit_policy_kernel(
    brownian: Floats, terms: Terms, recurrence: Floats, n_targets: int, ends: Floats,
    shifts: Floats, sizes: Longs, ranks: Longs,
) -> None:  # fmt: skip
    """Fit the exercise interval of every date but the last.

    `brownian` is (n_dates - 1, n_paths), dispersed. Written: `ends` (n_dates - 1, 2), exercise between them; `shifts`
    (n_dates - 1, 2, 4); `sizes` and `ranks` (n_dates - 1, 2) of the regressions.
    """
    n, n_paths = brownian.shape
    n_functions = recurrence.shape[0] + 1
    step = terms.expiry / (n + 1)
    window = math.sqrt(math.sqrt(step * terms.expiry))
    drift = terms.rate - terms.dividend_yield - 0.5 * terms.volatility * terms.volatility
    stops, valued = np.full(n_paths, n), np.full(n_paths, n)
    premiums = np.zeros((n_paths, n_targets))
    points, rows = np.empty(n_paths), np.empty((n_functions, n_paths))
    targets, coefficients = np.empty((n_targets, n_paths)), np.zeros((n_targets, n_functions))
    start = start_kernel(terms)
    for date in range(n - 1, -1, -1):
        time = (date + 1) * step
        reach = REACH * math.sqrt(time + SPREAD * SPREAD * terms.expiry)
        strike = strike_kernel(time, terms)
        moved = beyond_mean_kernel(0, time + step, terms) - beyond_mean_kernel(0, time, terms)
        moved -= beyond_mean_kernel(1, time + step, terms) - beyond_mean_kernel(1, time, terms)
        low = max(start - reach, strike) if terms.sign > 0.0 else start - reach
        high = start + reach if terms.sign > 0.0 else min(start + reach, strike)
        if low >= high:
            ends[date, 0], ends[date, 1] = math.inf, -math.inf
        elif date == n - 1:
            coefficients[:] = 0.0
            last_ends_kernel(low, high, time, terms, recurrence, ends[date])
            for end in range(2):
                if abs(ends[date, end]) < math.inf and n_targets > 1:
                    shift_kernel(
                        ends[date, end], time, low, high, terms, coefficients, recurrence, shifts[date, end]
                    )
        else:
            for end in range(2):
                ends[date, end] = ends[date + 1, end]
                if abs(ends[date, end]) == math.inf:
                    continue
                carried = ends[date, end] + drift / terms.volatility * step + moved / terms.volatility
                found, bottom, top, sizes[date, end], ranks[date, end] = fit_end_kernel(
                    end, date, carried, window, low, high, step, terms, brownian, recurrence, stops, valued, premiums,
                    points, rows, targets, coefficients,
                )  # fmt: skip
                # Going back in time, exercise can only vanish between two boundaries that meet.
                if found == math.inf and abs(ends[date + 1, 1 - end]) < math.inf:
                    ends[date, 0], ends[date, 1] = math.inf, -math.inf
                elif abs(found) < math.inf:
                    ends[date, end] = found
                    if n_targets > 1:
                        shift_kernel(
                            found, time, bottom, top, terms, coefficients, recurrence, shifts[date, end]
                        )
                else:
                    ranks[date, end] = 0
                    ends[date, end] = carried
                    shifts[date, end] = shifts[date + 1, end]
                    shifts[date, end, 1] += (carried - ends[date + 1, end]) + terms.volatility * step
                    shifts[date, end, 2] -= step
                    shifts[date, end, 3] += step
        clip_ends_kernel(strike, time, terms, ends[date], shifts[date])
        for i in range(n_paths):
            stops[i] = date if ends[date, 0] <= brownian[date, i] <= ends[date, 1] else stops[i]


@njit(**OPTIONS)
def clip_ends_kernel(strike: float, time: float, terms: Terms, ends: Floats, shifts: Floats) -> None:
    """Keep exercise in the money; close an interval whose ends have crossed."""
    if ends[0] > ends[1]:
        ends[0], ends[1] = math.inf, -math.inf
    elif terms.sign > 0.0 and ends[0] < strike:
        ends[0] = strike
        strike_shift_kernel(strike, time, terms, shifts[0])
    elif terms.sign < 0.0 and ends[1] > strike:
        ends[1] = strike
        strike_shift_kernel(strike, time, terms, shifts[1])
