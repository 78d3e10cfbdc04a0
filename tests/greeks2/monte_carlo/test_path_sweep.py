"""Sums over paths: every method, the twin and formulas by hand agree."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.lanes.bottleneck import bottleneck_code
from aadlib.lanes.machine import BlockMachine
from aadlib.lanes.summed import LaneSums
from aadlib.sweeps.simd import LANES
from aadlib.twins.block_machine import lane_sums
from greeks2.monte_carlo.methods.edge_pushing import pushing_code
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.twins.path_sweep import path_sums_by_path

from ..test_straight_line import lines, run
from .path_functions import (
    EXPIRY,
    RATE,
    SHARPNESS,
    STRIKE,
    Mixed,
    basket,
    basket_by_hand,
    close,
    many_through_few,
    market,
    recorded,
    repeated,
    signed,
    straight,
    tracked,
    without_noise,
)

LANE_COUNTS = (1, 7, 8, 9, 513)


@pytest.mark.parametrize("method", ["auto", *PATH_METHODS])
@pytest.mark.parametrize("n_lanes", LANE_COUNTS)
@pytest.mark.parametrize("n_assets", [2, 7])
def test_the_basket_by_hand(method, n_lanes, n_assets, rng):
    p, z = market(n_assets), rng.standard_normal((n_lanes, n_assets))
    found = PathSweep(recorded(basket, p, z), method=method).sums((p,), (z,), 0, n_lanes)
    value, gradient, hessian = basket_by_hand(p, z)
    assert found.n == n_lanes
    assert close(found.value, value) and close(found.gradient, gradient) and close(found.hessian, hessian)
    assert (found.hessian == found.hessian.T).all()


@pytest.mark.parametrize("method", PATH_METHODS)
def test_lower_orders_and_ranges(method, rng):
    p, z = market(3), rng.standard_normal((700, 3))
    program = recorded(basket, p, z)
    whole = PathSweep(program, method=method).sums((p,), (z,), 0, 700)
    parts = [PathSweep(program, order).sums((p,), (z,), 0, 700) for order in (0, 1)]
    assert [part.hessian is None for part in parts] == [True, True] and parts[0].gradient is None
    assert close(parts[0].value, whole.value) and close(parts[1].gradient, whole.gradient)
    sweep = PathSweep(program, method=method)
    added = sweep.sums((p,), (z,), 0, 300) + sweep.sums((p,), (z,), 300, 700)
    assert close(added.hessian, whole.hessian) and close(added.value, whole.value)
    middle = sweep.sums((p,), (z,), 100, 200)
    assert middle.hessian.tobytes() == sweep.sums((p,), (z[100:200],), 0, 100).hessian.tobytes()


@pytest.mark.parametrize("method", PATH_METHODS)
def test_tracked_steps_agree_with_one_step(method, rng):
    n, n_steps = 3, 4
    p, z = market(n), rng.standard_normal((100, n_steps, n))
    found = PathSweep(recorded(tracked, p, z), method=method).sums((p,), (z,), 0, 100)
    value, gradient, hessian = basket_by_hand(p, z.sum(axis=1) / np.sqrt(n_steps))
    assert close(found.value, value) and close(found.gradient, gradient) and close(found.hessian, hessian)


@pytest.mark.parametrize("method", ["auto", *PATH_METHODS])
@pytest.mark.parametrize(
    ("path", "n", "shape"),
    [
        (many_through_few, 12, (3,)),
        (straight, 2, ()),
        (without_noise, 2, ()),
        (repeated, 3, (3,)),
        (repeated, 11, (11,)),
        (signed, 12, ()),
    ],
)
def test_the_twin(path, n, shape, method, rng):
    p, z = 0.5 + rng.uniform(size=n), rng.standard_normal((11, *shape))
    program = recorded(path, p, z)
    found = PathSweep(program, method=method).sums((p,), (z,), 0, 11)
    twin = path_sums_by_path(program, (p,), (z,), 0, 11)
    assert close(found.value, twin.value) and close(found.gradient, twin.gradient)
    assert close(found.hessian, twin.hessian)


def test_shared_and_lane_arguments_in_any_order(rng):
    def path(z, p, strike, u, q):
        return ad.softplus(p[0] * np.exp(p[1] * z) - strike, sharpness=3.0) * q + u[0, 1] * q**2 * strike

    z, u = rng.standard_normal(20), rng.standard_normal((20, 2, 2))
    given = (z, np.array([1.0, 0.3]), 1.1, u, 0.7)
    program = ad.record(path, *given, lanes=(0, 3), passive=(0, 2, 3))
    params = given[1], given[2], given[4]
    twin = path_sums_by_path(program, params, (z, u), 3, 20)
    for method in PATH_METHODS:
        found = PathSweep(program, method=method).sums(params, (z, u), 3, 20)
        assert found.gradient.shape == (3,) and close(found.hessian, twin.hessian)
    strided = np.asfortranarray(u[::-1]), np.ascontiguousarray(np.stack([z, z]).T)[:, 0]
    again = PathSweep(program).sums(params, (strided[1], strided[0]), 3, 20)
    assert close(again.value, path_sums_by_path(program, params, (z, u[::-1]), 3, 20).value)
    single = PathSweep(program).sums(params, (z.astype(np.float32), u), 3, 20)
    assert close(single.value, twin.value, 1e-6)


@pytest.mark.parametrize("method", PATH_METHODS)
def test_composites_of_the_params(method, rng):
    def path(p, z):
        one, other = ad.apply_composite(Mixed(), p)
        return np.exp(0.1 * one * z) + other * z * z

    def plain(p, z):
        return np.exp(0.1 * np.prod(p) * z) + np.sum(p * p) * z * z

    p, z = np.array([1.0, 1.2, 0.7]), rng.standard_normal(20)
    found = PathSweep(recorded(path, p, z), method=method).sums((p,), (z,), 0, 20)
    wanted = PathSweep(recorded(plain, p, z), method=method).sums((p,), (z,), 0, 20)
    assert close(found.gradient, wanted.gradient) and close(found.hessian, wanted.hessian)
    with pytest.raises(AadTypeError, match="composites run on shared arguments only"):
        recorded(lambda p, z: ad.apply_composite(Mixed(), p * z)[0], p, z)


@pytest.mark.parametrize("write", [bottleneck_code, pushing_code])
@pytest.mark.parametrize(
    ("path", "n", "shape"), [(basket, 6, (3,)), (repeated, 11, (11,)), (straight, 2, ())]
)
def test_the_machine_and_its_twin(path, n, shape, write, rng):
    p, z = 0.5 + rng.uniform(size=n), rng.standard_normal((20, *shape))
    program = recorded(path, p, z)
    sums = LaneSums(program, write(program), BlockMachine)
    point, rows = sums.at([p]), z.reshape(20, -1)
    found, _ = sums.sums(point, [rows], (0, 20))
    twin = lane_sums(sums.path.code, point.fixed[0, ::LANES].tolist(), [[row.tolist()] for row in rows])
    np.testing.assert_allclose(found[0], twin, rtol=1e-12, atol=1e-12 * max(1.0, np.abs(twin).max()))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(lines, min_size=1, max_size=30),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(0, 2**20),
)
def test_random_paths(program, n, n_noise, output, seed):
    generator = np.random.default_rng(seed)
    p, z = generator.uniform(-1.5, 1.5, n), generator.standard_normal((5, n_noise))

    def path(p, z):
        return run(program, np.concatenate([p, z]), output) + 0.0 * p[0] * z[0]

    recording = recorded(path, p, z)
    twin = path_sums_by_path(recording, (p,), (z,), 0, 5)
    scale = max(1.0, float(np.abs(twin.hessian).max()))
    for method in PATH_METHODS:
        found = PathSweep(recording, method=method).sums((p,), (z,), 0, 5)
        assert abs(found.value - twin.value) <= 1e-12 * max(1.0, abs(twin.value)), method
        assert np.abs(found.gradient - twin.gradient).max() <= 1e-11 * scale, method
        assert np.abs(found.hessian - twin.hessian).max() <= 1e-11 * scale, method


def test_program_derivatives_over_lanes(rng):
    p, z = market(5), rng.standard_normal((9000, 5))
    program = recorded(basket, p, z)
    values, gradient, hessian = program.derivatives(p, z)
    wanted = basket_by_hand(p, z)
    assert values.shape == (9000,) and np.allclose(values, program.value(p, z), rtol=1e-14, atol=0.0)
    assert close(gradient, wanted[1]) and close(hessian, wanted[2])
    again = pickle.loads(pickle.dumps(program)).derivatives(p, z)
    assert again[2].tobytes() == hessian.tobytes()


@pytest.mark.peers
@pytest.mark.parametrize("n_assets", [3, 10])
def test_jax(n_assets, rng):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    p, z = market(n_assets), rng.standard_normal((513, n_assets))

    def total(p):
        spot, volatility = p[:n_assets], p[n_assets:]
        grown = jnp.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
        x = SHARPNESS * ((spot * grown).mean(axis=1) - STRIKE)
        return jnp.sum(np.exp(-RATE * EXPIRY) * jnp.logaddexp(0.0, x) / SHARPNESS)

    for method in PATH_METHODS:
        found = PathSweep(recorded(basket, p, z), method=method).sums((p,), (z,), 0, 513)
        assert close(found.gradient, np.asarray(jax.grad(total)(p)))
        assert close(found.hessian, np.asarray(jax.hessian(total)(p)))
