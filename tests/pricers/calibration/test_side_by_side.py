"""Many small fits side by side end where scipy ends with each alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from pricers.calibration.side_by_side import minimise_side_by_side

SHAPES = np.array([[10.0, 1.0], [4.0, 1.5], [25.0, -0.5], [1.0, 3.0], [0.1, 0.2]])
"""The steepness of each valley and where it ends."""


def residuals(x: np.ndarray, which: np.ndarray) -> np.ndarray:
    steep, end = SHAPES[which].T
    return np.stack([steep * (x[:, 1] - x[:, 0] ** 2), end - x[:, 0], 0.1 * (x[:, 1] - 2.0)], axis=1)


def jacobian(x: np.ndarray, which: np.ndarray) -> np.ndarray:
    steep, zero, one = SHAPES[which, 0], np.zeros(len(x)), np.ones(len(x))
    rows = [[-2.0 * steep * x[:, 0], steep], [-one, zero], [zero, 0.1 * one]]
    return np.array(rows).transpose(2, 0, 1)


@pytest.mark.parametrize("chosen", [slice(None), slice(2, 3)])
def test_each_ends_where_it_ends_alone(chosen: slice) -> None:
    which = np.arange(len(SHAPES))[chosen]
    start = np.full((len(which), 2), [-1.2, 1.0])
    fit = minimise_side_by_side(
        lambda x, w: residuals(x, which[w]), lambda x, w: jacobian(x, which[w]), start, max_evaluations=300
    )
    assert len(which) < fit.n_evaluations < 300 * len(which)
    for i, problem in enumerate(which):
        one = np.array([problem])
        alone = least_squares(
            lambda x, one=one: residuals(x[None], one)[0],
            start[i],
            lambda x, one=one: jacobian(x[None], one)[0],
            method="lm",
            xtol=1e-14,
        )
        assert fit.cost[i] == pytest.approx(alone.cost, rel=1e-7)
        assert fit.parameters[i] == pytest.approx(alone.x, abs=1e-4)


def test_it_stops_when_it_may_evaluate_no_more() -> None:
    start = np.full((len(SHAPES), 2), [-1.2, 1.0])
    fit = minimise_side_by_side(residuals, jacobian, start, max_evaluations=3)
    assert fit.n_evaluations == 3 * len(SHAPES)
