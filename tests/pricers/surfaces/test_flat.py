"""The constant surface gives Black-Scholes back, by every road."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers import black_scholes
from pricers.pde.backward.extrapolation import extrapolated_price
from pricers.surfaces.dupire import DupireLocalVolatility
from pricers.surfaces.flat import FlatVolatility


def test_the_local_volatility_of_a_flat_surface_is_flat() -> None:
    flat = FlatVolatility(0.25)
    surface = DupireLocalVolatility(total_variance=flat.total_variance, spot=100.0, rate=0.03)
    np.testing.assert_allclose(surface(np.array([1.0, 50.0, 100.0, 500.0]), 0.7), 0.25, rtol=1e-14)


def test_the_march_takes_it_as_a_function() -> None:
    market = dict(spot=100.0, strike=95.0, expiry=0.5, rate=0.02)
    found = extrapolated_price(volatility=FlatVolatility(0.25), **market)
    assert found == pytest.approx(black_scholes.price(volatility=0.25, **market), abs=1e-6)


@pytest.mark.parametrize("bad", [0.0, -0.1, np.nan, np.inf])
def test_refusals(bad: float) -> None:
    with pytest.raises(AadValueError, match=f"volatility = {bad}"):
        FlatVolatility(bad)
