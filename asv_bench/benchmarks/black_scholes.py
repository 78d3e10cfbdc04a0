"""Black-Scholes in five inputs: value, gradient and Hessian of one state, and of many states as lanes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtr

import aadlib as ad
from aadlib.types import Floats

from .sizes import median_seconds, sizes

POINT: Floats = np.array([100.0, 0.2, 105.0, 0.03, 0.75])
"""Spot, volatility, strike, rate, expiry."""

REPEATS = 200
"""Calls in one timing of microseconds."""


def call_price(x: Any) -> Any:
    """Return a Black-Scholes call for x = spot, volatility, strike, rate, expiry."""
    spot, volatility, strike, rate, expiry = x
    deviation = volatility * np.sqrt(expiry)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / deviation
    return spot * ad.norm_cdf(d1) - strike * np.exp(-rate * expiry) * ad.norm_cdf(d1 - deviation)


def float_call_price(spot: float, volatility: float, strike: float, rate: float, expiry: float) -> float:
    """Return the same price with Python's math module."""
    deviation = volatility * math.sqrt(expiry)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / deviation
    cdf_1 = 0.5 * math.erfc(-0.7071067811865476 * d1)
    cdf_2 = 0.5 * math.erfc(-0.7071067811865476 * (d1 - deviation))
    return spot * cdf_1 - strike * math.exp(-rate * expiry) * cdf_2


def ten_closed_forms(x: Floats) -> tuple[Any, ...]:
    """Return price, five first-order and four second-order Greeks of calls, (n_scenarios, 5), in plain NumPy."""
    spot, volatility, strike, rate, expiry = x.T
    root = np.sqrt(expiry)
    deviation = volatility * root
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / deviation
    d2 = d1 - deviation
    density = np.exp(-0.5 * d1 * d1) * 0.3989422804014327
    discount, cdf_1, cdf_2 = np.exp(-rate * expiry), ndtr(d1), ndtr(d2)
    vega, gamma = spot * density * root, density / (spot * deviation)
    return (
        spot * cdf_1 - strike * discount * cdf_2,
        cdf_1,
        vega,
        -discount * cdf_2,
        strike * expiry * discount * cdf_2,
        spot * density * volatility / (2.0 * root) + rate * strike * discount * cdf_2,
        gamma,
        -density * d2 / volatility,
        vega * d1 * d2 / volatility,
        density * (rate / deviation - d2 / (2.0 * expiry)),
    )


def scenarios(n: int) -> Floats:
    """Return n states around `POINT`, (n, 5)."""
    return np.asarray(POINT * np.exp(0.1 * np.random.default_rng(20240229).standard_normal((n, 5))))


class OneState:
    """One replay for value, gradient and Hessian."""

    def setup(self) -> None:
        """Record once."""
        self.program = ad.record(call_price, POINT)

    def time_derivatives(self) -> None:
        """Replay value, gradient and Hessian."""
        self.program.derivatives(POINT)

    def track_derivatives_over_float_price(self) -> float:
        """Return the time of all derivatives over that of the price alone in Python's math module."""
        market = POINT.tolist()

        def ours() -> None:
            for _ in range(REPEATS):
                self.program.derivatives(POINT)

        def plain() -> None:
            for _ in range(REPEATS):
                float_call_price(*market)

        return median_seconds(ours) / median_seconds(plain)


class Scenarios:
    """Every state a lane."""

    params = sizes(1000, 100_000)
    param_names = ("n_scenarios",)

    def setup(self, n_scenarios: int) -> None:
        """Record one state, and replay once over lanes."""
        self.states = scenarios(n_scenarios)
        self.program = ad.record(call_price, POINT).over_lanes()
        self.program.derivatives(self.states)

    def time_derivatives(self, n_scenarios: int) -> None:
        """Replay value, gradient and Hessian of all states."""
        self.program.derivatives(self.states)

    def track_derivatives_over_closed_forms(self, n_scenarios: int) -> float:
        """Return the time over that of ten closed-form numbers in NumPy."""
        ours = median_seconds(lambda: self.program.derivatives(self.states))
        return ours / median_seconds(lambda: ten_closed_forms(self.states))
