"""Prices of a path in plain NumPy, and the bias that rounding its corners brings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import as_floats, require_finite, require_instance
from pricers.monte_carlo.path import Path


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over paths with its standard error."""

    value: float
    stderr: float
    n_paths: int


def price(path: Path, *, normals: ArrayLike, parameters: Any = None) -> Estimate:
    """Average a path over normals, all paths at once in NumPy and without a tape.

    Parameters
    ----------
    path : Path, or any function of (parameters, normals) that maps arrays elementwise
    normals : (n_paths, *path.noise_shape) floats
    parameters : (n_parameters,) floats, default those of the path

    Returns
    -------
    Estimate, currency

    Raises
    ------
    AadValueError
        When there are fewer than two paths or NaN among the normals.

    Examples
    --------
    >>> from pricers.monte_carlo import BasketOption, GeometricBrownianMotion
    >>> market = GeometricBrownianMotion(spots=[100.0], volatilities=[0.2])
    >>> path = Path(dynamics=market, payoff=BasketOption(strike=100.0), expiry=1.0)
    >>> estimate = price(path, normals=np.random.default_rng(7).standard_normal((10_000, 1)))
    >>> abs(estimate.value - 7.9656) < 4.0 * estimate.stderr
    True
    """
    return _estimate(_values(path, normals, parameters))


def measured_bias(path: Path, *, normals: ArrayLike, parameters: Any = None) -> Estimate:
    """Measure what the path's smoothing adds to the price: its mean less that of the payoff as it is, path by path.

    Parameters
    ----------
    path, normals, parameters : as for `price`

    Returns
    -------
    Estimate
        Bias in currency with the standard error of the difference on the same paths; within a few of it for the
        unbiased methods.
    """
    require_instance("path", path, Path, "a Path")
    plain = replace(path, smoothing=None)
    return _estimate(_values(path, normals, parameters) - _values(plain, normals, parameters))


def _values(path: Path, normals: ArrayLike, parameters: Any) -> Any:
    if not callable(path):
        raise AadTypeError(f"path = {path!r}: must be a Path, or a function of parameters and normals")
    drawn = as_floats("normals", normals)
    require_finite("normals", drawn)
    if drawn.ndim == 0 or len(drawn) < 2:
        raise AadValueError(f"normals has shape {drawn.shape}: give at least two paths, one per row")
    point = path.parameters if parameters is None else as_floats("parameters", parameters)
    return np.broadcast_to(path(point, drawn), (len(drawn),))


def _estimate(values: Any) -> Estimate:
    n = len(values)
    return Estimate(value=float(values.mean()), stderr=float(values.std(ddof=1) / np.sqrt(n)), n_paths=n)
