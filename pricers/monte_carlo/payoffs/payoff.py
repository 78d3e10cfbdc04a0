"""Payoffs: the contract with a path, and what one may offer besides to smoothings that need more than its value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import as_floats, require_finite
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.simulation import Simulation

Prices = list[list[Any]]
"""One list per date with one number (or one array over paths) per asset."""


class Payoff(Protocol):
    """What every payoff offers."""

    AT_EXPIRY: ClassVar[bool]
    """Whether it depends on the last prices alone."""

    def require_assets(self, n_assets: int) -> None:
        """Raise unless the payoff is one of that many assets."""

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return the present value of what is paid on this path.

        Every corner is the surrogate's `positive_part` and every jump its `step`; `discounts` holds the discount factor
        of every date.
        """


@runtime_checkable
class HasClaim(Protocol):
    """A payoff on a weighted sum of prices: it has closed forms, along one direction of the normals or altogether."""

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff over that many dates."""


class Survival(Protocol):
    """One-step survival: every step drawn given that the option lives on, the path weighted with the probability."""

    def surviving(self, simulation: Simulation, until: int) -> tuple[list[Any], Any]:
        """Return log prices after `until` steps drawn given survival, and the probability of it along the way."""


@runtime_checkable
class HasConditionalValue(Protocol):
    """A payoff with a conditional expectation of its own, such as one-step survival."""

    def conditional_value(self, dynamics: Dynamics, expiry: float, n_steps: int) -> Any:
        """Return the function of a `Simulation` that is its present value, smooth in every parameter."""


@dataclass(frozen=True, eq=False)
class LastStep:
    """What is left of an option before the last step: a payoff of the last prices, if it survives until then."""

    payoff: Payoff
    survival: Survival | None = None


@runtime_checkable
class HasLastStep(Protocol):
    """A payoff of earlier prices whose corners before the last step one-step survival takes away."""

    def last_step(self, dynamics: Dynamics, expiry: float, n_steps: int) -> tuple[LastStep, LastStep | None]:
        """Return the option as one part, or as the first part less the second."""


def check_weights(name: str, weights: Any) -> tuple[float, ...]:
    """Return weights as a tuple of floats; a single one is a weight on a single asset."""
    array = np.atleast_1d(as_floats(name, weights))
    if array.ndim != 1:
        raise AadValueError(f"{name} has shape {array.shape}: must be one number per asset")
    numbers = tuple(array.tolist())
    if not numbers:
        raise AadValueError(f"{name} is empty: give one weight per asset")
    require_finite(name, numbers)
    if not any(numbers):
        raise AadValueError(f"{name} = {numbers!r}: at least one must differ from zero")
    return numbers


def check_call(flag: Any) -> None:
    """Raise unless the flag is a bool."""
    if not isinstance(flag, bool):
        raise AadTypeError(f"is_call = {flag!r}: must be True for a call or False for a put")


def require_length(name: str, numbers: tuple[float, ...], n_assets: int) -> None:
    """Raise unless there is one number per asset."""
    if len(numbers) != n_assets:
        raise AadValueError(f"{name} has {len(numbers)} entries: the model has {n_assets} assets")
