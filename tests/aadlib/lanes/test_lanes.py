"""Replays over lanes: any count, shared and lane arguments, active and passive."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError, AadValueError

pytestmark = pytest.mark.usefixtures("instructions")

COUNTS = [1, 7, 8, 9, 511, 512, 513, 1025]


def path(p, z):
    """One path: shared market data p, this path's normals z."""
    growth = np.exp((p[2] - 0.5 * p[1] ** 2) + p[1] * z[0])
    return np.maximum(p[0] * growth - 100.0, 0.0) * np.exp(-p[2]) + np.where(z[1] > 0.0, z[1] * p[1], p[0])


MARKET = np.array([100.0, 0.2, 0.03])


@pytest.mark.parametrize("n_lanes", COUNTS)
def test_shared_adjoints_are_summed_and_lane_adjoints_kept(n_lanes, rng):
    z = rng.normal(size=(n_lanes, 2))
    program = ad.record(path, MARKET, z, lanes=(1,))
    single = ad.record(path, MARKET, z[0])
    values, (in_market, in_normals) = program.value_and_gradient(MARKET, z)
    rows = [single.value_and_gradient(MARKET, row) for row in z]
    np.testing.assert_allclose(values, [value for value, _ in rows], rtol=1e-14)
    np.testing.assert_allclose(in_normals, [g[1] for _, g in rows], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(in_market, np.sum([g[0] for _, g in rows], axis=0), rtol=1e-12)
    assert in_normals.shape == (n_lanes, 2) and values.shape == (n_lanes,)
    np.testing.assert_array_equal(program.value(MARKET, z), values)


@pytest.mark.parametrize("n_lanes", COUNTS)
def test_a_lane_does_not_depend_on_its_neighbours(n_lanes, rng):
    z = rng.normal(size=(n_lanes, 2))
    program = ad.record(path, MARKET, z, lanes=(1,))
    values, (_, in_normals) = program.value_and_gradient(MARKET, z)
    order = rng.permutation(n_lanes)
    again, (_, permuted) = program.value_and_gradient(MARKET, z[order])
    np.testing.assert_array_equal(again, values[order])
    np.testing.assert_array_equal(permuted, in_normals[order])


def test_passive_lanes(rng):
    z = rng.normal(size=(100, 2))
    program = ad.record(path, MARKET, z, passive=(1,), lanes=(1,))
    both = ad.record(path, MARKET, z, lanes=(1,))
    np.testing.assert_array_equal(program.gradient(MARKET, z), both.gradient(MARKET, z)[0])
    assert program.n_active == 3


def test_passive_shared_arguments(rng):
    z = rng.normal(size=(100, 2))
    program = ad.record(path, MARKET, z, passive=(0,), lanes=(1,))
    np.testing.assert_allclose(
        program.gradient(MARKET, z), ad.record(path, MARKET, z, lanes=(1,)).gradient(MARKET, z)[1], rtol=1e-14
    )


def test_work_on_shared_inputs_is_done_once(rng):
    def expensive(p, z):
        shared = np.sum(np.exp(np.sin(p)))
        return shared * z

    program = ad.record(expensive, MARKET, np.ones(5), lanes=(1,))
    assert program.n_nodes - program.n_uniform == 1
    values, (shared, lanes) = program.value_and_gradient(MARKET, np.arange(1.0, 6.0))
    total = np.sum(np.exp(np.sin(MARKET)))
    np.testing.assert_allclose(values, total * np.arange(1.0, 6.0), rtol=1e-15)
    np.testing.assert_allclose(lanes, np.full(5, total), rtol=1e-15)
    np.testing.assert_allclose(shared, 15.0 * np.cos(MARKET) * np.exp(np.sin(MARKET)), rtol=1e-14)


@pytest.mark.parametrize("n_lanes", [1, 9, 600])
def test_results_that_no_lane_changes(n_lanes):
    """A shared number as result is the same in every lane, and its adjoint counts once per lane."""
    program = ad.record(lambda p, z: [p * p, z, p * z], 3.0, np.ones(n_lanes), lanes=(1,))
    values = program.value(3.0, np.arange(float(n_lanes)))
    assert values.shape == (n_lanes, 3)
    assert values[:, 0].tolist() == [9.0] * n_lanes
    only = ad.record(lambda p, z: p * p, 3.0, np.ones(n_lanes), lanes=(1,))
    found, (shared, lane) = only.value_and_gradient(3.0, np.ones(n_lanes))
    assert found.tolist() == [9.0] * n_lanes
    assert shared == 6.0 * n_lanes
    assert lane.tolist() == [0.0] * n_lanes


def test_a_lane_input_as_result():
    program = ad.record(lambda p, z: z[1], 3.0, np.ones((4, 2)), lanes=(1,))
    values, (shared, lane) = program.value_and_gradient(3.0, np.arange(8.0).reshape(4, 2))
    assert values.tolist() == [1.0, 3.0, 5.0, 7.0]
    assert shared == 0.0
    assert lane.tolist() == [[0.0, 1.0]] * 4


def test_a_constant_and_an_array_as_results():
    program = ad.record(lambda z: [z * z, 5.0], np.ones(10), lanes=(0,))
    assert program.value(np.arange(10.0)).tolist() == [[k * k, 5.0] for k in np.arange(10.0)]


def test_several_lane_arguments_and_shapes(rng):
    a, b = rng.normal(size=(20, 2, 3)), rng.normal(size=20)
    program = ad.record(lambda a, b, c: np.sum(a**2) * b * c, a, b, 2.0, lanes=(0, 1))
    values, (in_a, in_b, in_c) = program.value_and_gradient(a, b, 2.0)
    squares = np.sum(a**2, axis=(1, 2))
    np.testing.assert_allclose(values, squares * b * 2.0, rtol=1e-14)
    np.testing.assert_allclose(in_a, 4.0 * a * b[:, None, None], rtol=1e-14)
    np.testing.assert_allclose(in_b, 2.0 * squares, rtol=1e-14)
    assert in_c == pytest.approx(np.sum(squares * b), rel=1e-13)


def test_replays_with_another_number_of_lanes(rng):
    program = ad.record(path, MARKET, np.zeros((3, 2)), lanes=(1,))
    z = rng.normal(size=(1000, 2))
    whole = program.value(MARKET, z)
    parts = np.concatenate([program.value(MARKET, z[:1]), program.value(MARKET, z[1:])])
    np.testing.assert_array_equal(whole, parts)


def test_views_and_strides_are_read_right(rng):
    z = rng.normal(size=(2, 50)).T
    program = ad.record(path, MARKET, z, lanes=(1,))
    np.testing.assert_array_equal(program.value(MARKET, z), program.value(MARKET, np.ascontiguousarray(z)))
    np.testing.assert_array_equal(program.value(MARKET, z[::-2]), program.value(MARKET, z[::-2].copy()))


def test_infinite_and_nan_lanes_stay_in_their_lane():
    program = ad.record(lambda p, z: p * np.log(z), 2.0, np.ones(9), lanes=(1,))
    z = np.ones(9)
    z[4] = -1.0
    values, (_, lane) = program.value_and_gradient(2.0, z)
    assert np.isnan(values[4])
    assert values[[0, 1, 2, 3, 5, 6, 7, 8]].tolist() == [0.0] * 8
    assert lane.tolist() == [2.0] * 4 + [-2.0] + [2.0] * 4


# ---- Hessians, one per lane ------------------------------------------------------------------------------------------


def quote(x, k):
    """Return a softened payoff in one scenario x = (spot, volatility) at strike k."""
    return ad.softplus(x[0] * np.exp(x[1]) - k * np.exp(-0.1 * k)) + np.maximum(x[0], k) * x[1] ** 2


@pytest.mark.parametrize("n_lanes", COUNTS)
def test_hessians_per_lane(n_lanes, rng):
    x = rng.uniform(0.5, 1.5, size=(n_lanes, 2))
    k = rng.uniform(0.5, 1.5, size=n_lanes)
    program = ad.record(quote, x, k, passive=(1,), lanes=(0, 1))
    single = ad.record(quote, x[0], k[0], passive=(1,))
    values, gradients, hessians = program.derivatives(x, k)
    assert hessians.shape == (n_lanes, 2, 2)
    for lane in {0, n_lanes // 2, n_lanes - 1}:
        expected = single.derivatives(x[lane], k[lane])
        for found, wanted in zip((values[lane], gradients[lane], hessians[lane]), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


def test_hessians_per_lane_with_a_shared_passive_argument(rng):
    x = rng.uniform(0.5, 1.5, size=(20, 2))
    program = ad.record(quote, x, 0.8, passive=(1,), lanes=(0,))
    hessians = program.derivatives(x, 0.8)[2]
    single = ad.record(quote, x[0], 0.8, passive=(1,))
    np.testing.assert_allclose(hessians, [single.hessian(row, 0.8) for row in x], rtol=1e-12, atol=1e-14)


def test_hessians_over_lanes_refuse_shared_and_lane_active_arguments(rng):
    x = rng.uniform(0.5, 1.5, size=(20, 2))
    with pytest.raises(AadTypeError, match="all shared, or all to vary per lane"):
        ad.record(quote, x, 0.8, lanes=(0,)).derivatives(x, 0.8)


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_lane_arguments_of_different_lengths():
    program = ad.record(lambda a, b: a * b, np.ones(3), np.ones(3), lanes=(0, 1))
    with pytest.raises(AadValueError, match=r"differ in length: \[3, 4\]"):
        program.value(np.ones(3), np.ones(4))


def test_no_lanes_at_all():
    with pytest.raises(AadValueError, match="no lanes"):
        ad.record(path, MARKET, np.zeros((0, 2)), lanes=(1,))
    program = ad.record(path, MARKET, np.zeros((3, 2)), lanes=(1,))
    with pytest.raises(AadValueError, match="empty"):
        program.value(MARKET, np.zeros((0, 2)))


def test_a_number_as_lane_argument():
    with pytest.raises(AadValueError, match=r"argument 0 = 1\.0 is a lane argument"):
        ad.record(lambda x: x * x, 1.0, lanes=(0,))
    program = ad.record(lambda x: x * x, [1.0], lanes=(0,))
    with pytest.raises(AadValueError, match="n_lanes"):
        program.value(1.0)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 2, 1)])
def test_wrong_shapes_of_a_lane(shape):
    program = ad.record(path, MARKET, np.zeros((4, 2)), lanes=(1,))
    with pytest.raises(AadValueError, match=r"recorded for \(n_lanes, 2\)"):
        program.value(MARKET, np.zeros(shape))


@pytest.mark.parametrize("verb", ["jacobian", "hessian"])
def test_what_lanes_do_not_offer_says_so(verb):
    program = ad.record(path, MARKET, np.zeros((4, 2)), lanes=(1,))
    with pytest.raises(AadTypeError, match="this program has lanes"):
        getattr(program, verb)(MARKET, np.zeros((4, 2)))


def test_nan_in_a_lane_input_is_refused():
    program = ad.record(path, MARKET, np.zeros((4, 2)), lanes=(1,))
    z = np.zeros((4, 2))
    z[2, 1] = np.nan
    with pytest.raises(AadValueError, match=r"argument 1 .*at \(2, 1\)"):
        program.value(MARKET, z)
