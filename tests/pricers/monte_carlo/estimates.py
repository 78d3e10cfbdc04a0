"""Value, gradient and Hessian of a path with standard errors, from the derivatives of every single path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import aadlib as ad
from pricers.monte_carlo import GeometricBrownianMotion, Path

SEED = 7

CORRELATION = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, -0.3], [0.2, -0.3, 1.0]])

ONE = GeometricBrownianMotion(spots=[100.0], volatilities=[0.2], rate=0.03, dividend_yields=[0.01])
THREE = GeometricBrownianMotion(
    spots=[100.0, 95.0, 110.0],
    volatilities=[0.2, 0.35, 0.25],
    rate=0.03,
    dividend_yields=[0.01, 0.0, 0.02],
    correlation=CORRELATION,
)
EVERYTHING = ("spots", "volatilities", "rate", "dividend_yields", "correlations", "expiry")


@dataclass(frozen=True)
class Moments:
    """Flattened value, gradient and upper triangle of the Hessian: means and their standard errors."""

    mean: np.ndarray
    stderr: np.ndarray

    def deviations_from(self, exact: np.ndarray) -> np.ndarray:
        """Return (mean - exact) / stderr; round-off counts as noise, so that an exact estimator passes."""
        return (self.mean - exact) / (self.stderr + 1e-9 * (1.0 + np.abs(exact)))


def flatten(value, gradient, hessian) -> np.ndarray:
    """Return values, gradients and upper triangles side by side, lanes first where there are any."""
    upper = np.triu_indices(np.shape(gradient)[-1])
    parts = (np.asarray(value)[..., None], gradient, np.asarray(hessian)[(..., *upper)])
    return np.concatenate(parts, axis=-1)


def estimate(path: Path, *, n_paths: int, seed: int = SEED) -> Moments:
    """Average every path's own value, gradient and Hessian over antithetic-free normals."""
    normals = np.random.default_rng(seed).standard_normal((n_paths, *path.noise_shape))
    points = np.tile(path.parameters, (n_paths, 1))
    program = ad.record(path, points, normals, lanes=(0, 1), passive=(1,))
    rows = flatten(*program.derivatives(points, normals))
    return Moments(rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(n_paths))


def exact_derivatives(function, path: Path) -> np.ndarray:
    """Return value, gradient and Hessian of a closed form of (dynamics, expiry) in the path's own parameters."""
    program = ad.record(lambda p: function(*path.at(p)), path.parameters)
    return flatten(*program.derivatives(path.parameters))
