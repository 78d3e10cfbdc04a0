"""What an estimate says of its doubt: rare events, intervals, roots that may be lost, and surfaces that are touched."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError, AadValueError
from greeks2 import KinkWarning, Normals, RareEventWarning, expectation
from greeks2.monte_carlo.kinks.roots import all_roots

PLAIN = {"smoothing": "kink", "order": 2}


def call(p, z):
    return ad.maximum(p[0] * np.exp(p[1] * z - 0.5 * p[1] ** 2) - 260.0, 0.0)


@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
def test_an_event_that_no_path_hits_is_said() -> None:
    with pytest.warns(RareEventWarning, match=r"0 of 4000 paths carry .* below 0\.00075"):
        estimate = expectation(call, [100.0, 0.2], lanes=Normals(n_paths=4000, shape=(), seed=0))
    assert estimate.value == estimate.stderr == 0.0


def test_an_event_that_a_few_paths_hit_is_counted() -> None:
    noise = np.random.default_rng(3).standard_normal(4000)
    level = np.sort(noise)[-8]
    with pytest.warns(RareEventWarning, match=r"7 of 4000 paths carry"):
        expectation(lambda p, z: np.where(z > level, p, 0.0), 1.0, lanes=noise, order=0)


@pytest.mark.parametrize("scale", [1.0, 1e-9])
def test_events_that_many_paths_hit_are_not_warned_of(scale: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RareEventWarning)
        expectation(
            lambda p, z: ad.softplus(p * z) * scale,
            1.0,
            lanes=Normals(n_paths=4000, shape=(), seed=0),
            order=1,
        )


def test_intervals_by_students_quantile() -> None:
    estimate = expectation(
        lambda p, z: p * np.exp(0.2 * z), 100.0, lanes=Normals(n_paths=4000, shape=(), seed=1), order=1
    )
    low, high = estimate.interval().value
    assert (high - low) / estimate.stderr == pytest.approx(2 * 2.0395, rel=1e-4)  # 31 degrees of freedom
    assert estimate.interval(0.5).gradient[1][0] < estimate.interval(0.99).gradient[1][0]
    assert estimate.interval().hessian is None
    with pytest.raises(AadValueError, match=r"level = 1\.5: must lie between 0 and 1"):
        estimate.interval(1.5)


@pytest.mark.parametrize("frequency", [2.0, 3.0, 5.0, 8.0, 15.0, 40.0])
def test_every_root_of_a_function_that_turns_often(frequency: float) -> None:
    shifts = np.linspace(0.0, 3.0, 40)

    def function(lanes, along):
        angle = frequency * along + shifts[lanes]
        return np.sin(angle) - 0.3, frequency * np.cos(angle)

    roots = all_roots(function, shifts.size)
    assert not roots.doubtful.size
    turns = np.arange(-100, 101) * 2.0 * math.pi
    for lane, shift in enumerate(shifts):
        every = np.concatenate([turns + math.asin(0.3), turns + math.pi - math.asin(0.3)])
        every = np.sort((every - shift) / frequency)
        np.testing.assert_allclose(roots.along[roots.lanes == lane], every[np.abs(every) < 8.5], atol=1e-13)


@pytest.mark.parametrize("frequency", [3.0, 4.0, 8.0])
def test_jumps_that_noise_crosses_often(frequency: float) -> None:
    """P(sin(a Z + p) > c) is a Fourier series with factors exp(-k^2 a^2 / 2): its derivative in p is known."""

    def path(p, z):
        return np.where(np.sin(frequency * z[0] + p[0]) > 0.3, p[1], 0.0)

    estimate = expectation(path, [0.3, 0.8], lanes=Normals(n_paths=2000, shape=(2,), seed=11), **PLAIN)
    k = np.arange(1, 40)
    edge = math.asin(0.3)
    # the indicator of (edge, pi - edge) has the sine and cosine coefficients of its two ends
    slopes = (np.cos(k * (edge - 0.3)) - np.cos(k * (math.pi - edge - 0.3))) / math.pi
    true = float(np.sum(np.exp(-0.5 * (k * frequency) ** 2) * slopes)) * 0.8 + 0.0
    assert estimate.gradient[0] == pytest.approx(true, abs=1e-12)
    assert estimate.hessian[0, 1] == pytest.approx(true / 0.8, abs=1e-12)


def test_turns_without_number_are_said() -> None:
    def path(p, z):
        return np.where(np.sin(3000.0 * z[0] ** 3 + p[0]) > 0.3, 1.0, 0.0)

    with pytest.warns(
        KinkWarning, match=r"on \d+ of \d+ paths a switch turns so often .* crossings may be lost"
    ):
        expectation(path, [0.3], lanes=Normals(n_paths=200, shape=(1,), seed=1), smoothing="kink", order=1)


TOUCHED = {
    "circle": (lambda p, z: np.where(z[0] ** 2 + z[1] ** 2 < p[0], p[1], 0.0), [0.6, 0.8], 2),
    "portfolio": (lambda p, z: np.where(p[0] * (z[0] - z[1]) + p[1] * (z @ z) > 2.0, 1.0, 0.0), [0.5, 0.5], 3),
    "long and short": (
        lambda p, z: np.where(p[0] * np.exp(0.3 * z[0]) + np.exp(-0.4 * z[0] + 0.05 * z[1]) > 2.1, 1.0, 0.0), [1.0], 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOUCHED)
def test_surfaces_that_a_direction_touches_have_no_second_derivative(name: str) -> None:
    path, params, size = TOUCHED[name]
    noise = Normals(n_paths=20_000, shape=(size,), seed=3)
    with pytest.raises(
        AadTypeError, match=r"no second derivative at the jump .*test_doubt.*tangent.*order=1"
    ):
        expectation(path, params, lanes=noise, **PLAIN)
    assert np.isfinite(expectation(path, params, lanes=noise, smoothing="kink", order=1).gradient).all()


def test_a_surface_that_nothing_touches_keeps_its_second_derivative() -> None:
    def path(p, z):
        return np.where(p[0] * np.exp(0.2 * z[0] + 0.1 * z[1]) + p[1] * np.exp(0.3 * z[1]) > 2.1, 1.0, 0.0)

    estimate = expectation(path, [1.0, 1.0], lanes=Normals(n_paths=4000, shape=(2,), seed=1), **PLAIN)
    assert np.isfinite(estimate.hessian).all()
