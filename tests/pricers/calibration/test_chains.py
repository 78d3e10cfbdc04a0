"""The two index chains: what the surface must reach beside a slice-by-slice SVI fit of the same quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pricers.calibration import calibrate, holdout
from pricers.calibration.svi_fit import fit_svi_slices
from pricers.chain import load_quotes

from .conftest import one_slice

CHAINS = {
    # name: (quotes, highest ratio to SVI, least share inside bid-ask)
    "spx_2019-05-17": (3159, 0.25, 0.95),
    "spx_2020-03-20": (3309, 0.50, 0.98),
}


@pytest.mark.parametrize("weights", ["equal", "inverse_spread"])
@pytest.mark.parametrize("name", CHAINS)
def test_surface_beats_svi_slices(shared: Path, name: str, weights: str) -> None:
    """Error, share inside, positivity, marches and grid error, judged on the fine grid."""
    n_quotes, ratio, inside = CHAINS[name]
    quotes = load_quotes(shared / "data" / name / "chain.csv")
    result = calibrate(quotes=quotes, weights=weights)
    svi = fit_svi_slices(quotes=quotes, weights=weights)
    assert len(quotes) == n_quotes
    assert result.rmse < ratio * svi.quality.rmse
    assert result.share_inside > inside
    assert result.n_marches <= 10 and result.converged
    assert result.min_local_variance > 0.0
    assert result.grid_error < 5e-4 and result.worst_grid_error < 5e-3


@pytest.mark.parametrize("label", ["SPXW 2019-06-10", "SPXW 2019-08-30"])
def test_a_lone_expiry_beats_svi(shared: Path, label: str) -> None:
    """26 and 74 quotes of one expiry alone."""
    whole = load_quotes(shared / "data" / "spx_2019-05-17" / "chain.csv")
    quotes = one_slice(whole, [item.label for item in whole.slices].index(label))
    result = calibrate(quotes=quotes)
    assert result.converged
    assert result.rmse < 0.1 * fit_svi_slices(quotes=quotes).quality.rmse


def test_no_overfitting(shared: Path) -> None:
    """A fifth of the quotes, held out, is repriced about as well as the rest."""
    quotes = load_quotes(shared / "data" / "spx_2019-05-17" / "chain.csv")
    result = holdout(quotes=quotes, weights="inverse_spread")
    assert result.held_out.rmse < 1.3 * result.in_sample.rmse
    assert result.held_out.share_inside > 0.95
