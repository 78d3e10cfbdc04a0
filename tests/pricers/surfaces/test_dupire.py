"""Dupire's formula against finite differences, the published round trip, recorded parameters, and arbitrage."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from pricers import black_scholes
from pricers.pde import backward
from pricers.pde.backward.extrapolation import extrapolated_price
from pricers.surfaces.dupire import DupireLocalVolatility, local_variance


def benchop_variance(x: Any, t: Any) -> Any:
    """Total variance of BENCHOP's surface; written with NumPy alone."""
    root, shifted = np.sqrt(t), np.sqrt(t + 0.04)
    right, left = 0.06 * (1.0 - 0.87 * root), 0.31 * (1.0 - 0.7 * root)
    level, centre, width = 0.01 + 0.03 * shifted, 0.03 + 0.01 * t, 0.15 * (0.4 + 0.6 * shifted)
    offset = x - centre
    return t * (level + 0.5 * (right - left) * offset + 0.5 * (left + right) * np.sqrt(offset**2 + width**2))


def test_against_finite_differences() -> None:
    x, t, h = np.linspace(-0.4, 0.4, 9), 0.3, 1e-3
    w = benchop_variance(x, t)

    def derivative(values: list[Any], weights: tuple[float, ...], power: int) -> Any:
        return sum(weight * value for weight, value in zip(weights, values, strict=True)) / h**power

    along = [benchop_variance(x + k * h, t) for k in (-2, -1, 0, 1, 2)]
    later = [benchop_variance(x, t + k * h) for k in (-2, -1, 0, 1, 2)]
    first = (1.0 / 12.0, -8.0 / 12.0, 0.0, 8.0 / 12.0, -1.0 / 12.0)
    second = (-1.0 / 12.0, 16.0 / 12.0, -30.0 / 12.0, 16.0 / 12.0, -1.0 / 12.0)
    wx, wxx, wt = derivative(along, first, 1), derivative(along, second, 2), derivative(later, first, 1)
    expected = wt / ((1.0 - x * wx / (2.0 * w)) ** 2 - wx**2 / 4.0 * (1.0 / w + 0.25) + wxx / 2.0)
    found = local_variance(total_variance=benchop_variance, log_moneyness=x, time=t)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


@pytest.mark.parametrize("function", [backward.price, extrapolated_price])
def test_benchop_round_trip(shared: Path, function: Any) -> None:
    """Problem 3II: local volatility from the implied surface, marched back to the implied prices."""
    lines = (shared / "data/reference_values/benchop.csv").read_text().splitlines()
    rows = [r for r in csv.DictReader(x for x in lines if not x.startswith("#")) if r["problem"] == "3II"]
    assert len(rows) == 3
    for row in rows:
        spot = float(row["spot"])
        surface = DupireLocalVolatility(total_variance=benchop_variance, spot=spot, rate=0.03)
        found = function(spot=spot, strike=100.0, expiry=0.5, rate=0.03, volatility=surface)
        assert found == pytest.approx(float(row["check_value"]), abs=2e-4)
        if function is extrapolated_price:
            assert found == pytest.approx(float(row["check_value"]), abs=2e-5)


def test_round_trip_over_strikes_with_dividends() -> None:
    market = {"spot": 100.0, "rate": 0.04, "dividend_yield": 0.015}
    surface = DupireLocalVolatility(total_variance=benchop_variance, **market)
    forward = 100.0 * np.exp(0.025 * 0.5)
    for strike in (80.0, 95.0, 105.0, 120.0):
        implied = float(np.sqrt(benchop_variance(np.log(strike / forward), 0.5) / 0.5))
        exact = black_scholes.price(strike=strike, expiry=0.5, volatility=implied, **market)
        found = extrapolated_price(strike=strike, expiry=0.5, volatility=surface, **market)
        assert found == pytest.approx(exact, abs=5e-5)


def test_recorded_parameters_and_moneyness() -> None:
    """The derivative of local variance in the surface's own parameters, by the tape and by differences."""
    x = np.array([-0.3, 0.0, 0.2])

    def total(p: Any) -> Any:
        def surface(k: Any, t: Any) -> Any:
            return t * (p[0] + p[1] * (p[2] * k + ad.sqrt(k * k + p[3] * p[3])))

        return local_variance(total_variance=surface, log_moneyness=x + p[4], time=0.7).sum()

    p0 = np.array([0.02, 0.1, -0.4, 0.25, 0.01])
    gradient = ad.grad(total)(p0)
    for i, unit in enumerate(np.eye(5) * 1e-5):
        bumped = (total(p0 + unit) - total(p0 - unit)) / 2e-5
        assert gradient[i] == pytest.approx(bumped, rel=1e-6)


def test_the_surface_is_held_flat_beyond_its_reach() -> None:
    spots = np.array([10.0, 70.0, 100.0, 400.0])
    surface = DupireLocalVolatility(total_variance=benchop_variance, spot=100.0, reach=0.5)
    ends = surface(100.0 * np.exp([-0.5, 0.5]), 0.4)
    np.testing.assert_allclose(surface(spots, 0.4)[[0, 3]], ends, rtol=1e-14)
    free = DupireLocalVolatility(total_variance=benchop_variance, spot=100.0)
    np.testing.assert_array_equal(surface(spots, 0.4)[1:3], free(spots, 0.4)[1:3])


@pytest.mark.parametrize(
    ("surface", "kind", "message"),
    [
        (lambda x, t: (0.04 - 0.01 * t) * (2.0 - t) + 0.0 * x, AadValueError, "calendar arbitrage"),
        (lambda x, t: t * (0.04 + 0.02 * np.cos(20.0 * (x - 0.3))), AadValueError, "butterfly arbitrage"),
        (lambda x, t: -0.04 * t + 0.0 * x, AadValueError, "total_variance = -0.02"),
        (lambda x, t: 0.02, AadTypeError, "must depend on the expiry"),
        (lambda x, t: t * np.add.reduce(x), AadTypeError, "add.reduce"),
        (lambda x, t: t * np.frexp(x), AadTypeError, "frexp"),
    ],
)
def test_arbitrage_and_surfaces_that_cannot_be_differentiated(
    surface: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        local_variance(total_variance=surface, log_moneyness=0.3, time=0.5)


def test_vogt_slice_shows_its_butterfly(shared: Path) -> None:
    """Gatheral and Jacquier's example: the implied density is negative around x = 0.88, and fine at the money."""
    line = (shared / "data/reference_values/svi_vogt_butterfly_arbitrage.csv").read_text().splitlines()[-1]
    a, b, rho, m, sigma = map(float, line.split(","))

    def surface(x: Any, t: Any) -> Any:
        return t * (a + b * (rho * (x - m) + np.sqrt((x - m) ** 2 + sigma**2)))

    assert local_variance(total_variance=surface, log_moneyness=0.0, time=1.0) > 0.0
    with pytest.raises(AadValueError, match=r"log_moneyness = 0\.88 .*butterfly"):
        local_variance(total_variance=surface, log_moneyness=np.array([0.0, 0.88]), time=1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spot": 0.0}, "spot = 0.0"),
        ({"rate": np.nan}, "rate = nan"),
        ({"dividend_yield": np.inf}, "dividend_yield = inf"),
        ({"reach": -1.0}, "reach = -1.0"),
    ],
)
def test_refusals_on_building(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        DupireLocalVolatility(**{"total_variance": benchop_variance, "spot": 100.0, **changes})


def test_refusals_on_calling() -> None:
    surface = DupireLocalVolatility(total_variance=benchop_variance, spot=100.0)
    with pytest.raises(AadValueError, match=r"time = 0\.0"):
        surface(np.array([100.0]), 0.0)
    with pytest.raises(AadValueError, match=r"spots\[1\] = 0.0"):
        surface(np.array([100.0, 0.0]), 0.5)
    with pytest.raises(AadValueError, match="log_moneyness = nan"):
        local_variance(total_variance=benchop_variance, log_moneyness=np.nan, time=0.5)
