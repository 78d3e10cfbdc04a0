"""Binomial trees of numbers: one rate, one yield, one volatility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.trees.tree import Tree

ACTIVE = (0, 3, 4, 5)
"""Positions of spot, rate, dividend yield and volatility among the arguments of a kernel."""


@dataclass(frozen=True, eq=False)
class FlatTree(Tree):
    """An option in a flat market.

    Parameters
    ----------
    lattice : one of `LATTICES`
    arguments : of its kernel
    """

    lattice: str
    arguments: tuple[Any, ...]

    @property
    def kernel(self) -> Any:
        """The compiled tree."""
        from pricers.trees import roll_back_kernel

        return getattr(roll_back_kernel, f"{self.lattice}_tree_kernel")

    @property
    def n_steps(self) -> int:  # type: ignore[override]
        """Number of steps."""
        return int(self.arguments[8])

    @property
    def point(self) -> Floats:
        """Spot, rate, dividend yield and volatility."""
        return np.array([self.arguments[k] for k in ACTIVE])

    @property
    def spacing(self) -> float:
        """What neighbouring nodes differ by, as a factor of the spot."""
        return float(np.exp(2.0 * self.arguments[5] * np.sqrt(self.arguments[2] / self.n_steps)))

    @property
    def lowest_volatility(self) -> float:
        """The volatility."""
        return float(self.arguments[5])

    @property
    def earned_rate(self) -> int | None:
        """Interest on the strike of a put, dividends of a call."""
        *_, is_call, american = self.arguments
        return (2 if is_call else 1) if american else None

    def at(self, point: Floats) -> tuple[Any, ...]:
        """Return the arguments at another point."""
        arguments = list(self.arguments)
        for k, number in zip(ACTIVE, point.tolist(), strict=True):
            arguments[k] = number
        return tuple(arguments)

    def value(self, point: Floats) -> float:
        """Return the price."""
        arguments = self.at(point)
        return require_probabilities(float(self.kernel(*arguments)[0]), arguments)

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Return the price and its gradient."""
        from aadlib.compiled_duals import derivatives

        arguments = self.at(point)
        (value, gradient), _ = derivatives(self.kernel, order=1, active=ACTIVE)(*arguments)
        return require_probabilities(value, arguments), np.asarray(gradient)

    def spot_row(self, point: Floats) -> Floats:
        """Return the derivatives of the likelihood-ratio delta."""
        from aadlib.compiled_duals import derivatives

        return np.asarray(derivatives(self.kernel, order=1, active=ACTIVE)(*self.at(point))[1][1])

    def second_order(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return price, gradient and Hessian by second-order duals."""
        from aadlib.compiled_duals import derivatives

        arguments = self.at(point)
        (value, gradient, hessian), _ = derivatives(self.kernel, order=2, active=ACTIVE)(*arguments)
        return require_probabilities(value, arguments), gradient, hessian


def require_probabilities(value: float, arguments: tuple[Any, ...]) -> float:
    """Return the price; raise where the steps were too long for probabilities between 0 and 1."""
    _, _, expiry, rate, dividend_yield, volatility, *_, n_steps, _, _ = arguments
    drift, deviation = (
        abs(rate - dividend_yield) * expiry / n_steps,
        volatility * float(np.sqrt(expiry / n_steps)),
    )
    if drift >= deviation:
        least = int(np.ceil(((rate - dividend_yield) / volatility) ** 2 * expiry)) + 1
        raise AadValueError(
            f"n_steps = {n_steps}: the drift of a step, {drift:.3g}, exceeds its deviation, {deviation:.3g}; take at "
            f"least {least} steps"
        )
    return require_finite_price(value)


def require_finite_price(value: float) -> float:
    """Return the price; raise where a lattice has lost it."""
    if not np.isfinite(value):
        raise AadValueError(
            f"the price is {value}: the lattice puts all probability on one side (spot far from the strike for this "
            "volatility) or overflows; use lattice='cox_ross_rubinstein', more steps, or another volatility"
        )
    return value
