"""Bucket bumps of a local volatility: hats that add up to one, recorded rows, and a book's vegas through them."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.pde.forward import book_grid, price_book
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.volatility_hats import VolatilityHats

HATS = VolatilityHats(np.array([0.1, 0.25, 1.0]), np.array([-2.0, -1.0, 0.0, 1.0]))
EXPIRIES = np.array([0.05, 0.25, 1.0])


@pytest.fixture
def surface(rng: np.random.Generator) -> CalibratedVolatility:
    """Return a rough surface around 20%."""
    return CalibratedVolatility(
        strike_basis=uniform_basis(lower=-3.0, upper=2.0, size=7),
        time_basis=uniform_basis(lower=np.log(0.05), upper=0.0, size=5),
        expiries=EXPIRIES,
        atm_variance=0.04 * EXPIRIES,
        variance_offset=0.001,
        weights=np.log(0.2) + 0.1 * rng.normal(size=(5, 7)),
        levels=0.1 * rng.normal(size=3),
    )


def test_hats_are_one_at_their_centre_and_add_up_to_one(rng: np.random.Generator) -> None:
    """A partition of unity, far outside the centres too."""
    at_centres = HATS.weights(time=HATS.expiries[:, None], deviation=HATS.deviations)
    assert np.array_equal(at_centres.reshape(12, 12), np.eye(12))
    anywhere = HATS.weights(time=np.exp(rng.normal(size=50)), deviation=4.0 * rng.normal(size=50))
    assert np.abs(anywhere.sum(axis=-1) - 1.0).max() < 1e-14 and (anywhere >= 0.0).all()
    alone = VolatilityHats([0.5], [0.0])
    assert alone.size == 1 and alone.weights(time=7.0, deviation=[-3.0, 0.0]).tolist() == [[1.0], [1.0]]


def test_rows_equal_the_hats(rng: np.random.Generator) -> None:
    """The few operations of a row give bumps times hats, at centres and beyond them."""
    bumps = rng.normal(size=HATS.size)
    deviation = np.array([-9.0, -2.0, -1.3, -1.0, -0.2, 0.0, 0.9, 1.0, 5.0])
    for time in (0.01, 0.1, 0.18, 0.6, 1.0, 3.0):
        for shift in (0.0, 0.3):
            row = HATS.row(bumps, time=time, deviation=deviation, shift=shift)
            wanted = HATS.weights(time=time, deviation=deviation + shift) @ bumps
            assert np.abs(np.array(row) - wanted).max() < 1e-14


def test_slope_at_a_centre_is_the_mean_of_both_sides() -> None:
    """Central differences in the shift see the mean of both slopes; so does the recording."""

    def bump(z: np.ndarray) -> object:
        return VolatilityHats([0.5], [-1.0, 0.0, 2.0]).row(
            [3.0, 1.0, 2.0], time=0.5, deviation=np.zeros(1), shift=z[0]
        )[0]

    assert ad.grad(bump)(np.zeros(1))[0] == pytest.approx(0.5 * (-2.0 + 0.5))


def test_bumped_rows_square_the_bumped_volatility(
    surface: CalibratedVolatility, rng: np.random.Generator
) -> None:
    """(sigma + bumps)^2 in every cell, in the wings too; zero bumps change nothing."""
    x, time, shift = np.linspace(-2.0, 1.5, 40), 0.3, 0.02
    bumps = 0.01 * rng.normal(size=HATS.size)
    row = surface.variance_row(
        log_moneyness=x, time=time, shift=shift, volatility_bumps=bumps, bump_shapes=HATS
    )
    sigma = surface.local_volatility(log_moneyness=x + shift, time=time)
    deviation = (x + shift) / np.sqrt(surface.total_variance(time))
    wanted = (sigma + HATS.weights(time=time, deviation=deviation) @ bumps) ** 2
    assert np.abs(np.array(row) / wanted - 1.0).max() < 1e-12
    still = surface.variance_row(
        log_moneyness=x, time=time, shift=shift, volatility_bumps=np.zeros(HATS.size), bump_shapes=HATS
    )
    plain = surface.variance_row(log_moneyness=x, time=time, shift=shift)
    assert np.abs(np.array(still) / np.array(plain) - 1.0).max() < 1e-13


def test_bucketed_vegas_of_a_book(surface: CalibratedVolatility) -> None:
    """Recorded first and second derivatives equal bumps of the march; their sum is the parallel vega."""
    expiry = np.array([0.25, 0.25, 1.0])
    book = {
        "surface": surface,
        "strikes": np.array([95.0, 101.0, 115.0]),
        "expiries": expiry,
        "is_call": np.array([False, True, True]),
        "forwards": 100.0 * np.exp(0.02 * expiry),
        "discounts": np.exp(-0.03 * expiry),
        "reference_spot": 100.0,
        "bump_shapes": HATS,
        "grid": book_grid(
            surface=surface, expiries=expiry, n_nodes=50, nodes_per_deviation=6.0, later_steps=8
        ),
    }

    def value(z: np.ndarray) -> object:
        return np.dot([1.0, -2.0, 1.5], price_book(**book, spot=z[0], volatility_bumps=z[1:]))

    at = np.concatenate([[100.0], np.zeros(HATS.size)])
    program = ad.record(value, at)
    gradient, hessian = program.gradient(at), program.hessian(at)
    step = 1e-4
    moves = np.concatenate([np.zeros((1 + HATS.size, 1)), np.eye(1 + HATS.size)[:, 1:]], axis=1)
    for j in (1, 4, 6, 7, 12):
        bump = (value(at + step * moves[j]) - value(at - step * moves[j])) / (2.0 * step)
        assert gradient[j] == pytest.approx(bump, rel=1e-5, abs=1e-5)
        slope = (program.gradient(at + step * moves[j]) - program.gradient(at - step * moves[j])) / (2 * step)
        assert hessian[j] == pytest.approx(slope, rel=1e-4, abs=1e-3)
    parallel = np.concatenate([[0.0], np.full(HATS.size, step)])
    bump = (value(at + parallel) - value(at - parallel)) / (2.0 * step)
    assert gradient[1:].sum() == pytest.approx(bump, rel=1e-6)


def test_bad_bumps_are_named(surface: CalibratedVolatility) -> None:
    """Centres out of order or none, half a pair of arguments, a wrong length, a volatility below zero."""
    with pytest.raises(AadValueError, match="increasing"):
        VolatilityHats([1.0, 0.5], [0.0])
    with pytest.raises(AadValueError, match="at least one"):
        VolatilityHats([1.0], [])
    with pytest.raises(AadValueError, match="above zero"):
        VolatilityHats([0.0, 1.0], [0.0])
    row = {"log_moneyness": np.zeros(1), "time": 0.3}
    with pytest.raises(AadValueError, match="both or neither"):
        surface.variance_row(**row, volatility_bumps=np.zeros(HATS.size))
    with pytest.raises(AadValueError, match="shape"):
        surface.variance_row(**row, volatility_bumps=np.zeros(3), bump_shapes=HATS)
    with pytest.raises(AadValueError, match="bumped local volatility"):
        surface.variance_row(**row, volatility_bumps=np.full(HATS.size, -0.5), bump_shapes=HATS)
