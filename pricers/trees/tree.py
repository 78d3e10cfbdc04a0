"""What every tree is to its Greeks: a price and a gradient in spot, rate, dividend yield and volatility."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats

LABELS = ("spot", "rate", "dividend_yield", "volatility")
"""What a tree is differentiated in, in the order of gradient and Hessian: of a curve its parallel shift."""

VOLATILITY_STEP, RATE_STEP = 0.01, 0.005
"""Half-widths of the differences of gradients."""
NEAREST = 0.05
"""Share of the step of a rate that it is cut down to near zero."""


class Tree(ABC):
    """One option on one lattice, at points (4,) in the order of `LABELS`; numbers that are curves are their shifts."""

    lattice: str
    n_steps: int

    @property
    @abstractmethod
    def point(self) -> Floats:
        """The option's own point, (4,)."""

    @abstractmethod
    def value(self, point: Floats) -> float:
        """Return the price."""

    @abstractmethod
    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Return the price and its gradient (4,) by first-order duals."""

    @property
    @abstractmethod
    def spacing(self) -> float:
        """What neighbouring nodes differ by, as a factor of the spot."""

    @property
    @abstractmethod
    def lowest_volatility(self) -> float:
        """The least volatility on the lattice: a bump down must leave most of it."""

    @property
    def earned_rate(self) -> int | None:
        """Which number is the rate that early exercise earns, at whose zero the price has a kink; None: no one."""
        return None

    def spot_row(self, point: Floats) -> Floats:
        """Return the derivatives (4,) of the likelihood-ratio delta."""
        raise AadValueError(
            f"second_order = 'likelihood_ratio': a {self.lattice} lattice has 'differences' alone"
        )

    def second_order(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return price, gradient and Hessian by second-order duals."""
        raise AadValueError(
            "second_order = 'pathwise': second-order duals go through trees of numbers alone; use 'differences' where "
            "a rate is a curve or the volatility a surface"
        )

    def differences(self) -> Floats:
        """Return the Hessian (4, 4) by central differences of the gradient.

        Mixed derivatives with the spot come from its own row, which averages over the lattice. Differences in the rate
        that exercise earns stay on its own side of zero, from above at zero itself.
        """
        point, spacing = self.point, self.spacing
        spot, volatility = point[0], min(VOLATILITY_STEP, 0.25 * self.lowest_volatility)
        steps = np.array([0.0, RATE_STEP, RATE_STEP, volatility])
        hessian = np.empty((4, 4))
        for row in range(4):
            low, high = point - steps * (np.arange(4) == row), point + steps * (np.arange(4) == row)
            if row == 0:
                low[0], high[0] = spot / spacing, spot * spacing
            elif row == self.earned_rate:
                low[row], high[row] = one_sided(float(point[row]), RATE_STEP)
            above, below = self.value_and_gradient(high)[1], self.value_and_gradient(low)[1]
            hessian[row] = (above - below) / (high[row] - low[row])
        hessian[1:, 0] = hessian[0, 1:]
        return np.asarray(0.5 * (hessian + hessian.T))


def one_sided(number: float, step: float) -> tuple[float, float]:
    """Return the ends of a difference around a number that zero is not between."""
    near = min(step, max(0.5 * abs(number), NEAREST * step))
    if abs(number) < near:
        number = math.copysign(1.5 * near, number)
    return number - near, number + near
