"""The backward regression in plain NumPy, for exercise at one end (`exercise_policy_kernel` tracks two)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

import aadlib as ad
from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.exercise_policy_kernel import PIECES, REACH, SPREAD, start_kernel
from pricers.american.bermudan.stopped_premium_kernel import KERNEL_INPUTS
from pricers.american.bermudan.twins.stopped_premium import stopped_premium


def premiums_with_gradients(option: BermudanOption, times: Floats, brownian: Floats) -> Floats:
    """Return the premium at stops and its derivatives in spot, volatility, rate and dividend yield, (5, n_paths)."""
    if not times.size:
        return np.empty((5, 0))
    market = option.numbers(KERNEL_INPUTS)[None]
    program = ad.record(
        lambda x, stop: stopped_premium(
            x, stop[0], stop[1], stop[2:], strike=option.strike, expiry=option.expiry, sign=option.sign
        ),
        market,
        np.full((1, 4), 0.5 * option.expiry),
        lanes=(0, 1),
        passive=(1,),
    )
    values, gradients = program.value_and_gradient(
        np.repeat(market, times.size, axis=0), np.stack([times, brownian, *option.beyond_mean(times)], axis=1)
    )
    return np.concatenate([values[None], gradients.T])


def fit_policy(option: BermudanOption, brownian: Floats, degree: int) -> tuple[Floats, Floats]:
    """Return the end of exercise at each date but the last, (n_dates - 1,), and its shifts, (n_dates - 1, 4).

    `brownian` is (n_dates - 1, n_paths), dispersed.
    """
    n, n_paths = brownian.shape
    sign, volatility = option.sign, option.volatility
    drift = option.mean_rate - option.mean_yield - 0.5 * volatility**2
    step = option.expiry / (n + 1)
    window = (step * option.expiry) ** 0.25
    ends, shifts = np.full(n, sign * np.inf), np.zeros((n, 4))
    stopped = np.zeros((5, n_paths))
    coefficients: Any
    start = start_kernel(option.terms)
    for date in range(n - 1, -1, -1):
        time = (date + 1) * step
        reach = REACH * np.sqrt(time + SPREAD**2 * option.expiry)
        rates, yields = option.beyond_mean(np.array([time, time + step]))
        beyond = rates - yields
        strike = (np.log(option.strike / option.spot) - drift * time - beyond[0]) / volatility
        low, high = (
            (max(start - reach, strike), start + reach)
            if sign > 0.0
            else (start - reach, min(start + reach, strike))
        )
        carried = (drift * step + beyond[1] - beyond[0]) / volatility
        near = ends[date + 1] + carried if date < n - 1 else 0.5 * (low + high)
        coefficients = np.zeros((degree + 1, 5))
        if date < n - 1:
            low, high = max(low, near - window), min(high, near + window)
            used = (brownian[date] >= low) & (brownian[date] <= high)
            points = (brownian[date][used] - 0.5 * (low + high)) / (0.5 * (high - low))
            basis = np.polynomial.chebyshev.chebvander(points, degree)
            coefficients = np.linalg.lstsq(basis, stopped[:, used].T, rcond=None)[0]

        def excess(point: float, low: float = low, high: float = high) -> Floats:
            at = 0.5 * (low + high) + 0.5 * (high - low) * point
            fitted = np.polynomial.chebyshev.chebvander(np.array([point]), degree) @ coefficients  # noqa: B023 - called in this turn of the loop alone
            exercised = premiums_with_gradients(option, np.array([time]), np.array([at]))  # noqa: B023 - as above
            return fitted[0] - exercised[:, 0]

        pieces = np.linspace(-1.0, 1.0, PIECES + 1)
        pays = np.array([excess(point)[0] for point in pieces]) < 0.0
        crossings = np.flatnonzero(pays[:-1] < pays[1:] if sign > 0.0 else pays[:-1] > pays[1:])
        roots = [
            brentq(lambda point: float(excess(point)[0]), pieces[piece], pieces[piece + 1], xtol=1e-14)
            for piece in crossings
        ]
        where = 0.5 * (low + high) + 0.5 * (high - low) * np.array(roots)
        closest = int(np.argmin(np.abs(where - near)))
        ends[date] = where[closest]
        jump = excess(roots[closest])[1:]
        shifts[date] = jump / (jump[0] * option.spot)
        exercised = brownian[date] >= ends[date] if sign > 0.0 else brownian[date] <= ends[date]
        stopped[:, exercised] = premiums_with_gradients(
            option, np.full(np.count_nonzero(exercised), time), brownian[date][exercised]
        )
    return ends, shifts
