"""Labels at one state: their mean over fresh paths with its standard error."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from aadlib.types import Floats
from pricers.surrogates import Problem
from pricers.surrogates.samples.simulation import sampler


class Means(NamedTuple):
    """Means of values and gradients at one state, with standard errors."""

    value: float
    value_stderr: float
    gradient: Floats
    gradient_stderr: Floats


def label_means(problem: Problem, x: Any, labels: str, *, n_paths: int = 40_000, seed: int = 11) -> Means:
    """Return what labels at a state (d,) average to: E[y | x] and E[dydx | x]."""
    make = sampler(problem, seed=seed, labels=labels, gradients=True, antithetic=False, dtype="float64")
    _, z = make.inputs(0, n_paths)
    y, dydx = make.swept(np.tile(np.asarray(x, dtype=float), (n_paths, 1)), z)
    assert dydx is not None
    root = np.sqrt(n_paths)
    return Means(float(y.mean()), float(y.std() / root), dydx.mean(axis=0), dydx.std(axis=0) / root)


def worst_deviation(means: Means, value: float, gradient: Floats, *, bias: float = 0.0) -> float:
    """Return the largest distance from the truth in standard errors, a share `bias` of the truth's size allowed."""
    size = float(np.sqrt(np.mean(gradient**2)))
    gaps = np.abs(means.gradient - gradient) - bias * np.maximum(np.abs(gradient), size)
    gap = abs(means.value - value) - bias * abs(value)
    # Round-off alone is left where labels have no variance.
    return float(
        max(
            gap / (means.value_stderr + 1e-12 * abs(value)),
            (gaps / (means.gradient_stderr + 1e-10 * size)).max(),
        )
    )
