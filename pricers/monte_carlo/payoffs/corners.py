"""Surrogates for the corner and the step of a payoff; here the exact ones.

Every payoff is written with `positive_part` and `step` alone (a minimum is `a - positive_part(a - b)`), so rounding
these two rounds them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import aadlib as ad


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


EXACT = ExactCorner()


def minimum(surrogate: Surrogate, numbers: list[Any]) -> Any:
    """Return the smallest number, its corners by the surrogate."""
    smallest = numbers[0]
    for number in numbers[1:]:
        smallest = smallest - surrogate.positive_part(smallest - number)
    return smallest


def maximum(surrogate: Surrogate, numbers: list[Any]) -> Any:
    """Return the largest number, its corners by the surrogate."""
    largest = numbers[0]
    for number in numbers[1:]:
        largest = largest + surrogate.positive_part(number - largest)
    return largest
