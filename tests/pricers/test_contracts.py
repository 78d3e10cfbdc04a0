"""Contracts and markets check themselves."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from greeks2 import Normals, expectation, greeks
from pricers import contracts, pde
from pricers.contracts import Market
from pricers.monte_carlo import BasketOption, Path
from pricers.surfaces import TermVolatility


def test_forward_and_discount() -> None:
    market = contracts.Market(spot=100.0, rate=0.05, dividend_yield=0.02)
    assert market.forward(2.0) == pytest.approx(100.0 * np.exp(0.06), rel=1e-15)
    assert market.discount(2.0) == pytest.approx(np.exp(-0.1), rel=1e-15)


def test_they_are_frozen() -> None:
    option = contracts.European(strike=100.0, expiry=1.0)
    with pytest.raises(FrozenInstanceError):
        option.strike = 90.0


@pytest.mark.parametrize(
    ("build", "arguments", "kind", "message"),
    [
        (contracts.European, {"strike": 0.0, "expiry": 1.0}, AadValueError, "strike = 0.0"),
        (contracts.European, {"strike": 1.0, "expiry": -1.0}, AadValueError, "expiry = -1.0"),
        (contracts.European, {"strike": 1.0, "expiry": 1.0, "is_call": 1}, AadTypeError, "is_call = 1"),
        (contracts.Market, {"spot": -5.0}, AadValueError, "spot = -5.0"),
        (contracts.Market, {"spot": 5.0, "rate": np.nan}, AadValueError, "rate = nan"),
        (contracts.Market, {"spot": 5.0, "dividend_yield": np.inf}, AadValueError, "dividend_yield = inf"),
    ],
)
def test_bad_input(build: Any, arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        build(**arguments)


def test_frames_have_the_labels_of_the_market():
    """`greeks`, the function's own labels and a Monte Carlo estimate name the same numbers alike."""
    surface = TermVolatility([0.5, 1.0], [0.2, 0.21])
    market = Market(spot=100.0, rate=0.02, surface=surface)
    price = pde.european(
        market, strike=100.0, expiry=0.9, differentiate=("spot", "volatilities"), n_nodes=41, n_steps=10
    )
    assert price.labels == ("spot", "volatility[0.5y]", "volatility[1y]")
    frame = greeks(price, price.inputs).to_frame()
    assert frame[frame.greek == "vega"].inputs.tolist() == ["volatility[0.5y]", "volatility[1y]"]
    path = Path(
        dynamics=market.dynamics(), payoff=BasketOption(strike=100.0), expiry=0.9, n_steps=2, track_steps=True,
        differentiate=("spots", "weights"), smoothing="softplus",
    )  # fmt: skip
    found = expectation(
        path, path.parameters, lanes=Normals(n_paths=256, shape=path.noise_shape, seed=1), order=1
    )
    assert found.labels == path.labels == ("spot[0]", "weight[0.5y]", "weight[1y]")
