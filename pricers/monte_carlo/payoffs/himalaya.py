"""A Himalayan option: on every date the best asset's performance is locked in, and the asset leaves the basket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.validation import require_finite, require_positive
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Prices, check_call, check_weights, require_length

NONE = 1e-12
"""In place of the probability that an asset is left, where none of those looked at so far is."""


@dataclass(frozen=True, kw_only=True)
class HimalayaOption:
    """A call or put on the mean of the performances locked in, one on each date.

    On every date the best of the assets left, by S_i / reference_i, is locked in and removed. The payoff is
    notional * max(+-(mean - strike), 0) at the last date.

    Parameters
    ----------
    references : (n_assets,) floats, currency, > 0
    strike : float, a performance: 1.0 is the reference
    notional : float, currency, > 0; softened steps measure notional times performance, so their width is in currency
    is_call : bool

    Notes
    -----
    Where two assets are level on a date before the last, which of them leaves decides what the other may still do: the
    payoff jumps there, although a mean of prices looks smooth.

    References
    ----------
    M. Overhaus (2002), "Himalaya options", Risk 15(3).
    """

    references: Any
    strike: float = 1.0
    notional: float = 100.0
    is_call: bool = True

    AT_EXPIRY: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "references", check_weights("references", self.references))
        require_finite("strike", self.strike)
        check_call(self.is_call)
        for name in ("references", "notional"):
            require_positive(name, getattr(self, name))

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there is one reference per asset."""
        require_length("references", self.references, n_assets)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return the present value of the payoff."""
        n_assets = len(self.references)
        if len(prices) > n_assets:
            raise AadValueError(
                f"n_steps = {len(prices)}: a Himalayan option on {n_assets} assets has at most {n_assets} dates"
            )
        left: list[Any] = [1.0] * n_assets
        locked: Any = 0.0
        for row in prices:
            scaled = [price * (self.notional / ref) for price, ref in zip(row, self.references, strict=True)]
            best, chosen = best_of_left(scaled, left, surrogate)
            locked = locked + best
            left = [before - gone for before, gone in zip(left, chosen, strict=True)]
        mean = locked / len(prices)
        floor = self.strike * self.notional
        return discounts[-1] * surrogate.positive_part(mean - floor if self.is_call else floor - mean)


def best_of_left(scaled: list[Any], left: list[Any], surrogate: Surrogate) -> tuple[Any, list[Any]]:
    """Return the best of the assets that are left, and for every asset how much of it is the best one.

    With exact steps `left` is 0 or 1. With softened ones an asset may be left in part: it is there with that
    probability, taken as independent of the others, and what is returned are expectations. That none is left then has
    a probability in proportion to the width, by which prices are too low.
    """
    there, best = left[0], scaled[0]
    chosen = [left[0]]
    for share, number in zip(left[1:], scaled[1:], strict=True):
        gap = number - best
        wins = share * surrogate.step(gap)
        alone = share * (1.0 - there)
        expected = there * (best + share * surrogate.positive_part(gap)) + alone * number
        chosen = [c - wins * c for c in chosen]
        chosen.append(alone + there * wins)
        there = there + alone
        best = expected / ad.maximum(there, NONE)
    return there * best, chosen
