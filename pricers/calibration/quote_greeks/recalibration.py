"""A fit moved to other quotes: what its derivatives in the quotes are the derivatives of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from aadlib.validation import require_instance, require_positive, require_shape, values_of
from pricers.calibration.minimiser import minimise
from pricers.calibration.result import CalibrationResult


def recalibrated(fit: CalibrationResult, volatility: ArrayLike) -> CalibrationResult:
    """Return a fit moved to other market volatilities: the exact minimiser in the frame of the first.

    Parameters
    ----------
    fit : CalibrationResult
    volatility : (n_quotes,) float, > 0
        Of the quotes that the fit kept, `fit.problem.quotes`.

    Returns
    -------
    CalibrationResult
        Coordinates, grid, screen, penalty and its centre are those of `fit`; spot, surface and curves are the new
        market. Errors and quality are those of the first.

    Raises
    ------
    AadValueError
        For a volatility that is not positive, a wrong shape, or a minimiser that is not found.
    """
    require_instance("fit", fit, CalibrationResult, "what pricers.calibration.calibrate returns")
    volatility = np.array(values_of(volatility), dtype=np.float64)
    require_shape("volatility", volatility, (len(fit.problem.quotes),))
    require_positive("volatility", volatility)
    problem = fit.problem.moved(volatility=volatility - fit.problem.quotes.volatility)
    found = minimise(problem, fit.surface.parameters)
    return replace(fit, surface=fit.surface.with_parameters(found.parameters), problem=problem)
