"""Volatility surfaces: flat, B-splines, SVI slices, Dupire's formula, and bumps of them."""

from pricers.surfaces.bspline import BSplineBasis, TensorBasis, uniform_basis
from pricers.surfaces.dupire import DupireLocalVolatility, local_variance
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.local_basis import LocalBasis
from pricers.surfaces.moved_variance import MovedVariance
from pricers.surfaces.spline_local_volatility import SplineLocalVolatility
from pricers.surfaces.spline_volatility import SplineVolatility
from pricers.surfaces.svi import (
    ArbitrageReport,
    SVISlice,
    SVISurface,
    butterfly_factor,
    check_butterfly,
    check_calendar,
)
from pricers.surfaces.svi_local_volatility import SVIArbitrage, SVILocalVolatility, svi_slices
from pricers.surfaces.volatility_hats import VolatilityHats

__all__ = [
    "ArbitrageReport", "BSplineBasis", "DupireLocalVolatility", "FlatVolatility", "LocalBasis",
    "MovedVariance", "SVIArbitrage", "SVILocalVolatility", "SVISlice", "SVISurface", "SplineLocalVolatility",
    "SplineVolatility", "TensorBasis", "VolatilityHats", "butterfly_factor", "check_butterfly",
    "check_calendar", "local_variance", "svi_slices", "uniform_basis",
]  # fmt: skip
