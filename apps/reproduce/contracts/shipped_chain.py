"""The fit to the shipped synthetic chain that figures 4 and 5 share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from apps.data.synthetic import synthetic_quotes

if TYPE_CHECKING:
    from pricers.calibration import CalibrationResult
    from pricers.calibration.svi_fit import SVIFit
    from pricers.chain.quotes import Quotes


@cache
def synthetic_fit() -> tuple[Quotes, CalibrationResult, SVIFit]:
    """Return the quotes, the calibrated surface and the SVI slices."""
    from pricers.calibration import calibrate
    from pricers.calibration.svi_fit import fit_svi_slices

    quotes = synthetic_quotes()
    return quotes, calibrate(quotes=quotes), fit_svi_slices(quotes=quotes)
