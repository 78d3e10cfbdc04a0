"""One surface of every kind, all near 20% volatility with a skew, over one forward curve with a term structure."""

from __future__ import annotations

from typing import Any

import numpy as np

from pricers.curves import ForwardCurve, PiecewiseRate
from pricers.surfaces import (
    BumpedVolatility,
    CalibratedVolatility,
    DupireLocalVolatility,
    FlatVolatility,
    SplineVolatility,
    SVILocalVolatility,
    TensorBasis,
    TermVolatility,
    VolatilityHats,
    later_volatility,
    uniform_basis,
)

TERMS = {"rate": PiecewiseRate([0.3, 1.0], [0.01, 0.04]), "dividend_yield": PiecewiseRate([0.5], [0.02])}
CURVE = ForwardCurve(spot=100.0, **TERMS)
IN_SPOT = uniform_basis(lower=20.0, upper=300.0, size=9)
SKEW = 0.2 + 0.1 * np.exp(-np.linspace(0.0, 2.0, 9))
SLICES = [0.01, 0.1, -0.4, 0.0, 0.2, 0.02, 0.12, -0.4, 0.0, 0.25]


def calibrated() -> CalibratedVolatility:
    """Return a surface of the kind that a calibration fits, with levels that jump."""
    in_u, in_time = uniform_basis(lower=-3.0, upper=2.0, size=7), uniform_basis(lower=-2.0, upper=0.0, size=4)
    weights = (
        np.log(0.2 + 0.05 * np.exp(-0.5 * np.linspace(-1.0, 2.0, 7)))[None, :]
        + np.linspace(0.0, 0.1, 4)[:, None]
    )
    expiries = np.array([0.2, 0.45, 1.0])
    return CalibratedVolatility(
        in_u, in_time, expiries, 0.04 * expiries, 0.008, weights, np.array([0.2, -0.3, 0.1]), CURVE
    )  # fmt: skip


def surfaces() -> dict[str, Any]:
    """Return name -> surface."""
    hats = VolatilityHats([0.25, 1.0], [-1.0, 0.0, 1.0])
    return {
        "flat": FlatVolatility(0.2),
        "term structure": TermVolatility([0.2, 0.6, 1.0], [0.18, 0.21, 0.2]),
        "spline in spot": SplineVolatility(IN_SPOT, SKEW),
        "logarithm of a spline": SplineVolatility(IN_SPOT, np.log(SKEW), logarithmic=True),
        "spline in spot and time": SplineVolatility(
            TensorBasis(IN_SPOT, uniform_basis(lower=0.0, upper=1.5, size=5)),
            SKEW[:, None] * np.linspace(0.9, 1.1, 5),
        ),
        "SVI": SVILocalVolatility(parameters=SLICES, expiries=[0.5, 1.0], spot=100.0, reach=1.5, **TERMS),
        "Dupire": DupireLocalVolatility(
            total_variance=lambda x, t: (0.04 - 0.01 * np.tanh(x)) * t, spot=100.0, reach=1.0, **TERMS
        ),
        "calibrated": calibrated(),
        "calibrated, later": later_volatility(calibrated(), 0.1),
        "bumped": BumpedVolatility(calibrated(), hats, [0.01, 0.0, -0.01, 0.02, 0.0, 0.005]),
    }


SURFACES = surfaces()
