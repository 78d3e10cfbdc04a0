"""A Himalayan option: on every date the best asset's performance is locked in, and the asset leaves the basket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from aadlib.errors import AadValueError
from aadlib.validation import require_finite, require_positive
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Prices, check_call, check_weights, require_length


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
                f"n_steps = {len(prices)}: a Himalayan option on {n_assets} assets has that many dates at most"
            )
        left: list[Any] = [1.0] * n_assets
        locked: Any = 0.0
        for row in prices:
            scaled = [price * (self.notional / ref) for price, ref in zip(row, self.references, strict=True)]
            # An asset that left has performance zero, below all others.
            best, chosen = left[0] * scaled[0], [left[0]] + [0.0] * (n_assets - 1)
            for j in range(1, n_assets):
                candidate = left[j] * scaled[j]
                wins = surrogate.step(candidate - best)
                best = best + wins * (candidate - best)
                chosen = [c - wins * c for c in chosen]
                chosen[j] = wins
            locked = locked + best
            left = [keep * (1.0 - c) for keep, c in zip(left, chosen, strict=True)]
        mean = locked / len(prices)
        floor = self.strike * self.notional
        return discounts[-1] * surrogate.positive_part(mean - floor if self.is_call else floor - mean)
