"""American and Bermudan Greeks to second order by Monte Carlo: the door to every treatment of exercise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.american.bermudan.bermudan_option import LABELS, BermudanOption
from pricers.american.bermudan.boundary_greeks import boundary_greeks
from pricers.american.bermudan.early_exercise_path import EarlyExercisePath
from pricers.american.bermudan.exercise_policy import PRICING_PART, REGRESSION_PART
from pricers.american.bermudan.frozen_times import frozen_times_greeks
from pricers.american.bermudan.least_squares import DEGREE, N_BATCHES
from pricers.american.bermudan.orthogonal_basis import recurrence_of
from pricers.american.bermudan.path_noise import PathNoise
from pricers.american.bermudan.refit import refit_greeks
from pricers.american.bermudan.result import AmericanGreeks
from pricers.curves.rate_curve import Rate
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.payoffs.basket import GeometricBasketOption

SHARPNESS = 30.0
SPOT_STEP, RATE_STEP = 0.01, 0.002
"""What `exercise="refit"` bumps spot and volatility by, in shares of them, and rate and dividend yield."""

Estimator = Callable[[BermudanOption, PathNoise, Floats, int], AmericanGreeks]


def _frozen_times(
    option: BermudanOption, draws: PathNoise, recurrence: Floats, n_upper: int
) -> AmericanGreeks:
    return frozen_times_greeks(option, draws, recurrence, SHARPNESS)


def _refit(option: BermudanOption, draws: PathNoise, recurrence: Floats, n_upper: int) -> AmericanGreeks:
    model = GeometricBrownianMotion(
        spots=[option.spot],
        volatilities=[option.volatility],
        rate=option.rate,
        dividend_yields=[option.dividend_yield],
    )
    payoff = GeometricBasketOption(strike=option.strike, is_call=bool(option.is_call))
    path = EarlyExercisePath(
        dynamics=model, payoff=payoff, control=payoff, expiry=option.expiry, n_dates=option.n_dates,
        differentiate=("spots", "rate", "dividend_yields", "volatilities"),
    )  # fmt: skip
    rows = []
    for batch in range(draws.n_batches):
        for part in (REGRESSION_PART, PRICING_PART):
            normals = draws.normals(batch=batch, part=part, n_columns=option.n_dates + 1)[:, 1:, None]
            rows.append(np.concatenate([normals, -normals]) if draws.antithetic else normals)
    return refit_greeks(
        path=path,
        control_today=path.control_today,
        parameters=path.parameters,
        normals=np.concatenate(rows),
        steps=[SPOT_STEP * option.spot, RATE_STEP, RATE_STEP, SPOT_STEP * option.volatility],
        labels=LABELS,
        degree=len(recurrence),
        n_batches=draws.n_batches,
    )


EXERCISES: dict[str, Estimator] = {
    "boundary": boundary_greeks,
    "frozen_times": _frozen_times,
    "refit": _refit,
}
"""Name of a treatment of exercise and its estimator."""


def american_greeks(
    *,
    spot: float,
    strike: float,
    expiry: float,
    volatility: float,
    rate: Rate = 0.0,
    dividend_yield: Rate = 0.0,
    is_call: bool = False,
    n_dates: int = 50,
    exercise: str = "boundary",
    n_paths: int = 100_000,
    n_upper_paths: int = 0,
    degree: int = DEGREE,
    basis: str = "chebyshev",
    noise: str = "pseudo",
    antithetic: bool = True,
    n_batches: int = N_BATCHES,
    seed: int = 0,
) -> AmericanGreeks:
    """Price a Bermudan call or put with its gradient and Hessian in spot, rate, dividend yield and volatility.

    Parameters
    ----------
    spot, strike, expiry, volatility, rate, dividend_yield, is_call, n_dates, n_paths, degree, basis, noise, antithetic,
    n_batches, seed
        As for `least_squares_price`.
    exercise : "boundary", "frozen_times" or "refit"
        "boundary": frozen times plus what happens at the exercise boundary as it moves; the Hessian is unbiased but
        for what is left of the regression's error. "frozen_times": as published, with softplus; the Hessian is
        biased, see `frozen_times`. "refit": differences of gradients with the policy fitted anew, the route of
        `refit_greeks` for models without a boundary one can name.
    n_upper_paths : int, >= 0, of the dual upper bound ("boundary" only); 0 leaves it out

    Returns
    -------
    AmericanGreeks
        Raw units, per 1.00 of volatility and rate; derivatives in a curve are those in its parallel shift.

    Raises
    ------
    AadValueError, AadTypeError
        As for `least_squares_price`, and for an unknown treatment of exercise.

    Notes
    -----
    Under a curve that makes exercise hardly pay for a while (a rate below the dividend yield, then above it) the
    boundary is all but undetermined there, and so are second derivatives in the rates: their standard errors say so;
    `exercise="refit"` and `finite_difference_greeks` have them.

    100,000 paths give gamma within 0.2%, vega within 0.02% and volga within 0.05 at the money for about one and
    a half times the work of the price alone; `quadrature_greeks` and `finite_difference_greeks` are there to compare
    with.

    Examples
    --------
    >>> put = american_greeks(spot=100.0, strike=100.0, expiry=1.0, volatility=0.2, rate=0.03, n_paths=20_000)
    >>> abs(put.gamma / 0.0214002 - 1.0) < 0.02, put.labels
    (True, ('spot', 'rate', 'dividend_yield', 'volatility'))
    """
    option = BermudanOption(
        spot=spot, strike=strike, expiry=expiry, volatility=volatility, rate=rate, dividend_yield=dividend_yield,
        is_call=is_call, n_dates=n_dates,
    )  # fmt: skip
    if not isinstance(exercise, str) or exercise not in EXERCISES:
        raise AadValueError(f"exercise = {exercise!r}: choose one of {', '.join(EXERCISES)}")
    if whole_number("n_upper_paths", n_upper_paths, 0) and exercise != "boundary":
        raise AadValueError(
            f"n_upper_paths = {n_upper_paths!r}: exercise='boundary' has an upper bound, {exercise!r} none"
        )
    draws = PathNoise(n_paths=n_paths, n_batches=n_batches, antithetic=antithetic, noise=noise, seed=seed)
    recurrence = recurrence_of(basis, whole_number("degree", degree, 1))
    return EXERCISES[exercise](option, draws, recurrence, n_upper_paths)
