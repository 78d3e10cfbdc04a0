"""Weights follow the quotes, and the spline beyond the quotes follows a rule."""

from __future__ import annotations

import numpy as np
import pytest

from pricers.calibration import CalibrationSettings, calibrate
from pricers.calibration.frame import empty_surface
from pricers.calibration.wings import WING_SLOPE, outward_distance, wing_differences
from pricers.chain.quotes import Quotes

from .conftest import make_quotes


@pytest.mark.parametrize(
    ("n_slices", "per_slice", "asked", "used"),
    [
        (16, 70, (16, 12), (14, 12)),  # 70 quotes: 14 along strike
        (16, 70, (10, 5), (10, 5)),  # what is asked for is the most
        (8, 30, (16, 12), (12, 8)),  # twelve are always allowed; one along time for each expiry
        (2, 200, (40, 12), (40, 4)),  # four along time are the least
    ],
)
def test_the_weights_follow_the_quotes(
    n_slices: int, per_slice: int, asked: tuple[int, int], used: tuple[int, int]
) -> None:
    quotes = make_quotes(np.geomspace(0.05, 2.0, n_slices).tolist(), per_slice=per_slice)
    surface = empty_surface(quotes, n_strikes=asked[0], n_expiries=asked[1])
    assert (surface.strike_basis.size, surface.time_basis.size) == used


def narrow_at_the_end(quotes: Quotes) -> Quotes:
    """Return the quotes with the last three expiries near the money only."""
    return quotes.select((quotes.expiry < 0.4) | (np.abs(quotes.log_moneyness) < 0.08))


def test_distance_is_none_among_the_quotes() -> None:
    quotes = narrow_at_the_end(make_quotes([0.05, 0.1, 0.2, 0.5, 1.0, 2.0], per_slice=40))
    surface = empty_surface(quotes, n_strikes=16, n_expiries=12)
    distance = outward_distance(surface, quotes)
    assert distance.shape == surface.weights.shape
    last = quotes.log_moneyness[quotes.expiry == 2.0]
    u = np.arcsinh(last / surface.scale(2.0))
    centre = surface.strike_basis.greville
    np.testing.assert_allclose(
        distance[-1], np.maximum(np.maximum(u.min() - centre, centre - u.max()), 0.0), atol=0.1
    )
    assert np.all(distance[0, 2:-2] < 0.5) and distance[-1, 0] > 1.0


def test_differences_are_slopes_beyond_the_quotes_only() -> None:
    quotes = narrow_at_the_end(make_quotes([0.05, 0.1, 0.2, 0.5, 1.0, 2.0], per_slice=40))
    surface = empty_surface(quotes, n_strikes=12, n_expiries=6)
    distance = outward_distance(surface, quotes)
    matrix = wing_differences(surface.strike_basis, distance).toarray()
    line = np.tile(surface.strike_basis.greville, surface.time_basis.size)
    slopes = (matrix @ line).reshape(surface.time_basis.size, -1)
    knot = np.diff(surface.strike_basis.breakpoints).mean()
    beyond = np.maximum(distance[:, 1:], distance[:, :-1])
    np.testing.assert_allclose(slopes, knot * np.minimum(beyond / knot, 1.0), atol=1e-12)


def test_an_unquoted_wing_goes_on_and_does_not_take_off() -> None:
    """A steep smile that is cut off: linear extrapolation of ln volatility would double it again and again."""
    whole = make_quotes([0.05, 0.1, 0.2, 0.5, 1.0, 2.0], per_slice=40)
    quotes = narrow_at_the_end(whole)
    surface = calibrate(quotes=quotes).surface
    at_quotes = surface.local_volatility(log_moneyness=quotes.log_moneyness, time=quotes.expiry)
    far = np.linspace(-3.0, 1.0, 200)
    for t in (0.05, 0.2, 0.7, 1.5, 2.0):
        wing = surface.local_volatility(log_moneyness=far, time=t)
        assert wing.max() < 2.0 * at_quotes.max()
    u = np.arcsinh(far / surface.scale(2.0))
    edge = surface.strike_basis.breakpoints
    inside = (u > edge[0]) & (u < np.arcsinh(-0.15 / surface.scale(2.0)))
    log_volatility = np.log(surface.local_volatility(log_moneyness=far[inside], time=2.0))
    slope = -np.diff(log_volatility) / np.diff(u[inside])
    assert np.all(slope < 2.0 * WING_SLOPE)


@pytest.mark.parametrize("factor", [1.2, 1.0])
def test_local_volatility_may_be_bounded_by_the_largest_implied_one(factor: float) -> None:
    quotes = make_quotes([0.05, 0.1, 0.2, 0.5, 1.0, 2.0], per_slice=40)
    free = calibrate(quotes)
    largest = factor * quotes.volatility.max()
    assert np.sqrt(free.max_local_variance) > largest
    bounded = calibrate(quotes, settings=CalibrationSettings(highest_over_implied=factor))
    anywhere = bounded.surface.local_volatility(
        log_moneyness=np.linspace(-4.0, 2.0, 301), time=np.geomspace(1e-3, 5.0, 60)[:, None]
    )
    assert anywhere.max() <= largest * (1.0 + 1e-9) and bounded.converged
    assert free.rmse < bounded.rmse < 0.02
    assert (
        calibrate(quotes, settings=CalibrationSettings(highest_over_implied=50.0)).n_marches == free.n_marches
    )
