"""Assets under local volatility with steps of weak order two: a few dozen reprice what a surface was calibrated to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aadlib as ad
from pricers.monte_carlo.dynamics.local_volatility import LocalVolatility


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondOrderLocalVolatility(LocalVolatility):
    """`LocalVolatility` whose price of a smooth payoff is off by O(h^2), h the step, where its own is by O(h).

    With x the logarithm of the price less half of the step's growth, b = sigma(x), a = -b^2 / 2, and b+, b-, a+, a- the
    same at x + a h +- b sqrt(h),

        x' = x + h ((a+ + a- + 2 a) / 4 + (a+ - a-) e / 4) + sqrt(h) ((b+ + b- + 2 b) e / 4 + (b+ - b-) (e^2 - 1) / 4)

    Parameters
    ----------
    spots, rate, dividend_yields, correlation, surfaces
        As for `LocalVolatility`.

    Notes
    -----
    Three volatilities a step. The last step is normal, of `LocalVolatility`'s law; smoothings that need the law of
    every step (likelihood ratios, Malliavin weights, one-step survival) take that law in all of them. An asset's
    volatility depends on its own price, so that correlated noises commute and no areas are needed.

    References
    ----------
    P. Kloeden and E. Platen (1992), Numerical Solution of Stochastic Differential Equations, eq. 15.1.1, with the drift
    at the supporting values for that of a further stage.
    """

    def moved(self, log_prices: list[Any], time: float, length: Any, shocks: list[Any]) -> list[Any]:
        """Return the log prices a step later, given correlated normals."""
        root, years = ad.sqrt(length), float(ad.value_of(length))
        ends = []
        for x, surface, drift, shock in zip(
            log_prices, self.surfaces, self.drifts(time, length), shocks, strict=True
        ):
            half_growth = 0.5 * (drift * length)
            middle = x + half_growth
            b = surface.along_paths(middle, time, years)
            square = b * b
            centre, reach = middle - (0.5 * length) * square, b * root
            above = surface.along_paths(centre + reach, time, years)
            below = surface.along_paths(centre - reach, time, years)
            of_above, of_below = above * above, below * below
            falling = (of_above + of_below + 2.0 * square) + (of_above - of_below) * shock
            rising = (above + below + 2.0 * b) * shock + (above - below) * (shock * shock - 1.0)
            ends.append(middle + half_growth - (0.125 * length) * falling + (0.25 * root) * rising)
        return ends
