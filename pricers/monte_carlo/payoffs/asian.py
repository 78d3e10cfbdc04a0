"""Payoffs of the prices on the way: Asian options, barriers seen on every date, autocallables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_positive
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate, minimum
from pricers.monte_carlo.payoffs.payoff import Prices, check_weights, require_length
from pricers.monte_carlo.payoffs.weighted import WeightedOption, weighted
from pricers.monte_carlo.triangular import total

BARRIER_KINDS = ("up-and-out", "down-and-out", "up-and-in", "down-and-in")


@dataclass(frozen=True, kw_only=True)
class AsianOption(WeightedOption):
    """A call or put on the arithmetic mean over the dates of sum_i w_i S_i(t_k); the start is no date."""

    AT_EXPIRY: ClassVar[bool] = False

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(mean - strike), 0)."""
        mean = total([weighted(self.weights, row) for row in prices]) / len(prices)
        return discounts[-1] * surrogate.positive_part(self.signed(mean))

    def over_dates(self, n_dates: int) -> Floats:
        """Return the weights over dates and assets."""
        return np.tile(np.array(self.weights) / n_dates, (n_dates, 1))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.over_dates(n_dates), self.strike, self.is_call)


@dataclass(frozen=True, kw_only=True)
class GeometricAsianOption(AsianOption):
    """A call or put on the geometric mean over the dates of prod_i S_i(t_k)^w_i; priced by a closed form."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("strike", self.strike)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(geometric mean - strike), 0)."""
        logs = [weighted(self.weights, [ad.log(price) for price in row]) for row in prices]
        return discounts[-1] * surrogate.positive_part(self.signed(ad.exp(total(logs) / len(prices))))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.over_dates(n_dates), self.strike, self.is_call, geometric=True)


@dataclass(frozen=True, kw_only=True)
class BarrierOption(WeightedOption):
    """A call or put on sum_i w_i S_i(T) that dies or comes to life when the sum crosses a barrier on a date.

    Parameters
    ----------
    strike, barrier : float, currency, > 0
    kind : "up-and-out", "down-and-out", "up-and-in" or "down-and-in"
    weights : (n_assets,) floats; one asset by default
    is_call : bool

    Raises
    ------
    AadValueError
        For an unknown kind, a strike or barrier that is not positive, or bad weights.
    """

    barrier: float
    kind: str = "up-and-out"

    AT_EXPIRY: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("strike", self.strike)
        require_positive("barrier", self.barrier)
        if self.kind not in BARRIER_KINDS:
            raise AadValueError(f"kind = {self.kind!r}: choose one of {', '.join(BARRIER_KINDS)}")

    @property
    def is_up(self) -> bool:
        """Whether the barrier is crossed from below."""
        return self.kind.startswith("up")

    @property
    def is_out(self) -> bool:
        """Whether crossing ends the option."""
        return self.kind.endswith("out")

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(S - strike), 0) on paths that stayed inside (out) or did not (in)."""
        alive: Any = 1.0
        for row in prices:
            room = self.barrier - weighted(self.weights, row)
            alive = alive * surrogate.step(room if self.is_up else -room)
        paid = surrogate.positive_part(self.signed(weighted(self.weights, prices[-1])))
        return discounts[-1] * (paid * (alive if self.is_out else 1.0 - alive))


@dataclass(frozen=True, kw_only=True)
class Autocallable:
    """Redeemed early, with coupons for the time passed, on the first date the worst performance reaches a level.

    On date k the note pays notional (1 + k coupon) and ends when the worst S_i / reference_i is at or above
    `call_level`. If it never is, the holder gets the notional where the worst performance at expiry is at or above
    `protection`, and notional times the worst performance otherwise.

    Parameters
    ----------
    references : (n_assets,) floats, currency, > 0
    call_level, protection : float, > 0, protection not above call_level; 1.0 is the reference
    coupon : float, per date, >= 0
    notional : float, currency, > 0; softened steps measure notional times performance, so their width is in currency
    """

    references: Any
    coupon: float
    call_level: float = 1.0
    protection: float = 0.7
    notional: float = 100.0

    AT_EXPIRY: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "references", check_weights("references", self.references))
        require_finite("coupon", self.coupon)
        for name in ("references", "call_level", "protection", "notional"):
            require_positive(name, getattr(self, name))
        if self.protection > self.call_level:
            raise AadValueError(
                f"protection = {self.protection!r}: must not be above call_level = {self.call_level!r}"
            )

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there is one reference per asset."""
        require_length("references", self.references, n_assets)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return the present value of the redemption."""
        alive: Any = 1.0
        present: Any = 0.0
        worst: Any = 0.0
        for k, (row, discount) in enumerate(zip(prices, discounts, strict=True)):
            scaled = [
                price * (self.notional / reference)
                for price, reference in zip(row, self.references, strict=True)
            ]
            worst = minimum(surrogate, scaled)
            called = alive * surrogate.step(worst - self.call_level * self.notional)
            present = present + discount * (self.notional * (1.0 + self.coupon * (k + 1)) * called)
            alive = alive - called
        safe = surrogate.step(worst - self.protection * self.notional)
        return present + discounts[-1] * (alive * (worst + safe * (self.notional - worst)))
