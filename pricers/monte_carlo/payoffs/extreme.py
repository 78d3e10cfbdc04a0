"""Options on the worst or the best of several assets at expiry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from aadlib.validation import require_finite, require_positive
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate, maximum, minimum
from pricers.monte_carlo.payoffs.payoff import Prices, check_call, check_weights, require_length


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
