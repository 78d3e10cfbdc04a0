"""What recordings and Hessians hold: no circles of references through arrays, sparse results linear in entries."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import aadlib as ad
from greeks2 import METHODS, cross_check, expectation, hessian

POINT = np.array([0.3, 0.9])
LANES = np.linspace(-1.0, 1.0, 50)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def few_nodes(x):
    return np.sin(x[0]) * x[1] + np.exp(x[0] * x[1])


def many_nodes(x):
    y = x[0]
    for _ in range(3000):
        y = np.sin(y) * x[1] + 0.5
    return y


def composite(x):
    return np.linalg.solve(np.eye(2) + x[:, None] * x[None, :], x)[0]


def branching(x):
    return x[0] if x[0] > x[1] else x[1] * x[0]


VERBS = {
    "value": lambda p: p.value(POINT),
    "value of a list": lambda p: p.value(POINT.tolist()),
    "gradient": lambda p: p.gradient(POINT),
    "hvp": lambda p: p.hvp(POINT, POINT),
    "jvp": lambda p: p.jvp(POINT, POINT),
    "vjp": lambda p: p.vjp(POINT, 1.0),
    "jacobian": lambda p: p.jacobian(POINT),
    "hessian": lambda p: p.hessian(POINT),
    "curvature": lambda p: p.curvature(POINT),
    "cross_check": lambda p: cross_check(p, POINT),
    "explain": lambda p: hessian(p, POINT, explain=True),
    "sparse": lambda p: hessian(p, POINT, sparse=True),
}


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("function", [few_nodes, many_nodes, composite])
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_program_goes_with_its_last_name(function, verb):
    program = ad.record(function, POINT)
    verb(program)
    left = weakref.ref(program)
    del program
    assert left() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("method", METHODS)
def test_and_after_every_method(method):
    program = ad.record(many_nodes, POINT)
    hessian(program, POINT, method=method)
    left = weakref.ref(program)
    del program
    assert left() is None


@pytest.mark.usefixtures("no_collector")
def test_and_over_lanes():
    program = ad.record(many_nodes, POINT)
    lanes = program.over_lanes()
    lanes.derivatives(np.tile(POINT, (4, 1)))
    path = lambda p, z: ad.softplus(p[0] * np.exp(p[1] * z) - 1.0)  # noqa: E731
    paths = ad.record(path, POINT, LANES, lanes=[1], passive=[1])
    paths.derivatives(POINT, LANES)
    expectation(paths, POINT, lanes=LANES, order=2)
    retracing = ad.record(branching, POINT, on_branch_change="retrace")
    retracing.derivatives(POINT[::-1].copy())
    left = [weakref.ref(p) for p in (program, lanes, paths, retracing)]
    del program, lanes, paths, retracing
    assert [ref() for ref in left] == [None] * 4


def arrow(x):
    return np.sum(x[0] * x[1:] ** 2) + np.exp(x[0])


def arrow_by_its_last(x):
    return np.sum(np.exp(x[-1] * x[:-1]))


@pytest.mark.parametrize("method", ["auto", "edge_pushing", "forward_over_reverse"])
@pytest.mark.parametrize("function", [arrow, arrow_by_its_last])
def test_arrows_cost_what_they_hold(function, method):
    peaks = []
    for n in (1000, 8000):
        program = ad.record(function, np.linspace(0.5, 1.5, n))
        tracemalloc.start()
        matrix = hessian(program, np.linspace(0.5, 1.5, n), method=method, sparse=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert matrix.nnz == 3 * n - 2
    assert peaks[1] < 12 * peaks[0] + 2**20
