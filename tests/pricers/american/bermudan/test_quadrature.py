"""The quadrature against a recursion of its own, published values and symmetry; the backward equation against it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.american.bermudan import finite_difference_greeks, quadrature_greeks
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.quadrature import quadrature_values
from pricers.analytic import black_scholes

from .cases import PUT, TRUTH, named


def test_greeks_are_those_of_the_put() -> None:
    found = named(quadrature_greeks(**PUT))
    assert found["price"] == pytest.approx(6.7355579989972, abs=2e-11)
    for name, truth in TRUTH.items():
        assert found[name] == pytest.approx(truth, rel=5e-5, abs=1e-5), name


def test_prices_are_those_of_longstaff_and_schwartz(shared: Path) -> None:
    table = shared / "data/reference_values/american_put_longstaff_schwartz_table1.csv"
    rows = list(csv.DictReader(line for line in table.read_text().splitlines() if not line.startswith("#")))
    assert len(rows) == 20
    for row in rows[::4]:
        expiry, volatility = float(row["t"]), float(row["vol"])
        option = BermudanOption(
            spot=float(row["spot"]), strike=40.0, expiry=expiry, volatility=volatility, rate=0.06,
            n_dates=round(50 * expiry),
        )  # fmt: skip
        price = quadrature_values(option, np.array([option.spot]))[0]
        # The column is a binomial tree's, the published one a finite-difference scheme's with continuous exercise.
        assert price == pytest.approx(float(row["check_bermudan50"]), abs=1.5e-3)
        assert price == pytest.approx(float(row["fd_american"]), abs=6.5e-3)


def test_one_date_is_european() -> None:
    option = PUT | {"n_dates": 1}
    european = black_scholes.price(
        spot=100.0, strike=100.0, expiry=1.0, rate=0.03, volatility=0.2, is_call=False
    )
    assert quadrature_greeks(**option).price == pytest.approx(european, rel=1e-13)


def test_a_put_is_a_call_in_the_other_currency() -> None:
    put = BermudanOption(spot=90.0, strike=110.0, expiry=2.0, volatility=0.3, rate=0.05, dividend_yield=0.02)
    call = BermudanOption(
        spot=110.0, strike=90.0, expiry=2.0, volatility=0.3, rate=0.02, dividend_yield=0.05, is_call=True
    )
    values = [quadrature_values(option, np.array([option.spot]))[0] for option in (put, call)]
    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_never_exercised_is_european() -> None:
    option = BermudanOption(spot=100.0, strike=90.0, expiry=1.0, volatility=0.2, rate=0.05, is_call=True)
    assert quadrature_values(option, np.array([100.0]))[0] == pytest.approx(option.european()[0], rel=1e-14)


def test_two_boundaries_are_refused() -> None:
    with pytest.raises(AadValueError, match="between two boundaries"):
        quadrature_greeks(**PUT | {"rate": -0.01, "dividend_yield": -0.04})


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"spot": 85.0},
        {"n_dates": 4},
        {"is_call": True, "dividend_yield": 0.06},
    ],
)
def test_backward_equation_agrees(change: dict[str, float]) -> None:
    exact, grid = quadrature_greeks(**PUT | change), finite_difference_greeks(**PUT | change)
    assert grid.price == pytest.approx(exact.price, abs=5e-4)
    np.testing.assert_allclose(grid.gradient, exact.gradient, rtol=5e-4, atol=1e-4)
    # A curvature is compared on the scale of its inputs: their second derivatives of one unit's move.
    scale = np.sqrt(np.outer(np.diag(exact.hessian), np.diag(exact.hessian)))
    scale = np.where(scale > 0.0, scale, np.abs(exact.hessian).max())
    assert np.all(np.abs(grid.hessian - exact.hessian) <= 0.02 * scale + 0.25 * (scale > 1.0))


@pytest.mark.parametrize(("expiry", "volatility"), [(1.0 / 365.0, 0.05), (2.0 / 365.0, 0.2)])
def test_the_gamma_of_a_day(expiry: float, volatility: float) -> None:
    """The spot is bumped within the range in which the option bends."""
    option = PUT | {"expiry": expiry, "volatility": volatility}
    european = BermudanOption(**option | {"n_dates": 1}).european()[5]
    assert quadrature_greeks(**option | {"n_dates": 1}).gamma == pytest.approx(european, rel=5e-5)
    assert finite_difference_greeks(**option | {"n_dates": 1}).gamma == pytest.approx(european, rel=1e-3)
    assert finite_difference_greeks(**option).gamma == pytest.approx(
        quadrature_greeks(**option | {"n_dates": 10}).gamma, rel=2e-3
    )


def test_backward_equation_is_of_second_order() -> None:
    errors = [
        finite_difference_greeks(**PUT, n_nodes=n + 1, n_steps=n // 2).price - TRUTH["price"]
        for n in (500, 1000, 2000)
    ]
    ratios = np.array(errors[:-1]) / np.array(errors[1:])
    assert np.all((ratios > 3.3) & (ratios < 4.7))
