"""The corner and the step of a payoff: exact, or rounded by softplus or by a Gaussian kernel.

Every payoff is written with `positive_part` and `step` alone (a minimum is `a - positive_part(a - b)`), so rounding
these two rounds them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import aadlib as ad
from aadlib.validation import require_positive


class Surrogate(Protocol):
    """A positive part and its derivative, a step."""

    def positive_part(self, x: Any) -> Any:
        """Return max(x, 0) or what stands for it."""

    def step(self, x: Any) -> Any:
        """Return 1 where x > 0 and 0 elsewhere, or what stands for it."""


@dataclass(frozen=True)
class ExactCorner:
    """`maximum` and `where` as they are: derivatives exist almost everywhere and miss what happens at the corner."""

    def positive_part(self, x: Any) -> Any:
        """Return max(x, 0)."""
        return ad.maximum(x, 0.0)

    def step(self, x: Any) -> Any:
        """Return 1 where x > 0, else 0."""
        return ad.where(x > 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class SoftplusCorner:
    """log(1 + exp(a x)) / a and its derivative, the logistic function.

    Mollified by the logistic density of scale 1 / a, whose variance is pi^2 / (3 a^2): prices move by
    pi^2 / (6 a^2) times the discounted density at the corner, to leading order.
    """

    sharpness: float

    def __post_init__(self) -> None:
        require_positive("sharpness", self.sharpness)

    def positive_part(self, x: Any) -> Any:
        """Return softplus(x)."""
        return ad.softplus(x, self.sharpness)

    def step(self, x: Any) -> Any:
        """Return the logistic function of a x."""
        return ad.sigmoid(self.sharpness * x)


@dataclass(frozen=True)
class KernelCorner:
    """Convolution with the normal density of standard deviation h: h (u Phi(u) + phi(u)) and Phi(u), u = x / h.

    Prices move by h^2 / 2 times the discounted density at the corner, to leading order.
    """

    bandwidth: float

    def __post_init__(self) -> None:
        require_positive("bandwidth", self.bandwidth)

    def positive_part(self, x: Any) -> Any:
        """Return E[max(x + h N, 0)] for a standard normal N."""
        u = x / self.bandwidth
        return x * ad.norm_cdf(u) + self.bandwidth * ad.norm_pdf(u)

    def step(self, x: Any) -> Any:
        """Return P(x + h N > 0) for a standard normal N."""
        return ad.norm_cdf(x / self.bandwidth)


EXACT = ExactCorner()


def minimum(surrogate: Surrogate, numbers: list[Any]) -> Any:
    """Return the smallest number, its corners by the surrogate."""
    found = numbers[0]
    for number in numbers[1:]:
        found = found - surrogate.positive_part(found - number)
    return found


def maximum(surrogate: Surrogate, numbers: list[Any]) -> Any:
    """Return the largest number, its corners by the surrogate."""
    found = numbers[0]
    for number in numbers[1:]:
        found = found + surrogate.positive_part(number - found)
    return found
