"""The calibration on synthetic quotes: accuracy, optimisers, determinism, edges, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.calibration import (
    CalibrationSettings,
    calibrate,
    holdout,
    reprice,
)
from pricers.calibration.frame import march_grid
from pricers.calibration.svi_fit import fit_svi_slices
from pricers.chain.quotes import Quotes
from pricers.contracts import Market

from .conftest import make_quotes, one_slice

SMALL = {"n_strikes": 8, "n_expiries": 6}


@pytest.mark.parametrize("weights", ["equal", "inverse_spread"])
def test_fits_a_smooth_surface_closely(quotes: Quotes, weights: str) -> None:
    """A smile without noise is fitted to a few hundredths of a point, inside every spread, in few marches."""
    result = calibrate(quotes=quotes, weights=weights)
    assert result.rmse < 5e-4 and result.share_inside == 1.0
    assert result.n_marches <= 10 and result.converged
    assert result.min_local_variance > 0.0
    assert result.grid_error < 2e-4 and result.worst_grid_error >= result.grid_error
    assert np.abs(result.residuals - (result.model_volatility - quotes.volatility)).max() == 0.0
    assert result.n_jacobians <= result.n_marches and result.n_adjoints == 0
    assert len(result.history) == result.n_marches - 1


def test_what_is_returned_is_a_market(quotes: Quotes) -> None:
    """Its curves go through the slices, and its surface reads moneyness against them."""
    market = calibrate(quotes, **SMALL)
    assert isinstance(market, Market) and market.spot == quotes.spot
    for item in quotes.slices:
        assert float(market.forward(item.expiry)) == pytest.approx(item.forward, rel=1e-13)
        assert float(market.discount(item.expiry)) == pytest.approx(item.discount, rel=1e-13)
    time = quotes.slices[-1].expiry
    forward = float(market.forward(time))
    on_money = market.surface.local_volatility(log_moneyness=0.0, time=time)
    assert float(market.surface(forward, time)) == pytest.approx(float(on_money), rel=1e-12)
    assert market.dynamics().surfaces[0] is market.surface
    assert calibrate(quotes=quotes, **SMALL).objective == market.objective


@pytest.mark.parametrize(
    "optimiser",
    ["least_squares", "SLSQP", *[pytest.param(o, marks=pytest.mark.slow) for o in ("L-BFGS-B", "TNC")]],
)
@pytest.mark.filterwarnings("ignore:Values in x were outside bounds")
def test_scipy_optimisers_share_the_callables(quotes: Quotes, optimiser: str) -> None:
    """They reach about the objective of Gauss-Newton, with Jacobians or with adjoint gradients."""
    ours = calibrate(quotes=quotes, settings=CalibrationSettings(tolerance=1e-5, max_marches=30), **SMALL)
    theirs = calibrate(quotes=quotes, optimiser=optimiser, **SMALL)
    assert theirs.optimiser == optimiser and theirs.history == ()
    assert theirs.objective < 1.5 * ours.objective + 1e-2
    assert (theirs.n_adjoints > 0) == (optimiser != "least_squares")
    assert ours.n_marches < theirs.n_marches


def test_two_runs_and_any_threads_are_identical(quotes: Quotes) -> None:
    """Bit for bit."""
    results = [calibrate(quotes=quotes, n_threads=n, **SMALL) for n in (1, 1, 2)]
    for other in results[1:]:
        assert np.array_equal(results[0].surface.parameters, other.surface.parameters)
        assert np.array_equal(results[0].model_volatility, other.model_volatility)


def test_callback_sees_every_trial(quotes: Quotes) -> None:
    """For progress bars."""
    seen: list[object] = []
    result = calibrate(quotes=quotes, callback=seen.append, **SMALL)
    assert tuple(seen) == result.history and len(seen) > 0


def test_custom_weights_are_followed(quotes: Quotes) -> None:
    """Heavier quotes end closer; the name says custom."""
    heavy = np.where(quotes.log_moneyness < 0.0, 1e4, 1.0)
    result = calibrate(quotes=quotes, weights=heavy, n_strikes=5, n_expiries=4)
    mirrored = calibrate(quotes=quotes, weights=1.0 / heavy, n_strikes=5, n_expiries=4)
    puts = quotes.log_moneyness < 0.0
    assert result.weights == "custom"
    assert np.abs(result.residuals[puts]).mean() < np.abs(mirrored.residuals[puts]).mean()


def test_weights_stay_within_their_bounds(quotes: Quotes) -> None:
    """A tight box is respected, and the surface stays inside it."""
    settings = CalibrationSettings(lowest_volatility=0.15, highest_volatility=0.3, level_bound=0.05)
    surface = calibrate(quotes=quotes, settings=settings, **SMALL).surface
    assert surface.bounds_hold(lower=0.15 - 1e-12, upper=0.3 + 1e-12)
    assert np.abs(surface.levels).max() <= 0.05


@pytest.mark.parametrize("expiries", [[0.5], [0.1, 0.1 + 1e-12], [0.3, 0.31], [0.02, 3.0]])
def test_few_or_coinciding_expiries(expiries: list[float]) -> None:
    """One slice, two roots on the same instant, neighbours and distant expiries all fit."""
    result = calibrate(quotes=make_quotes(expiries), **SMALL)
    assert result.rmse < 4e-4 and result.converged
    assert result.surface.time_basis.breakpoints[-1] == pytest.approx(np.log(expiries[-1]))


@pytest.mark.parametrize("position", range(16))
def test_a_lone_expiry_is_fitted_as_closely_as_svi(synthetic: Quotes, position: int) -> None:
    """One expiry at a time of a chain with ticks and spreads made from SVI slices: converged, and about as close."""
    quotes = one_slice(synthetic, position)
    result = calibrate(quotes=quotes)
    svi = fit_svi_slices(quotes=quotes).quality
    assert result.converged
    assert result.rmse < 1.05 * svi.rmse
    assert result.share_inside > 0.97


def test_a_lone_expiry_holds_out_of_sample(synthetic: Quotes) -> None:
    """Quotes kept aside of the longest expiry are repriced as well as the others."""
    found = holdout(quotes=one_slice(synthetic, -1))
    assert found.in_sample.rmse < 1e-3 and found.held_out.rmse < 2e-3


def test_reprice_wants_a_grid_with_the_expiries(quotes: Quotes) -> None:
    """A grid of other quotes that misses an expiry is refused; one that has more is fine."""
    surface = calibrate(quotes=quotes, **SMALL).surface
    some = quotes.select(quotes.slice_index != 2)
    on_all = reprice(surface=surface, quotes=quotes, grid=march_grid(quotes))
    on_some = reprice(surface=surface, quotes=some, grid=march_grid(quotes))
    assert np.array_equal(on_all[quotes.slice_index != 2], on_some)
    with pytest.raises(AadValueError, match="does not hit every expiry"):
        reprice(surface=surface, quotes=quotes, grid=march_grid(some))


def test_holdout_measures_quotes_it_did_not_fit(quotes: Quotes) -> None:
    """The split is seeded, complete, and out-of-sample errors are of the size of the others."""
    first, again = (holdout(quotes=quotes, **SMALL) for _ in range(2))
    assert holdout(quotes=quotes, optimiser="SLSQP", **SMALL).in_sample.rmse != first.in_sample.rmse
    other = holdout(quotes=quotes, seed=1, **SMALL)
    assert first.held_out.rmse == again.held_out.rmse != other.held_out.rmse
    assert first.n_held_out == first.held_out.n_quotes == 24
    assert first.in_sample.n_quotes == len(quotes) - 24
    assert first.held_out.rmse < 4.0 * first.in_sample.rmse + 1e-3


BAD = {
    "not quotes": (lambda q: calibrate(quotes=None), AadTypeError, "load_quotes"),
    "weights": (lambda q: calibrate(quotes=q, weights="inverse"), AadValueError, "inverse_spread"),
    "weight length": (lambda q: calibrate(quotes=q, weights=np.ones(3)), AadValueError, "shape"),
    "negative weight": (lambda q: calibrate(quotes=q, weights=-np.ones(len(q))), AadValueError, "above zero"),
    "few strikes": (lambda q: calibrate(quotes=q, n_strikes=3), AadValueError, "n_strikes"),
    "few expiries": (lambda q: calibrate(quotes=q, n_expiries=2), AadValueError, "n_expiries"),
    "optimiser": (lambda q: calibrate(quotes=q, optimiser="annealing", **SMALL), AadValueError, "L-BFGS-B"),
    "fraction": (lambda q: holdout(quotes=q, fraction=1.5), AadValueError, "fraction"),
    "negative seed": (lambda q: holdout(quotes=q, seed=-1), AadValueError, "seed = -1"),
    "seed of another kind": (lambda q: holdout(quotes=q, seed=0.5), AadValueError, "seed = 0.5"),
    "holdout's optimiser": (lambda q: holdout(quotes=q, optimiser="annealing"), AadValueError, "L-BFGS-B"),
    "empty fraction": (lambda q: holdout(quotes=q, fraction=1e-6), AadValueError, "empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(quotes: Quotes, case: str) -> None:
    """Every mistake has its own message."""
    call, error, message = BAD[case]
    with pytest.raises(error, match=message):
        call(quotes)
