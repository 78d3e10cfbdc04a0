"""American and Bermudan prices by least-squares Monte Carlo, with a lower and an upper bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.extend import map_pieces
from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.exercise_policy import (
    PRICING_PART,
    UPPER_PART,
    ExercisePolicy,
    fit_policy,
)
from pricers.american.bermudan.orthogonal_basis import recurrence_of
from pricers.american.bermudan.path_noise import PathNoise
from pricers.american.bermudan.pricing_pass_kernel import premium_sum_kernel
from pricers.american.bermudan.result import LeastSquaresPrice
from pricers.american.bermudan.upper_bound_kernel import upper_sum_kernel
from pricers.curves.rate_curve import Rate

N_BATCHES = 16
DEGREE = 4
N_INNER = 32
"""Paths that lead on from every state of the upper bound, mirror images not counted."""
N_POOL = 2048
"""Brownian motions of a batch they are taken from."""


@dataclass(frozen=True)
class Batch:
    """One independent repetition: its policy, means over its pricing paths, its upper bound on the mean premium."""

    policy: ExercisePolicy
    means: Floats
    upper: float


def least_squares_price(
    *,
    spot: float,
    strike: float,
    expiry: float,
    volatility: float,
    rate: Rate = 0.0,
    dividend_yield: Rate = 0.0,
    is_call: bool = False,
    n_dates: int = 50,
    n_paths: int = 100_000,
    n_upper_paths: int = 512,
    degree: int = DEGREE,
    basis: str = "chebyshev",
    noise: str = "pseudo",
    antithetic: bool = True,
    n_batches: int = N_BATCHES,
    seed: int = 0,
) -> LeastSquaresPrice:
    """Price a call or put that may be exercised at k expiry / n_dates, k = 1 .. n_dates.

    Parameters
    ----------
    spot, strike : float, currency, > 0
    expiry : float, years, > 0
    volatility : float, per square root of a year, > 0
    rate, dividend_yield : float or RateCurve, per year, continuously compounded, of any sign
    is_call : bool
    n_dates : int, >= 1
        With one date the option is European and its price exact. Exercise today is not among the dates.
    n_paths : int
        In each of the two passes, regression and pricing; rounded up to equal batches.
    n_upper_paths : int, >= 0
        Paths of the upper bound, each with 64 that lead on from every date; 0 leaves it out.
    degree : int, >= 1, of the regression polynomials
    basis : "chebyshev", "legendre" or "laguerre"
        They span the same functions; what differs is round-off.
    noise : "pseudo" or "sobol"
        Philox streams, or Sobol points with a Brownian bridge, scrambled anew for every batch.
    antithetic : bool
    n_batches : int, >= 2
        Independent repetitions, each with a policy of its own; their scatter gives the standard errors, so that
        these hold the noise of the regression too.
    seed : int, >= 0

    Returns
    -------
    LeastSquaresPrice

    Raises
    ------
    AadValueError, AadTypeError
        For numbers that are not finite or have the wrong sign, counts out of range, unknown bases and noises.

    Notes
    -----
    What is regressed, and averaged over the pricing paths, is the premium of early exercise over the European value at
    the path's own stop (Rasmussen 2005); the European price is exact. Paths near the last boundary are regressed, in
    the money only. The same seed gives the same bits for any number of threads.

    References
    ----------
    F. Longstaff and E. Schwartz (2001), "Valuing American options by simulation", Rev. Financial Studies 14(1).
    N. Rasmussen (2005), "Control variates for Monte Carlo valuation of American options", J. Comput. Finance 9(1).
    L. Andersen and M. Broadie (2004), Management Science 50(9).

    Examples
    --------
    >>> put = least_squares_price(spot=100.0, strike=100.0, expiry=1.0, volatility=0.2, rate=0.03, n_paths=20_000)
    >>> abs(put.price - 6.7356) < 4.0 * put.stderr + 0.005, put.upper_bound > put.price
    (True, True)
    """
    option = BermudanOption(
        spot=spot, strike=strike, expiry=expiry, volatility=volatility, rate=rate, dividend_yield=dividend_yield,
        is_call=is_call, n_dates=n_dates,
    )  # fmt: skip
    draws = PathNoise(n_paths=n_paths, n_batches=n_batches, antithetic=antithetic, noise=noise, seed=seed)
    recurrence = recurrence_of(basis, whole_number("degree", degree, 1))
    n_upper = whole_number("n_upper_paths", n_upper_paths, 0)

    def premium(policy: ExercisePolicy, normals: Floats) -> Floats:
        return np.array([premium_sum_kernel(normals, antithetic, option.terms, policy.ends)])

    batches = run_batches(option, draws, recurrence, premium, n_upper=n_upper, with_shifts=False)
    european = float(option.european()[0])
    mean, stderr = mean_and_stderr(np.array([batch.means for batch in batches]))
    upper, upper_stderr = mean_and_stderr(np.array([batch.upper for batch in batches]))
    return LeastSquaresPrice(
        price=european + float(mean[0]),
        stderr=float(stderr[0]),
        upper_bound=european + float(upper),
        upper_bound_stderr=float(upper_stderr),
        european=european,
        n_paths=draws.n_used,
        reduced_dates=sum(_reduced(batch.policy, len(recurrence) + 1) for batch in batches),
        carried_dates=sum(_carried(batch.policy) for batch in batches),
    )


def run_batches(
    option: BermudanOption,
    draws: PathNoise,
    recurrence: Floats,
    sums: Callable[[ExercisePolicy, Floats], Floats],
    *,
    n_upper: int,
    with_shifts: bool,
) -> list[Batch]:
    """Fit a policy and price under it, independently in every batch; `sums` adds up the paths of one."""
    per_batch = draws.n_used // draws.n_batches
    upper_paths = -(-n_upper // draws.n_batches)

    def run(position: int) -> Batch:
        policy = fit_policy(option, draws, position, recurrence, with_shifts=with_shifts)
        normals = draws.normals(batch=position, part=PRICING_PART, n_columns=option.n_dates)
        means = sums(policy, normals) / per_batch
        start = float(means[0])
        upper = upper_mean(option, draws, position, policy, upper_paths, start) if upper_paths else math.nan
        return Batch(policy, means, upper)

    return map_pieces(run, range(draws.n_batches), work=20.0 * draws.n_used * option.n_dates)


def upper_mean(
    option: BermudanOption,
    draws: PathNoise,
    position: int,
    policy: ExercisePolicy,
    n_upper: int,
    start: float,
) -> float:
    """Return the mean over a batch's outer paths of the dual upper bound on the premium."""
    n = option.n_dates
    stream = np.random.SeedSequence(draws.seed, spawn_key=(position, UPPER_PART))
    generator = np.random.Generator(np.random.Philox(stream))
    outer = generator.standard_normal((n_upper, n))
    pool = np.cumsum(generator.standard_normal((N_POOL, n - 1)), axis=1) * math.sqrt(option.expiry / n)
    return float(upper_sum_kernel(outer, pool, N_INNER, start, option.terms, policy.ends)) / n_upper


def mean_and_stderr(batches: Floats) -> tuple[Any, Any]:
    """Return the mean over batches (the first axis) and its standard error from their scatter."""
    return batches.mean(axis=0), batches.std(axis=0, ddof=1) / math.sqrt(len(batches))


def _reduced(policy: ExercisePolicy, n_functions: int) -> int:
    return int(np.count_nonzero((policy.ranks > 0) & (policy.ranks < n_functions)))


def _carried(policy: ExercisePolicy) -> int:
    fitted_before_last = policy.ranks[:-1] if len(policy.ranks) else policy.ranks
    return int(np.count_nonzero((fitted_before_last == 0) & np.isfinite(policy.ends[:-1])))
