"""The compiled basket kernel on the CPU against the formula by hand in NumPy."""

from __future__ import annotations

import numpy as np

from pricers.monte_carlo import BasketGreeks, basket_greeks

from . import monte_carlo as model
from .sizes import median_seconds, sizes


class BasketKernel:
    """5 to 40 assets: Hessians of 10 to 80 inputs, with standard errors."""

    params = sizes(5, 10, 20, 40)
    param_names = ("n_assets",)

    def setup(self, n_assets: int) -> None:
        """Draw the noise, and compile or load the kernel."""
        self.n = n_assets
        self.p, self.z = model.market(n_assets), model.normals(model.N_PATHS, n_assets)
        self.greeks()

    def greeks(self) -> BasketGreeks:
        """Return price, gradient and Hessian."""
        n = self.n
        return basket_greeks(
            spots=self.p[:n], volatilities=self.p[n:], rate=model.RATE, expiry=model.EXPIRY, strike=model.STRIKE,
            weights=np.full(n, 1.0 / n), normals=self.z, sharpness=model.SHARPNESS,
        )  # fmt: skip

    def time_greeks(self, n_assets: int) -> None:
        """Value, gradient, Hessian and standard errors."""
        self.greeks()

    def track_ratio_to_numpy_by_hand(self, n_assets: int) -> float:
        """Return our time over that of the formula written by hand."""
        return median_seconds(self.greeks) / median_seconds(lambda: model.greeks_by_hand(self.p, self.z))
