"""Prices by least-squares Monte Carlo: bounds, published values, and what does not change them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pricers.american.bermudan import finite_difference_greeks, least_squares_price
from pricers.american.bermudan.bermudan_option import BermudanOption

from .cases import PUT, TRUTH

SMALL = {"n_paths": 16_000, "n_upper_paths": 128}


@pytest.mark.parametrize("noise", ["pseudo", "sobol"])
@pytest.mark.parametrize("antithetic", [False, True])
def test_the_true_price_is_between_the_bounds(noise: str, antithetic: bool) -> None:
    found = least_squares_price(**PUT, **SMALL, noise=noise, antithetic=antithetic, seed=3)
    assert found.lower_bound == found.price
    assert found.price < TRUTH["price"] + 4.0 * found.stderr
    assert found.upper_bound > TRUTH["price"] - 4.0 * found.upper_bound_stderr
    assert found.interval[0] < TRUTH["price"] < found.interval[1]
    assert found.interval[1] - found.interval[0] < 0.004 * TRUTH["price"]


@pytest.mark.parametrize("is_call", [False, True])
def test_exercise_between_two_boundaries(is_call: bool) -> None:
    """Negative rates: a put is exercised neither too deep in the money nor too near the strike, and so is a call."""
    rates = {"rate": -0.04, "dividend_yield": -0.01} if is_call else {"rate": -0.01, "dividend_yield": -0.04}
    option = PUT | rates | {"is_call": is_call}
    found = least_squares_price(**option, **SMALL)
    exact = finite_difference_greeks(**option).price
    assert found.price > found.european + 0.1
    assert abs(found.price - exact) < 4.0 * found.stderr + 0.003
    assert found.upper_bound > exact - 4.0 * found.upper_bound_stderr


@pytest.mark.parametrize(
    "change",
    [
        {"is_call": True},
        {"rate": -0.02},
        {"rate": 0.0, "dividend_yield": 0.01},
        {"spot": 400.0},
        {"n_dates": 1},
    ],
)
def test_never_exercised_is_the_european_price(change: dict[str, float]) -> None:
    found = least_squares_price(**PUT | change, **SMALL | {"n_paths": 2048})
    assert found.price == pytest.approx(found.european, rel=1e-14)
    assert found.stderr == 0.0
    assert found.upper_bound == pytest.approx(found.european, rel=1e-9)


def test_deep_in_the_money_is_exercised_at_the_first_date() -> None:
    found = least_squares_price(**PUT | {"spot": 30.0}, **SMALL | {"n_paths": 2048})
    assert found.price == pytest.approx(100.0 * np.exp(-0.03 / 50.0) - 30.0, rel=1e-9)


@pytest.mark.parametrize("basis", ["legendre", "laguerre"])
def test_bases_span_the_same_functions(basis: str) -> None:
    options = PUT | {"n_paths": 4096, "n_upper_paths": 0}
    price = least_squares_price(**options, basis=basis).price
    assert price == pytest.approx(least_squares_price(**options).price, rel=1e-6)


def test_same_bits_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
        found.append(least_squares_price(**PUT, n_paths=32_000, n_upper_paths=64))
    assert found[0].price == found[1].price and found[0].upper_bound == found[1].upper_bound


def test_standard_error_falls_as_the_root_of_the_paths() -> None:
    few, many = (
        least_squares_price(**PUT, n_paths=n, n_upper_paths=0, n_batches=64).stderr for n in (8192, 131072)
    )
    assert 2.5 < few / many < 6.4


def test_few_paths_reduce_the_basis_and_say_so() -> None:
    found = least_squares_price(**PUT, n_paths=2048, n_upper_paths=0)
    assert found.reduced_dates > 0
    assert TRUTH["price"] - 0.1 < found.price < TRUTH["price"] + 4.0 * found.stderr
    many = least_squares_price(**PUT, n_paths=50_000, n_upper_paths=0)
    assert many.reduced_dates <= 3 and many.carried_dates == 0


def test_a_singular_regression_takes_fewer_functions_and_says_so() -> None:
    found = least_squares_price(
        **PUT | {"n_dates": 6}, n_paths=32_000, n_upper_paths=0, degree=30, basis="laguerre"
    )
    assert found.reduced_dates > 0
    expected = least_squares_price(**PUT | {"n_dates": 6}, n_paths=32_000, n_upper_paths=0)
    assert found.price == pytest.approx(expected.price, rel=5e-3)


def table_1(shared: Path) -> list[dict[str, str]]:
    """Return the rows of the published table."""
    table = shared / "data/reference_values/american_put_longstaff_schwartz_table1.csv"
    return list(csv.DictReader(line for line in table.read_text().splitlines() if not line.startswith("#")))


def test_prices_of_longstaff_and_schwartz(shared: Path) -> None:
    for row in table_1(shared):
        option = BermudanOption(
            spot=float(row["spot"]),
            strike=40.0,
            expiry=float(row["t"]),
            volatility=float(row["vol"]),
            rate=0.06,
        )
        found = least_squares_price(
            spot=option.spot, strike=40.0, expiry=option.expiry, volatility=option.volatility, rate=0.06,
            n_dates=round(50 * option.expiry), n_paths=100_000, n_upper_paths=0,
        )  # fmt: skip
        truth = float(row["check_bermudan50"])
        assert abs(found.price - truth) < max(3.0 * found.stderr, 0.003 * truth), row
