"""Wings of a calibrated surface: how the spline goes on where there are no quotes any more."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from aadlib.types import Floats
from pricers.calibration.frame import distinct_expiries
from pricers.chain.quotes import Quotes
from pricers.surfaces.bspline import BSplineBasis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

WING_SLOPE = 0.5
"""Growth of ln(local volatility) per unit of |u| beyond the last quotes.

Where implied variance has a constant slope in x, local variance grows like |x| (R. W. Lee, Mathematical Finance 14
(2004), 469-480, for the slope; Dupire's formula for the rest), and far out u = arcsinh(x / s) is ln(2 |x| / s)."""


def outward_distance(surface: CalibratedVolatility, quotes: Quotes) -> Floats:
    """Return how far in u each spline weight lies beyond the quotes of its time; 0 among them.

    A weight counts as quoted as far as any expiry reaches between the centres of the weights before and after it.

    Returns
    -------
    (n_times, n_strikes) ndarray
    """
    expiries, position = distinct_expiries(quotes)
    u = np.arcsinh(quotes.log_moneyness / surface.scale(expiries)[position])
    log_time, centre = np.log(expiries), surface.time_basis.greville
    first, last = np.full(expiries.size, np.inf), np.full(expiries.size, -np.inf)
    np.minimum.at(first, position, u)
    np.maximum.at(last, position, u)
    lowest, highest = np.interp(centre, log_time, first), np.interp(centre, log_time, last)
    before = np.concatenate([[-np.inf], centre[:-1]])
    after = np.concatenate([centre[1:], [np.inf]])
    near = (log_time >= before[:, None]) & (log_time <= after[:, None])
    lowest = np.minimum(lowest, np.where(near, first, np.inf).min(axis=1))
    highest = np.maximum(highest, np.where(near, last, -np.inf).max(axis=1))
    of_strike = surface.strike_basis.greville
    return np.maximum(np.maximum(lowest[:, None] - of_strike, of_strike - highest[:, None]), 0.0)


def wing_differences(basis: BSplineBasis, distance: Floats) -> sparse.csr_array:
    """Return the matrix that takes flat weights to their slopes along strike beyond the quotes.

    Parameters
    ----------
    basis : BSplineBasis
        Along strike.
    distance : (n_times, n_strikes) float
        From `outward_distance`.

    Returns
    -------
    (n_times * (n_strikes - 1), n_times * n_strikes) sparse array
        Differences of neighbours per knot interval, times 0 among the quotes up to 1 a knot interval beyond them.
    """
    knot = float(np.diff(basis.breakpoints).mean())
    beyond = np.maximum(distance[:, 1:], distance[:, :-1])
    factor = np.minimum(beyond / knot, 1.0) * knot / np.diff(basis.greville)
    n_times, n_strikes = distance.shape
    row = np.arange(factor.size)
    left = (n_strikes * np.arange(n_times)[:, None] + np.arange(n_strikes - 1)).ravel()
    entries = np.concatenate([-factor.ravel(), factor.ravel()])
    at = np.concatenate([row, row]), np.concatenate([left, left + 1])
    return sparse.csr_array((entries, at), shape=(factor.size, distance.size))


def bounded_above(
    surface: CalibratedVolatility, parameters: Floats, upper: Floats, highest_volatility: float
) -> Floats:
    """Return upper bounds of the parameters under which no local volatility exceeds the highest one.

    Levels may not grow beyond where they are (or zero), and each spline weight leaves room for the largest level on its
    support.

    Parameters
    ----------
    parameters, upper : (n_parameters,) float, of a fit, and its bounds
    highest_volatility : float, per square root of a year

    Returns
    -------
    (n_parameters,) ndarray
    """
    _, levels = surface.split(parameters)
    basis, n = surface.time_basis, surface.time_basis.breakpoints.size - 1
    first = np.maximum(np.arange(basis.size) - basis.degree, 0)
    last = np.minimum(np.arange(basis.size) + 1, n)
    # Beyond its end knots the spline is flat: the outermost functions reach on.
    begins = np.where(first == 0, -np.inf, basis.breakpoints[first])
    ends = np.where(last == n, np.inf, basis.breakpoints[last])
    with np.errstate(divide="ignore"):
        from_time, to_time = np.log(np.append(0.0, surface.expiries[:-1])), np.log(surface.expiries)
    to_time[-1] = np.inf
    touches = (from_time < ends[:, None]) & (to_time > begins[:, None])
    room = np.where(touches, np.maximum(levels, 0.0), 0.0).max(axis=1)
    of_weights = np.repeat(np.log(highest_volatility) - 0.5 * room, surface.strike_basis.size)
    return np.minimum(upper, np.concatenate([of_weights, np.maximum(levels, 0.0)]))
