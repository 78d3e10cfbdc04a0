"""The forward march as one operation: its rules, the expanded tape, closed forms, moved surfaces, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from greeks2 import hessian_result
from pricers import black_scholes
from pricers.pde.forward import march_forward, price_book
from pricers.pde.forward.reading import ForwardReading, read_options
from pricers.pde.grids import ForwardGrid, forward_grid, lagrange_derivatives
from pricers.pde.march.composite import CrankNicolsonMarch
from pricers.pde.march.plan import MarchPlan, Predictor
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.local_basis import one_weight_a_cell
from pricers.surfaces.moved_variance import HOME_REACH, MovedVariance
from pricers.surfaces.volatility_hats import VolatilityHats

EXPIRIES = np.array([0.2, 0.6])
HATS = VolatilityHats([0.1, 0.5], [-1.0, 0.0, 1.5])


def surface_of(volatility: float = 0.25, roughness: float = 0.2) -> CalibratedVolatility:
    """Return a surface of 5 x 4 weights and two levels, rough and skewed."""
    rng = np.random.default_rng(3)
    return CalibratedVolatility(
        strike_basis=uniform_basis(lower=-2.0, upper=1.5, size=5),
        time_basis=uniform_basis(lower=np.log(0.1), upper=np.log(0.6), size=4),
        expiries=EXPIRIES,
        atm_variance=volatility**2 * EXPIRIES,
        variance_offset=0.01,
        weights=np.log(volatility) + roughness * rng.normal(size=(4, 5)),
        levels=roughness * rng.normal(size=2),
    )


def grid_of(n_nodes: int = 40, **sizes: Any) -> ForwardGrid:
    return forward_grid(
        **{
            "expiries": EXPIRIES, "first_deviation": 0.1, "lower": -1.4, "upper": 1.2, "n_nodes": n_nodes,
            "nodes_per_deviation": 4.0, "first_steps": 4, "later_steps": 5, "smoothing_steps": 2, **sizes,
        }
    )  # fmt: skip


SURFACE, GRID = surface_of(), grid_of()
BOOK: dict[str, Any] = {
    "surface": SURFACE,
    "strikes": np.array([80.0, 97.0, 101.0, 100.0, 120.0, 90.0]),
    "expiries": EXPIRIES[[0, 0, 0, 1, 1, 1]],
    "is_call": np.array([False, True, False, True, True, True]),
    "forwards": np.array([100.4, 100.4, 100.4, 101.2, 101.2, 101.2]),
    "discounts": np.array([0.995, 0.995, 0.995, 0.985, 0.985, 0.985]),
    "reference_spot": 100.0,
    "grid": GRID,
}
QUANTITIES = np.array([1.0, -2.0, 1.5, 2.0, -1.0, 0.5])


def book(x: Any, **changes: Any) -> Any:
    """Return the prices at x = (spot, rate and dividend shifts, weights, levels, bumps), those of the end left out."""
    cut = 3 + SURFACE.weights.size
    terms: dict[str, Any] = {}
    if len(x) > 3:
        terms = {"weights": np.asarray(x[3:cut]).reshape(SURFACE.weights.shape), "levels": x[cut : cut + 2]}
    if len(x) > cut + 2:
        terms |= {"volatility_bumps": x[cut + 2 :], "bump_shapes": HATS}
    found = price_book(spot=x[0], rate_shift=x[1], dividend_shift=x[2], **BOOK, **terms, **changes)
    return np.array(found)


def cells(x: Any, **changes: Any) -> Any:
    """Return a few prices under a user's own volatility, in numbers: a smile whose parameters grow with time."""

    def variance(step: int) -> Any:
        time = float(GRID.midpoints[step])
        moved = GRID.nodes - x[2] * np.sqrt(time)
        return (x[0] + x[1] * time + x[3] * moved + x[4] * moved**2) ** 2

    calls = march_forward(grid=GRID, variance=variance, **changes)
    near = int(np.argmin(np.abs(GRID.nodes)))
    return calls[:, near - 4 : near + 5 : 4].ravel()


SMILE = np.array([0.22, 0.03, 0.05, -0.08, 0.12])
MARKET = np.array([101.0, 0.004, -0.002])
PARAMETERS = np.concatenate([MARKET, SURFACE.parameters])
BUMPED = np.concatenate([PARAMETERS, np.linspace(-0.01, 0.02, HATS.size)])
FUNCTIONS: dict[str, tuple[Any, np.ndarray, np.ndarray]] = {
    "cells": (cells, SMILE, np.array([1.0, -2.0, 0.5, 1.0, 3.0, -1.0])),
    "spot and rates": (book, MARKET, QUANTITIES),
    "surface": (book, PARAMETERS, QUANTITIES),
    "bumped surface": (book, BUMPED, QUANTITIES),
}


def relative(found: Any, wanted: Any) -> float:
    return float(np.max(np.abs(np.subtract(found, wanted))) / np.max(np.abs(wanted)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_equal_to_the_expanded_tape(name: str, rng: np.random.Generator) -> None:
    """Values, Jacobian, Hessian and products, where it was recorded and, without recording again, far from there."""
    function, point, weights = FUNCTIONS[name]
    one = ad.record(function, point)
    total = ad.record(lambda x: weights @ function(x), point)
    assert one.composites and not one.guards
    assert name == "cells" or one.n_nodes < 700
    far = point.copy()
    far[0] *= 1.07
    far[1:] *= 1.0 + 0.02 * rng.uniform(-1.0, 1.0, point.size - 1)
    for x in (point, far):
        every = ad.record(lambda x: function(x, expand=True), x)
        assert not every.composites
        assert relative(one.value(x), every.value(x)) < 1e-12
        np.testing.assert_allclose(function(x), every.value(x), rtol=1e-11)  # floats take the same numbers
        assert relative(one.jacobian(x), every.jacobian(x)) < 1e-11
        wanted = hessian_result(every, x, weights=weights).matrix
        for method in ("bottleneck", "forward_over_reverse"):
            assert relative(hessian_result(one, x, weights=weights, method=method).matrix, wanted) < 1e-11
        rows = rng.standard_normal((3, x.size))
        assert relative(total.hessian_products(x, rows), rows @ wanted) < 1e-11


def plan_of(predictor: Predictor, grid: ForwardGrid) -> MarchPlan:
    return MarchPlan(
        stencil=np.array([grid.below[1:-1], grid.above[1:-1], *np.zeros((2, grid.nodes.size - 2))]),
        row=np.arange(grid.steps.size),
        damped=grid.implicitness == 1.0,
        last=grid.last_step,
        predictor=predictor,
        link="variance",
        row_scale=0.5 * grid.steps * grid.implicitness,
        american=False,
    )


def moved_variance(grid: ForwardGrid, *, bumped: bool) -> MovedVariance:
    bumps: dict[str, Any] = {"volatility_bumps": 0.01 * np.arange(6.0), "bump_shapes": HATS} if bumped else {}
    return MovedVariance(SURFACE, grid.nodes, grid.midpoints, 0.013, 0.02, **bumps)


@pytest.mark.parametrize("kind", ["cells", "moved", "moved and bumped"])
def test_rules_pass_the_check(kind: str) -> None:
    grid = grid_of(16, first_steps=2, later_steps=1, smoothing_steps=1, nodes_per_deviation=1.0)
    n_steps, n_nodes = grid.shape
    if kind == "cells":
        predictor: Predictor = one_weight_a_cell(n_steps, n_nodes - 2)
        numbers = list(np.random.default_rng(1).uniform(0.02, 0.2, predictor.n_weights))
    else:
        moved = moved_variance(grid, bumped="bumped" in kind)
        predictor, numbers = moved.predictor, moved.numbers
    plan = plan_of(predictor, grid)
    base = np.array(
        [*numbers, 1.1, *np.zeros(2 * n_steps), *np.full(n_steps, 0.75), *np.zeros(n_steps), *grid.initial]
    )
    for varied in (np.arange(base.size), np.arange(len(numbers))):
        ad.check_composite(CrankNicolsonMarch(plan, base, varied), base[varied], tolerance=1e-5)


@pytest.mark.parametrize("home", [0.013, 0.0125, 0.4])
@pytest.mark.parametrize("bumped", [False, True])
def test_the_predictor_is_the_surface(bumped: bool, home: float, rng: np.random.Generator) -> None:
    """Variances, derivatives and curvature of the kernels against `variance_row` on a tape, knots and ends included.

    Made at the same place, next to it, where both keep the pieces they were made with, and far away.
    """
    grid = grid_of(16)
    moved = moved_variance(grid, bumped=bumped)
    x, predictor = np.array(moved.numbers), replace(moved, shift=home).predictor
    n_weights, n_levels = SURFACE.weights.size, SURFACE.levels.size
    factors = rng.standard_normal(predictor.shape)

    def total(z: Any) -> Any:
        shift, drift, *bumps = z[n_weights + n_levels :]
        same = replace(
            moved, weights=z[:n_weights].reshape(SURFACE.weights.shape), levels=z[n_weights : n_weights + n_levels],
            shift=shift, drift=drift, volatility_bumps=ad.array(bumps) if bumped else None,
        )  # fmt: skip
        return sum(row @ same(step)[1:-1] for step, row in enumerate(factors))

    where = x.copy()
    where[n_weights + n_levels] = home if abs(home - 0.013) < HOME_REACH else 0.013
    every = ad.record(total, where)
    values, basis = predictor.values(x), predictor.linearised(x)
    assert (factors * values).sum() == pytest.approx(every.value(x), rel=1e-12)
    gradient = np.einsum("ji,jik->k", factors, basis.dense())
    np.testing.assert_allclose(gradient, every.gradient(x), rtol=1e-11, atol=1e-12)
    found, wanted = predictor.curvature(x, factors), every.hessian(x)
    assert relative(found, wanted) < 1e-11


def test_black_scholes() -> None:
    """All second-order Greeks in spot and flat volatility, within the error of a fine grid."""
    expiry, strike, forward = 0.5, 105.0, 100.0
    grid = forward_grid(
        expiries=np.array([expiry]), first_deviation=0.2, lower=-2.0, upper=2.0, n_nodes=400, nodes_per_deviation=40.0,
        first_steps=150,
    )  # fmt: skip

    def price(x: Any) -> Any:
        calls = march_forward(grid=grid, variance=lambda step: [x[1] * x[1]] * grid.nodes.size)
        x_of = np.log(strike / forward) - ad.log(x[0] / forward)
        call = np.array([True])
        read = read_options(
            nodes=grid.nodes, calls=calls, rows=np.array([0]), log_moneyness=[x_of], is_call=call
        )
        return x[0] * read[0]

    point = np.array([forward, 0.2])
    program = ad.record(price, point)
    exact = black_scholes.greeks(spot=forward, strike=strike, expiry=expiry, rate=0.0, volatility=0.2)
    assert program.value(point) == pytest.approx(exact.price, rel=1e-4)
    np.testing.assert_allclose(program.gradient(point), [exact.delta, exact.vega], rtol=1e-4)
    wanted = [[exact.gamma, exact.vanna], [exact.vanna, exact.volga]]
    np.testing.assert_allclose(program.hessian(point), wanted, rtol=1e-3)


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_reading_passes_the_check(spread: float, rng: np.random.Generator) -> None:
    rows = np.array([0, 1, 1, 0])
    calls = np.maximum(1.0 - np.exp(GRID.nodes), 0.0) + 0.1 * rng.uniform(size=(2, GRID.nodes.size))
    x = (
        GRID.nodes[[8, 15, 20, 30]]
        + 0.4 * np.diff(GRID.nodes)[[8, 15, 20, 30]]
        + spread * np.array([0, 0, 0.1, 0])
    )
    for home in (x, x + 0.2):
        operation = ForwardReading(GRID.nodes, rows, np.array([True, False, True, False]), home)
        ad.check_composite(operation, np.concatenate([calls.ravel(), x]))


def test_lagrange_derivatives_are_exact_for_polynomials(rng: np.random.Generator) -> None:
    nodes = np.sort(rng.normal(size=(5, 6)), axis=1)
    points = nodes[:, 2] + 0.3
    quintic = np.polynomial.Polynomial(rng.normal(size=6))
    found = (lagrange_derivatives(nodes, points) * quintic(nodes)).sum(axis=2)
    wanted = [quintic.deriv(order)(points) if order else quintic(points) for order in range(3)]
    np.testing.assert_allclose(found, wanted, rtol=1e-8)


def test_results_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    program = ad.record(book, BUMPED)
    found = []
    for threads in ("1", "2"):
        monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
        result = hessian_result(program, BUMPED, weights=QUANTITIES, method="bottleneck")
        found.append(result.matrix)
    assert np.array_equal(*found)


def test_refusals() -> None:
    """Where it is recorded and where it is replayed: each mistake by its name."""
    with pytest.raises(AadValueError, match="variance"):
        march_forward(grid=GRID, variance=lambda step: np.full(GRID.nodes.size, np.nan))
    with pytest.raises(AadValueError, match="variance"):
        march_forward(grid=GRID, variance=lambda step: np.full(GRID.nodes.size, -0.01))
    with pytest.raises(AadValueError, match="variance"):
        march_forward(grid=GRID, variance=lambda step: np.zeros(GRID.nodes.size), expand=True)
    one = ad.record(
        lambda x: march_forward(grid=GRID, variance=lambda step: [x[0]] * GRID.nodes.size)[0], [0.04]
    )
    for bad in (-0.01, np.inf, np.nan):
        with pytest.raises(AadValueError):
            one.value([bad])
    program = ad.record(book, BUMPED)
    with pytest.raises(AadValueError, match="widen the grid"):
        program.value(np.concatenate([[1e4], BUMPED[1:]]))
    with pytest.raises(AadValueError, match="bumped local volatility"):
        program.value(np.concatenate([PARAMETERS, np.full(HATS.size, -0.5)]))
    with pytest.raises(AadValueError, match="give both or neither"):
        MovedVariance(SURFACE, GRID.nodes, GRID.midpoints, 0.0, 0.0, bump_shapes=HATS)
    with pytest.raises(AadTypeError, match="lane"):
        ad.record(lambda x: cells(x)[0], np.tile(SMILE, (3, 1)), lanes=(0,))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": [0, 2]}, "rows"),
        ({"rows": [0]}, "rows"),
        ({"is_call": [True]}, "is_call"),
        ({"log_moneyness": [0.0, 9.0]}, "widen the grid"),
        ({"log_moneyness": [0.0, np.nan]}, "widen the grid"),
        ({"calls": np.ones((2, 3))}, "calls"),
        ({"nodes": GRID.nodes[:5], "calls": np.ones((2, 5))}, "^nodes = .* a price is read from 6"),
        (
            {"nodes": GRID.nodes[::-1]},
            r"^nodes\[0\] = [\d.]+ is followed by [\d.]+: must be strictly increasing",
        ),
        ({"rows": [], "log_moneyness": [], "is_call": []}, "^log_moneyness has shape .0,.: give a list"),
        ({"rows": 0, "log_moneyness": 0.0, "is_call": True}, "^log_moneyness has shape .*: give a list"),
    ],
)
def test_refusals_of_readings(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "nodes": GRID.nodes, "calls": np.ones((2, GRID.nodes.size)), "rows": [0, 1], "log_moneyness": [0.0, 0.1],
        "is_call": [True, False],
    }  # fmt: skip
    with pytest.raises(AadValueError, match=message):
        read_options(**{**good, **change})
    with pytest.raises(AadTypeError, match=r"^rows = \[0.5, 1.0\]: give whole numbers$"):
        read_options(**{**good, "rows": [0.5, 1.0]})


def test_a_book_without_options_is_refused() -> None:
    lists = ("strikes", "expiries", "is_call", "forwards", "discounts")
    with pytest.raises(AadValueError, match=r"^strikes is empty: give at least one option$"):
        price_book(spot=100.0, **BOOK | {name: BOOK[name][:0] for name in lists})


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("nodes", GRID.nodes[::-1], "nodes"),
        ("nodes", np.where(GRID.nodes == 0.0, np.nan, GRID.nodes), "nodes"),
        ("steps", -GRID.steps, "steps"),
        ("below", GRID.below[1:], "below"),
        ("implicitness", np.full(GRID.steps.size, 0.7), "implicitness"),
        ("midpoints", GRID.midpoints[1:], "midpoints"),
        ("last_step", GRID.last_step - 1, "last_step"),
        ("last_step", GRID.last_step[:1], "last_step"),
    ],
)
def test_grids_check_themselves(name: str, bad: np.ndarray, message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        replace(GRID, **{name: bad})


@pytest.mark.peers
def test_hessian_of_a_flat_smile_in_jax() -> None:
    """The same discrete march written for jax: values and Hessian of a sum of calls in the smile's parameters."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    below, above = GRID.below[1:-1], GRID.above[1:-1]
    near = int(np.argmin(np.abs(GRID.nodes)))
    weights = np.array([1.0, -2.0, 0.5, 1.0, 3.0, -1.0])

    def price(x: Any) -> Any:
        calls, found = jnp.asarray(GRID.initial), []
        for step in range(GRID.steps.size):
            time = GRID.midpoints[step]
            moved = GRID.nodes - x[2] * np.sqrt(time)
            variance = (x[0] + x[1] * time + x[3] * moved + x[4] * moved**2)[1:-1] ** 2
            theta = GRID.implicitness[step]
            h = GRID.steps[step] * theta * variance
            right = (
                calls[1:-1].at[0].add(h[0] * below[0] * calls[0]).at[-1].add(h[-1] * above[-1] * calls[-1])
            )
            matrix = (
                jnp.diag(1.0 + h * (below + above))
                - jnp.diag((h * below)[1:], -1)
                - jnp.diag((h * above)[:-1], 1)
            )
            solved = jnp.linalg.solve(matrix, right)
            calls = calls.at[1:-1].set(solved / theta - (1.0 / theta - 1.0) * calls[1:-1])
            if step in GRID.last_step:
                found.append(calls[near - 4 : near + 5 : 4])
        return jnp.asarray(weights) @ jnp.concatenate(found)

    program = ad.record(lambda x: weights @ cells(x), SMILE)
    assert program.value(SMILE) == pytest.approx(float(price(SMILE)), rel=1e-12)
    assert relative(program.gradient(SMILE), np.asarray(jax.grad(price)(SMILE))) < 1e-11
    assert relative(program.hessian(SMILE), np.asarray(jax.hessian(price)(SMILE))) < 1e-10
