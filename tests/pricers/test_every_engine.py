"""Every engine takes every surface, with a term structure of rates and dividends: one price, one set of derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from pricers import pde
from pricers.contracts import Market
from pricers.monte_carlo import BasketOption, Path, price

from .surfaces.surfaces_list import SURFACES, TERMS

NAMES = list(SURFACES)
STRIKE, EXPIRY = 105.0, 0.9
NUMBERS = ("spot", "rate", "dividend_yield")


def market_of(name):
    return Market(spot=100.0, surface=SURFACES[name], **TERMS)


def backward_price(name, differentiate=NUMBERS):
    return pde.european(
        market_of(name), strike=STRIKE, expiry=EXPIRY, n_nodes=201, n_steps=80, differentiate=differentiate
    )


@pytest.mark.parametrize("name", NAMES)
def test_backward_and_forward_march_agree(name):
    backward = backward_price(name)
    forward = pde.vanillas(
        market_of(name), strikes=[STRIKE, 90.0], expiries=[EXPIRY, 0.4], is_call=[True, False], differentiate=NUMBERS
    )  # fmt: skip
    x = backward.parameters
    np.testing.assert_array_equal(x, [100.0, 0.0, 0.0])
    assert float(forward(x)[0]) == pytest.approx(float(backward(x)), rel=1.5e-3)


@pytest.mark.parametrize("name", ["flat", "spline in spot", "calibrated", "bumped"])
def test_their_derivatives_agree(name):
    """In spot and in parallel shifts of both curves; the surface's numbers where both march them."""
    groups = (*NUMBERS, "weights") if name in ("calibrated", "bumped") else NUMBERS
    backward = backward_price(name, groups)
    forward = pde.vanillas(
        market_of(name), strikes=[STRIKE], expiries=[EXPIRY], is_call=[True], differentiate=groups
    )
    x = backward.parameters
    wanted = ad.record(backward, x).gradient(x)
    found = ad.record(forward, x).jacobian(x)[0]
    np.testing.assert_allclose(found, wanted, rtol=0.0, atol=4e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("name", NAMES)
def test_monte_carlo_agrees(name):
    path = Path(
        dynamics=market_of(name).dynamics(), payoff=BasketOption(strike=STRIKE), expiry=EXPIRY, n_steps=12,
        track_steps=True, differentiate="spots", smoothing="conditional_expectation",
    )  # fmt: skip
    found = price(path, normals=np.random.default_rng(7).standard_normal((20_000, 12, 1)))
    wanted = float(backward_price(name)(np.array([100.0, 0.0, 0.0])))
    assert abs(found.value - wanted) < 4.0 * found.stderr + 2e-3 * wanted


@pytest.mark.parametrize("name", NAMES)
def test_an_american_put_is_worth_its_european_and_more(name):
    american, european = (
        function(
            market_of(name), strike=STRIKE, expiry=EXPIRY, is_call=False, n_nodes=151, n_steps=60, differentiate="spot"
        )
        for function in (pde.american, pde.european)
    )  # fmt: skip
    assert float(american(american.parameters)) > float(european(european.parameters)) + 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_expanded_march_has_the_same_numbers(name):
    """One operation and every operation of it: value and derivatives in spot, rates and the surface's numbers."""
    from pricers.pde import backward

    market = market_of(name)
    grid = pde.default_grid(spot=100.0, strike=STRIKE, expiry=EXPIRY, volatility=market.surface, n_nodes=31)
    numbers = pde.european(
        market, strike=STRIKE, expiry=EXPIRY, differentiate=(*NUMBERS, "weights"), n_nodes=31
    )
    x = numbers.parameters

    def function(expand):
        def priced(numbers_at):
            at = market.replaced({name: list(numbers_at[cut]) for name, cut in numbers.slices().items()})
            return backward.price(
                spot=at.spot, strike=STRIKE, expiry=EXPIRY, rate=at.rate, dividend_yield=at.dividend_yield,
                volatility=at.surface, grid=grid, n_steps=8, expand=expand,
            )  # fmt: skip

        return ad.record(priced, x)

    one, every = function(False), function(True)
    assert one.composites and not every.composites
    assert one.value(x) == pytest.approx(every.value(x), rel=1e-11)
    np.testing.assert_allclose(one.gradient(x), every.gradient(x), rtol=1e-9, atol=1e-10)
