"""Prices with early exercise of any recorded path, between a lower and an upper bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.extend import map_pieces
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite, whole_number
from pricers.american.bermudan.least_squares import mean_and_stderr
from pricers.american.bermudan.polynomial_regression import (
    Regression,
    regress_backwards,
    stopped_picks,
    total_degree,
)
from pricers.american.bermudan.refit import Recorded, RecordedPath, recorded_path, require_control
from pricers.american.bermudan.result import LeastSquaresPrice

N_INNER = 64


def early_exercise_price(
    *,
    path: RecordedPath,
    parameters: Any,
    normals: Any,
    control_today: Callable[[Any], Any] | None = None,
    degree: int = 3,
    n_batches: int = 8,
    n_upper_paths: int = 0,
) -> LeastSquaresPrice:
    """Price under any model and payoff: max-calls on several assets, baskets, local volatility.

    Parameters
    ----------
    path, parameters, normals, control_today, degree, n_batches
        As for `refit_greeks`; `EarlyExercisePath` is such a path.
    n_upper_paths : int, >= 0
        Paths of the dual upper bound, each with 64 that lead on from every date; 0 leaves it out. Their normals are
        those of the pricing paths and others drawn from a Philox stream. Normals have the dates on their first axis
        then.

    Returns
    -------
    LeastSquaresPrice

    Raises
    ------
    AadValueError
        As for `refit_greeks`; for more upper paths than a batch prices.

    Notes
    -----
    Regression on all paths in the money, on one half of each batch, prices on the other half. The upper bound evaluates
    n_upper_paths 64 n_dates paths.

    Examples
    --------
    >>> from pricers.american.bermudan.early_exercise_path import EarlyExercisePath
    >>> from pricers.monte_carlo import BestOfOption, GeometricBrownianMotion
    >>> market = GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=0.2, rate=0.05, dividend_yields=0.1)
    >>> call = EarlyExercisePath(dynamics=market, payoff=BestOfOption(strike=100.0), expiry=3.0, n_dates=9)
    >>> normals = np.random.default_rng(1).standard_normal((20_000, 9, 2))
    >>> found = early_exercise_price(path=call, parameters=call.parameters, normals=normals)
    >>> abs(found.price - 13.902) < 4.0 * found.stderr
    True
    """
    market, normals = as_floats("parameters", parameters), as_floats("normals", normals)
    require_finite("parameters", market)
    require_finite("normals", normals)
    require_control(control_today)
    whole_number("n_batches", n_batches, 2)
    whole_number("degree", degree, 1)
    whole_number("n_upper_paths", n_upper_paths, 0)
    if normals.ndim < 2 or len(normals) < 64 * n_batches:
        raise AadValueError(
            f"normals has shape {normals.shape}: must be (n_paths, ...), at least 64 paths for each of {n_batches} "
            "batches"
        )
    recorded = recorded_path(path, market, normals)
    half = len(normals) // n_batches // 2
    upper_paths = -(-n_upper_paths // n_batches)
    if upper_paths > half:
        raise AadValueError(
            f"n_upper_paths = {n_upper_paths}: must be at most {half * n_batches}, the paths priced"
        )

    def run(batch: int) -> tuple[float, float, int, int]:
        own = normals[2 * half * batch : 2 * half * (batch + 1)]
        policy = regress_backwards(recorded.values(market, own[:half]), degree)
        rows = recorded.values(market, own[half:])
        price = float(gains(rows, policy).mean())
        upper = math.nan
        if upper_paths:
            generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(batch)))
            upper = upper_mean(recorded, market, own[half : half + upper_paths], policy, price, generator)
        n_functions = len(total_degree(rows.shape[1] - 2, degree))
        reduced = sum(fitted is not None and fitted.rank < n_functions for fitted in policy)
        return price, upper, reduced, sum(fitted is None for fitted in policy)

    batches = map_pieces(run, range(n_batches), work=math.inf)
    today = 0.0 if control_today is None else float(ad.value_of(control_today(market)))
    price, stderr = mean_and_stderr(np.array([batch[0] for batch in batches]))
    upper, upper_stderr = mean_and_stderr(np.array([batch[1] for batch in batches]))
    return LeastSquaresPrice(
        price=today + float(price),
        stderr=float(stderr),
        upper_bound=today + float(upper),
        upper_bound_stderr=float(upper_stderr),
        n_paths=half * n_batches,
        reduced_dates=sum(batch[2] for batch in batches),
        carried_dates=sum(batch[3] for batch in batches),
    )


def gains(rows: Floats, policy: list[Regression | None]) -> Floats:
    """Return each path's exercise value less control at its first stop, (n_paths,)."""
    return np.einsum("pkd,pkd->p", rows[:, :2], stopped_picks(rows, policy))


def upper_mean(
    recorded: Recorded,
    market: Floats,
    normals: Floats,
    policy: list[Regression | None],
    start: float,
    generator: Any,
) -> float:
    """Return the mean over paths of the largest exercise value less control and martingale (Andersen and Broadie 2004).

    The martingale follows the value under the policy; expectations are means over paths with new normals after a date.
    """
    rows = recorded.values(market, normals)
    n_paths, _, n_dates = rows.shape
    exercise, control = np.maximum(rows[:, 0], 0.0), rows[:, 1]
    martingale, expected = np.zeros(n_paths), np.full(n_paths, start)
    largest = np.full(n_paths, -np.inf)
    for date in range(n_dates):
        last = date == n_dates - 1
        continued = np.zeros(n_paths)
        if not last:
            fresh = generator.standard_normal((n_paths, N_INNER // 2, *normals.shape[1:]))
            inner = np.concatenate([fresh, -fresh], axis=1)
            inner[:, :, : date + 1] = normals[:, None, : date + 1]
            later = recorded.values(market, inner.reshape(-1, *normals.shape[1:]))
            held: list[Regression | None] = [None] * (date + 1)
            continued = gains(later, held + policy[date + 1 :]).reshape(n_paths, N_INNER).mean(axis=1)
        stops = np.full(n_paths, last)
        fitted = None if last else policy[date]
        if fitted is not None:
            stops = (rows[:, 0, date] > 0.0) & (
                rows[:, 0, date] >= control[:, date] + fitted(rows[:, 2:, date].T)[0]
            )
        martingale += np.where(stops, exercise[:, date] - control[:, date], continued) - expected
        expected = continued
        largest = np.maximum(largest, exercise[:, date] - control[:, date] - martingale)
    return float(largest.mean())
