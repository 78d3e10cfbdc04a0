"""Composite operations: their rules, and recordings that mix them with plain operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.types import Floats


class Softmax(ad.Composite):
    """n operands, n results, all of them coupled: every second derivative is there."""

    def forward(self, operands: Floats) -> tuple[Floats, Floats]:
        weights = np.exp(operands - operands.max())
        results = weights / weights.sum()
        return results, results

    def tangents(self, state: Floats, directions: Floats) -> Floats:
        return state[:, None] * (directions - state @ directions)

    def adjoint(self, state: Floats, seeds: Floats) -> Floats:
        return state * (seeds - state @ seeds)

    def second_order(self, state: Floats, seeds: Floats, tangents: Floats) -> Floats:
        moved = self.tangents(state, tangents)
        mean = state @ seeds
        return moved * (seeds - mean)[:, None] - state[:, None] * (seeds @ moved)[None, :]


class Wrong(Softmax):
    """A softmax whose second order forgets a term."""

    def second_order(self, state: Floats, seeds: Floats, tangents: Floats) -> Floats:
        return self.tangents(state, tangents) * (seeds - state @ seeds)[:, None]


class Misshapen(Softmax):
    """A softmax whose adjoint returns too much."""

    def adjoint(self, state: Floats, seeds: Floats) -> Floats:
        return np.append(super().adjoint(state, seeds), 0.0)


def softmax(x: Any) -> Any:
    """The same in plain operations."""
    weights = np.exp(x)
    return weights / np.sum(weights)


def mixed(apply: Any) -> Any:
    """Return a function that goes through `apply` twice, with plain operations before, between and after."""

    def f(x: Any) -> Any:
        first = apply(np.sin(x) * x[0])
        between = apply(ad.array([first[0] * x[1], first[1] ** 2, 0.3, first[0]]))
        return np.exp(between[2]) * x[2] + between[0] * first[1] + x[0] ** 2

    return f


POINT = np.array([0.7, 1.3, -0.4])


def by_composite(x: Any) -> Any:
    return ad.apply_composite(Softmax(), x)


def test_rules_pass_the_check(rng: np.random.Generator) -> None:
    ad.check_composite(Softmax(), rng.standard_normal(5))


def test_a_wrong_rule_fails_the_check(rng: np.random.Generator) -> None:
    with pytest.raises(ad.AadError, match="second_order"):
        ad.check_composite(Wrong(), rng.standard_normal(5))


def test_a_rule_of_the_wrong_shape_is_named(rng: np.random.Generator) -> None:
    with pytest.raises(
        ad.AadValueError, match=r"Misshapen.adjoint returned shape \(6,\): must return \(5,\)"
    ):
        ad.check_composite(Misshapen(), rng.standard_normal(5))


@pytest.mark.parametrize("verb", ["value", "gradient", "hessian", "curvature"])
def test_mixed_recordings_agree_with_plain_ones(verb: str) -> None:
    plain = ad.record(mixed(softmax), POINT)
    composite = ad.record(mixed(by_composite), POINT)
    assert len(composite.composites) == 2
    for point in (POINT, POINT[::-1] + 0.2):
        np.testing.assert_allclose(
            getattr(composite, verb)(point), getattr(plain, verb)(point), rtol=2e-12, atol=1e-14
        )


def test_directions_and_products_agree(rng: np.random.Generator) -> None:
    plain = ad.record(mixed(softmax), POINT)
    composite = ad.record(mixed(by_composite), POINT)
    direction = rng.standard_normal(3)
    np.testing.assert_allclose(composite.jvp(POINT, direction), plain.jvp(POINT, direction), rtol=1e-13)
    np.testing.assert_allclose(composite.hvp(POINT, direction), plain.hvp(POINT, direction), rtol=1e-12)
    rows = rng.standard_normal((11, 3))
    np.testing.assert_allclose(
        composite.hessian_products(POINT, rows), plain.hessian_products(POINT, rows), rtol=1e-11, atol=1e-13
    )


def test_jacobian_through_a_composite() -> None:
    found = ad.jacobian(by_composite)(POINT)
    state = Softmax().forward(POINT)[0]
    np.testing.assert_allclose(found, np.diag(state) - np.outer(state, state), rtol=1e-14, atol=1e-16)


def test_floats_pass_straight_through() -> None:
    np.testing.assert_allclose(by_composite(POINT), softmax(POINT), rtol=1e-15)


def test_an_unused_composite_is_dropped() -> None:
    def f(x: Any) -> Any:
        by_composite(x)
        return x[0] * x[1]

    assert ad.record(f, POINT).composites == ()


def test_passive_operands_have_no_derivatives() -> None:
    program = ad.record(lambda x, p: by_composite(ad.array([x, p]))[0], 0.3, 0.8, passive=(1,))
    assert program.gradient(0.3, 0.8) == pytest.approx(softmax(np.array([0.3, 0.8])).prod(), rel=1e-13)


def test_repeated_operands() -> None:
    composite = ad.record(lambda x: by_composite(ad.array([x, x * x, x]))[1], 0.6)
    plain = ad.record(lambda x: softmax(ad.array([x, x * x, x]))[1], 0.6)
    assert composite.gradient(0.6) == pytest.approx(plain.gradient(0.6), rel=1e-13)
    np.testing.assert_allclose(composite.hessian(0.6), plain.hessian(0.6), rtol=1e-12)


def test_composites_refuse_lanes_duals_and_matrices() -> None:
    with pytest.raises(ad.AadTypeError, match="lane argument"):
        ad.record(lambda x: by_composite(x)[0], np.ones((4, 3)), lanes=(0,))
    with pytest.raises(ad.AadTypeError, match="duals"):
        ad.apply_composite(Softmax(), [ad.Dual(1.0, [1.0]), 2.0])
    with pytest.raises(ad.AadValueError, match="takes a vector"):
        ad.apply_composite(Softmax(), np.ones((2, 2)))
    with pytest.raises(ad.AadTypeError, match="not a Composite"):
        ad.apply_composite(softmax, POINT)  # type: ignore[arg-type]


def test_threads_share_a_program() -> None:
    from concurrent.futures import ThreadPoolExecutor

    program = ad.record(mixed(by_composite), POINT)
    points = [POINT + 0.01 * k for k in range(64)]
    alone = [program.hessian(p) for p in points]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(program.hessian, points))
    np.testing.assert_array_equal(together, alone)


class Cornered(Softmax):
    """A softmax that says it has corners."""

    @property
    def kink(self) -> str:
        return "a corner"


def test_a_composite_may_report_a_kink() -> None:
    """Once, with its source line, where its results are used and differentiated; a smooth one reports none."""

    def function(x: Any) -> Any:
        return ad.apply_composite(Cornered(), x)[1]

    point = np.array([0.3, -0.2, 0.5])
    (kink,) = ad.record(function, point).kinks
    assert kink.operation == "a corner"
    assert kink.line[0].endswith("test_composite.py") and kink.line[2] == "function"
    assert ad.record(lambda x: ad.apply_composite(Softmax(), x)[1], point).kinks == ()
    assert ad.record(lambda x, y: function(y) + x[0], point, point, passive=(1,)).kinks == ()
