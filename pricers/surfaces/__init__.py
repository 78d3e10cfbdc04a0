"""Volatility surfaces, all of one contract (`VolatilitySurface`), taken by every engine.

`FlatVolatility` is one number, `TermVolatility` one for each expiry, `SplineVolatility` the parametric one (weights
of a user in spot and time), `SVILocalVolatility` and `DupireLocalVolatility` follow from implied variance,
`CalibratedVolatility` is what a calibration fits, in log-moneyness, and `BumpedVolatility` that one with bumps. The
model of assets that move under one of them is `pricers.monte_carlo.LocalVolatility`.
"""

from pricers.surfaces.bspline import BSplineBasis, TensorBasis, uniform_basis
from pricers.surfaces.bumped_volatility import BumpedVolatility
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.dupire import DupireLocalVolatility, local_variance
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.later_volatility import LaterVolatility, later_volatility
from pricers.surfaces.local_basis import LocalBasis
from pricers.surfaces.moved_variance import MovedVariance
from pricers.surfaces.moving_volatility import MovingVolatility, moving_volatility
from pricers.surfaces.spline_volatility import SplineVolatility
from pricers.surfaces.surface import Tabulated, VolatilitySurface
from pricers.surfaces.svi import (
    ArbitrageReport,
    SVISlice,
    SVISurface,
    butterfly_factor,
    check_butterfly,
    check_calendar,
)
from pricers.surfaces.svi_local_volatility import SVIArbitrage, SVILocalVolatility, svi_slices
from pricers.surfaces.term_volatility import TermVolatility
from pricers.surfaces.volatility_hats import VolatilityHats

SplineLocalVolatility = CalibratedVolatility  # its first name, which users may have

__all__ = [
    "ArbitrageReport", "BSplineBasis", "BumpedVolatility", "CalibratedVolatility", "DupireLocalVolatility",
    "FlatVolatility", "LaterVolatility", "LocalBasis", "MovedVariance", "MovingVolatility", "SVIArbitrage",
    "SVILocalVolatility", "SVISlice", "SVISurface", "SplineLocalVolatility", "SplineVolatility", "Tabulated",
    "TensorBasis", "TermVolatility", "VolatilityHats", "VolatilitySurface", "butterfly_factor", "check_butterfly",
    "check_calendar", "later_volatility", "local_variance", "moving_volatility", "svi_slices", "uniform_basis",
]  # fmt: skip
