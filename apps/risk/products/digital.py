"""Digital options, by the backward march."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from apps.risk.products.contract import Contract, OptionTerms
from apps.risk.products.fields import Fields

if TYPE_CHECKING:
    from pricers.contracts import Market
    from pricers.pde import MarketPrice

ASSET = "asset"
"""What the column `payout` says of a digital that pays the underlying."""


@dataclass(frozen=True)
class Digital(Contract):
    """Pays cash, or the underlying where `cash` is None, if the spot ends above (call) or below (put) the strike."""

    cash: float | None

    NAME: ClassVar[str] = "digital"
    COLUMNS: ClassVar[tuple[str, ...]] = ("payout",)

    @classmethod
    def read(cls, fields: Fields, terms: OptionTerms) -> Digital:
        """Return the digital of a row."""
        payout = fields.required("payout", cls.NAME, f"an amount of cash or {ASSET!r}")
        return cls(None if payout.lower() == ASSET else fields.number("payout"))

    def describe(self, terms: OptionTerms) -> str:
        """Return what it pays, strike and right."""
        paid = ASSET if self.cash is None else f"{self.cash:g}"
        return f"digital {terms.strike:g} {terms.right} paying {paid}"

    def fields(self) -> Mapping[str, str | float]:
        """Return its columns of the book."""
        return {"payout": ASSET if self.cash is None else self.cash}

    def claim(self, market: Market, terms: OptionTerms, **sizes: int) -> MarketPrice:
        """Return its price as a function of market numbers."""
        from pricers import pde

        return pde.digital(
            market,
            strike=terms.strike,
            expiry=terms.term.expiry,
            is_call=terms.is_call,
            pays="asset" if self.cash is None else "cash",
            payout=1.0 if self.cash is None else self.cash,
            differentiate="spot",
            **sizes,
        )
