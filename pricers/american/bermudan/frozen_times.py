"""Exercise times found first and then frozen, as published: a smooth function whose Hessian leaves the policy out.

    V = mean over paths of exp(-r tau) softplus(+-(S_tau - K)),   tau held while V is differentiated

First derivatives are right, as the best policy's own motion changes nothing in first order. Second derivatives are
those of a fixed set of stops: of the put at the money gamma comes out a third too small, volga and the second
derivative in the rate two fifths, and comparing with differences of the same frozen function cannot show it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

import aadlib as ad
from aadlib.extend import map_pieces
from aadlib.types import Floats
from aadlib.validation import one_float, require_positive
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.exercise_policy import PRICING_PART, fit_policy
from pricers.american.bermudan.least_squares import DEGREE, mean_and_stderr
from pricers.american.bermudan.orthogonal_basis import recurrence_of
from pricers.american.bermudan.path_noise import PathNoise
from pricers.american.bermudan.result import AmericanGreeks
from pricers.curves.rate_curve import Rate
from pricers.kernel_options import OPTIONS


@dataclass(frozen=True, eq=False)
class FrozenTimes:
    """The mean payoff of paths whose exercise times are held; call it with the market, in numbers of any kind.

    Parameters
    ----------
    times : (n_paths,), years, when each path stops
    beyond_mean : (2, n_paths), what rate and dividend yield have added up to by then, beyond the market's numbers times
        the time: zeros without curves, whose numbers are their means to expiry
    brownian : (n_paths,), the Brownian motion there
    strike : float, currency
    is_call : bool
    sharpness : float, > 0, per currency unit, of the softplus that rounds the payoff's corner

    Examples
    --------
    >>> frozen = FrozenTimes(np.array([0.5, 1.0]), np.array([-0.8, 0.3]), 100.0, False, 30.0)
    >>> round(float(frozen(np.array([100.0, 0.03, 0.0, 0.2]))), 4)
    7.0724
    """

    times: Floats
    brownian: Floats
    strike: float
    is_call: bool
    sharpness: float
    beyond_mean: Any = (0.0, 0.0)

    def __call__(self, x: Any) -> Any:
        """Return the price at x = (spot, rate, dividend yield, volatility)."""
        return np.mean(discounted_payoff(x, self.times, self.brownian, self.beyond_mean, self))

    def batches(self, size: int) -> list[FrozenTimes]:
        """Cut the paths into mini-batches of `size`, the last one smaller where it has to be."""
        return [
            FrozenTimes(
                self.times[begin : begin + size], self.brownian[begin : begin + size], self.strike, self.is_call,
                self.sharpness,
                tuple(x[begin : begin + size] if np.ndim(x) else x for x in self.beyond_mean),
            )
            for begin in range(0, self.times.size, size)
        ]  # fmt: skip


def discounted_payoff(x: Any, times: Any, brownian: Any, beyond_mean: Any, payoff: FrozenTimes) -> Any:
    """Return the discounted smooth payoff of one path, or of each."""
    spot, rate, dividend_yield, volatility = x[0], x[1], x[2], x[3]
    growth = (rate - dividend_yield - 0.5 * volatility * volatility) * times + volatility * brownian
    gain = spot * np.exp(growth + (beyond_mean[0] - beyond_mean[1])) - payoff.strike
    return np.exp(-rate * times - beyond_mean[0]) * ad.softplus(
        gain if payoff.is_call else -gain, sharpness=payoff.sharpness
    )


@njit(**OPTIONS)
def stops_kernel(
    normals: Floats, antithetic: bool, expiry: float, ends: Floats, times: Floats, brownian: Floats
) -> None:
    """Write when every path stops, expiry if not before, and where; mirror images stand side by side."""
    n = ends.shape[0]
    step = expiry / (n + 1)
    sides = 2 if antithetic else 1
    for i in range(normals.shape[0]):
        for side in range(sides):
            root = -math.sqrt(step) if side else math.sqrt(step)
            state, stop = 0.0, n
            for date in range(n + 1):
                state += root * normals[i, date + 1]
                if date < n and ends[date, 0] <= state <= ends[date, 1]:
                    stop = date
                    break
            times[sides * i + side] = (stop + 1) * step
            brownian[sides * i + side] = state


def frozen_batches(
    option: BermudanOption, draws: PathNoise, recurrence: Floats, sharpness: float
) -> list[FrozenTimes]:
    """Fit a policy in every independent batch and freeze the times at which fresh paths stop."""
    per_batch = draws.n_used // draws.n_batches

    def run(position: int) -> FrozenTimes:
        policy = fit_policy(option, draws, position, recurrence, with_shifts=False)
        normals = draws.normals(batch=position, part=PRICING_PART, n_columns=option.n_dates + 1)
        times, brownian = np.empty(per_batch), np.empty(per_batch)
        stops_kernel(normals, bool(draws.antithetic), option.expiry, policy.ends, times, brownian)
        beyond = tuple(option.beyond_mean(times))
        return FrozenTimes(times, brownian, option.strike, bool(option.is_call), sharpness, beyond)

    return map_pieces(run, range(draws.n_batches), work=20.0 * draws.n_used * option.n_dates)


def frozen_times(
    *,
    spot: float,
    strike: float,
    expiry: float,
    volatility: float,
    rate: Rate = 0.0,
    dividend_yield: Rate = 0.0,
    is_call: bool = False,
    n_dates: int = 50,
    n_paths: int = 40_000,
    n_batches: int = 16,
    seed: int = 0,
    sharpness: float = 30.0,
) -> FrozenTimes:
    """Run the exercise pass and return the frozen function of the market, for any method of second derivatives.

    Parameters
    ----------
    spot, strike, expiry, volatility, rate, dividend_yield, is_call, n_dates, n_paths, n_batches, seed
        As for `least_squares_price`.
    sharpness : float, > 0, per currency unit

    Returns
    -------
    FrozenTimes
        `greeks2.hessian(frozen, x, method="edge_pushing", cap_active=200)` pushes edges through it as the report does,
        `frozen.batches(size)` are its mini-batches: sums of their Hessians are the Hessian.

    Raises
    ------
    AadValueError
        As for `least_squares_price`, and for a sharpness that is not positive.

    Examples
    --------
    >>> frozen = frozen_times(spot=100.0, strike=100.0, expiry=1.0, volatility=0.2, rate=0.03, n_paths=4096)
    >>> ad.grad(frozen)([100.0, 0.03, 0.0, 0.2]).shape
    (4,)
    """
    option = BermudanOption(
        spot=spot, strike=strike, expiry=expiry, volatility=volatility, rate=rate, dividend_yield=dividend_yield,
        is_call=is_call, n_dates=n_dates,
    )  # fmt: skip
    require_positive("sharpness", one_float("sharpness", sharpness))
    draws = PathNoise(n_paths=n_paths, n_batches=n_batches, antithetic=True, noise="pseudo", seed=seed)
    parts = frozen_batches(option, draws, recurrence_of("chebyshev", DEGREE), float(sharpness))
    return FrozenTimes(
        np.concatenate([part.times for part in parts]), np.concatenate([part.brownian for part in parts]),
        option.strike, bool(option.is_call), float(sharpness),
        tuple(np.concatenate([part.beyond_mean[k] for part in parts]) for k in (0, 1)),
    )  # fmt: skip


def frozen_times_greeks(
    option: BermudanOption, draws: PathNoise, recurrence: Floats, sharpness: float
) -> AmericanGreeks:
    """Differentiate the frozen function: one path recorded, all of them swept."""
    require_positive("sharpness", sharpness)
    parts = frozen_batches(option, draws, recurrence, float(sharpness))
    market = option.numbers()
    payoff = parts[0]
    program = ad.record(
        lambda x, stop: discounted_payoff(x, stop[0], stop[1], stop[2:], payoff),
        market,
        np.ones((1, 4)),
        lanes=(1,),
        passive=(1,),
    )
    prices, gradients, hessians = [], [], []
    for part in parts:
        values, gradient, hessian = program.derivatives(
            market, np.stack([part.times, part.brownian, *part.beyond_mean], axis=1)
        )
        prices.append(values.mean())
        gradients.append(gradient / part.times.size)
        hessians.append(hessian / part.times.size)
    price, stderr = mean_and_stderr(np.array(prices))
    gradient, gradient_stderr = mean_and_stderr(np.array(gradients))
    hessian, hessian_stderr = mean_and_stderr(np.array(hessians))
    return AmericanGreeks(
        price=float(price),
        stderr=float(stderr),
        gradient=gradient,
        gradient_stderr=gradient_stderr,
        hessian=hessian,
        hessian_stderr=hessian_stderr,
        exercise="frozen_times",
        biased_in_second_order=True,
        n_paths=draws.n_used,
    )
