"""Second order through composite operations: which methods run, what the others say, and rules of the wrong shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.types import Floats
from greeks2 import (
    algo4_adjlist,
    cross_check,
    greeks,
    hessian,
    hessian_result,
    plan,
    taylor_backpropagate,
    taylor_series,
)
from greeks2.methods import METHODS
from greeks2.structure.kinks import kinks_of
from pricers.pde import backward
from pricers.pde.grids import uniform_grid
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.spline_volatility import SplineVolatility

from ..aadlib.tape.test_composite import POINT, Softmax, by_composite, mixed, softmax

SINGLE_OPERATIONS = tuple(method.name for method in METHODS if not method.takes_composites)
RUNNING = ("auto", "forward_over_reverse", "bottleneck", "bumping2")


def priced(weights: Any, *, expand: bool) -> Any:
    """Price a call under a spline of the spot: the march is one operation, or every operation is recorded."""
    return backward.price(
        spot=100.0,
        strike=105.0,
        expiry=1.0,
        rate=0.05,
        volatility=SplineVolatility(uniform_basis(lower=0.0, upper=300.0, size=19), weights),
        grid=uniform_grid(lowest=0.0, highest=300.0, n_nodes=61),
        n_steps=12,
        expand=expand,
    )


def of_two(x: Any) -> Any:
    return by_composite(x) * np.array([1.0, 2.0, -0.5])


@pytest.mark.parametrize("method", RUNNING)
@pytest.mark.parametrize("sparse", [False, True])
def test_methods_that_run(method: str, sparse: bool) -> None:
    """Two composites with plain operations before, between and after, against the same in plain operations."""
    expected = hessian(mixed(softmax), POINT, method="edge_pushing")
    tolerance = (1e-6 if method == "bumping2" else 1e-13) * np.abs(expected).max()
    for source in (mixed(by_composite), ad.record(mixed(by_composite), POINT)):
        result = hessian_result(source, POINT, method=method, sparse=sparse)
        found = result.matrix.toarray() if sparse else result.matrix
        assert np.abs(found - expected).max() <= tolerance
        assert result.method == method or method == "auto"


@pytest.mark.parametrize("method", RUNNING)
def test_weighted_results(method: str) -> None:
    weights = np.array([0.5, -1.0, 2.0])
    expected = hessian(
        lambda x: softmax(x) * np.array([1.0, 2.0, -0.5]), POINT, weights=weights, method="taylor"
    )
    found = hessian(of_two, POINT, weights=weights, method=method)
    assert np.abs(found - expected).max() <= (1e-6 if method == "bumping2" else 1e-13)


@pytest.mark.parametrize("method", RUNNING)
def test_a_march_in_19_weights(method: str) -> None:
    skew = np.linspace(0.3, 0.15, 19)
    expected = ad.record(lambda w: priced(w, expand=True), skew).hessian(skew)
    program = ad.record(lambda w: priced(w, expand=False), skew)
    assert program.composites
    found = hessian(program, skew, method=method)
    assert (
        np.abs(found - expected).max() <= (1e-5 if method == "bumping2" else 1e-12) * np.abs(expected).max()
    )


@pytest.mark.parametrize("method", SINGLE_OPERATIONS)
def test_methods_of_single_operations_say_what_to_use(method: str) -> None:
    message = (
        rf"{method} sweeps single operations .* ones \(2\): use hessian with method='forward_over_reverse'"
    )
    for options in ({}, {"sparse": True}):
        with pytest.raises(AadTypeError, match=message):
            hessian(mixed(by_composite), POINT, method=method, **options)


def test_other_doors_say_so_too() -> None:
    program = ad.record(mixed(by_composite), POINT)
    refused = {
        "edge_pushing": lambda: hessian(program, POINT, cap_active=200),
        "algo4_adjlist": lambda: algo4_adjlist(program, None, [POINT]),
        "taylor": lambda: taylor_backpropagate(program, [POINT]),
        "taylor_series": lambda: taylor_series(program, POINT, [1.0, 0.0, 0.0]),
    }
    for name, run in refused.items():
        with pytest.raises(AadTypeError, match=f"^{name} sweeps single operations"):
            run()


def test_checks_plans_and_names_pass_composites() -> None:
    found = cross_check(mixed(by_composite), POINT)
    assert set(found.matrices) == {"forward_over_reverse", "bottleneck", "bumping2"}
    assert found.worst < 1e-13 and found.bumping_error < 1e-6
    chosen = plan(ad.record(mixed(by_composite), POINT))
    assert chosen.method in RUNNING and not set(SINGLE_OPERATIONS) & set(chosen.seconds)
    named = greeks(lambda spot: mixed(by_composite)(spot), {"spot": POINT})
    assert named.hessian is not None
    assert np.allclose(named.hessian, found.matrices["bottleneck"], rtol=1e-13)


@pytest.mark.parametrize("weights_of", [softmax, by_composite])
def test_choices_by_passive_numbers_alone_are_no_kinks(weights_of: Callable[[Any], Any]) -> None:
    def chosen(x: Any, noise: Any) -> Any:
        weights = weights_of(x)
        return ad.where(noise[0] > 0.3, weights[0], weights[1])

    def steered(x: Any, noise: Any) -> Any:
        weights = weights_of(x)
        return ad.where(weights[2] > noise[0], weights[0], weights[1])

    operations = [
        {group.operation for group in kinks_of(ad.record(f, POINT, np.array([0.5]), passive=(1,)))}
        for f in (chosen, steered)
    ]
    assert operations == [set(), {"greater", "where_true", "where_false"}]


class ShortTangents(Softmax):
    def tangents(self, state: Floats, directions: Floats) -> Floats:
        return super().tangents(state, directions)[:1]


class ScalarAdjoint(Softmax):
    """NumPy would spread one number over all operands."""

    def adjoint(self, state: Floats, seeds: Floats) -> Floats:
        return super().adjoint(state, seeds)[:1]


class LongAdjoints(Softmax):
    def adjoints(self, state: Floats, seeds: Floats) -> Floats:
        return np.vstack([super().adjoints(state, seeds)] * 2)


class FlatSecondOrder(Softmax):
    """NumPy would spread one row over all operands."""

    def second_order(self, state: Floats, seeds: Floats, tangents: Floats) -> Floats:
        return super().second_order(state, seeds, tangents)[:1]


class FlatCurvature(Softmax):
    def curvature(self, state: Floats, seeds: Floats, tangents: Floats) -> Floats:
        return super().curvature(state, seeds, tangents)[0]


class ShorterLater(Softmax):
    """The right shape when recorded, another one in a replay."""

    def forward(self, operands: Floats) -> tuple[Floats, Floats]:
        results, state = super().forward(operands)
        return (results if operands[0] == np.sin(POINT[0]) * POINT[0] else results[:1]), state


@pytest.mark.parametrize(
    ("operation", "rule", "method"),
    [
        (ShortTangents(), "tangents", "forward_over_reverse"),
        (ShortTangents(), "tangents", "bottleneck"),
        (ScalarAdjoint(), "adjoint", "forward_over_reverse"),
        (ScalarAdjoint(), "adjoint", "bottleneck"),
        (ScalarAdjoint(), "adjoint", "bumping2"),
        (LongAdjoints(), "adjoints", "forward_over_reverse"),
        (FlatSecondOrder(), "second_order", "forward_over_reverse"),
        (FlatSecondOrder(), "second_order", "bottleneck"),
        (FlatCurvature(), "curvature", "bottleneck"),
        (ShorterLater(), "forward", "bumping2"),
    ],
    ids=lambda item: item if isinstance(item, str) else type(item).__name__,
)
def test_rules_of_the_wrong_shape_are_named(operation: Softmax, rule: str, method: str) -> None:
    """Never spread silently: the sweep that meets a wrong shape names the rule."""
    program = ad.record(lambda x: ad.apply_composite(operation, np.sin(x) * x[0])[0] * x[1], POINT)
    with pytest.raises(AadValueError, match=rf"{operation.name}\.{rule} returned shape .* "):
        hessian(program, POINT, method=method, weights=np.array(1.0))


def test_results_that_are_no_vector() -> None:
    class Column(Softmax):
        def forward(self, operands: Floats) -> tuple[Floats, Floats]:
            results, state = super().forward(operands)
            return results[:, None], state

    with pytest.raises(AadValueError, match=r"Column\.forward returned shape \(3, 1\): must return a vector"):
        hessian(lambda x: ad.apply_composite(Column(), x)[0], POINT)


@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
def test_bumps_do_not_record_another_branch() -> None:
    """A program that may record again does so for the point, never for a bump."""

    def branching(x: Any) -> Any:
        return ad.apply_composite(Softmax(), x)[0 if x[0] > 1.0 else 1]

    program = ad.record(branching, [2.0, 1.0], on_branch_change="retrace")
    exact = hessian(program, [0.5, 1.0])
    np.testing.assert_allclose(hessian(program, [0.5, 1.0], method="bumping2"), exact, atol=1e-6)
    with pytest.raises(BranchChanged):
        hessian(program, [1.0 + 1e-9, 1.0], method="bumping2")
