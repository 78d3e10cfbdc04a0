"""The objective of a calibration with its exact second derivatives, the residuals' own curvature included."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from pricers.calibration.problem import CalibrationProblem
from pricers.pde.forward.dupire_march import march_forward
from pricers.surfaces.moved_variance import MovedVariance

STEP = 4e-3
"""Longest step, in a parameter, of the differences along one direction: their error is its fourth power's."""


@dataclass(frozen=True, eq=False)
class ObjectiveAt:
    """Derivatives of the objective and of the model at one point.

    Attributes
    ----------
    gradient : (n_parameters,) float
    hessian, gauss_newton : (n_parameters, n_parameters) float
        Exact, and without the curvature of the residuals, which is positive definite wherever it is.
    jacobian : (n_quotes, n_parameters) float
        Of the model's implied volatilities.
    """

    gradient: Floats
    hessian: Floats
    gauss_newton: Floats
    jacobian: Floats


class ExactObjective:
    """Half the penalised sum of squares of a `CalibrationProblem`, to second order.

    With residuals e = sigma(p) - q, weights w and penalty P, the Hessian is

        J' w J + sum_i w_i e_i (second derivatives of sigma_i) + P'P,

    where Gauss-Newton leaves the middle term out. It comes from one second-order sweep over the march, recorded once
    with what every node counts as an input.
    """

    def __init__(self, problem: CalibrationProblem) -> None:
        self.problem = problem
        surface, grid = problem.surface, problem.grid

        def counted(parameters: Any, counts: Any) -> Any:
            weights, levels = surface.split(parameters)
            variance = MovedVariance(
                surface=surface,
                nodes=grid.nodes,
                times=grid.midpoints,
                shift=0.0,
                drift=0.0,
                weights=weights,
                levels=levels,
            )
            return counts @ march_forward(grid=grid, variance=variance).ravel()

        none = np.zeros(grid.expiries.size * grid.nodes.size)
        self._program = ad.record(counted, surface.parameters, none, passive=[1])
        self._gram = (problem.penalty.T @ problem.penalty).toarray()

    def at(self, parameters: Floats) -> ObjectiveAt:
        """Return gradient, Hessian and the model's Jacobian: a march, its Jacobian and one second-order sweep."""
        problem, quotes = self.problem, self.problem.quotes
        jacobian = problem.volatility_jacobian(parameters)
        volatility, slope = problem.model_volatility(parameters), problem.price_slope(parameters)
        weight = problem.squared_weights
        force = weight * (volatility - quotes.volatility)
        counts = problem.grid_seeds(force * slope)
        _, _, of_prices = self._program.derivatives(parameters, counts)
        root = problem.root_expiry
        deviation = volatility * root
        d1 = 0.5 * deviation - quotes.log_moneyness / deviation
        # Second derivative of sigma in the price over the squared first: root(T) d1 d(d1)/d(deviation).
        bend = root * d1 * (0.5 + quotes.log_moneyness / deviation**2)
        pulled = problem.penalty.T @ (problem.penalty @ (parameters - problem.center))
        return ObjectiveAt(
            jacobian.T @ force + pulled,
            (jacobian.T * (weight + force * bend)) @ jacobian + of_prices + self._gram,
            (jacobian.T * weight) @ jacobian + self._gram,
            jacobian,
        )

    def along(self, parameters: Floats, direction: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of Hessian and Jacobian along one direction.

        Third derivatives of the model: central differences of the exact second ones, extrapolated once.
        """
        longest = float(np.abs(direction).max())
        if longest == 0.0:
            return np.zeros_like(self._gram), np.zeros((len(self.problem.quotes), direction.size))
        step = STEP / longest
        own = copy(self)
        own.problem = self.problem.moved()  # threads share no march

        def difference(step: float) -> tuple[Floats, Floats]:
            up, down = own.at(parameters + step * direction), own.at(parameters - step * direction)
            return (
                (up.hessian - down.hessian) / (2.0 * step),
                (up.jacobian - down.jacobian) / (2.0 * step),
            )

        coarse, fine = difference(step), difference(0.5 * step)
        hessian, jacobian = ((4.0 * f - c) / 3.0 for c, f in zip(coarse, fine, strict=True))
        return hessian, jacobian
