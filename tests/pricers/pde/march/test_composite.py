"""The backward march as one operation: its rules, its twin, the expanded tape, and closed forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.sweeps import simd
from greeks2 import hessian_result
from greeks2.structure.kinks import KinkWarning
from pricers import black_scholes
from pricers.pde import backward
from pricers.pde.grids import log_grid, sinh_grid, uniform_grid
from pricers.pde.march.composite import CrankNicolsonMarch
from pricers.pde.march.plan import MarchPlan
from pricers.pde.march.twins import composite_march as twin
from pricers.surfaces.bspline import TensorBasis, uniform_basis
from pricers.surfaces.local_basis import LocalBasis, one_weight_a_cell, product_lines
from pricers.surfaces.spline_volatility import SplineVolatility

GRID = uniform_grid(lowest=0.0, highest=300.0, n_nodes=41)
SPLINE = uniform_basis(lower=0.0, upper=300.0, size=7)
TENSOR = TensorBasis(
    uniform_basis(lower=40.0, upper=260.0, size=6), uniform_basis(lower=0.0, upper=1.0, size=5)
)
MARKET = np.array([103.0, 101.0, 1.0, 0.05, 0.02])


def priced(x: Any, volatility: Any, **changes: Any) -> Any:
    """Return a price in spot, strike, expiry, rate and dividend yield (the first of x) and a volatility."""
    return backward.price(
        spot=x[0], strike=x[1], expiry=x[2], rate=x[3], dividend_yield=x[4], volatility=volatility,
        **{"grid": GRID, "n_steps": 12, **changes},
    )  # fmt: skip


def flat(x: Any, **changes: Any) -> Any:
    return priced(x, x[5], **changes)


def spline(x: Any, **changes: Any) -> Any:
    return priced(x, SplineVolatility(SPLINE, x[5:]), **changes)


def log_spline(x: Any, **changes: Any) -> Any:
    return priced(x, SplineVolatility(SPLINE, x[5:], logarithmic=True), **changes)


def tensor(x: Any, **changes: Any) -> Any:
    return priced(x, SplineVolatility(TENSOR, x[5:].reshape(TENSOR.shape)), **changes)


def tensor_at_a_known_expiry(x: Any, **changes: Any) -> Any:
    return priced([*x[:2], 1.0, *x[3:5]], SplineVolatility(TENSOR, x[5:].reshape(TENSOR.shape)), **changes)


def at_nodes(x: Any, **changes: Any) -> Any:
    grid = changes.get("grid", GRID)
    return priced(x, x[5] + x[6] * (0.01 * grid.spots - 1.1) ** 2, **changes)


def function_of_time(x: Any, **changes: Any) -> Any:
    return priced(x, lambda spots, time: x[5] + x[6] * time * (0.01 * spots - 1.0) ** 2, **changes)


def rows_alone(x: Any, **changes: Any) -> Any:
    return priced(x, lambda spots, time: x[5] + x[6] * time, **changes)


SKEW = np.linspace(0.3, 0.2, 7)
PLANE = (np.linspace(0.3, 0.2, 6)[:, None] * np.linspace(1.0, 1.2, 5)).ravel()
FUNCTIONS: dict[str, tuple[Any, np.ndarray]] = {
    "flat": (flat, np.array([0.2])),
    "spline": (spline, SKEW),
    "log spline": (log_spline, np.log(SKEW)),
    "tensor": (tensor, PLANE),
    "tensor, expiry known": (tensor_at_a_known_expiry, PLANE),
    "at nodes": (at_nodes, np.array([0.2, 0.05])),
    "function of time": (function_of_time, np.array([0.2, 0.05])),
    "rows alone": (rows_alone, np.array([0.2, 0.05])),
}
KINDS: dict[str, dict[str, Any]] = {
    "call": {},
    "put": {"is_call": False},
    "american put": {"is_call": False, "exercise": "american"},
    "american call": {"exercise": "american"},
    "up and out": {"upper_barrier": 300.0},
    "down and out": {"grid": uniform_grid(lowest=60.0, highest=300.0, n_nodes=37), "lower_barrier": 60.0},
    "no damping": {"damped_steps": 0},
    "all damped": {"damped_steps": 12},
    "logarithmic": {"grid": log_grid(lowest=30.0, highest=350.0, n_nodes=37)},
    "uneven": {"grid": sinh_grid(lowest=0.0, highest=320.0, centre=100.0, width=40.0, n_nodes=38)},
}


def relative(found: Any, wanted: Any) -> float:
    return float(np.max(np.abs(np.subtract(found, wanted))) / np.max(np.abs(wanted)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_equal_to_the_expanded_tape(name: str, kind: str, rng: np.random.Generator) -> None:
    """Value, gradient, Hessian and every product with directions, at the recorded point and at another."""
    function, volatility = FUNCTIONS[name]
    point = np.concatenate([MARKET, volatility])
    if kind == "american call":
        point[4] = 0.08
    one = ad.record(lambda x: function(x, **KINDS[kind]), point)
    every = ad.record(lambda x: function(x, expand=True, **KINDS[kind]), point)
    assert len(one.composites) == 2
    assert not every.composites
    for x in (point, point * (1.0 + 0.004 * rng.uniform(-1.0, 1.0, point.size))):
        assert one.value(x) == pytest.approx(every.value(x), rel=1e-12)
        assert relative(one.gradient(x), every.gradient(x)) < 1e-11
        wanted = every.hessian(x)
        assert relative(one.hessian(x), wanted) < 1e-11
        rows = rng.standard_normal((3, x.size))
        assert relative(one.hessian_products(x, rows), rows @ wanted) < 1e-11
        assert relative(one.hvp(x, rows[0]), wanted @ rows[0]) < 1e-11


def test_floats_take_the_same_numbers() -> None:
    point = np.concatenate([MARKET, SKEW])
    for function, x in ((spline, point), (tensor, np.concatenate([MARKET, PLANE]))):
        assert ad.record(function, x).value(x) == pytest.approx(float(function(x)), rel=1e-12)


def small_operation(american: bool, rows: str) -> CrankNicolsonMarch:
    """Return a march over seven nodes with every operand varied, results on the way, and rows of different scale."""
    n, n_substeps = 5, 4
    basis = {
        "cells": one_weight_a_cell(3, n),
        "static": one_weight_a_cell(1, n),
        "flat rows": one_weight_a_cell(3, n, constant_in_space=True),
        "tensor": LocalBasis(
            product_lines(np.array([0, 1, 1]), np.array([[0.4, 0.6], [0.7, 0.3], [0.2, 0.8]]), 3, 4),
            np.array([0, 0, 1, 1, 2])[:, None] + np.arange(2),
            np.array([[0.2, 0.8], [0.6, 0.4], [0.9, 0.1], [0.3, 0.7], [0.5, 0.5]]), 4,
        ),
    }[rows]  # fmt: skip
    rng = np.random.default_rng(5)
    plan = MarchPlan(
        stencil=rng.uniform(0.5, 1.5, (4, n)) * np.array([[1.0], [1.0], [-0.2], [0.2]]),
        row=np.array([2, 2, 1, 0]) if basis.shape[0] > 1 else np.zeros(n_substeps, dtype=np.int64),
        damped=np.array([True, True, False, False]),
        last=np.array([1, n_substeps - 1]),
        predictor=basis,
        row_scale=rng.uniform(0.8, 1.2, basis.shape[0]),
        link="log_volatility" if rows == "tensor" else "volatility",
        american=american,
    )
    values = np.array([1.9, 1.5, 1.0, 0.4, 0.1, 0.05, 0.02])
    base = np.concatenate(
        [
            rng.uniform(-0.5, -0.1, basis.n_weights)
            if rows == "tensor"
            else rng.uniform(0.6, 0.9, basis.n_weights),
            [0.25],
            0.05 * rng.uniform(0.8, 1.2, basis.shape[0]),
            0.02 * rng.uniform(0.8, 1.2, basis.shape[0]),
            rng.uniform(1.8, 1.9, n_substeps),
            rng.uniform(0.0, 0.1, n_substeps),
            values,
            *([0.97 * np.maximum(values - 0.05, 0.01)] if american else []),
        ]
    )
    return CrankNicolsonMarch(plan, base, np.arange(base.size))


ROWS = ("cells", "static", "flat rows", "tensor")


@pytest.mark.parametrize("american", [False, True])
@pytest.mark.parametrize("rows", ROWS)
def test_rules_pass_the_check(rows: str, american: bool) -> None:
    operation = small_operation(american, rows)
    _, state = operation.forward(operation.base)
    assert not american or state.exercised.max() > 0
    ad.check_composite(operation, operation.base)
    few = CrankNicolsonMarch(operation.plan, operation.base, np.array([0, 2, operation.base.size - 3]))
    ad.check_composite(few, operation.base[few.varied])


def numbers_of(operation: CrankNicolsonMarch, parts: list[np.ndarray], cells: np.ndarray) -> twin.Numbers:
    return twin.Numbers(cells, parts[1][1:].reshape(2, -1), *parts[2:5], parts[5])


@pytest.mark.parametrize("american", [False, True])
@pytest.mark.parametrize("rows", ["cells", "static"])
def test_equal_to_the_twin(rows: str, american: bool, rng: np.random.Generator) -> None:
    """Kernels against dense matrices: values, tangents, adjoints and curvature to 1e-12."""
    operation = small_operation(american, rows)
    plan, base = operation.plan, operation.base
    values, state = operation.forward(base)
    scale = state.parts[1][0]
    x = numbers_of(operation, plan.parts(base), scale * state.variance)
    wanted, solutions, exercised = twin.march(plan, x)
    np.testing.assert_allclose(values, wanted.ravel(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(state.doubled, solutions, rtol=1e-12, atol=1e-14)
    assert state.exercised.tolist() == exercised

    seeds = rng.standard_normal(values.size)
    bar, multipliers = twin.adjoint(plan, x, seeds.reshape(wanted.shape))
    found = plan.parts(operation.adjoint(state, seeds))
    np.testing.assert_allclose(state.last_adjoint[1].multipliers, multipliers, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(
        found[0].reshape(plan.predictor.shape), bar.diffusion * state.slope, rtol=1e-11, atol=1e-13
    )
    assert found[1][0] == pytest.approx(float((bar.diffusion * state.variance).sum()), rel=1e-11)
    np.testing.assert_allclose(found[1][1:], bar.coefficients.ravel(), rtol=1e-11)
    for one, other in zip(found[2:], (bar.lower, bar.upper, bar.initial, bar.floor), strict=True):
        np.testing.assert_allclose(one, other[: one.size], rtol=1e-11, atol=1e-13)

    # Without the scale and to first order in the weights, so that the cells' own curvature stays out of it.
    directions = rng.standard_normal((base.size, 3))
    directions[plan.predictor.n_weights] = 0.0
    parts = plan.parts(directions)
    moved = [
        numbers_of(
            operation,
            [part[:, k] for part in parts],
            state.slope * parts[0][:, k].reshape(plan.predictor.shape),
        )
        for k in range(3)
    ]
    tangents = operation.tangents(state, directions)
    for k, dx in enumerate(moved):
        np.testing.assert_allclose(
            tangents[:, k], twin.tangent(plan, x, dx)[0].ravel(), rtol=1e-11, atol=1e-13
        )
    of_cells = np.einsum("cj,c,ck->jk", parts[0], (bar.diffusion * state.bend).ravel(), parts[0])
    np.testing.assert_allclose(
        operation.curvature(state, seeds, directions) - of_cells,
        twin.curvature(plan, x, seeds.reshape(wanted.shape), moved),
        rtol=1e-11,
        atol=1e-12,
    )


def test_lanes_of_single_weights_equal_lanes_of_any_directions(rng: np.random.Generator) -> None:
    """The Hessian does not depend on the directions it is swept in, nor on what was asked before."""
    operation = small_operation(False, "tensor")
    seeds = rng.standard_normal(14)
    size = operation.base.size
    mixed = rng.standard_normal((size, size))
    fresh = operation.forward(operation.base)[1]
    units = operation.curvature(fresh, seeds, np.eye(size))
    np.testing.assert_allclose(
        operation.curvature(fresh, seeds, mixed), mixed.T @ units @ mixed, rtol=0, atol=1e-11
    )
    lengths = rng.uniform(0.5, 2.0, size)
    np.testing.assert_allclose(
        operation.curvature(fresh, seeds, np.diag(lengths)),
        units * np.outer(lengths, lengths),
        rtol=1e-11,
        atol=1e-12,
    )
    few = mixed[:, :2]
    np.testing.assert_allclose(
        operation.curvature(fresh, seeds, few), few.T @ units @ few, rtol=0, atol=1e-11
    )
    operation.adjoint(fresh, seeds)
    operation.tangents(fresh, np.eye(size))
    np.testing.assert_allclose(operation.curvature(fresh, seeds, np.eye(size)), units, rtol=1e-12, atol=1e-13)
    other = operation.curvature(fresh, 2.0 * seeds, np.eye(size))
    np.testing.assert_allclose(other, 2.0 * units, rtol=1e-12, atol=1e-13)


def test_the_basis_as_a_matrix(rng: np.random.Generator) -> None:
    surface = SplineVolatility(TENSOR, PLANE.reshape(TENSOR.shape))
    spots, times = np.linspace(10.0, 290.0, 13), np.array([0.1, 0.5, 0.95])
    basis = surface.local_basis(spots, times)
    values = basis.dense() @ np.array(surface.flat_weights)
    wanted = [[float(TENSOR.evaluate(surface.weights, s, t)) for s in spots] for t in times]
    np.testing.assert_allclose(values, wanted, rtol=1e-13)
    np.testing.assert_allclose([surface(spots, t) for t in times], wanted, rtol=1e-13)


def test_closed_forms() -> None:
    """All second-order Greeks of a call on a fine grid, within the error of the grid."""
    grid = sinh_grid(lowest=0.0, highest=400.0, centre=100.0, width=40.0, n_nodes=501)
    names = ("spot", "strike", "expiry", "rate", "dividend_yield", "volatility")
    point = np.array([103.0, 100.0, 0.8, 0.04, 0.015, 0.25])
    program = ad.record(
        lambda x: backward.price(grid=grid, n_steps=200, **dict(zip(names, x, strict=True))), point
    )
    gradient, hessian = program.gradient(point), program.hessian(point)
    exact = black_scholes.greeks(**dict(zip(names, point.tolist(), strict=True)))
    for k, name in {0: "delta", 3: "rho", 5: "vega", 4: "dividend_rho"}.items():
        assert gradient[k] == pytest.approx(getattr(exact, name), rel=5e-5)
    for (j, k), name in {
        (0, 0): "gamma", (0, 5): "vanna", (5, 5): "volga", (0, 3): "delta_rho", (3, 3): "rho_convexity", (3, 5): "vera",
    }.items():  # fmt: skip
        assert hessian[j, k] == pytest.approx(getattr(exact, name), rel=2e-3), name


def test_early_exercise_is_a_kink() -> None:
    """A Hessian that holds the exercised nodes says so, as one operation and expanded; a European one has none."""
    point = np.concatenate([MARKET, [0.2]])
    with pytest.warns(KinkWarning, match="early exercise"):
        result = hessian_result(lambda x: flat(x, **KINDS["american put"]), point)
    assert {kink.operation: kink.count for kink in result.kinks}["early exercise"] == 1
    with pytest.warns(KinkWarning, match="maximum"):
        expanded = hessian_result(lambda x: flat(x, expand=True, **KINDS["american put"]), point)
    assert relative(result.matrix, expanded.matrix) < 1e-11
    assert hessian_result(flat, point).kinks == ()


def test_exercise_on_both_sides_is_expanded() -> None:
    """A floor that binds far from the money too: recorded operation by operation, and the numbers are the same."""
    grid = sinh_grid(lowest=0.0, highest=300.0, centre=100.0, width=1.0, n_nodes=61)
    market: dict[str, Any] = {
        "grid": grid, "strike": 100.0, "expiry": 1.0, "rate": 0.3, "n_steps": 3, "damped_steps": 0,
        "is_call": False, "exercise": "american", "spot": 100.0,
    }  # fmt: skip
    program = ad.record(lambda x: backward.price(volatility=x, **market), 0.05)
    assert program.value(0.05) == pytest.approx(float(backward.price(volatility=0.05, **market)), rel=1e-12)


@pytest.mark.parametrize(
    ("surface", "message"),
    [
        (lambda w: SplineVolatility(SPLINE, w - 0.25), "volatility"),
        (lambda w: SplineVolatility(SPLINE, w[:-1]), "weights"),
        (lambda w: SplineVolatility(SPLINE, w * np.nan), "weights"),
        (lambda w: SplineVolatility(TENSOR, w), "weights"),
    ],
)
def test_refusals_of_surfaces(surface: Any, message: str) -> None:
    for function in (
        lambda w: priced(MARKET, surface(w)),
        lambda w: ad.record(lambda x: priced(MARKET, surface(x)), w),
    ):
        with pytest.raises(AadValueError, match=message):
            function(SKEW)


def test_refusals_of_replays_and_types() -> None:
    program = ad.record(lambda w: priced(MARKET, SplineVolatility(SPLINE, w)), SKEW)
    with pytest.raises(AadValueError, match="volatility"):
        program.value(SKEW - 0.25)
    with pytest.raises(AadValueError, match="must be finite"):
        program.value(SKEW * np.nan)
    with pytest.raises(AadTypeError, match="basis"):
        SplineVolatility("spline", SKEW)  # type: ignore[arg-type]
    with pytest.raises(AadTypeError, match="lane"):
        ad.record(lambda v: priced(MARKET, v), np.full(3, 0.2), lanes=(0,))
    basis = one_weight_a_cell(1, 4)
    with pytest.raises(AadValueError, match="reaches outside"):
        replace(basis, node_columns=np.arange(1, 5)[:, None])
    with pytest.raises(AadValueError, match="must be equal"):
        replace(basis, node_columns=np.arange(5)[:, None])


@pytest.mark.parametrize("name", ["spline", "log spline", "tensor", "function of time"])
@pytest.mark.parametrize("american", [False, True])
def test_every_instruction_set_gives_the_same_bits(name: str, american: bool, instructions: str) -> None:
    """Lanes are marched several at a time, and how many depends on the set: each of them is computed alike."""
    function, weights = FUNCTIONS[name]
    x = np.concatenate([MARKET, weights])
    changes: dict[str, Any] = {"is_call": False, "exercise": "american"} if american else {}

    def derivatives() -> list[Any]:
        program = ad.record(lambda z: function(z, **changes), x)
        products = program.hvp(x, np.cos(np.arange(x.size)))
        return [program.value(x), program.gradient(x), program.hessian(x), products]

    found = derivatives()
    simd.use("baseline")
    for one, other in zip(found, derivatives(), strict=True):
        assert np.array_equal(one, other)


def test_weights_that_no_node_reads_have_no_lane() -> None:
    """Of a spline that reaches beyond the grid, behind a barrier say, and all the same the Hessian is right."""
    grid = uniform_grid(lowest=0.0, highest=140.0, n_nodes=41)
    changes = {"grid": grid, "upper_barrier": 140.0, "is_call": True}
    program = ad.record(lambda w: priced(MARKET, SplineVolatility(SPLINE, w), **changes), SKEW)
    plan = program.composites[0].operation.plan
    _, reached = plan.lane_order
    assert reached.max() < SKEW.size
    every = ad.record(lambda w: priced(MARKET, SplineVolatility(SPLINE, w), expand=True, **changes), SKEW)
    found, wanted = program.hessian(SKEW), every.hessian(SKEW)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11 * np.abs(wanted).max())
    assert not found[-1].any()
