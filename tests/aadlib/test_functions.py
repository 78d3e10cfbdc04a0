"""One list of functions, every engine: plain NumPy, sweeps, tangents, replay elsewhere, Hessians, differences, jax."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import aadlib as ad
from greeks2 import hessian

from .functions_list import CASES

TOLERANCE = {
    "edge_pushing": 1e-11, "taylor": 1e-11, "forward_over_reverse": 1e-11, "bottleneck": 1e-11, "bumping2": 2e-5,
}  # fmt: skip
"""Allowed differences from the Hessian of the program, relative to its largest entry; bumping's is its truncation."""

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def assert_close(found, expected, relative):
    """Compare arrays relative to the largest entry."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    scale = max(np.max(np.abs(expected), initial=0.0), 1e-300)
    worst = np.max(np.abs(found - expected), initial=0.0) / scale
    assert worst <= relative, f"off by {worst:.2e} of the largest entry"


def test_the_list_is_long_enough():
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@every_case
def test_value_is_numpys(case):
    program = ad.record(lambda x: case.function(x, np), case.point)
    for point in (case.point, case.other):
        assert program.value(point) == pytest.approx(float(case.function(point, np)), rel=2e-14)


@every_case
def test_gradient_is_the_tangents(case):
    program = ad.record(lambda x: case.function(x, np), case.point)
    for point in (case.point, case.other):
        tangents = [program.jvp(point, direction) for direction in np.eye(point.size)]
        assert_close(program.gradient(point), tangents, 1e-13)
        assert_close(program.vjp(point, 2.0), 2.0 * program.gradient(point), 1e-14)
        assert_close(program.jacobian(point), program.gradient(point), 1e-14)


@every_case
def test_replay_elsewhere_is_a_new_recording(case):
    program = ad.record(lambda x: case.function(x, np), case.point)
    fresh = ad.record(lambda x: case.function(x, np), case.other)
    assert_close(program.gradient(case.other), fresh.gradient(case.other), 1e-15)
    assert_close(program.hessian(case.other), fresh.hessian(case.other), 1e-15)
    value, gradient = ad.value_and_grad(lambda x: case.function(x, np))(case.other)
    assert (value, gradient.tolist()) == (fresh.value(case.other), fresh.gradient(case.other).tolist())


@every_case
def test_hessian_is_symmetric_and_gives_hessian_products(case):
    program = ad.record(lambda x: case.function(x, np), case.point)
    hessian = program.hessian(case.other)
    assert (hessian == hessian.T).all()
    direction = np.linspace(-1.0, 2.0, case.point.size)
    assert_close(program.hvp(case.other, direction), hessian @ direction, 1e-12)


@every_case
def test_hessians_by_other_sweeps_agree(case):
    program = ad.record(lambda x: case.function(x, np), case.point)
    hessian = program.hessian(case.other)
    value, gradient, matrix = program.derivatives(case.other)
    assert value == pytest.approx(program.value(case.other), rel=1e-14)
    assert_close(gradient, program.gradient(case.other), 1e-14)
    assert_close(matrix, hessian, 1e-12)
    assert_close(program.curvature(case.other), hessian, 1e-12)


@every_case
def test_hessians_over_lanes_agree_with_single_points(case):
    points = np.array([case.point + t * (case.other - case.point) for t in np.linspace(0.0, 1.0, 11)])
    single = ad.record(lambda x: case.function(x, np), case.point)
    values, gradients, hessians = ad.record(lambda x: case.function(x, np), points, lanes=(0,)).derivatives(
        points
    )
    assert_close(values, [single.value(p) for p in points], 2e-15)
    assert_close(gradients, [single.gradient(p) for p in points], 1e-13)
    assert_close(hessians, [single.hessian(p) for p in points], 1e-12)


@every_case
def test_lists_and_arrays_of_inputs_give_the_same(case):
    """A float array takes the short way of small programs, a list the checked one."""
    program = ad.record(lambda x: case.function(x, np), case.point)
    x = case.other
    for verb in ("value", "gradient", "hessian", "curvature", "jacobian"):
        assert_close(getattr(program, verb)(x.tolist()), getattr(program, verb)(x), 1e-13)
    for found, expected in zip(program.derivatives(x.tolist()), program.derivatives(x), strict=True):
        assert_close(found, expected, 1e-13)


@every_case
def test_two_arguments_are_one_cut_in_two(case):
    """The same function of a number and the rest takes the way of programs with several arguments."""

    def function(first, rest):
        return case.function(np.concatenate([ad.array([first]), rest]), np)

    x = case.other
    whole = ad.record(lambda x: case.function(x, np), x)
    program = ad.record(function, x[0], x[1:])
    value, (first, rest) = program.value_and_gradient(x[0], x[1:])
    assert value == pytest.approx(whole.value(x), rel=1e-14)
    assert_close([first, *rest], whole.gradient(x), 1e-14)
    assert_close(program.hessian(x[0], x[1:]), whole.hessian(x), 1e-13)
    assert program.jvp(x[0], x[1:], (1.0, np.zeros(x.size - 1))) == pytest.approx(first, rel=1e-12)


@every_case
def test_derivatives_agree_with_differences(case):
    ad.check_grads(lambda x: case.function(x, np), case.point, step=1e-4, tolerance=3e-6)


@every_case
def test_lanes_agree_with_single_points(case):
    points = np.array([case.point + t * (case.other - case.point) for t in np.linspace(0.0, 1.0, 11)])
    single = ad.record(lambda x: case.function(x, np), case.point)
    program = ad.record(lambda x: case.function(x, np), points, lanes=(0,))
    values, gradients = program.value_and_gradient(points)
    assert_close(values, [single.value(p) for p in points], 2e-15)
    assert_close(gradients, [single.gradient(p) for p in points], 1e-14)


@pytest.fixture(scope="module")
def worst() -> Iterator[dict[str, tuple[float, str]]]:
    """Collect the worst disagreement of each comparison and print them: `pytest -rP` shows it after the last test."""
    found: dict[str, tuple[float, str]] = {}
    yield found
    for what, (error, name) in found.items():
        print(f"{what}: worst disagreement {error:.2e} of the largest entry, at {name}")


def disagreement(found, expected):
    """Return the largest difference relative to the largest entry expected."""
    scale = max(np.max(np.abs(expected), initial=0.0), 1e-300)
    return float(np.max(np.abs(np.asarray(found, dtype=float) - np.asarray(expected)), initial=0.0) / scale)


def note(worst, what, name, error):
    """Keep the error if it is the worst of its kind, and return it."""
    if error >= worst.get(what, (0.0, ""))[0]:
        worst[what] = (error, name)
    return error


@pytest.mark.filterwarnings("ignore::greeks2.structure.kinks.KinkWarning")
@pytest.mark.parametrize("method", TOLERANCE)
@every_case
def test_second_order_methods_agree(case, method, worst):
    program = ad.record(lambda x: case.function(x, np), case.point)
    for point in (case.point, case.other):
        found = np.asarray(hessian(program, point, method=method))
        error = note(worst, method, case.name, disagreement(found, program.hessian(point)))
        assert error <= TOLERANCE[method]


@pytest.mark.peers
@pytest.mark.parametrize("case", [c for c in CASES if c.jax], ids=lambda case: case.name)
def test_derivatives_agree_with_jax(case, worst):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    program = ad.record(lambda x: case.function(x, np), case.point)

    def function(x):
        return case.function(x, jax.numpy)

    for point in (case.point, case.other):
        assert disagreement(program.value(point), float(function(jax.numpy.array(point)))) <= 1e-13
        for what, found, peer in (
            ("gradient against jax", program.gradient(point), jax.grad(function)(point)),
            ("Hessian against jax", program.hessian(point), jax.hessian(function)(point)),
        ):
            assert note(worst, what, case.name, disagreement(found, np.asarray(peer))) <= 1e-12
