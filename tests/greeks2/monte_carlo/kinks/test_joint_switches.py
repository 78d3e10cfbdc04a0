"""Switches that meet: refused where a Hessian along one direction would be wrong, left alone where they add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import aadlib as ad
from aadlib.errors import AadTypeError
from greeks2 import Normals, expectation, hessian

TWO = Normals(n_paths=4096, shape=(2,), seed=7)
ONE = Normals(n_paths=4096, shape=(), seed=7)
P = np.array([0.3, -0.2])


def step(x: Any) -> Any:
    return np.where(x > 0.0, 1.0, 0.0)


def product(p: Any, z: Any) -> Any:
    """Two digitals on two noises: the cross derivative of the mean is pdf(p0) pdf(p1), all of it where both jump."""
    return step(p[0] + z[0]) * step(p[1] + z[1])


def test_jumps_that_meet_are_refused_at_order_two() -> None:
    with pytest.raises(
        AadTypeError, match=r"two jumps meet, at .*test_joint_switches.py:\d+ in step .*order=1"
    ):
        expectation(product, P, lanes=TWO, smoothing="kink")


def test_jumps_that_meet_have_gradients() -> None:
    found = expectation(product, P, lanes=TWO, smoothing="kink", order=1)
    truth = norm.pdf(P) * norm.cdf(P[::-1])
    assert (np.abs(found.gradient - truth) < 4.0 * found.gradient_stderr).all()


def test_a_barrier_on_several_dates_is_refused() -> None:
    def path(p: Any, z: Any) -> Any:
        level, alive = p[0], 1.0
        for shock in z:
            level = level + p[1] * shock
            alive = alive * step(1.0 - level)
        return alive * np.maximum(level, 0.0)

    with pytest.raises(AadTypeError, match="two jumps meet"):
        expectation(path, [0.1, 0.5], lanes=Normals(n_paths=256, shape=(3,), seed=7), smoothing="kink")


def test_jumps_that_add_up_do_not_meet() -> None:
    found = expectation(
        lambda p, z: step(p[0] + z[0]) + 2.0 * step(p[1] + z[1]), P, lanes=TWO, smoothing="kink"
    )
    np.testing.assert_allclose(found.hessian, np.diag(-P * norm.pdf(P) * [1.0, 2.0]), rtol=1e-11, atol=1e-14)


def test_parallel_edges_do_not_meet() -> None:
    def path(p: Any, z: Any) -> Any:
        x = p[0] + p[1] * z
        return np.where(np.logical_and(x > -0.4, x < 0.5), 1.0, 0.0)

    def price(p: Any) -> Any:
        return ad.norm_cdf((0.5 - p[0]) / p[1]) - ad.norm_cdf((-0.4 - p[0]) / p[1])

    p = np.array([0.1, 0.3])
    found = expectation(path, p, lanes=ONE, smoothing="kink")
    np.testing.assert_allclose(found.hessian, hessian(price, p), rtol=1e-10)


def rise(p: Any, z: Any) -> Any:
    return p[0] * np.exp(p[1] * z)


TWICE: dict[str, Callable[..., Any]] = {
    "a kink within its own step": lambda p, z: np.where(
        rise(p, z) > 100.0, np.maximum(rise(p, z) - 100.0, 0.0), 0.0
    ),
    "a floor under a floor": lambda p, z: np.maximum(np.maximum(rise(p, z), 100.0) - 100.0, 0.0),
    "two digitals": lambda p, z: step(rise(p, z) - 100.0) * np.where(rise(p, z) > 100.0, 1.0, 0.0),
}


@pytest.mark.parametrize("name", TWICE)
def test_an_edge_written_twice_is_refused(name: str) -> None:
    with pytest.raises(AadTypeError, match=r"one edge written twice, at .*write the condition once"):
        expectation(TWICE[name], [100.0, 0.2], lanes=ONE, smoothing="kink")


def test_an_edge_written_twice_is_refused_at_order_one_where_it_jumps() -> None:
    with pytest.raises(AadTypeError, match="one edge written twice"):
        expectation(TWICE["two digitals"], [100.0, 0.2], lanes=ONE, smoothing="kink", order=1)
    expectation(TWICE["a floor under a floor"], [100.0, 0.2], lanes=ONE, smoothing="kink", order=1)


def test_both_sides_of_an_edge_may_be_added() -> None:
    def apart(p: Any, z: Any) -> Any:
        level = rise(p, z)
        return np.where(level > 100.0, level, 0.0) + np.where(level <= 100.0, 2.0 * level, 0.0)

    def together(p: Any, z: Any) -> Any:
        level = rise(p, z)
        return np.where(level > 100.0, level, 2.0 * level)

    one, other = (expectation(path, [100.0, 0.2], lanes=ONE, smoothing="kink") for path in (apart, together))
    np.testing.assert_allclose(one.hessian, other.hessian, rtol=1e-9, atol=1e-12)


def test_an_edge_that_jumps_is_refused() -> None:
    def path(p: Any, z: Any) -> Any:
        level = rise(p, z)
        return step(level + 20.0 * step(level - 100.0) - 110.0)

    with pytest.raises(AadTypeError, match=r"an edge, at .*, that jumps itself"):
        expectation(path, [100.0, 0.2], lanes=ONE, smoothing="kink", order=1)


def test_an_edge_that_bends_is_none_that_jumps() -> None:
    def path(p: Any, z: Any) -> Any:
        level = rise(p, z)
        return np.maximum(level + np.where(level > 100.0, level - 100.0, 0.0) - 110.0, 0.0)

    def once(p: Any, z: Any) -> Any:
        return 2.0 * np.maximum(rise(p, z) - 105.0, 0.0)

    found, truth = (expectation(f, [100.0, 0.2], lanes=ONE, smoothing="kink") for f in (path, once))
    np.testing.assert_allclose(found.hessian, truth.hessian, rtol=1e-10)
