"""The contract of a product: what it reads from its row of the book, what it says of itself, and what it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from apps.risk.products.fields import Fields

if TYPE_CHECKING:
    from pricers.chain.quotes import Slice
    from pricers.contracts import Market
    from pricers.monte_carlo import ScheduledAsian
    from pricers.pde import MarketPrice


@dataclass(frozen=True)
class OptionTerms:
    """What every product has: a strike, a right, and the expiry with its forward and discount factor."""

    term: Slice
    strike: float
    is_call: bool

    @property
    def right(self) -> str:
        """Call or put in a word."""
        return "call" if self.is_call else "put"


class Contract(ABC):
    """A product of the book, beyond strike, right and expiry. A new one is a frozen dataclass with this base.

    It offers `claim` or `path`, or neither: vanillas are priced together by one forward march.
    """

    NAME: ClassVar[str]
    """What the column `product` says."""
    COLUMNS: ClassVar[tuple[str, ...]] = ()
    """Its columns of the book beside those of every position."""

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields, terms: OptionTerms) -> Contract:
        """Return the product of one row of the book; raises `AadValueError` for fields that make none."""

    @abstractmethod
    def describe(self, terms: OptionTerms) -> str:
        """Return the option in a few words, such as "1250 call"."""

    def fields(self) -> Mapping[str, str | float]:
        """Return its columns of the book."""
        return {}

    def claim(self, market: Market, terms: OptionTerms, **sizes: int) -> MarketPrice | None:
        """Return the price by finite differences as a function of market numbers, or none where it is over.

        Sizes are `n_nodes` and `n_steps` of the march.
        """
        raise NotImplementedError

    def path(self, terms: OptionTerms) -> ScheduledAsian:
        """Return one path of it as a function of a model and of normals."""
        raise NotImplementedError

    def warning(self, terms: OptionTerms, spot: float) -> str:
        """Return what is odd about it at today's spot, or nothing."""
        return ""
