"""Nothing leaks from the branch of a `where` that was not taken, whatever it holds, in any sweep."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import aadlib as ad
from greeks2 import METHODS, expectation, hessian

POINT = np.array([0.3, 0.7, 1.1, 0.9])
LANES = np.linspace(-0.8, 1.0, 7)


def bad_root(x):
    return np.sqrt(-x[0] - x[1])


def bad_log(x):
    return np.log(x[0] - 0.3 * x[2] - x[1]) * x[3]


def pole(x):
    return 1.0 / (x[0] + x[1] - 1.0)


def bad_composite(x):
    return np.sqrt(-np.linalg.solve(np.eye(2) + np.outer(x[:2], x[:2]), x[:2]).sum())


def bad_hub(x):
    return sum(np.sqrt(-x[0] * k * x[1]) * x[k % 4] for k in range(1, 60))


def bad_chain(x):
    y = np.sqrt(-x[0])
    for k in range(40):
        y = np.sin(y * x[k % 4]) + x[(k + 1) % 4]
    return y


BAD = (bad_root, bad_log, pole, bad_composite, bad_hub, bad_chain)
AFTER = {
    "nothing": lambda y, x: y,
    "exp": lambda y, x: np.exp(y),
    "square": lambda y, x: y**2,
    "softplus": lambda y, x: ad.softplus(y),
    "product": lambda y, x: y * x[1] * y,
    "hub": lambda y, x: sum(np.sin(y * k) * x[k % 4] for k in range(1, 60)),
    "where again": lambda y, x: np.where(y < 50.0, y * x[2], np.log(y - 60.0)) ** 2,
}


def good(x, z):
    return x[0] * x[1] * z + x[2]


def chosen(bad, after):
    return lambda x, z: after(np.where(z < 2.0, good(x, z), bad(x)), x)


def alone(after):
    return lambda x, z: after(good(x, z), x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
@pytest.mark.parametrize("bad", BAD)
def test_at_one_point(bad, after):
    f, plain = (lambda x: chosen(bad, after)(x, 0.4 * x[3])), (lambda x: alone(after)(x, 0.4 * x[3]))
    if after is AFTER["where again"]:
        plain = lambda x: (alone(AFTER["nothing"])(x, 0.4 * x[3]) * x[2]) ** 2  # noqa: E731
    program, wanted = ad.record(f, POINT), ad.record(plain, POINT).hessian(POINT)
    found = {"hessian": program.hessian(POINT), "curvature": program.curvature(POINT)}
    found["hvp"] = np.array([program.hvp(POINT, row) for row in np.eye(4)])
    for method in METHODS:
        if not program.composites or method in ("forward_over_reverse", "bottleneck"):
            found[method] = hessian(program, POINT, method=method)
    if not program.composites:
        found["sparse"] = hessian(program, POINT, method="edge_pushing", sparse=True).toarray()
        found["few live"] = hessian(program, POINT, method="edge_pushing", cap_active=5)
        found["lanes"] = program.over_lanes().derivatives(np.tile(POINT, (9, 1)))[2][4]
    for name, matrix in found.items():
        tolerance = 2e-4 if name == "bumping2" else 1e-12
        np.testing.assert_allclose(matrix, wanted, atol=tolerance * np.abs(wanted).max(), err_msg=name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
@pytest.mark.parametrize("bad", BAD)
def test_over_paths(bad, after):
    f, plain = chosen(bad, after), alone(after)
    if after is AFTER["where again"]:
        plain = lambda x, z: (good(x, z) * x[2]) ** 2  # noqa: E731
    with warnings.catch_warnings():
        wanted = sum(ad.record(plain, POINT, t, passive=[1]).hessian(POINT, t) for t in LANES.tolist())
    tolerance = 1e-11 * np.abs(wanted).max()
    program = ad.record(f, POINT, LANES, lanes=[1], passive=[1])
    np.testing.assert_allclose(program.derivatives(POINT, LANES)[2], wanted, atol=tolerance)
    for method in ("auto", "bottleneck", "edge_pushing", "forward_over_reverse"):
        found = expectation(program, POINT, lanes=LANES, order=2, method=method)
        np.testing.assert_allclose(LANES.size * found.hessian, wanted, atol=tolerance, err_msg=method)
