"""A calibrated surface as a function of the spot, where quotes keep their volatilities at their strikes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from aadlib.types import Floats
from pricers.calibration.minimiser import Minimiser, minimise
from pricers.calibration.problem import CalibrationProblem

STEP = 0.02
"""Longest step, in a parameter of the surface, of second differences along a line of re-fitted surfaces."""
SLOPE_STEP = 1e-3
"""Step in ln spot of differences of the objective's gradient at one surface."""


@dataclass(frozen=True, eq=False)
class RefittedSmile:
    """The weights w(u, s) that fit quotes moved by -u in log-moneyness, u = ln(spot), and raised by s in volatility.

    They solve g(w, u, s) = 0, the gradient of the calibration's objective, in the frame of the fit. Then
    w_u = -g_w^-1 g_u, and with d along a line in (u, s) and w(d) = w + d w_d, the second derivative along it is
    -g_w^-1 (d2/dd2) g(w + d w_d, d): the gradient alone is differenced, along one line, and no third derivative of the
    model is needed.
    """

    problem: CalibrationProblem
    minimiser: Minimiser
    _refits: dict[float, Floats] = field(default_factory=dict, repr=False)

    @property
    def weights(self) -> Floats:
        """Where the fit is, (n_weights,)."""
        return self.minimiser.parameters

    @cached_property
    def slopes(self) -> Floats:
        """Derivatives of the weights in ln spot and in a shift of all quotes, (n_weights, 2)."""
        minimiser, problem = self.minimiser, self.problem

        def gradient(move: float) -> Floats:
            return problem.moved(log_moneyness=-move).gradient(self.weights)

        coarse, fine = ((gradient(h) - gradient(-h)) / (2.0 * h) for h in (SLOPE_STEP, 0.5 * SLOPE_STEP))
        by_spot = (4.0 * fine - coarse) / 3.0
        by_quotes = -minimiser.at.jacobian.T @ problem.squared_weights
        return -minimiser.solve(np.stack([by_spot, by_quotes], axis=1))

    @cached_property
    def bends(self) -> Floats:
        """Second derivatives of the weights: in ln spot, in ln spot and the shift, in the shift, (n_weights, 3)."""
        longest = np.abs(self.slopes).max(axis=0)
        ratio = longest[0] / longest[1]  # lines of like length, whose sum gives the mixed derivative
        of_spot, of_shift, of_both = (
            self._bend(self.slopes @ np.array(line), *line)
            for line in ((1.0, 0.0), (0.0, ratio), (1.0, ratio))
        )
        mixed = 0.5 * (of_both - of_spot - of_shift)
        return np.stack([of_spot, mixed / ratio, of_shift / ratio**2], axis=1)

    def refitted(self, move: float) -> Floats:
        """Return the weights where ln spot has moved: the exact minimiser, from where its derivatives say it is."""
        if move not in self._refits:
            start = self.weights + move * self.slopes[:, 0] + 0.5 * move**2 * self.bends[:, 0]
            self._refits[move] = minimise(self.problem.moved(log_moneyness=-move), start).parameters
        return self._refits[move]

    def along(self, volatility: Floats) -> tuple[Floats, Floats]:
        """Return first and second derivative of the weights as quotes move along a vector, (n_weights,) each.

        Parameters
        ----------
        volatility : (n_quotes,) float
            What is added to each quote's volatility for one step along the vector.
        """
        pull = self.minimiser.at.jacobian.T @ (self.problem.squared_weights * volatility)
        slope = self.minimiser.solve(pull)
        return slope, self._bend(slope, 0.0, volatility) if slope.any() else slope

    def _bend(self, slope: Floats, move: float, volatility: Any) -> Floats:
        """Return the second derivative of the weights along a line in (ln spot, quotes' volatilities)."""
        minimiser, problem = self.minimiser, self.problem
        longest = STEP / max(float(np.abs(slope).max()), abs(move))

        def gradient(step: float) -> Floats:
            moved = problem.moved(log_moneyness=-step * move, volatility=step * volatility)
            return moved.gradient(self.weights + step * slope)

        here = minimiser.at.gradient
        coarse, fine = ((gradient(h) - 2.0 * here + gradient(-h)) / h**2 for h in (longest, 0.5 * longest))
        return -minimiser.solve((4.0 * fine - coarse) / 3.0)
