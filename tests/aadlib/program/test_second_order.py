"""One way to a Hessian: the two ways agree, and the counts choose between them."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.program.second_order import created_arcs_of, prefers_bottleneck

from ..functions_list import CASES


def long_chain(x):
    """Few nonlinear nodes on a long linear way: the bottleneck sum."""
    total = x[0]
    for k in range(3000):
        total = total + 0.001 * x[k % len(x)]
    return np.exp(total)


def curved_everywhere(x):
    """A new arc at every node, many directions: forward over reverse."""
    y = x
    for _ in range(60):
        y = np.sin(y) * np.roll(y, 1)
    return np.sum(y)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_ways_agree(case) -> None:
    program = ad.record(lambda x: case.function(x, np), case.point)
    rows = program.hessian_products(case.other, np.eye(program.n_active))
    scale = max(1.0, np.abs(rows).max())
    np.testing.assert_allclose(program.curvature(case.other), rows, rtol=1e-10, atol=1e-11 * scale)
    np.testing.assert_allclose(program.hessian(case.other), rows, rtol=1e-10, atol=1e-11 * scale)


@pytest.mark.parametrize(("function", "bottleneck"), [(long_chain, True), (curved_everywhere, False)])
def test_the_counts_choose(function, bottleneck) -> None:
    program = ad.record(function, np.linspace(0.1, 0.9, 40))
    assert prefers_bottleneck(program) is bottleneck


def test_hessian_and_derivatives_are_one() -> None:
    point = np.linspace(0.1, 0.9, 6)
    program = ad.record(curved_everywhere, point)
    value, gradient, hessian = program.derivatives(point.tolist())
    assert value == program.value(point)
    np.testing.assert_array_equal(gradient, program.gradient(point))
    np.testing.assert_array_equal(hessian, program.hessian(point.tolist()))
    np.testing.assert_array_equal(hessian, hessian.T)


def test_arcs_of_a_product() -> None:
    arcs = created_arcs_of(ad.record(lambda x: x[0] * x[1] + x[2], [1.0, 2.0, 3.0]))
    assert (arcs.n_arcs, arcs.n_ends) == (1, 1)
    assert arcs.bits.tolist() == [2, 0]


def test_infinite_partials_behind_a_zero_do_not_leak_into_the_bottleneck_sum() -> None:
    program = ad.record(
        lambda x: np.where(x[0] > 1.0, x[0] ** 3 * x[1], np.sqrt(x[0] - 2.0) * x[1]), [2.0, 3.0]
    )
    assert program.curvature([2.0, 3.0]).tolist() == [[36.0, 12.0], [12.0, 0.0]]
