"""Trades of a netting set: what each pays along a path, and its price given a state where there is a closed form.

A trade asks a path for `discount(date)` and `price(asset, date)`, dates in years from today, discounts to the horizon.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import as_floats, require_finite, require_positive, whole_number
from pricers.surrogates.samples.netting.hybrid_market import HybridMarket

SAME = 1e-9
"""Dates closer than this, in years, are the same."""


class MarketPath(Protocol):
    """One path of the market from a horizon on."""

    def discount(self, date: float) -> Any:
        """Return the value at the horizon of one unit of currency on that date of the path."""

    def price(self, asset: int, date: float) -> Any:
        """Return the price of an asset on that date of the path."""


class Trade(ABC):
    """One trade. Frozen dataclasses with this base; quantities and notionals may be negative."""

    HAS_CLOSED_FORM: ClassVar[bool] = True

    @abstractmethod
    def dates(self) -> tuple[float, ...]:
        """Return the dates at which it looks at the market, years from today; the last is its maturity."""

    @abstractmethod
    def paid(self, path: MarketPath, horizon: float) -> Any:
        """Return the value at the horizon of what it pays after it along a path."""

    @abstractmethod
    def value(self, market: HybridMarket, state: Any, horizon: float) -> Any:
        """Return its price at a state on the horizon, (1 + n_assets,) numbers of any kind."""

    @abstractmethod
    def assets_used(self) -> tuple[int, ...]:
        """Return the numbers of the assets it depends on."""

    def require_horizon(self, horizon: float) -> None:  # noqa: B027 - most trades fit any
        """Raise where its price at the horizon depends on more than the state there."""


@dataclass(frozen=True, kw_only=True)
class Forward(Trade):
    """Receives quantity * (S_i(maturity) - strike).

    Parameters
    ----------
    asset : int, number of the asset
    quantity : float
    strike : float, currency
    maturity : float, years from today, > 0
    """

    asset: int
    quantity: float
    strike: float
    maturity: float

    def __post_init__(self) -> None:
        _check(self)

    def dates(self) -> tuple[float, ...]:
        """Return the maturity."""
        return (self.maturity,)

    def assets_used(self) -> tuple[int, ...]:
        """Return the asset."""
        return (self.asset,)

    def paid(self, path: MarketPath, horizon: float) -> Any:
        """Return the discounted difference."""
        price = path.price(self.asset, self.maturity)
        return path.discount(self.maturity) * (self.quantity * (price - self.strike))

    def value(self, market: HybridMarket, state: Any, horizon: float) -> Any:
        """Return quantity * (S exp(-q t) - strike P(t))."""
        years = self.maturity - horizon
        carried = float(np.exp(-market.dividend_yields[self.asset] * years))
        return self.quantity * (state[1 + self.asset] * carried - self.strike * market.bond(state[0], years))


@dataclass(frozen=True, kw_only=True)
class EuropeanOption(Trade):
    """Receives quantity * max(+-(S_i(maturity) - strike), 0); fields as of `Forward`, the strike above zero."""

    asset: int
    quantity: float
    strike: float
    maturity: float
    is_call: bool = True

    def __post_init__(self) -> None:
        _check(self)
        require_positive("strike", self.strike)

    def dates(self) -> tuple[float, ...]:
        """Return the maturity."""
        return (self.maturity,)

    def assets_used(self) -> tuple[int, ...]:
        """Return the asset."""
        return (self.asset,)

    def paid(self, path: MarketPath, horizon: float) -> Any:
        """Return the discounted payoff."""
        gain = path.price(self.asset, self.maturity) - self.strike
        return path.discount(self.maturity) * (
            self.quantity * np.maximum(gain if self.is_call else -gain, 0.0)
        )

    def value(self, market: HybridMarket, state: Any, horizon: float) -> Any:
        """Return Merton's price under stochastic rates."""
        return self.quantity * market.option(
            state,
            asset=self.asset,
            strike=self.strike,
            years=self.maturity - horizon,
            is_call=self.is_call,
        )


@dataclass(frozen=True, kw_only=True)
class BasketCall(Trade):
    """Receives quantity * max(sum_i w_i S_i(maturity) - strike, 0): no closed form, an inner simulation prices it.

    Parameters
    ----------
    weights : tuple of floats, one per asset of the market
    quantity, strike, maturity
        As for `Forward`.
    """

    weights: tuple[float, ...]
    quantity: float
    strike: float
    maturity: float

    HAS_CLOSED_FORM: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(as_floats("weights", self.weights).ravel().tolist()))
        require_finite("weights", self.weights)
        _check(self)

    def dates(self) -> tuple[float, ...]:
        """Return the maturity."""
        return (self.maturity,)

    def assets_used(self) -> tuple[int, ...]:
        """Return the assets that weigh."""
        return tuple(i for i, weight in enumerate(self.weights) if weight)

    def paid(self, path: MarketPath, horizon: float) -> Any:
        """Return the discounted payoff."""
        basket = sum(self.weights[i] * path.price(i, self.maturity) for i in self.assets_used())
        return path.discount(self.maturity) * (self.quantity * np.maximum(basket - self.strike, 0.0))

    def value(self, market: HybridMarket, state: Any, horizon: float) -> Any:
        """Raise: there is no closed form."""
        raise AadValueError("a basket call has no closed form: simulate it")


@dataclass(frozen=True, kw_only=True)
class Swap(Trade):
    """Pays a fixed rate and receives overnight rates compounded over each period (a payer), or the other way round.

    Parameters
    ----------
    notional : float, currency; negative for a receiver
    fixed_rate : float, per year
    start, maturity : float, years from today, >= 0 and above start
    payments_per_year : int, >= 1; the last period ends at maturity, all have the same length

    Notes
    -----
    Between two payments the running coupon depends on rates before: horizons must be payment dates, or before the
    start. What is received of a period is exp(integral of r) - 1, so that the leg is worth P(start) - P(maturity).
    """

    notional: float
    fixed_rate: float
    maturity: float
    start: float = 0.0
    payments_per_year: int = 2

    def __post_init__(self) -> None:
        for name in ("notional", "fixed_rate", "start"):
            require_finite(name, getattr(self, name))
        whole_number("payments_per_year", self.payments_per_year, 1)
        periods = (self.maturity - self.start) * self.payments_per_year
        if self.start < 0.0 or not periods > 0.5 or abs(periods - round(periods)) > SAME:
            raise AadValueError(
                f"maturity = {self.maturity!r}: must be a whole number of periods of 1 / {self.payments_per_year} "
                f"years after start = {self.start!r}, which is 0 or more"
            )

    def dates(self) -> tuple[float, ...]:
        """Return the start, where it is not today, and the payment dates."""
        return (*([self.start] if self.start else []), *self.payments())

    def payments(self) -> tuple[float, ...]:
        """Return the payment dates."""
        n = round((self.maturity - self.start) * self.payments_per_year)
        return tuple(self.start + (k + 1) / self.payments_per_year for k in range(n))

    def assets_used(self) -> tuple[int, ...]:
        """Return none: it depends on rates alone."""
        return ()

    def require_horizon(self, horizon: float) -> None:
        """Raise where the horizon is within a period."""
        fits = horizon <= self.start + SAME or any(abs(horizon - date) < SAME for date in self.payments())
        if not fits and horizon < self.maturity:
            raise AadValueError(
                f"horizon = {horizon!r} is between two payments of a swap, {self!r}: its running coupon depends on "
                "rates before the horizon; take a payment date"
            )

    def _legs(self, bond: Any, horizon: float) -> Any:
        first = bond(self.start) if self.start > horizon + SAME else 1.0
        remaining = [date for date in self.payments() if date > horizon + SAME]
        fixed: Any = 0.0
        for date in remaining:
            fixed = fixed + bond(date)
        return self.notional * (
            first - bond(remaining[-1]) - (self.fixed_rate / self.payments_per_year) * fixed
        )

    def paid(self, path: MarketPath, horizon: float) -> Any:
        """Return the discounted payments; those of a period are replaced by its discount factors at both ends."""
        return self._legs(path.discount, horizon)

    def value(self, market: HybridMarket, state: Any, horizon: float) -> Any:
        """Return notional * (P(start) - P(maturity) - fixed_rate * sum of periods * P)."""
        return self._legs(lambda date: market.bond(state[0], date - horizon), horizon)


def _check(trade: Any) -> None:
    if hasattr(trade, "asset"):
        whole_number("asset", trade.asset, 0)
    for name in ("quantity", "strike"):
        require_finite(name, getattr(trade, name))
    require_positive("maturity", trade.maturity)
