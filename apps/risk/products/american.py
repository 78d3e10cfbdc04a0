"""American calls and puts, by the backward march."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from apps.risk.products.contract import Contract, OptionTerms
from apps.risk.products.fields import Fields

if TYPE_CHECKING:
    from pricers.contracts import Market
    from pricers.pde import MarketPrice


@dataclass(frozen=True)
class American(Contract):
    """An option that may be exercised at any time."""

    NAME: ClassVar[str] = "american"

    @classmethod
    def read(cls, fields: Fields, terms: OptionTerms) -> American:
        """Return it: it has no columns of its own."""
        return cls()

    def describe(self, terms: OptionTerms) -> str:
        """Return strike and right."""
        return f"American {terms.strike:g} {terms.right}"

    def claim(self, market: Market, terms: OptionTerms, **sizes: int) -> MarketPrice:
        """Return its price as a function of market numbers."""
        from pricers import pde

        return pde.american(
            market,
            strike=terms.strike,
            expiry=terms.term.expiry,
            is_call=terms.is_call,
            differentiate="spot",
            **sizes,
        )
