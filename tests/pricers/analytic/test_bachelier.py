"""The normal model against mpmath at 50 digits, parity, the log-normal limit and its own derivatives."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.analytic import bachelier, black_scholes

NAMES = ("forward", "strike", "expiry", "rate", "volatility")
DERIVATIVES: dict[str, tuple[tuple[int, ...], int]] = {
    "price": ((0, 0, 0, 0, 0), 1),
    "delta": ((1, 0, 0, 0, 0), 1),
    "vega": ((0, 0, 0, 0, 1), 1),
    "theta": ((0, 0, 1, 0, 0), -1),
    "rho": ((0, 0, 0, 1, 0), 1),
    "dual_delta": ((0, 1, 0, 0, 0), 1),
    "gamma": ((2, 0, 0, 0, 0), 1),
    "vanna": ((1, 0, 0, 0, 1), 1),
    "volga": ((0, 0, 0, 0, 2), 1),
    "charm": ((1, 0, 1, 0, 0), -1),
    "veta": ((0, 0, 1, 0, 1), -1),
    "dual_gamma": ((0, 2, 0, 0, 0), 1),
    "speed": ((3, 0, 0, 0, 0), 1),
    "zomma": ((2, 0, 0, 0, 1), 1),
    "color": ((2, 0, 1, 0, 0), -1),
    "ultima": ((0, 0, 0, 0, 3), 1),
}
POINTS = [
    (100.0, 98.0, 1.0, 0.05, 20.0),
    (0.01, 0.02, 0.5, -0.01, 0.008),
    (-0.5, -0.2, 2.0, 0.0, 0.6),
    (100.0, 160.0, 0.25, 0.02, 30.0),
]


def reference_price(call: bool, f: Any, k: Any, t: Any, r: Any, vol: Any) -> Any:
    w = 1 if call else -1
    deviation = vol * mp.sqrt(t)
    d = (f - k) / deviation
    return mp.exp(-r * t) * (w * (f - k) * mp.erfc(-w * d / mp.sqrt(2)) / 2 + deviation * mp.npdf(d))


def test_the_table_names_every_field() -> None:
    assert set(DERIVATIVES) == set(bachelier.Greeks.__dataclass_fields__)


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize("is_call", [True, False])
def test_every_greek_is_the_derivative_of_the_price(name: str, is_call: bool) -> None:
    orders, sign = DERIVATIVES[name]
    for point in POINTS:
        with mp.workdps(50):
            at = tuple(mp.mpf(x) for x in point)
            expected = float(sign * mp.diff(lambda *x: reference_price(is_call, *x), at, orders))
        found = getattr(bachelier.greeks(**dict(zip(NAMES, point, strict=True)), is_call=is_call), name)
        # with d = 4 the two terms of the price cancel to one part in d^2
        assert found == pytest.approx(expected, rel=2e-13)


@pytest.mark.parametrize("is_call", [True, False])
def test_price_function_equals_its_greeks(is_call: bool) -> None:
    for point in POINTS:
        market = dict(zip(NAMES, point, strict=True))
        assert bachelier.price(**market, is_call=is_call) == pytest.approx(
            bachelier.greeks(**market, is_call=is_call).price, rel=1e-13
        )


def test_parity_and_mixed_flags(rng: np.random.Generator) -> None:
    forward, strike = rng.normal(0.0, 1.0, (2, 500))
    market = dict(
        forward=forward, strike=strike, expiry=rng.uniform(0.1, 3.0, 500), rate=0.03, volatility=0.7
    )
    call, put = bachelier.price(**market), bachelier.price(**market, is_call=False)
    np.testing.assert_allclose(
        call - put, np.exp(-0.03 * market["expiry"]) * (forward - strike), rtol=0.0, atol=1e-14
    )
    mixed = bachelier.price(**market, is_call=np.arange(500) % 2 == 0)
    np.testing.assert_array_equal(mixed, np.where(np.arange(500) % 2 == 0, call, put))


def test_black_scholes_at_small_volatility_is_the_normal_model() -> None:
    """The gap at the money is third order in the deviation: a halved volatility divides it by eight."""
    gaps = []
    for volatility in (0.04, 0.02):
        black = black_scholes.price(spot=1.0, strike=1.0, expiry=1.0, rate=0.0, volatility=volatility)
        gaps.append(bachelier.price(forward=1.0, strike=1.0, expiry=1.0, volatility=volatility) - black)
    assert gaps[0] / gaps[1] == pytest.approx(8.0, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "bad", "kind"),
    [
        ("forward", np.nan, AadValueError),
        ("strike", np.inf, AadValueError),
        ("expiry", -0.1, AadValueError),
        ("rate", np.nan, AadValueError),
        ("volatility", -1.0, AadValueError),
        ("is_call", "put", AadTypeError),
    ],
)
@pytest.mark.parametrize("function", [bachelier.price, bachelier.greeks])
def test_bad_input_names_the_argument(function: Any, name: str, bad: Any, kind: type[Exception]) -> None:
    good = dict(forward=1.0, strike=1.0, expiry=1.0, rate=0.0, volatility=0.2, is_call=True)
    with pytest.raises(kind, match=f"{name} = "):
        function(**{**good, name: bad})
