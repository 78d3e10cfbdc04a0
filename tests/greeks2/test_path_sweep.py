"""Sums over paths: every method, the twin and formulas by hand agree; bits, threads, pickles and bad input."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError, BranchChanged, NotFinite
from aadlib.lanes.bottleneck import bottleneck_code
from aadlib.lanes.summed import LaneSums
from aadlib.sweeps.simd import LANES
from aadlib.twins.block_machine import lane_sums
from greeks2.monte_carlo.methods.edge_pushing import pushing_code
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.twins.path_sweep import path_sums_by_path

from .test_straight_line import lines, run

LANE_COUNTS = (1, 7, 8, 9, 513)
RATE, EXPIRY, STRIKE, SHARPNESS = 0.03, 1.5, 100.0, 30.0


def basket(p, z):
    """Softplus call on an equally weighted basket after one step; p is n spots, then n volatilities."""
    n = p.size // 2
    spot, volatility = p[:n], p[n:]
    grown = np.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
    total = np.full(n, 1.0 / n) @ (spot * grown)
    return np.exp(-RATE * EXPIRY) * ad.softplus(total - STRIKE, sharpness=SHARPNESS)


def tracked(p, z):
    """The same basket with every one of z's steps (n_steps, n) tracked."""
    n, n_steps = p.size // 2, z.shape[0]
    spot, volatility = p[:n], p[n:]
    step = EXPIRY / n_steps
    for normals in z:
        spot = spot * np.exp((RATE - 0.5 * volatility**2) * step + volatility * np.sqrt(step) * normals)
    total = np.full(n, 1.0 / n) @ spot
    return np.exp(-RATE * EXPIRY) * ad.softplus(total - STRIKE, sharpness=SHARPNESS)


def basket_by_hand(p, z):
    """Return the sums of value, gradient and Hessian of `basket` over the rows of z."""
    n = p.size // 2
    spot, volatility = p[:n], p[n:]
    grown = np.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
    held, bend = spot * grown, np.sqrt(EXPIRY) * z - volatility * EXPIRY
    x = SHARPNESS * (held.mean(axis=1) - STRIKE)
    discount = np.exp(-RATE * EXPIRY)
    slope = discount * expit(x)
    rows = np.concatenate([grown, held * bend], axis=1) / n
    hessian = rows.T @ ((SHARPNESS * slope * expit(-x))[:, None] * rows)
    i = np.arange(n)
    cross = slope @ (grown * bend) / n
    hessian[i, n + i] += cross
    hessian[n + i, i] += cross
    hessian[n + i, n + i] += slope @ (held * (bend**2 - EXPIRY)) / n
    return np.sum(discount * np.logaddexp(0.0, x) / SHARPNESS), slope @ rows, hessian


def market(n):
    return np.concatenate([np.linspace(95.0, 105.0, n), np.linspace(0.15, 0.3, n)])


def recorded(path, p, z, **options):
    return ad.record(path, p, z, lanes=(1,), passive=(1,), **options)


def close(found, wanted, tolerance=1e-12):
    scale = max(1.0, float(np.max(np.abs(wanted))))
    return bool(np.max(np.abs(found - wanted)) <= tolerance * scale)


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


def many_through_few(p, z):
    """Twelve inputs that act on the lanes through three nonlinear numbers."""
    level = np.exp(0.1 * np.sum(p) + 0.3 * p[0] * p[1])
    slope = np.tanh(p @ np.arange(12.0) / 50.0)
    bend = np.sqrt(1.0 + p[3] ** 2)
    return np.exp(0.3 * level * z[0] + slope * z[1]) * np.cos(bend * z[2]) + level * slope * z[1]


def straight(p, z):
    """No curvature in the lanes, all of it in the inputs."""
    return p[0] ** 2 * p[1] * z + p[1]


def without_noise(p, z):
    """A path that does not depend on its noise."""
    return p[0] ** 3 * p[1] + 0.0 * z


def repeated(p, z):
    """Operands used twice, rows needed more than once, wide rows that meet others."""
    total = np.sum(p * z)
    bent = np.sin(total)
    return bent * bent + total * np.exp(bent * total * 0.1) + (bent + total) ** 3 + p[0] / (1.0 + p[-1] ** 2)


def signed(p, z):
    """Wide rows of ones and minus ones, which no register holds."""
    total = z
    for k, number in enumerate(p):
        total = total - number if k % 2 else total + number
    return np.sqrt(1.0 + total * total) - np.sin(-total) * (p[0] - p[7] + z)


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


def wound(p, z):
    """A long nonlinear recursion in one number: rows are wide at every step, arcs are few."""
    total = np.sum(p * z)
    number = total
    for _ in range(12):
        number = np.sin(number) * total + number
    return number


def test_auto_takes_what_is_cheapest(rng):
    p, z = rng.uniform(0.1, 0.2, 30), rng.standard_normal((10, 30))
    cases = {"edge_pushing": recorded(wound, p, z), "bottleneck": recorded(basket, p, z[:, :15])}
    for method, program in cases.items():
        plan = PathSweep(program).plan
        assert plan.method == method
        assert plan.counts["pushes"] > 0 and plan.counts["steps"] > 0 and plan.counts["inputs"] == 30
    found = PathSweep(cases["edge_pushing"]).sums((p,), (z,), 0, 10)
    assert close(found.hessian, path_sums_by_path(cases["edge_pushing"], (p,), (z,), 0, 10).hessian)
    assert PathSweep(cases["bottleneck"], 1).plan.method == "adjoint sweep"


class Mixed(ad.Composite):
    """Two results of three operands: their product, and the sum of their squares."""

    def forward(self, x):
        return np.array([np.prod(x), x @ x]), x

    def tangents(self, x, directions):
        return np.stack([np.prod(x) / x, 2.0 * x]) @ directions

    def adjoint(self, x, seeds):
        return seeds[0] * np.prod(x) / x + 2.0 * seeds[1] * x

    def second_order(self, x, seeds, tangents):
        bend = np.prod(x) / np.outer(x, x)
        np.fill_diagonal(bend, 0.0)
        return seeds[0] * bend @ tangents + 2.0 * seeds[1] * tangents


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
    sums = LaneSums(program, write(program))
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


def test_the_bits_do_not_depend_on_threads(rng, monkeypatch):
    p, z = market(5), rng.standard_normal((20_001, 5))
    program = recorded(basket, p, z)
    found = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
        found.append(program.derivatives(p, z)[2].tobytes())
    assert len(set(found)) == 1


def test_threads_share_a_sweep(rng):
    p, z = market(6), rng.standard_normal((4000, 6))
    sweep = PathSweep(recorded(basket, p, z))
    others = [p * (1.0 + 0.01 * k) for k in range(4)]
    ranges = [(other, begin) for other in others for begin in range(0, 4000, 500)]
    wanted = [sweep.sums((other,), (z,), begin, begin + 500).hessian.tobytes() for other, begin in ranges]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda task: sweep.sums((task[0],), (z,), task[1], task[1] + 500).hessian.tobytes(), ranges
            )
        )
    assert found == wanted


def test_several_ranges_are_those_ranges_one_by_one(rng):
    p, z = market(3), rng.standard_normal((50, 3))
    sweep = PathSweep(recorded(basket, p, z))
    for found, (begin, end) in zip(
        sweep.sums_between((p,), (z,), [3, 11, 12, 50]), [(3, 11), (11, 12), (12, 50)], strict=True
    ):
        wanted = sweep.sums((p,), (z,), begin, end)
        assert found.n == end - begin and found.value == wanted.value
        assert found.hessian.tobytes() == wanted.hessian.tobytes()


@pytest.mark.parametrize("method", PATH_METHODS)
def test_sweeps_pickle(method, rng):
    p, z = market(3), rng.standard_normal((50, 3))
    sweep = PathSweep(recorded(basket, p, z), method=method)
    before = sweep.sums((p,), (z,), 0, 50)
    twin = pickle.loads(pickle.dumps(sweep))
    assert twin.sums((p,), (z,), 0, 50).hessian.tobytes() == before.hessian.tobytes()
    assert twin.plan == sweep.plan


PRINT_BITS = """
import sys
import numpy as np
import aadlib as ad
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep

def path(p, z):
    total = np.sum(p[:9] * np.exp(p[9:] * z - 0.5 * p[9:] ** 2)) - 5.0
    return ad.softplus(total, sharpness=30.0) * np.where(total > 0.0, total, 0.5) / (1.0 + p[0] ** 2)

rng = np.random.default_rng(5)
p, z = rng.uniform(0.2, 1.0, 18), rng.standard_normal((301, 9))
program = ad.record(path, p, z, lanes=(1,), passive=(1,))
for method in PATH_METHODS:
    found = PathSweep(program, method=method).sums((p,), (z,), 0, 301)
    print(found.value.hex(), found.gradient.tobytes().hex(), found.hessian.tobytes().hex())
"""


def test_the_bits_do_not_depend_on_the_instruction_set():
    printed = set()
    for level in ("baseline", "avx2", "avx512"):
        environment = os.environ | {"AADLIB_SIMD": level}
        done = subprocess.run(
            [sys.executable, "-c", PRINT_BITS], env=environment, capture_output=True, text=True, timeout=60
        )
        if "this processor has" in done.stderr:
            continue
        assert done.returncode == 0, done.stderr
        printed.add(done.stdout)
    assert len(printed) == 1


def test_a_path_that_branches_on_its_noise():
    def path(p, z):
        return p[0] * z if z > 0.0 else p[0] ** 2 * z

    z = np.array([1.0, 2.0, -1.0, 3.0, -2.0])
    sweep = PathSweep(recorded(path, [1.0], z))
    with pytest.raises(BranchChanged, match=r"test_path_sweep.py:\d+.* in 2 of 5 lanes.*Use where/maximum"):
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
    with pytest.raises(NotFinite, match=r"log\(-4\) at .*test_path_sweep.py"):
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
