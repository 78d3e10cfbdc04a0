"""Pricers on the tape: derivatives equal to closed forms, replays equal to fresh floats, and their node counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import BSpline

import aadlib as ad
from pricers import bachelier, black_scholes
from pricers.analytic import differentiable_implied_volatility, implied_volatility
from pricers.pde import backward
from pricers.pde.forward import book_grid, price_book
from pricers.pde.grids import Grid, default_grid, log_grid, sinh_grid, uniform_grid
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

BLACK_NAMES = ("spot", "strike", "expiry", "rate", "dividend_yield", "volatility")
BLACK_POINT = np.array([100.0, 110.0, 0.8, 0.04, 0.015, 0.25])
BLACK_GRADIENT = ("delta", "dual_delta", "-theta", "rho", "dividend_rho", "vega")
BLACK_HESSIAN = {
    (0, 0): "gamma",
    (0, 2): "-charm",
    (0, 3): "delta_rho",
    (0, 5): "vanna",
    (1, 1): "dual_gamma",
    (2, 5): "-veta",
    (3, 3): "rho_convexity",
    (3, 5): "vera",
    (5, 5): "volga",
}
NORMAL_NAMES = ("forward", "strike", "expiry", "rate", "volatility")
NORMAL_POINT = np.array([0.03, 0.035, 0.8, 0.04, 0.01])
NORMAL_GRADIENT = ("delta", "dual_delta", "-theta", "rho", "vega")
NORMAL_HESSIAN = {
    (0, 0): "gamma",
    (0, 2): "-charm",
    (0, 4): "vanna",
    (1, 1): "dual_gamma",
    (2, 4): "-veta",
    (4, 4): "volga",
}
MODELS = [
    (black_scholes, BLACK_NAMES, BLACK_POINT, BLACK_GRADIENT, BLACK_HESSIAN),
    (bachelier, NORMAL_NAMES, NORMAL_POINT, NORMAL_GRADIENT, NORMAL_HESSIAN),
]


def named(greeks: Any, name: str) -> float:
    return float(-getattr(greeks, name[1:]) if name.startswith("-") else getattr(greeks, name))


def extrapolated_gradient(function: Any, point: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Central differences, extrapolated twice: sixth order."""
    gradient = np.empty(point.size)
    for i, step in enumerate(steps):
        unit = np.zeros(point.size)
        unit[i] = step
        d1, d2, d3 = (
            (function(point + unit / k) - function(point - unit / k)) / (2.0 * step / k)
            for k in (1.0, 2.0, 4.0)
        )
        first, second = (4.0 * d2 - d1) / 3.0, (4.0 * d3 - d2) / 3.0
        gradient[i] = (16.0 * second - first) / 15.0
    return gradient


@pytest.mark.parametrize(("model", "names", "point", "slopes", "bends"), MODELS)
@pytest.mark.parametrize("is_call", [True, False])
def test_closed_forms(
    model: Any, names: tuple[str, ...], point: np.ndarray, slopes: Any, bends: Any, is_call: bool
) -> None:
    def price(x: Any) -> Any:
        return model.price(**dict(zip(names, x, strict=True)), is_call=is_call)

    program = ad.record(price, point)
    for market in (
        point,
        point * np.linspace(0.97, 1.05, point.size),
    ):  # where it was recorded, and elsewhere
        exact = model.greeks(**dict(zip(names, market.tolist(), strict=True)), is_call=is_call)
        value, gradient = program.value_and_gradient(market)
        hessian = program.hessian(market)
        assert value == pytest.approx(exact.price, rel=1e-12)
        np.testing.assert_allclose(gradient, [named(exact, name) for name in slopes], rtol=2e-12)
        for (i, j), name in bends.items():
            assert hessian[i, j] == pytest.approx(named(exact, name), rel=5e-12)
            assert hessian[j, i] == hessian[i, j]
    assert program.n_nodes <= 22


def test_duals() -> None:
    spot = ad.Dual(ad.Dual(100.0, [1.0]), [ad.Dual(1.0, [0.0])])
    market = dict(zip(BLACK_NAMES[1:], BLACK_POINT[1:].tolist(), strict=True))
    found = black_scholes.price(spot=spot, **market)
    exact = black_scholes.greeks(spot=100.0, **market)
    assert found.value.value == pytest.approx(exact.price, rel=1e-13)
    assert found.value.partials[0] == pytest.approx(exact.delta, rel=1e-13)
    assert found.partials[0].partials[0] == pytest.approx(exact.gamma, rel=1e-12)


def test_arrays_of_recorded_numbers() -> None:
    strikes = np.array([80.0, 100.0, 125.0])
    market = dict(expiry=0.5, rate=0.03, volatility=0.3)

    def book(x: Any) -> Any:
        return black_scholes.price(
            spot=x[0], strike=strikes, is_call=np.array([False, True, True]), **market
        ).sum()

    exact = black_scholes.greeks(spot=100.0, strike=strikes, is_call=np.array([False, True, True]), **market)
    program = ad.record(book, np.array([100.0]))
    assert program.gradient([100.0])[0] == pytest.approx(exact.delta.sum(), rel=1e-12)
    assert program.hessian([100.0])[0, 0] == pytest.approx(exact.gamma.sum(), rel=1e-12)


@pytest.mark.parametrize("is_call", [True, False])
def test_implied_volatility_carries_two_orders(is_call: bool) -> None:
    """In the price: 1 / vega and -volga / vega^3; in the rest, the implicit function theorem by composition."""
    point = np.array([0.0, 100.0, 110.0, 0.8, 0.97])
    point[0] = 0.97 * black_scholes.price(
        spot=100.0, strike=110.0, expiry=0.8, rate=0.0, volatility=0.25, is_call=is_call
    )

    def volatility(x: Any) -> Any:
        price, forward, strike, expiry, discount = x
        return differentiable_implied_volatility(
            price=price, forward=forward, strike=strike, expiry=expiry, discount=discount, is_call=is_call
        )

    program = ad.record(volatility, point)
    assert program.value(point) == pytest.approx(0.25, rel=1e-13)
    exact = black_scholes.greeks(
        spot=100.0, strike=110.0, expiry=0.8, rate=0.0, volatility=0.25, is_call=is_call
    )
    vega, volga = 0.97 * exact.vega, 0.97 * exact.volga
    assert program.gradient(point)[0] == pytest.approx(1.0 / vega, rel=1e-11)
    assert program.hessian(point)[0, 0] == pytest.approx(-volga / vega**3, rel=1e-10)

    def plain(x: np.ndarray) -> float:
        return float(volatility(x.tolist()))

    np.testing.assert_allclose(
        program.gradient(point), extrapolated_gradient(plain, point, 3e-3 * point), rtol=1e-8
    )

    def round_trip(x: Any) -> Any:
        """Price at a volatility and back: the identity in the volatility, nothing in the rest."""
        forward, strike, expiry, sigma = x
        price = black_scholes.price(
            spot=forward, strike=strike, expiry=expiry, rate=0.0, volatility=sigma, is_call=is_call
        )
        return differentiable_implied_volatility(
            price=price, forward=forward, strike=strike, expiry=expiry, is_call=is_call
        )

    start = np.array([100.0, 110.0, 0.8, 0.25])
    composed = ad.record(round_trip, start)
    np.testing.assert_allclose(composed.gradient(start), [0.0, 0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(composed.hessian(start), np.zeros((4, 4)), atol=1e-9)


def test_implied_volatilities_of_a_recorded_chain() -> None:
    strikes = np.array([90.0, 100.0, 115.0])
    prices = black_scholes.price(spot=100.0, strike=strikes, expiry=0.5, rate=0.0, volatility=0.3)

    def total(x: Any) -> Any:
        return differentiable_implied_volatility(price=x, forward=100.0, strike=strikes, expiry=0.5).sum()

    vega = black_scholes.greeks(spot=100.0, strike=strikes, expiry=0.5, rate=0.0, volatility=0.3).vega
    np.testing.assert_allclose(ad.grad(total)(prices), 1.0 / vega, rtol=1e-11)
    assert total(prices) == pytest.approx(
        implied_volatility(price=prices, forward=100.0, strike=strikes, expiry=0.5).sum(), rel=1e-14
    )


def spline_matrix(grid: Grid, n_interior: int) -> np.ndarray:
    low, high = grid.spots[0], grid.spots[-1]
    knots = np.concatenate([[low] * 4, np.linspace(low, high, n_interior + 2)[1:-1], [high] * 4])
    return np.asarray(BSpline.design_matrix(grid.spots, knots, 3).toarray())


PEERS_GRID = uniform_grid(lowest=0.0, highest=300.0, n_nodes=201)


def test_spline_weights_of_the_march() -> None:
    """sigma(S) = sum w_i B_i(S) with 19 weights: replay, gradient and Hessian of the recorded march."""
    basis = spline_matrix(PEERS_GRID, 15)
    weights = 0.2 + 0.02 * np.cos(np.arange(19.0))

    def price(w: Any) -> Any:
        return backward.price(
            grid=PEERS_GRID,
            spot=100.0,
            strike=100.0,
            expiry=1.0,
            rate=0.05,
            volatility=basis @ w,
            n_steps=100,
        )

    program = ad.record(price, weights)
    elsewhere = weights + 0.01 * np.sin(np.arange(19.0))
    for w in (weights, elsewhere):
        assert program.value(w) == pytest.approx(float(price(w)), rel=1e-12)
        np.testing.assert_allclose(
            program.gradient(w), extrapolated_gradient(price, w, np.full(19, 1e-3)), rtol=0.0, atol=1e-9
        )
    hessian = program.hessian(weights)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12, atol=1e-12)
    direction = np.cos(1.7 * np.arange(19.0))

    def slope(step: np.ndarray) -> float:
        return float(program.gradient(weights + step[0] * direction) @ direction)

    curvature = extrapolated_gradient(slope, np.zeros(1), np.full(1, 1e-3))[0]
    assert direction @ hessian @ direction == pytest.approx(curvature, rel=1e-8)


def test_nodes_of_the_march() -> None:
    """Six for each cell and step where the volatility does not move with time, sixteen where it does."""
    n_cells, n_steps = 199, 100
    basis = spline_matrix(PEERS_GRID, 15)
    market = dict(grid=PEERS_GRID, spot=100.0, strike=100.0, expiry=1.0, rate=0.05, n_steps=n_steps)
    weights = np.full((2, 19), 0.2)

    def still(w: Any) -> Any:
        return backward.price(volatility=basis @ w[0], expand=True, **market)

    def moving(w: Any) -> Any:
        early, late = basis[1:-1] @ w[0], basis[1:-1] @ w[1]
        return backward.price(volatility=lambda spots, time: early + time * late, expand=True, **market)

    surface = 19 * 2 * n_cells  # the spline itself, at most
    n_still, n_moving = ad.record(still, weights).n_nodes, ad.record(moving, weights).n_nodes
    assert n_still == pytest.approx(6 * n_cells * n_steps, abs=surface)
    # early + time * late adds two
    assert n_moving == pytest.approx(18 * n_cells * n_steps, abs=2 * surface)


@pytest.mark.parametrize("coordinate", ["spot", "log_spot"])
@pytest.mark.parametrize("is_call", [True, False])
def test_every_argument_of_the_march(coordinate: str, is_call: bool) -> None:
    """Spot, strike, expiry, rate, dividend yield and volatility recorded together, against Black-Scholes."""
    if coordinate == "spot":
        grid = sinh_grid(lowest=0.0, highest=350.0, centre=100.0, width=40.0, n_nodes=301)
    else:
        grid = log_grid(lowest=25.0, highest=400.0, centre=100.0, n_nodes=301)

    def price(x: Any) -> Any:
        market = dict(zip(BLACK_NAMES, x, strict=True))
        return backward.price(grid=grid, n_steps=60, is_call=is_call, **market)

    point = np.array([103.0, 100.0, 0.8, 0.04, 0.015, 0.25])
    program = ad.record(price, point)
    assert program.value(point) == pytest.approx(float(price(point.tolist())), rel=1e-12)
    exact = black_scholes.greeks(**dict(zip(BLACK_NAMES, point.tolist(), strict=True)), is_call=is_call)
    gradient, hessian = program.gradient(point), program.hessian(point)
    found = extrapolated_gradient(lambda x: float(price(x.tolist())), point, 1e-3 * point)
    np.testing.assert_allclose(np.delete(gradient, 1), np.delete(found, 1), rtol=1e-7)
    np.testing.assert_allclose(gradient, [named(exact, name) for name in BLACK_GRADIENT], rtol=3e-3)
    for (i, j), name in BLACK_HESSIAN.items():
        if (i, j) != (1, 1):  # the second derivative in the strike sees the averaging over one cell
            assert hessian[i, j] == pytest.approx(named(exact, name), rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("name", ["spot", "expiry", "rate", "dividend_yield", "volatility"])
def test_duals_through_the_march(name: str) -> None:
    grid = uniform_grid(lowest=0.0, highest=300.0, n_nodes=31)
    market: dict[str, Any] = dict(zip(BLACK_NAMES, [103.0, 100.0, 0.8, 0.04, 0.015, 0.25], strict=True))

    def price(x: Any) -> Any:
        return backward.price(grid=grid, n_steps=6, **{**market, name: x})

    found = price(ad.Dual(market[name], [1.0]))
    assert found.value == pytest.approx(float(price(market[name])), rel=1e-12)
    assert found.partials[0] == pytest.approx(ad.grad(price)(market[name]), rel=1e-11)


def test_american_and_barrier_gradients() -> None:
    market = dict(strike=100.0, expiry=1.0, n_nodes=101, n_steps=50)
    cases: list[dict[str, Any]] = [
        {"is_call": False, "exercise": "american"},
        {"is_call": True, "upper_barrier": 130.0},
        {"is_call": False, "lower_barrier": 70.0},
    ]
    point = np.array([98.0, 0.05, 0.2])
    for case in cases:
        grid = default_grid(
            spot=98.0,
            strike=100.0,
            expiry=1.0,
            volatility=0.2,
            n_nodes=101,
            **{k: v for k, v in case.items() if k.endswith("barrier")},
        )

        def price(x: Any, case: dict[str, Any] = case, grid: Grid = grid) -> Any:
            return backward.price(spot=x[0], rate=x[1], volatility=x[2], grid=grid, **case, **market)

        program = ad.record(price, point)
        assert program.value(point) == pytest.approx(float(price(point.tolist())), rel=1e-12)
        found = extrapolated_gradient(lambda x: float(price(x.tolist())), point, np.array([1e-2, 1e-5, 1e-5]))
        np.testing.assert_allclose(program.gradient(point), found, rtol=2e-6)


def backward_at(x: Any) -> Any:
    """Return a call by the backward march at x = (spot, strike)."""
    grid = uniform_grid(lowest=0.0, highest=300.0, n_nodes=61)
    return backward.price(
        grid=grid, spot=x[0], strike=x[1], expiry=1.0, rate=0.05, volatility=0.2, n_steps=20
    )


def skewed_surface(n_strikes: int) -> CalibratedVolatility:
    """Return a surface with a skew of `n_strikes` weights in strike."""
    skew = np.log(0.2) + 0.3 * np.cos(np.linspace(0.0, 3.0, n_strikes))
    return CalibratedVolatility(
        strike_basis=uniform_basis(lower=-3.0, upper=3.0, size=n_strikes),
        time_basis=uniform_basis(lower=np.log(0.25), upper=0.0, size=4),
        expiries=np.array([0.25, 1.0]),
        atm_variance=np.array([0.01, 0.04]),
        variance_offset=0.01,
        weights=np.tile(skew, (4, 1)),
        levels=np.zeros(2),
    )


def forward_at(x: Any, n_strikes: int = 8, nodes_per_deviation: float = 3.0, *, expand: bool = True) -> Any:
    """Return a call by the forward march at x = (spot, rate shift)."""
    surface = skewed_surface(n_strikes)
    grid = book_grid(
        surface=surface, expiries=[1.0], n_nodes=60, nodes_per_deviation=nodes_per_deviation, later_steps=10
    )
    return price_book(
        surface=surface,
        strikes=[100.0],
        expiries=[1.0],
        is_call=[True],
        forwards=[102.0],
        discounts=[0.97],
        reference_spot=100.0,
        spot=x[0],
        rate_shift=x[1],
        grid=grid,
        expand=expand,
    )[0]


def many_knots(x: Any) -> Any:
    """Return a call whose surface has many knots and whose price is read from a wide stencil."""
    return forward_at(x, n_strikes=40, nodes_per_deviation=1.0)


@pytest.mark.parametrize(
    ("price", "at", "near", "beyond"),
    [
        (backward_at, [101.0, 100.0], [99.0, 101.0], [[101.0, 104.0]]),
        (forward_at, [100.0, 0.0], [100.7, -0.003], [[90.0, 0.0], [85.0, 0.0], [115.0, 0.0], [100.0, 0.15]]),
        (many_knots, [100.0, 0.0], [100.1, 0.001], [[101.0, 0.0], [99.0, 0.0], [100.0, 0.03]]),
    ],
)
def test_a_replay_beyond_the_recorded_cells_says_so(
    price: Any, at: list[float], near: list[float], beyond: list[list[float]]
) -> None:
    """The inputs may move among the nodes and cells they were recorded in; further on, the guards speak."""
    program = ad.record(price, np.array(at))
    assert program.value(np.array(near)) == pytest.approx(float(price(near)), abs=1e-3)
    for far in beyond:
        assert np.isfinite(float(price(far)))
        with pytest.raises(ad.BranchChanged):
            program.value(np.array(far))


def test_a_replayed_book_is_right_or_refused() -> None:
    """Wherever an expanded recording of a book answers, it answers like a fresh march."""
    program = ad.record(forward_at, np.array([100.0, 0.0]))
    answered = 0
    for spot in 100.0 * np.exp(np.linspace(-0.1, 0.1, 41)):
        try:
            found = program.value([spot, 0.0])
        except ad.BranchChanged:
            continue
        answered += 1
        assert found == pytest.approx(float(forward_at([spot, 0.0])), rel=2e-3)
    assert 5 < answered < 41


def test_a_book_as_two_operations_is_right_at_any_spot() -> None:
    """Unexpanded it answers far away too, with the price, slopes and curvature of a fresh recording."""
    program = ad.record(lambda x: forward_at(x, expand=False), np.array([100.0, 0.0]))
    for spot, rate in ((70.0, -0.01), (80.0, 0.02), (115.0, 0.0), (130.0, 0.15)):
        x = np.array([spot, rate])
        fresh = ad.record(forward_at, x)
        assert program.value(x) == pytest.approx(fresh.value(x), rel=1e-12)
        np.testing.assert_allclose(program.gradient(x), fresh.gradient(x), rtol=1e-10)
        np.testing.assert_allclose(program.hessian(x), fresh.hessian(x), rtol=1e-9)


def test_a_replay_far_from_the_root_says_so() -> None:
    def volatility(x: Any) -> Any:
        return differentiable_implied_volatility(price=x[0], forward=100.0, strike=100.0, expiry=1.0)

    program = ad.record(volatility, np.array([8.0]))
    exact = implied_volatility(price=8.0005, forward=100.0, strike=100.0, expiry=1.0)
    assert program.value([8.0005]) == pytest.approx(exact, rel=1e-12)
    with pytest.raises(ad.BranchChanged):
        program.value([9.0])
    retracing = ad.record(volatility, np.array([8.0]), on_branch_change="retrace")
    exact = implied_volatility(price=9.0, forward=100.0, strike=100.0, expiry=1.0)
    assert retracing.value([9.0]) == pytest.approx(exact, rel=1e-13)
