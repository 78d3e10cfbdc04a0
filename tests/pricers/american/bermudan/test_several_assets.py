"""Early exercise on several assets and under other models: published prices, a reduction to one asset, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.american.bermudan import EarlyExercisePath, early_exercise_price, refit_greeks
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.quadrature import quadrature_values
from pricers.monte_carlo import (
    AsianOption,
    BasketOption,
    BestOfOption,
    GeometricBasketOption,
    GeometricBrownianMotion,
    LocalVolatility,
)
from pricers.surfaces.flat import FlatVolatility

from .cases import PUT

MAX_CALL = {
    "volatility": 0.2,
    "rate": 0.05,
    "dividend_yield": 0.1,
    "strike": 100.0,
    "expiry": 3.0,
    "n_dates": 9,
}


def lattice_max_call(spot: float, n_steps: int) -> float:
    """Return the Bermudan call on the better of two independent assets by a binomial lattice in each."""
    step = MAX_CALL["expiry"] / n_steps
    up = np.exp(MAX_CALL["volatility"] * np.sqrt(step))
    p = (np.exp((MAX_CALL["rate"] - MAX_CALL["dividend_yield"]) * step) - 1.0 / up) / (up - 1.0 / up)
    values = np.zeros(0)
    for k in range(n_steps, -1, -1):
        prices = spot * up ** (2.0 * np.arange(k + 1) - k)
        if k < n_steps:
            values = p * values[1:] + (1.0 - p) * values[:-1]
            values = np.exp(-MAX_CALL["rate"] * step) * (p * values[:, 1:] + (1.0 - p) * values[:, :-1])
        paid = np.maximum(np.maximum(prices[:, None], prices) - MAX_CALL["strike"], 0.0)
        if k == n_steps:
            values = paid
        elif k and k % (n_steps // int(MAX_CALL["n_dates"])) == 0:
            values = np.maximum(values, paid)
    return float(values[0, 0])


def max_call(spot: float, n_assets: int) -> EarlyExercisePath:
    """Return the path of the call on the best of several independent assets."""
    model = GeometricBrownianMotion(
        spots=[spot] * n_assets, volatilities=MAX_CALL["volatility"], rate=MAX_CALL["rate"],
        dividend_yields=MAX_CALL["dividend_yield"],
    )  # fmt: skip
    return EarlyExercisePath(
        dynamics=model, payoff=BestOfOption(strike=MAX_CALL["strike"]), expiry=MAX_CALL["expiry"],
        n_dates=int(MAX_CALL["n_dates"]),
    )  # fmt: skip


@pytest.mark.parametrize("spot", [90.0, 100.0, 110.0])
def test_max_calls_on_two_assets(spot: float, rng: np.random.Generator) -> None:
    path = max_call(spot, 2)
    found = early_exercise_price(
        path=path, parameters=path.parameters, normals=rng.standard_normal((60_000, 9, 2)), n_upper_paths=128
    )
    truth = lattice_max_call(spot, 180)
    assert truth - 4.0 * found.stderr - 0.01 * truth < found.price < truth + 4.0 * found.stderr
    assert truth - 4.0 * found.upper_bound_stderr < found.upper_bound < 1.04 * truth


def test_bounds_of_a_max_call_on_five_assets(rng: np.random.Generator) -> None:
    path = max_call(100.0, 5)
    found = early_exercise_price(
        path=path,
        parameters=path.parameters,
        normals=rng.standard_normal((60_000, 9, 5)),
        n_upper_paths=128,
        degree=2,
    )
    assert found.price < found.upper_bound < 1.06 * found.price
    assert found.price > lattice_max_call(100.0, 90)


VOLATILITIES, CORRELATION, N_DATES = (0.2, 0.3), 0.4, 10


def geometric_truth(x: np.ndarray) -> float:
    """Return the put on the geometric mean of two assets, which is a put on one, at (spots, volatilities, rate)."""
    variance = 0.25 * (x[2] ** 2 + x[3] ** 2 + 2.0 * CORRELATION * x[2] * x[3])
    mean = float(np.sqrt(x[0] * x[1]))
    option = BermudanOption(
        spot=mean, strike=100.0, expiry=1.0, volatility=float(np.sqrt(variance)), rate=float(x[4]),
        dividend_yield=float(0.25 * (x[2] ** 2 + x[3] ** 2) - 0.5 * variance), n_dates=N_DATES,
    )  # fmt: skip
    return float(quadrature_values(option, np.array([mean]))[0])


def differences(x: np.ndarray, steps: np.ndarray, i: int, j: int) -> float:
    """Return a second derivative of the truth."""
    moves = np.eye(x.size) * steps
    corners = [
        a * b * geometric_truth(x + a * moves[i] + b * moves[j]) for a in (-1.0, 1.0) for b in (-1.0, 1.0)
    ]
    return sum(corners) / (4.0 * steps[i] * steps[j])


@pytest.mark.parametrize(
    ("n_paths", "factor"), [(80_000, 1.0), pytest.param(200_000, 0.5, marks=pytest.mark.slow)]
)
def test_the_geometric_put_on_two_assets(n_paths: int, factor: float, rng: np.random.Generator) -> None:
    model = GeometricBrownianMotion(
        spots=[100.0, 100.0],
        volatilities=VOLATILITIES,
        rate=0.03,
        correlation=[[1.0, CORRELATION], [CORRELATION, 1.0]],
    )
    put = GeometricBasketOption(strike=100.0, weights=[0.5, 0.5], is_call=False)
    path = EarlyExercisePath(dynamics=model, payoff=put, control=put, expiry=1.0, n_dates=N_DATES)
    found = refit_greeks(
        path=path, control_today=path.control_today, parameters=path.parameters, labels=path.labels,
        normals=rng.standard_normal((n_paths, N_DATES, 2)), steps=[1.0, 1.0, 0.002, 0.003, 0.002],
    )  # fmt: skip
    x = path.parameters
    steps = np.array([0.1, 0.1, 4e-4, 4e-4, 2e-4])
    assert found.price == pytest.approx(geometric_truth(x), rel=1e-3)
    for i, j, share in ((0, 0, 0.02), (1, 1, 0.02), (0, 1, 0.02), (2, 2, 0.03), (3, 3, 0.03), (4, 4, 0.05)):
        assert found.hessian[i, j] == pytest.approx(differences(x, steps, i, j), rel=factor * share), (i, j)


def test_a_flat_local_volatility_is_the_lognormal_model(rng: np.random.Generator) -> None:
    model = LocalVolatility(spots=[100.0], surfaces=[FlatVolatility(0.2)], rate=0.03)
    path = EarlyExercisePath(
        dynamics=model, payoff=BasketOption(strike=100.0, is_call=False), expiry=1.0, n_dates=10,
        differentiate=("spots", "rate"),
    )  # fmt: skip
    found = early_exercise_price(
        path=path, parameters=path.parameters, normals=rng.standard_normal((40_000, 10, 1)), n_upper_paths=64
    )
    option = BermudanOption(**PUT | {"n_dates": 10})
    truth = quadrature_values(option, np.array([100.0]))[0]
    assert abs(found.price - truth) < 4.0 * found.stderr + 0.01
    assert found.upper_bound > truth - 4.0 * found.upper_bound_stderr


def test_the_same_bits_for_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    model = GeometricBrownianMotion(spots=[100.0, 90.0], volatilities=0.2, rate=0.05)
    put = GeometricBasketOption(strike=100.0, weights=[0.5, 0.5], is_call=False)
    path = EarlyExercisePath(dynamics=model, payoff=put, control=put, expiry=1.0, n_dates=5)
    normals = rng.standard_normal((20_000, 5, 2))
    prices = []
    for threads in ("1", "3"):
        monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
        prices.append(early_exercise_price(path=path, parameters=path.parameters, normals=normals).price)
    assert prices[0] == prices[1]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"dynamics": 3.0}, AadTypeError, "dynamics = 3.0"),
        ({"expiry": 0.0}, AadValueError, "expiry = 0.0"),
        ({"n_dates": 0}, AadValueError, "n_dates = 0"),
        ({"differentiate": ("vols",)}, AadValueError, "choose different names among spots"),
        (
            {"payoff": AsianOption(strike=100.0, weights=[0.5, 0.5])},
            AadValueError,
            "AsianOption depends on earlier prices",
        ),
        ({"payoff": BasketOption(strike=100.0)}, AadValueError, "weights has 1 entries"),
        (
            {"control": BasketOption(strike=100.0, weights=[0.5, 0.5])},
            AadValueError,
            "must be a geometric option",
        ),
    ],
)
def test_what_a_path_refuses(change: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {
        "dynamics": GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=0.2),
        "payoff": BestOfOption(strike=100.0), "expiry": 1.0, "n_dates": 4,
    }  # fmt: skip
    with pytest.raises(error, match=message):
        EarlyExercisePath(**given | change)


def test_what_a_price_refuses() -> None:
    model = GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=0.2)
    path = EarlyExercisePath(dynamics=model, payoff=BestOfOption(strike=100.0), expiry=1.0, n_dates=4)
    given: dict[str, Any] = {"path": path, "parameters": path.parameters, "normals": np.zeros((1024, 4, 2))}
    with pytest.raises(AadValueError, match="normals has shape"):
        early_exercise_price(**given | {"normals": np.zeros((100, 4, 2))})
    with pytest.raises(AadValueError, match="n_upper_paths = 9999"):
        early_exercise_price(**given, n_upper_paths=9999)
