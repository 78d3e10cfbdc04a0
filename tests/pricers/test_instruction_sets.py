"""Compiled kernels give the same bits in every instruction set that this processor has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aadlib.sweeps import simd
from pricers.american import CashDividend, cash_dividends, dividend_yield
from pricers.analytic import bachelier_implied_volatility, implied_volatility
from pricers.analytic.analytic_kernels import implied_deviation_kernel
from pricers.calibration.normal_system import normal_equations, solve_definite

N = 37
RNG = np.random.default_rng(7)
STRIKE, EXPIRY = 100.0 * np.exp(RNG.normal(0.0, 0.2, N)), RNG.choice([0.1, 0.5, 1.3], N)
IS_CALL = STRIKE > 100.0
MARKET = {"spot": 100.0, "strike": STRIKE, "expiry": EXPIRY, "volatility": RNG.uniform(0.1, 0.6, N)}
PRICE = RNG.uniform(0.05, 8.0, N) + np.maximum(np.where(IS_CALL, 100.0 - STRIKE, STRIKE - 100.0), 0.0)
JACOBIAN = RNG.normal(size=(93, 17)) * (RNG.random((93, 17)) < 0.4)


def deviations() -> np.ndarray:
    out = np.empty((2, N))
    implied_deviation_kernel(np.linspace(0.001, 0.3, N), np.linspace(-0.5, 0.5, N), *out)
    return out


def fit() -> np.ndarray:
    normal, gradient = normal_equations(JACOBIAN, np.linspace(-1.0, 1.0, len(JACOBIAN)))
    return np.concatenate([normal.ravel(), solve_definite(normal + np.eye(17), gradient)])


KERNELS: dict[str, Callable[[], np.ndarray]] = {
    "implied_volatility": lambda: implied_volatility(
        price=PRICE, forward=100.0, strike=STRIKE, expiry=EXPIRY, is_call=IS_CALL
    ),
    "bachelier_implied_volatility": lambda: bachelier_implied_volatility(
        price=PRICE, forward=100.0, strike=STRIKE, expiry=EXPIRY, is_call=IS_CALL
    ),
    "deviations": deviations,
    "american": lambda: dividend_yield.early_exercise_premium(
        **MARKET, rate=0.04, dividend_yield=0.02, is_call=IS_CALL
    ),
    "cash dividends": lambda: cash_dividends.early_exercise_premium(
        **MARKET, rate=0.04, dividends=[CashDividend(0.05, 1.0), CashDividend(0.3, 1.5)], is_call=IS_CALL
    ),
    "normal equations": fit,
}


@pytest.mark.parametrize("name", KERNELS)
def test_every_set_gives_the_same_bits(name: str) -> None:
    before, results = simd.in_use(), []
    try:
        for instruction_set in simd.available():
            simd.use(instruction_set)
            results.append(KERNELS[name]())
    finally:
        simd.use(before)
    assert all(np.array_equal(result, results[0], equal_nan=True) for result in results)
    assert np.isfinite(results[0]).all()
