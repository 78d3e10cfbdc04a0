"""Means, gradients and Hessians against closed forms, and standard errors against what errors are."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import aadlib as ad
from greeks2 import Normals, Sobol, expectation

from .paths import asian, asian_mean, call, same_bits, tilted, tilted_truth

TILT = np.array([0.3, -0.2, 0.1])
MARKET = np.array([100.0, 0.2, 0.03, 0.75])


def black_scholes(x):
    """Value of the call of `paths.call`, in numbers of any kind."""
    spot, volatility, rate, expiry = x
    spread = volatility * np.sqrt(expiry)
    d1 = (np.log(spot / 105.0) + rate * expiry) / spread + 0.5 * spread
    return spot * ad.norm_cdf(d1) - 105.0 * np.exp(-rate * expiry) * ad.norm_cdf(d1 - spread)


def deviations(found, value, gradient=None, hessian=None):
    """Return (estimate - truth) / standard error of every number."""
    rows = [np.ravel((found.value - value) / found.stderr)]
    if gradient is not None:
        rows.append((found.gradient - gradient) / found.gradient_stderr)
    if hessian is not None:
        upper = np.triu_indices(len(hessian))
        rows.append(((found.hessian - hessian) / found.hessian_stderr)[upper])
    return np.concatenate(rows)


NOISES = {
    "array": Normals(n_paths=40_000, shape=(3,), seed=1).draw(0, 40_000),
    "normals": Normals(n_paths=40_000, shape=(3,), seed=2),
    "antithetic": Normals(n_paths=40_000, shape=(3,), seed=3, antithetic=True),
    "sobol": Sobol(n_paths=2**15, shape=(3,), seed=4, replicates=32),
}


@pytest.mark.parametrize("noise", NOISES)
def test_a_smooth_payoff_with_known_mean(noise):
    found = expectation(tilted, TILT, lanes=NOISES[noise])
    assert np.abs(deviations(found, *tilted_truth(TILT))).max() < 4.0
    np.testing.assert_array_equal(found.hessian, found.hessian.T)
    assert found.stderr < 0.003 * found.value


def test_black_scholes_greeks():
    """Against the closed form, its Hessian from the second-order sweep of the closed form."""
    found = expectation(call, MARKET, lanes=Normals(n_paths=200_000, shape=(), seed=5, antithetic=True))
    program = ad.record(black_scholes, MARKET)
    value, gradient, hessian = program.derivatives(MARKET)
    assert value == pytest.approx(5.741433285, abs=1e-9)  # at 30 digits from the same formula, with mpmath
    assert np.abs(deviations(found, value, gradient, hessian)).max() < 4.0
    assert found.hessian_stderr[0, 0] < 0.05 * hessian[0, 0]  # gamma is seen, not lost in its error


@pytest.mark.parametrize("order", [0, 1, 2])
def test_orders_agree_and_lower_ones_have_nothing_above(order):
    noise = NOISES["normals"]
    found, full = (expectation(tilted, TILT, lanes=noise, order=o) for o in (order, 2))
    assert found.value == pytest.approx(full.value, rel=1e-13) and found.order == order
    assert found.stderr == pytest.approx(full.stderr, rel=1e-9)
    assert (found.gradient is None) == (order < 1) == (found.gradient_stderr is None)
    assert (found.hessian is None) == (order < 2) == (found.hessian_stderr is None)
    if order:
        np.testing.assert_allclose(found.gradient, full.gradient, rtol=1e-12)
    assert found.method == ("value sweep", "adjoint sweep", full.method)[order]


def test_every_method_gives_the_same():
    from greeks2.monte_carlo.path_planner import PATH_METHODS

    full = expectation(call, MARKET, lanes=Normals(n_paths=5000, shape=(), seed=5))
    for method in PATH_METHODS:
        found = expectation(call, MARKET, lanes=Normals(n_paths=5000, shape=(), seed=5), method=method)
        assert found.method == method
        np.testing.assert_allclose(found.hessian, full.hessian, rtol=1e-9)
        np.testing.assert_allclose(found.hessian_stderr, full.hessian_stderr, rtol=1e-8)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: Normals(n_paths=1000, shape=(3,), seed=seed),
        lambda seed: Normals(n_paths=1000, shape=(3,), seed=seed, antithetic=True),
        lambda seed: Sobol(n_paths=32 * 256, shape=(3,), seed=seed, replicates=32),
    ],
    ids=["normals", "antithetic", "sobol"],
)
def test_means_are_unbiased_and_standard_errors_cover_the_truth(make):
    """Over seeds, deviations by their standard errors follow Student's distribution: 95 in 100 are within 2.04."""
    n_seeds = 100
    program = ad.record(tilted, TILT, np.zeros((1, 3)), lanes=(1,), passive=(1,))
    truth = np.concatenate([np.ravel(part) for part in tilted_truth(TILT)])
    estimates, scaled = [], []
    for seed in range(n_seeds):
        found = expectation(program, TILT, lanes=make(seed))
        estimates.append(np.concatenate([[found.value], found.gradient, found.hessian.ravel()]))
        scaled.append(deviations(found, *tilted_truth(TILT)))
    bias = np.mean(estimates, axis=0) - truth
    assert np.all(np.abs(bias) < 4.0 * np.std(estimates, axis=0) / np.sqrt(n_seeds))
    inside = np.mean(np.abs(scaled) < 2.04, axis=0)  # 31 degrees of freedom
    assert np.abs(inside - 0.95).max() < 4.0 * np.sqrt(0.95 * 0.05 / n_seeds)


def test_standard_errors_fall_as_one_over_the_root_of_the_paths():
    sizes = 1000 * 4 ** np.arange(5)
    noises = [Normals(n_paths=int(n), shape=(3,), seed=8) for n in sizes]
    found = [expectation(tilted, TILT, lanes=noise, batches=256) for noise in noises]
    for name in ("stderr", "gradient_stderr", "hessian_stderr"):
        errors = np.log([np.ravel(getattr(one, name)).mean() for one in found])
        slope = np.polyfit(np.log(sizes), errors, 1)[0]
        assert slope == pytest.approx(-0.5, abs=0.08)


def test_antithetic_paths_and_sobol_points_reduce_the_error():
    def noise(**options):
        return Normals(n_paths=2**14, shape=(64, 4), seed=6, **options)

    p = np.array([0.1, 0.05])
    plain = expectation(asian, p, lanes=noise())
    pairs = expectation(asian, p, lanes=noise(antithetic=True))
    points, bridged = (
        expectation(asian, p, lanes=Sobol(n_paths=2**14, shape=(64, 4), seed=6, bridge=bridge))
        for bridge in (False, True)
    )
    for found in (plain, pairs, points, bridged):
        assert abs(found.value - asian_mean(p, 64, 4)) < 4.0 * found.stderr
    assert pairs.stderr < plain.stderr / 1.5
    assert points.stderr < plain.stderr / 2.0
    assert bridged.stderr < points.stderr / 2.0  # the first numbers nearly decide the mean of a path
    assert np.all(bridged.hessian_stderr < plain.hessian_stderr / 2.5)


def test_pairs_are_one_sample():
    """An odd payoff has mean zero over every pair: no error, and a pair is not taken for two samples."""
    odd = expectation(lambda p, z: p * z, 2.0, lanes=Normals(n_paths=1000, shape=(), seed=1, antithetic=True))
    assert odd.value == 0.0 and odd.stderr < 1e-15
    even = [
        expectation(lambda p, z: p * z * z, 2.0, lanes=Normals(n_paths=n, shape=(), seed=1, antithetic=a))
        for n, a in ((2000, True), (1000, False))
    ]
    assert even[0].stderr == pytest.approx(even[1].stderr, rel=0.5)


def test_params_of_several_shapes_and_a_passive_one():
    def path(a, b, strike, z, u):
        return (np.sum(b * z) + a * u - strike) ** 2

    a, b, strike = 0.5, np.array([[1.0, 2.0]]), 0.25
    z, u = Normals(n_paths=50_000, shape=(1, 2), seed=1), Normals(n_paths=50_000, shape=(), seed=1)
    found = expectation(path, (a, b, strike), lanes=(z, u))
    spot = np.array([a, 1.0, 2.0])
    hessian = 2.0 * np.eye(4)
    assert found.labels == ("params[0]", "params[1][0, 0]", "params[1][0, 1]", "params[2]")
    assert abs(found.value - (strike**2 + spot @ spot)) < 4.0 * found.stderr
    assert np.all(
        np.abs(found.gradient - 2.0 * np.append(spot, strike)) < 4.0 * found.gradient_stderr + 1e-12
    )
    assert np.all(np.abs(found.hessian - hessian) < 4.0 * found.hessian_stderr + 1e-12)

    program = ad.record(
        path, a, b, strike, z.draw(0, 1), u.draw(0, 1, stream=1), lanes=(3, 4), passive=(2, 3, 4)
    )
    fewer = expectation(program, (a, b, strike), lanes=(z, u))
    assert fewer.labels == found.labels[:3]
    np.testing.assert_allclose(fewer.hessian, found.hessian[:3, :3], rtol=1e-12, atol=1e-12)


def test_a_float_has_a_gradient_of_one_number():
    found = expectation(lambda s, z: s**2 * z**2, 3.0, lanes=NOISES["array"][:, 0].copy())
    assert found.gradient.shape == (1,) and found.hessian.shape == (1, 1) and found.labels == ("params",)


def test_a_program_with_its_noise_first():
    program = ad.record(lambda z, p: tilted(p, z), np.zeros((1, 3)), TILT, lanes=(0,), passive=(0,))
    found = expectation(program, TILT, lanes=NOISES["array"])
    assert same_bits(found, expectation(tilted, TILT, lanes=NOISES["array"]))


def test_arrays_of_any_layout_and_type():
    z = NOISES["array"][:1000]
    plain = expectation(tilted, TILT, lanes=z)
    for other in (np.asfortranarray(z), np.repeat(z, 2, axis=1)[:, ::2], z.tolist()):
        assert same_bits(expectation(tilted, TILT, lanes=other), plain)
    single = expectation(tilted, TILT, lanes=z.astype(np.float32))
    assert single.value == pytest.approx(plain.value, rel=1e-6)


def test_a_field_of_packed_records():
    records = np.zeros(64, dtype=[("day", np.int32), ("z", np.float64)])
    records["z"] = NOISES["array"][:64].ravel()[:64]

    def path(p, z):
        return p[0] * np.exp(p[1] * z)

    assert not records["z"].flags.aligned
    copied = expectation(path, TILT[:2], lanes=records["z"].copy())
    assert same_bits(expectation(path, TILT[:2], lanes=records["z"]), copied)


def test_arrays_on_disk(tmp_path):
    z = NOISES["array"]
    np.save(tmp_path / "normals.npy", z)
    mapped = np.load(tmp_path / "normals.npy", mmap_mode="r")
    assert same_bits(expectation(tilted, TILT, lanes=mapped), expectation(tilted, TILT, lanes=z))


def test_paths_without_noise_or_without_params():
    still = expectation(lambda p, z: p[0] ** 2 * p[1], [1.0, 2.0], lanes=NOISES["normals"])
    assert still.value == 2.0 and still.stderr == 0.0
    np.testing.assert_array_equal(still.hessian, [[4.0, 2.0], [2.0, 0.0]])
    free = expectation(lambda p, z: z[0] + 1.0, [1.0, 2.0], lanes=NOISES["normals"])
    assert abs(free.value - 1.0) < 4.0 * free.stderr and not free.gradient.any() and not free.hessian.any()


def test_results_pickle():
    found = expectation(tilted, TILT, lanes=NOISES["array"][:100])
    assert same_bits(pickle.loads(pickle.dumps(found)), found)


def test_few_paths():
    """Fewer samples than batches: one batch each; a single one has a mean and no standard error."""
    z = NOISES["array"]
    for n in (2, 3, 31):
        found = expectation(tilted, TILT, lanes=z[:n])
        values = np.exp(z[:n] @ TILT)
        assert found.n_batches == n
        assert found.stderr == pytest.approx(values.std(ddof=1) / np.sqrt(n), rel=1e-12)
    one = expectation(tilted, TILT, lanes=z[:1])
    assert one.value == pytest.approx(np.exp(z[0] @ TILT)) and np.isnan(one.stderr)
    assert np.isnan(one.hessian_stderr).all()
