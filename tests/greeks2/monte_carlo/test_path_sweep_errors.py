"""Paths that branch, are not finite, or do not fit: every message names what to do."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError, BranchChanged, NotFinite
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep

from .path_functions import basket, close, market, recorded


def test_a_path_that_branches_on_its_noise():
    def path(p, z):
        return p[0] * z if z > 0.0 else p[0] ** 2 * z

    z = np.array([1.0, 2.0, -1.0, 3.0, -2.0])
    sweep = PathSweep(recorded(path, [1.0], z))
    with pytest.raises(
        BranchChanged, match=r"test_path_sweep_errors.py:\d+.* in 2 of 5 lanes.*Use where/maximum"
    ):
        sweep.sums((np.array([1.0]),), (z,), 0, 5)
    assert sweep.sums((np.array([1.0]),), (z,), 0, 2).value == 3.0


def test_a_path_that_branches_on_its_params():
    def path(p, z):
        return p[0] * z if p[0] > 0.0 else p[0] ** 2 * z

    sweep = PathSweep(recorded(path, [1.0], np.ones(3)))
    assert sweep.sums((np.array([2.0]),), (np.ones(3),), 0, 3).value == 6.0
    with pytest.raises(BranchChanged, match="in 3 of 3 lanes"):
        sweep.sums((np.array([-1.0]),), (np.ones(3),), 0, 3)


def test_what_is_not_finite_is_named():
    def path(p, z):
        return np.log(p[0] + z)

    z = np.full(300, 1.0)
    z[290] = -5.0
    sweep = PathSweep(recorded(path, [1.0], z))
    with pytest.raises(NotFinite, match=r"in lane 290.*trace_lines"):
        sweep.sums((np.array([1.0]),), (z,), 0, 300)
    traced = PathSweep(recorded(path, [1.0], z, trace_lines=True))
    with pytest.raises(NotFinite, match=r"log\(-4\) at .*test_path_sweep_errors.py"):
        traced.sums((np.array([1.0]),), (z,), 0, 300)
    z[290] = np.nan
    with pytest.raises(AadValueError, match="lane 290 has"):
        sweep.sums((np.array([1.0]),), (z,), 0, 300)

    def rooted(p, z):
        return np.sqrt(p[0] + z)

    sweep = PathSweep(recorded(rooted, [1.0], np.ones(3)))
    with pytest.raises(NotFinite, match="a derivative is not finite"):
        sweep.sums((np.array([1.0]),), (np.array([1.0, -1.0, 1.0]),), 0, 3)


@pytest.mark.parametrize("method", PATH_METHODS)
def test_a_branch_not_taken_ends_the_chain(method):
    """The square root of zero has infinite derivatives, and `where` did not take it."""

    def path(p, z):
        return np.where(z > 0.0, np.sqrt(np.maximum(p[0] * z, 0.0)) * p[1], p[1] ** 2 * z)

    p, z = np.array([2.0, 3.0]), np.array([1.0, -1.0, 4.0, -2.0])
    found = PathSweep(recorded(path, p, z), method=method).sums((p,), (z,), 0, 4)
    slope = 0.25 * np.sqrt(2.0) * (1.0 + 2.0)  # the sum of sqrt(z) over 2 sqrt(p0)
    wanted = [[-3.0 * 3.0 / (4.0 * 2.0**1.5), slope], [slope, -6.0]]
    assert close(found.value, 3.0 * np.sqrt(2.0) * 3.0 - 27.0)
    np.testing.assert_allclose(found.hessian, wanted, rtol=1e-13)
    assert len(PathSweep(recorded(path, p, z)).kinks) > 0


def test_bad_input(rng):
    p, z = market(2), rng.standard_normal((10, 2))
    program = recorded(basket, p, z)
    sweep = PathSweep(program)
    for wrong, message in (
        (lambda: PathSweep(program, 3), "order = 3"),
        (lambda: PathSweep(program, method="taylor"), "method = 'taylor'"),
        (lambda: sweep.sums((p[:3],), (z,), 0, 5), r"params\[0\] has shape \(3,\)"),
        (lambda: sweep.sums((p * np.nan,), (z,), 0, 5), "must be finite"),
        (lambda: sweep.sums((p,), (z[:, :1],), 0, 5), r"lanes\[0\] has shape \(10, 1\)"),
        (lambda: sweep.sums((p,), (z,), 5, 11), r"paths between \[5, 11\] of 10"),
        (lambda: sweep.sums((p,), (z,), 5, 5), r"paths between \[5, 5\]"),
        (lambda: sweep.sums_between((p,), (z,), [0]), "at least two"),
        (lambda: sweep.sums_between((p,), (z,), [0, 6, 4]), "increasing"),
    ):
        with pytest.raises(AadValueError, match=message):
            wrong()
    for wrong, message in (
        (lambda: sweep.sums((p, p), (z,), 0, 5), "params has 2 arrays"),
        (lambda: sweep.sums((p,), (), 0, 5), "lanes has 0 arrays"),
        (lambda: PathSweep(ad.record(basket, p, z[0])), "no lane argument"),
        (lambda: PathSweep(ad.record(basket, p, z, lanes=(1,))), r"lane arguments \[1\] are active"),
        (lambda: PathSweep(recorded(lambda p, z: p * z, p[:2], z)), "a path returns one number"),
    ):
        with pytest.raises(AadTypeError, match=message):
            wrong()
