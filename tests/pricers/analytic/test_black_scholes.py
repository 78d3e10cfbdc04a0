"""The closed form against published values, mpmath at 50 digits, parity, and its own derivatives."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.analytic import black_scholes

NAMES = ("spot", "strike", "expiry", "rate", "dividend_yield", "volatility")

# Greek -> (orders of differentiation in NAMES' order, sign); theta and its kin are calendar-time derivatives.
DERIVATIVES: dict[str, tuple[tuple[int, ...], int]] = {
    "price": ((0, 0, 0, 0, 0, 0), 1),
    "delta": ((1, 0, 0, 0, 0, 0), 1),
    "vega": ((0, 0, 0, 0, 0, 1), 1),
    "theta": ((0, 0, 1, 0, 0, 0), -1),
    "rho": ((0, 0, 0, 1, 0, 0), 1),
    "dividend_rho": ((0, 0, 0, 0, 1, 0), 1),
    "dual_delta": ((0, 1, 0, 0, 0, 0), 1),
    "gamma": ((2, 0, 0, 0, 0, 0), 1),
    "vanna": ((1, 0, 0, 0, 0, 1), 1),
    "volga": ((0, 0, 0, 0, 0, 2), 1),
    "charm": ((1, 0, 1, 0, 0, 0), -1),
    "veta": ((0, 0, 1, 0, 0, 1), -1),
    "delta_rho": ((1, 0, 0, 1, 0, 0), 1),
    "vera": ((0, 0, 0, 1, 0, 1), 1),
    "rho_convexity": ((0, 0, 0, 2, 0, 0), 1),
    "dual_gamma": ((0, 2, 0, 0, 0, 0), 1),
    "speed": ((3, 0, 0, 0, 0, 0), 1),
    "zomma": ((2, 0, 0, 0, 0, 1), 1),
    "color": ((2, 0, 1, 0, 0, 0), -1),
    "vanna_volatility": ((1, 0, 0, 0, 0, 2), 1),
    "ultima": ((0, 0, 0, 0, 0, 3), 1),
}

POINTS = [
    (100.0, 100.0, 1.0, 0.05, 0.02, 0.2),
    (100.0, 130.0, 0.5, 0.03, 0.0, 0.3),
    (100.0, 70.0, 2.0, -0.01, 0.04, 0.15),
    (2859.53, 2700.0, 0.1, 0.024, 0.019, 0.17),
    (1.25, 1.5, 0.75, 0.02, 0.05, 0.4),
]


def reference_price(call: bool, s: Any, k: Any, t: Any, r: Any, q: Any, vol: Any) -> Any:
    w = 1 if call else -1
    d1 = (mp.log(s / k) + (r - q + vol**2 / 2) * t) / (vol * mp.sqrt(t))
    d2 = d1 - vol * mp.sqrt(t)

    def tail(d: Any) -> Any:
        return mp.erfc(-w * d / mp.sqrt(2)) / 2

    return w * (s * mp.exp(-q * t) * tail(d1) - k * mp.exp(-r * t) * tail(d2))


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize("is_call", [True, False])
def test_every_greek_is_the_derivative_of_the_price(name: str, is_call: bool) -> None:
    orders, sign = DERIVATIVES[name]
    for point in POINTS:
        with mp.workdps(50):
            at = tuple(mp.mpf(x) for x in point)
            expected = sign * mp.diff(lambda *x: reference_price(is_call, *x), at, orders)
            scale = abs(expected)
        found = getattr(black_scholes.greeks(**dict(zip(NAMES, point, strict=True)), is_call=is_call), name)
        assert found == pytest.approx(float(expected), rel=3e-13, abs=1e-14 * float(scale))


def test_the_table_names_every_field() -> None:
    assert set(DERIVATIVES) == set(black_scholes.Greeks.__dataclass_fields__)


@pytest.mark.parametrize("is_call", [True, False])
def test_price_keeps_its_relative_accuracy_in_the_tails(is_call: bool) -> None:
    """Relative error below 1e-13 where elasticities are below 20, in proportion to them beyond."""
    n_checked = 0
    for moneyness in np.exp(np.linspace(-3.0, 3.0, 25)):
        for volatility in (0.01, 0.05, 0.2, 0.5, 1.0, 3.0):
            point = (100.0 * float(moneyness), 100.0, 1.0, 0.0, 0.0, volatility)
            with mp.workdps(50):
                truth = reference_price(is_call, *map(mp.mpf, point))
                if truth < mp.mpf("1e-290"):
                    continue
                found = black_scholes.price(**dict(zip(NAMES, point, strict=True)), is_call=is_call)
                error = float(abs(found - truth) / truth)
            exact = black_scholes.greeks(**dict(zip(NAMES, point, strict=True)), is_call=is_call)
            elasticity = (abs(exact.delta) * point[0] + exact.vega * volatility) / float(truth)
            assert error < (1e-13 if elasticity < 20.0 else 1e-13 * elasticity)
            n_checked += 1
    assert n_checked > 100


def test_put_call_parity(rng: np.random.Generator) -> None:
    size = 1000
    spot, strike = rng.uniform(50.0, 150.0, (2, size))
    expiry, volatility = rng.uniform(0.05, 3.0, size), rng.uniform(0.05, 1.0, size)
    rate, dividend_yield = rng.uniform(-0.05, 0.1, (2, size))
    market = dict(
        spot=spot,
        strike=strike,
        expiry=expiry,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
    )
    call, put = black_scholes.greeks(**market, is_call=True), black_scholes.greeks(**market, is_call=False)
    asset, cash = np.exp(-dividend_yield * expiry), strike * np.exp(-rate * expiry)
    np.testing.assert_allclose(call.price - put.price, spot * asset - cash, rtol=0.0, atol=1e-12 * 150.0)
    np.testing.assert_allclose(call.delta - put.delta, asset, rtol=1e-13)
    np.testing.assert_allclose(
        call.theta - put.theta, dividend_yield * spot * asset - rate * cash, rtol=0.0, atol=1e-12 * 150.0
    )
    for name in ("gamma", "vega", "vanna", "volga", "speed", "ultima", "dual_gamma"):
        np.testing.assert_array_equal(getattr(call, name), getattr(put, name))


def test_haug_values(shared: Path) -> None:
    lines = (shared / "data/reference_values/european_haug.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) > 30
    for row in rows:
        found = black_scholes.price(
            spot=float(row["spot"]),
            strike=float(row["strike"]),
            expiry=float(row["t"]),
            rate=float(row["r"]),
            dividend_yield=float(row["q"]),
            volatility=float(row["vol"]),
            is_call=row["type"] == "Call",
        )
        assert found == pytest.approx(float(row["value"]), abs=1e-4)
        assert found == pytest.approx(float(row["check_value"]), abs=5e-9)


def test_arrays_equal_scalars_and_mixed_flags_broadcast() -> None:
    strikes = np.array([80.0, 100.0, 120.0])
    flags = np.array([[True], [False]])
    market = dict(spot=100.0, expiry=0.7, rate=0.03, dividend_yield=0.01, volatility=0.25)
    table = black_scholes.price(strike=strikes, is_call=flags, **market)
    both = black_scholes.greeks(strike=strikes, is_call=flags, **market)
    assert table.shape == both.gamma.shape == (2, 3)
    for i, is_call in enumerate((True, False)):
        for j, strike in enumerate(strikes):
            one = black_scholes.greeks(strike=strike, is_call=is_call, **market)
            assert table[i, j] == pytest.approx(one.price, rel=1e-14)
            assert both.ultima[i, j] == pytest.approx(one.ultima, rel=1e-14)
            assert isinstance(one.price, float)


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("spot", -1.0, "spot = -1.0: must be finite and not negative"),
        ("strike", -2.0, "strike = -2.0"),
        ("expiry", -0.5, "expiry = -0.5"),
        ("rate", np.inf, "rate = inf"),
        ("dividend_yield", np.nan, "dividend_yield = nan"),
        ("volatility", -0.2, "volatility = -0.2"),
        ("volatility", np.array([0.2, np.nan]), r"volatility\[1\] = nan"),
    ],
)
@pytest.mark.parametrize("function", [black_scholes.price, black_scholes.greeks])
def test_bad_input_names_the_argument_and_the_value(function: Any, name: str, bad: Any, message: str) -> None:
    good = dict(spot=100.0, strike=100.0, expiry=1.0, rate=0.0, dividend_yield=0.0, volatility=0.2)
    with pytest.raises(AadValueError, match=message):
        function(**{**good, name: bad})


@pytest.mark.parametrize("flag", [1, "call", None, np.array([1.0, -1.0])])
def test_the_flag_must_be_boolean(flag: Any) -> None:
    with pytest.raises(AadTypeError, match="is_call"):
        black_scholes.price(spot=100.0, strike=100.0, expiry=1.0, rate=0.0, volatility=0.2, is_call=flag)
