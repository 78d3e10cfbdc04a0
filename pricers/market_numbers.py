"""A price as a function of the numbers of a market, in one vector or by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import names_of, require_instance
from pricers.contracts import Market

Self = TypeVar("Self", bound="MarketNumbers")


@dataclass(frozen=True, eq=False, repr=False)
class MarketNumbers(ABC):
    """What every price of a market is a function of.

    Parameters
    ----------
    market : Market
    differentiate : groups of `Market.GROUPS`, in this order

    Raises
    ------
    AadValueError
        For an unknown group, none, or one twice.
    """

    market: Market
    differentiate: tuple[str, ...] | str

    def __post_init__(self) -> None:
        require_instance("market", self.market, Market, "a Market, such as what calibrate returns")
        names = names_of("differentiate", self.differentiate)
        if not names or len(set(names)) != len(names) or set(names) - set(Market.GROUPS):
            raise AadValueError(
                f"differentiate = {names!r}: choose different names among {', '.join(Market.GROUPS)}"
            )
        object.__setattr__(self, "differentiate", names)
        for name in names:
            self.market.group(name)  # raises where the market has no such numbers

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.parameters.size} numbers, {', '.join(self.inputs)}>"

    @abstractmethod
    def price_at(self, market: Market) -> Any:
        """Return the price in a market, numbers of any kind."""

    @property
    @abstractmethod
    def first_date(self) -> float:
        """Years to the first date on which something is paid or decided at known times."""

    @abstractmethod
    def later(self: Self, elapsed: float) -> Self:
        """Return the same price `elapsed` years later (float, >= 0), before anything of it is paid or decided.

        Spot, surface and rates stay what they are, the latter two at every date (`Market.later`), and so do nodes and
        the number of steps: what it returns is a smooth function of `elapsed`.
        """

    def require_alive(self, elapsed: float) -> None:
        """Raise where a later day is on or past the first date, or before today."""
        if not 0.0 <= elapsed < self.first_date:
            raise AadValueError(
                f"elapsed = {elapsed!r}: must be at least 0 and below the first expiry, {self.first_date!r}"
            )

    @property
    def parameters(self) -> Floats:
        """The market's own numbers, (n,) float."""
        return np.concatenate([self.market.group(name) for name in self.differentiate])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the numbers, in order."""
        return tuple(label for name in self.differentiate for label in self.market.labels(name))

    def labels_of(self, name: str) -> list[str]:
        """Name the numbers of one group."""
        return self.market.labels(name)

    @property
    def inputs(self) -> dict[str, Any]:
        """The market's own numbers by group: a float, or an array where there are several."""
        groups = {name: self.market.group(name) for name in self.differentiate}
        return {name: float(numbers[0]) if numbers.size == 1 else numbers for name, numbers in groups.items()}

    def slices(self) -> dict[str, slice]:
        """Return where each group stands in the parameters."""
        slices, begin = {}, 0
        for name in self.differentiate:
            size = self.market.group(name).size
            slices[name] = slice(begin, begin + size)
            begin += size
        return slices

    def __call__(self, numbers: Any) -> Any:
        """Return the price at other numbers of any kind: a vector as `parameters`, or a mapping as `inputs`."""
        if isinstance(numbers, Mapping):
            unknown = [name for name in numbers if name not in Market.GROUPS]
            if unknown:
                raise AadValueError(f"inputs: no {unknown[0]!r} here, there are {', '.join(Market.GROUPS)}")
            groups = {name: list(np.atleast_1d(given)) for name, given in numbers.items()}
        else:
            size = self.parameters.size
            if np.shape(numbers) != (size,):
                raise AadValueError(
                    f"parameters has shape {np.shape(numbers)}: must be ({size},), {', '.join(self.differentiate)}"
                )
            listed = numbers.tolist() if isinstance(numbers, np.ndarray) else list(numbers)
            groups = {name: listed[cut] for name, cut in self.slices().items()}
        return self.price_at(self.market.replaced(groups))
