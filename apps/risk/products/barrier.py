"""Barrier options, watched continuously, by the backward march."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from apps.risk.products.contract import Contract, OptionTerms
from apps.risk.products.fields import Fields

if TYPE_CHECKING:
    from pricers.contracts import Market
    from pricers.pde import MarketPrice
    from pricers.pde.claims import BarrierKind


@dataclass(frozen=True)
class Barrier(Contract):
    """A call or put that dies (out) or comes to life (in) where the spot crosses a level.

    Its rebate is paid when it is knocked out, or at expiry where it never was knocked in.
    """

    level: float
    kind: BarrierKind
    rebate: float = 0.0

    NAME: ClassVar[str] = "barrier"
    COLUMNS: ClassVar[tuple[str, ...]] = ("barrier", "barrier_type", "rebate")

    @classmethod
    def read(cls, fields: Fields, terms: OptionTerms) -> Barrier:
        """Return the barrier option of a row."""
        from pricers.pde.claims import BARRIER_KINDS

        fields.required("barrier", cls.NAME, "the level that is watched")
        said = fields.required("barrier_type", cls.NAME, f"one of {', '.join(BARRIER_KINDS)}")
        kind: Any = "-".join(said.lower().replace("-", " ").replace("_", " ").split())
        if kind not in BARRIER_KINDS:
            raise fields.error("barrier_type", f"must be one of {', '.join(BARRIER_KINDS)}")
        rebate = fields.number("rebate") if "rebate" in fields else 0.0
        return cls(fields.positive("barrier"), kind, rebate)

    def describe(self, terms: OptionTerms) -> str:
        """Return kind, level, strike and right."""
        rebate = f", rebate {self.rebate:g}" if self.rebate else ""
        return f"{self.kind} {self.level:g} {terms.strike:g} {terms.right}{rebate}"

    def fields(self) -> Mapping[str, str | float]:
        """Return its columns of the book."""
        return {"barrier": self.level, "barrier_type": self.kind, "rebate": self.rebate}

    def is_crossed(self, spot: float) -> bool:
        """Tell whether the spot is at the level or beyond it."""
        return spot >= self.level if self.kind.startswith("up") else spot <= self.level

    def claim(self, market: Market, terms: OptionTerms, **sizes: int) -> MarketPrice | None:
        """Return its price as a function of market numbers: crossed already, the European option or nothing."""
        from pricers import pde

        contract: dict[str, Any] = {
            "strike": terms.strike,
            "expiry": terms.term.expiry,
            "is_call": terms.is_call,
            "differentiate": "spot",
            **sizes,
        }
        if self.is_crossed(market.spot):
            return pde.european(market, **contract) if self.kind.endswith("in") else None
        own: dict[str, Any] = {"barrier": self.level, "kind": self.kind, "rebate": self.rebate}
        return pde.barrier(market, **contract, **own)

    def warning(self, terms: OptionTerms, spot: float) -> str:
        """Say what has become of it where the spot is beyond the level."""
        if not self.is_crossed(spot):
            return ""
        now = "a European option" if self.kind.endswith("in") else "knocked out and counts as nothing"
        return f"the spot, {spot:g}, is beyond its {self.kind} barrier, {self.level:g}: it is {now}"
