"""Payoffs of the prices at expiry: baskets, geometric baskets, digitals, spreads, worst-of and best-of.

A payoff sees `prices`, one list per date with one number (or one array over paths) per asset, and the discount factor
of every date; it returns the present value of what it pays. It calls the surrogate for its corners and steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_positive
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate, maximum, minimum
from pricers.monte_carlo.triangular import total

Prices = list[list[Any]]


class Payoff(Protocol):
    """What every payoff offers."""

    AT_EXPIRY: ClassVar[bool]
    """Whether it depends on the last prices alone."""

    def require_assets(self, n_assets: int) -> None:
        """Raise unless the payoff is one of that many assets."""

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return the present value of what is paid on this path."""


def check_weights(name: str, weights: Any) -> tuple[float, ...]:
    """Return weights as a tuple of floats; a single one is a weight on a single asset."""
    numbers = tuple(float(w) for w in np.atleast_1d(np.asarray(weights, dtype=np.float64)))
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


def weighted(weights: tuple[float, ...], numbers: list[Any]) -> Any:
    """Return the sum of weight * number over the weights that are not zero."""
    return total([w * x for w, x in zip(weights, numbers, strict=True) if w != 0.0])


@dataclass(frozen=True)
class LinearClaim:
    """A call, put or digital on a weighted sum of prices (or of log prices, exponentiated) over dates and assets.

    This is what closed forms and conditional expectations need to know of a payoff.

    Parameters
    ----------
    weights : (n_dates, n_assets) floats
    strike : float
    is_call, is_digital : bool
    geometric : bool
        exp(sum of weight * log price) in place of the sum of weight * price.
    payout : float
        What a digital pays.
    """

    weights: Floats
    strike: float
    is_call: bool = True
    is_digital: bool = False
    geometric: bool = False
    payout: float = 1.0


@dataclass(frozen=True, kw_only=True)
class WeightedOption:
    """Fields that options on a weighted sum share."""

    strike: float
    weights: Any = (1.0,)
    is_call: bool = True

    AT_EXPIRY: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", check_weights("weights", self.weights))
        require_finite("strike", self.strike)
        check_call(self.is_call)

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there is one weight per asset."""
        require_length("weights", self.weights, n_assets)

    def signed(self, underlying: Any) -> Any:
        """Return how far the underlying is in the money."""
        return underlying - self.strike if self.is_call else self.strike - underlying

    def at_expiry(self, n_dates: int) -> Floats:
        """Return the weights over dates and assets: on the last date alone."""
        rows = np.zeros((n_dates, len(self.weights)))
        rows[-1] = self.weights
        return rows


@dataclass(frozen=True, kw_only=True)
class BasketOption(WeightedOption):
    """A call or put on sum_i w_i S_i(T); the default is one asset.

    Parameters
    ----------
    strike : float, currency
    weights : (n_assets,) floats, of any sign
    is_call : bool

    Raises
    ------
    AadValueError, AadTypeError
        For NaN, weights that are all zero or as many as there are no assets, or a flag that is no bool.
    """

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(basket - strike), 0)."""
        return discounts[-1] * surrogate.positive_part(self.signed(weighted(self.weights, prices[-1])))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.at_expiry(n_dates), self.strike, self.is_call)


@dataclass(frozen=True, kw_only=True)
class DigitalOption(WeightedOption):
    """Pays `payout` when sum_i w_i S_i(T) ends above (call) or below (put) the strike."""

    payout: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_finite("payout", self.payout)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * payout where the option ends in the money."""
        return discounts[-1] * (self.payout * surrogate.step(self.signed(weighted(self.weights, prices[-1]))))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(
            self.at_expiry(n_dates), self.strike, self.is_call, is_digital=True, payout=self.payout
        )


@dataclass(frozen=True, kw_only=True)
class GeometricBasketOption(WeightedOption):
    """A call or put on prod_i S_i(T)^w_i; its price is a closed form, so it is the arithmetic basket's control.

    Weights should add up to one, so that the product is a price; any are allowed. The strike is positive.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("strike", self.strike)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(geometric mean - strike), 0)."""
        logs = [ad.log(price) for price in prices[-1]]
        return discounts[-1] * surrogate.positive_part(self.signed(ad.exp(weighted(self.weights, logs))))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.at_expiry(n_dates), self.strike, self.is_call, geometric=True)


@dataclass(frozen=True, kw_only=True)
class SpreadOption:
    """A call (or put) on S_1(T) - S_2(T): the right to exchange the second asset for the first at strike zero."""

    strike: float = 0.0
    is_call: bool = True

    AT_EXPIRY: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_finite("strike", self.strike)
        check_call(self.is_call)

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there are two assets."""
        if n_assets != 2:
            raise AadValueError(f"a spread option is on 2 assets: the model has {n_assets}")

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(S_1 - S_2 - strike), 0)."""
        first, second = prices[-1]
        spread = first - second - self.strike
        return discounts[-1] * surrogate.positive_part(spread if self.is_call else -spread)

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        rows = np.zeros((n_dates, 2))
        rows[-1] = (1.0, -1.0)
        return LinearClaim(rows, self.strike, self.is_call)


@dataclass(frozen=True, kw_only=True)
class ExtremeOption:
    """Fields that options on the worst or the best asset share.

    Parameters
    ----------
    strike : float, currency
    references : (n_assets,) floats, > 0, optional
        Prices are divided by them first: performances in place of prices.
    is_call : bool
    """

    strike: float
    references: Any = None
    is_call: bool = True

    AT_EXPIRY: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_finite("strike", self.strike)
        check_call(self.is_call)
        if self.references is not None:
            object.__setattr__(self, "references", check_weights("references", self.references))
            require_positive("references", self.references)

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there is one reference per asset."""
        if self.references is not None:
            require_length("references", self.references, n_assets)

    def scaled(self, prices: list[Any]) -> list[Any]:
        """Return prices, or performances where there are references."""
        if self.references is None:
            return list(prices)
        return [price / reference for price, reference in zip(prices, self.references, strict=True)]

    def paid(self, underlying: Any, surrogate: Surrogate) -> Any:
        """Return max(+-(underlying - strike), 0)."""
        return surrogate.positive_part(underlying - self.strike if self.is_call else self.strike - underlying)


@dataclass(frozen=True, kw_only=True)
class WorstOfOption(ExtremeOption):
    """A call or put on the lowest of the prices (or performances) at expiry."""

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(lowest - strike), 0)."""
        return discounts[-1] * self.paid(minimum(surrogate, self.scaled(prices[-1])), surrogate)


@dataclass(frozen=True, kw_only=True)
class BestOfOption(ExtremeOption):
    """A call or put on the highest of the prices (or performances) at expiry."""

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(highest - strike), 0)."""
        return discounts[-1] * self.paid(maximum(surrogate, self.scaled(prices[-1])), surrogate)
