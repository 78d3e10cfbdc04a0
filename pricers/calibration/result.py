"""The result of a calibration: the surface, its errors and what the fit spent."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aadlib.types import Floats
from pricers.calibration.levenberg_marquardt import Iteration
from pricers.calibration.minimiser import Minimiser, minimise
from pricers.calibration.problem import CalibrationProblem
from pricers.calibration.quality import FitQuality
from pricers.calibration.refitted_smile import RefittedSmile
from pricers.calibration.screen import Screen
from pricers.contracts import Market
from pricers.surfaces.calibrated_volatility import CalibratedVolatility


@dataclass(frozen=True, kw_only=True)
class CalibrationResult(Market):
    """A market with a fitted surface and everything needed to judge it; volatilities as fractions (0.01 is a point).

    Arrays over quotes have those that the screen left out too.

    Attributes
    ----------
    spot, rate, dividend_yield
        Of the chain; the curves go through the discount factors and forwards of its slices.
    surface : CalibratedVolatility
        With the chain's forward curve.
    weights : str
        Name of the quote weights, or "custom".
    screen : Screen
        Which quotes the fit left out.
    model_volatility : (n_quotes,) float
        Implied volatilities of the surface, repriced on the fine grid: the ones to judge it by.
    grid_volatility : (n_quotes,) float
        The same on the calibration's own grid.
    residuals : (n_quotes,) float
        `model_volatility` less the market's.
    quality : FitQuality
        Of `model_volatility` at the quotes that were fitted.
    active_weights, active_levels : int
        Spline weights and levels that ended on one of their bounds.
    grid_error : float
        Root mean square of `grid_volatility - model_volatility`.
    worst_grid_error : float
        Its largest absolute value.
    min_local_variance, max_local_variance : float
        Over every step and node of the calibration grid, per year.
    optimiser : str
    converged : bool
    history : tuple of Iteration
        Trial steps of the Gauss-Newton fit; empty for scipy's optimisers.
    objective : float
        Half the penalised weighted sum of squares in volatility points.
    n_marches, n_jacobians, n_adjoints : int
        What the fit spent.
    seconds : float
        Wall time of the fit: grid, start, tables, iterations; without `check_seconds`.
    check_seconds : float
        Wall time of repricing on the fine grid.
    problem : CalibrationProblem
        The least-squares problem that was solved: frame, grid, penalty and the quotes that were kept.
    """

    surface: CalibratedVolatility
    weights: str
    screen: Screen
    model_volatility: Floats
    grid_volatility: Floats
    residuals: Floats
    quality: FitQuality
    active_weights: int
    active_levels: int
    grid_error: float
    worst_grid_error: float
    min_local_variance: float
    max_local_variance: float
    optimiser: str
    converged: bool
    history: tuple[Iteration, ...]
    objective: float
    n_marches: int
    n_jacobians: int
    n_adjoints: int
    seconds: float
    check_seconds: float
    problem: CalibrationProblem = field(repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: all but what is found again when it is asked for."""
        return {
            name: value for name, value in vars(self).items() if name not in ("minimiser", "refitted_smile")
        }

    @cached_property
    def minimiser(self) -> Minimiser:
        """The exact minimiser near the fit, whose iterations end a little before it; found once."""
        return minimise(self.problem.moved(), self.surface.parameters)  # a copy: threads share no march

    @cached_property
    def refitted_smile(self) -> RefittedSmile:
        """How the surface follows quotes that stay at their strikes while the spot moves; found once."""
        return RefittedSmile(self.problem, self.minimiser)

    @property
    def rmse(self) -> float:
        """Weighted root mean square volatility error on the fine grid."""
        return self.quality.rmse

    @property
    def share_inside(self) -> float:
        """Share of the quotes with bid <= model <= ask on the fine grid; NaN where bid = ask throughout."""
        return self.quality.share_inside
