"""What is said against a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricers.calibration import (
    CalibrationResult,
    CalibrationSettings,
    calibrate,
    fit_quality,
    fit_svi_slices,
    fit_warnings,
    fit_weights,
    holdout,
)
from pricers.chain.quotes import Quotes

from .conftest import make_quotes


@pytest.fixture(scope="module")
def result(quotes: Quotes) -> CalibrationResult:
    return calibrate(quotes=quotes)


def test_a_good_fit_has_no_warning(quotes: Quotes, result: CalibrationResult) -> None:
    """Though SVI fits this smile to the last digit."""
    svi = fit_svi_slices(quotes=quotes).quality
    assert fit_warnings(result=result, svi=svi) == ()


def test_the_synthetic_chain_is_not_called_overfitted(synthetic: Quotes) -> None:
    fit = calibrate(quotes=synthetic)
    svi = fit_svi_slices(quotes=synthetic).quality
    assert fit_warnings(result=fit, svi=svi, held_out=holdout(quotes=synthetic)) == ()


CASES = {
    "few inside": (lambda r: replace(r, quality=replace(r.quality, share_inside=0.7)), "70% of the quotes"),
    "worse than SVI": (lambda r: replace(r, quality=replace(r.quality, rmse=0.02)), "2.0 times that of SVI"),
    "not converged": (lambda r: replace(r, converged=False), "did not converge"),
    "weights": (lambda r: replace(r, active_weights=20), "20 of 96 weights"),
    "levels": (lambda r: replace(r, active_levels=1), "1 of 8 levels"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_poor_fit_is_called_one(case: str, result: CalibrationResult) -> None:
    change, expected = CASES[case]
    (said,) = fit_warnings(result=change(result), svi=replace(result.quality, rmse=0.01))
    assert said.startswith("poor fit: ") and expected in said


def test_an_overfitted_surface_is_called_one(quotes: Quotes, result: CalibrationResult) -> None:
    held = holdout(quotes=quotes)
    far = replace(held, held_out=replace(held.held_out, rmse=3.0 * held.in_sample.rmse))
    (said,) = fit_warnings(result=result, held_out=far)
    assert said.startswith("overfitted") and "3.0 times" in said


def test_bounds_that_bind_are_counted(quotes: Quotes) -> None:
    settings = CalibrationSettings(lowest_volatility=0.15, highest_volatility=0.25, level_bound=0.01)
    result = calibrate(quotes=quotes, settings=settings)
    weights, levels = result.surface.weights, result.surface.levels
    assert (
        result.active_weights
        == (np.abs(np.log(0.25) - weights) < 1e-6).sum() + (np.abs(np.log(0.15) - weights) < 1e-6).sum()
    )
    assert result.active_levels == (np.abs(levels) > 0.01 - 1e-6).sum() > 0
    assert any("bounds" in text for text in fit_warnings(result=result))


@pytest.mark.parametrize("weights", ["equal", "inverse_spread"])
def test_without_spreads_inside_has_no_meaning(weights: str) -> None:
    locked = make_quotes([0.1, 0.3, 0.8, 1.2], width=0.0)
    result = calibrate(quotes=locked, weights=weights)
    assert np.isnan(result.share_inside) and np.isnan(result.quality.slice_inside).all()
    assert result.rmse < 5e-4
    (said,) = fit_warnings(result=result)
    assert said == "inside bid-ask has no meaning: bid = ask in every quote"
    assumed = fit_quality(
        quotes=replace(make_quotes([0.1, 0.3, 0.8, 1.2]), is_mid_only=True),
        model_volatility=locked.volatility,
    )
    assert np.isnan(assumed.share_inside) and assumed.rmse < 1e-12
    np.testing.assert_array_equal(fit_weights(quotes=locked, weights="inverse_spread"), 1.0)
