"""Settings of a calibration: which quotes count, regularisation, bounds and stopping rule."""

from __future__ import annotations

from dataclasses import dataclass, fields

from aadlib.errors import AadValueError
from aadlib.validation import one_float, require_positive


@dataclass(frozen=True)
class CalibrationSettings:
    """Screen, regularisation, bounds and stopping rule; the defaults fit index chains in calm and in crisis.

    The objective is the sum of squared volatility errors in volatility points (weights of mean one), plus the
    penalties below: a penalty of 1 is worth one quote that misses by one point.

    Attributes
    ----------
    max_relative_spread, max_deviation : float
        Quotes beyond these limits are left out, see `pricers.calibration.screen.screen_quotes`. A limit that no quote
        reaches (2, 1e9) leaves out none.
    strike_smoothness, time_smoothness : float
        Factor of the second differences of the spline weights (log volatilities) along strike and time.
    wing_smoothness : float
        Factor that holds the weights beyond the last quotes to wings of constant implied-variance slope.
    level_ridge : float
        Factor of the levels (log variances) of the expiry intervals.
    weight_ridge : float
        Factor of the distance of the spline weights from the start; makes the problem definite.
    lowest_volatility, highest_volatility : float
        Bounds of exp(spline weight), and so of the spline.
    level_bound : float
        Bound of the absolute level.
    highest_over_implied : float
        Bound of the local volatility, spline and levels together, in multiples of the largest implied volatility that
        is fitted; by default none. A fit that exceeds it is led on from there under the bound. What it costs in rmse
        (equal weights): the SPX chain of March 2020, with puts on a twentieth of the index at 224%, takes 635% without
        a bound (0.39 points), 447% for twice the largest (0.51), 335% for one and a half times (0.78); that of May 2019
        489% (0.14), 246% for three times (0.16), 164% for twice (0.24). The quotes themselves ask for it: they price
        moves that no diffusion through nearer strikes makes.
    tolerance : float
        Stop when the relative decrease of the objective, promised or found, falls below this.
    max_marches : int
        Most marches of a Gauss-Newton fit: whole chains take 4 to 8, lone expiries, cheaper to march, up to 20.
    first_damping : float
        Levenberg-Marquardt damping of the first step, relative to the diagonal of the normal equations.
    """

    max_relative_spread: float = 1.5
    max_deviation: float = 6.0
    strike_smoothness: float = 0.2
    time_smoothness: float = 0.2
    wing_smoothness: float = 0.5
    level_ridge: float = 1.0
    weight_ridge: float = 1e-3
    lowest_volatility: float = 0.02
    highest_volatility: float = 3.0
    level_bound: float = 1.5
    highest_over_implied: float = 1e9
    tolerance: float = 1e-2
    max_marches: int = 30
    first_damping: float = 1e-2

    @property
    def limits(self) -> dict[str, float]:
        """What `screen_quotes` takes."""
        return {"max_relative_spread": self.max_relative_spread, "max_deviation": self.max_deviation}

    def __post_init__(self) -> None:
        for item in fields(self):
            require_positive(item.name, one_float(item.name, getattr(self, item.name)))
        if self.lowest_volatility >= self.highest_volatility:
            raise AadValueError(
                f"lowest_volatility = {self.lowest_volatility!r}: must be below "
                f"highest_volatility = {self.highest_volatility!r}"
            )
