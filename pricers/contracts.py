"""Contracts and markets: frozen records that check themselves when they are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import one_number, require_non_negative, require_positive, values_of
from pricers.curves.forward_curve import ForwardCurve
from pricers.curves.rate_curve import is_curve, later, shifted
from pricers.monte_carlo.dynamics.second_order_local_volatility import SecondOrderLocalVolatility
from pricers.surfaces.bumped_volatility import BumpedVolatility
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.later_volatility import later_volatility, today_and_elapsed
from pricers.surfaces.moving_volatility import moving_volatility
from pricers.surfaces.surface import number_labels, require_surface
from pricers.surfaces.term_volatility import TermVolatility
from pricers.surfaces.volatility_hats import VolatilityHats


@dataclass(frozen=True, kw_only=True)
class European:
    """A European call or put.

    Parameters
    ----------
    strike : float, currency, > 0
    expiry : float, years, >= 0
    is_call : bool

    Raises
    ------
    AadValueError
        When the strike is not positive or the expiry is negative, NaN or infinite.
    AadTypeError
        When `is_call` is not a bool.
    """

    strike: Any
    expiry: Any
    is_call: bool = True

    def __post_init__(self) -> None:
        one_number("strike", self.strike)
        one_number("expiry", self.expiry)
        require_positive("strike", self.strike)
        require_non_negative("expiry", self.expiry)
        if not isinstance(self.is_call, bool):
            raise AadTypeError(f"is_call = {self.is_call!r}: must be True for a call or False for a put")


@dataclass(frozen=True, kw_only=True)
class Market(ForwardCurve):
    """A spot with a rate, a dividend yield and, for what needs one, a volatility surface.

    Parameters
    ----------
    spot : float, currency, > 0
    rate : float or RateCurve, per year, continuously compounded
    dividend_yield : float or RateCurve, per year
    surface : VolatilitySurface, optional

    Numbers may be of any kind.

    Raises
    ------
    AadValueError
        When the spot is not positive, or a rate is NaN or infinite.
    AadTypeError
        When the surface is none.

    Examples
    --------
    >>> from pricers.surfaces import FlatVolatility
    >>> market = Market(spot=100.0, rate=0.03, surface=FlatVolatility(0.2))
    >>> market.labels("spot"), market.group("weights").tolist()
    (['spot'], [0.2])
    """

    surface: Any = None

    GROUPS: ClassVar = ("spot", "rate", "dividend_yield", "smile_move", "weights", "volatilities")
    """What a price may be differentiated in: of a curve its parallel shift, of the surface its numbers, and by how much
    it moved along the logarithm of the spot, 0 as it stands.

    They are called volatilities where they are: of a flat surface, of a term structure, and of one with bumps.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("rate", "dividend_yield"):
            if not is_curve(getattr(self, name)):
                one_number(name, getattr(self, name))
        if self.surface is not None:
            require_surface("surface", self.surface)

    def group(self, name: str) -> Floats:
        """Return the values of one group of `GROUPS`: (size,) floats."""
        if name in ("weights", "volatilities"):
            return np.array([float(values_of(number)) for number in self._numbers(name)])
        if name == "smile_move":
            return np.zeros(1)
        given = getattr(self, name)
        return np.array([float(values_of(given.shift if is_curve(given) else given))])

    def labels(self, name: str) -> list[str]:
        """Name the numbers of one group."""
        if name in ("weights", "volatilities"):
            self._numbers(name)
            return number_labels(self.surface, "weight" if name == "weights" else "volatility")
        return [name]

    def replaced(self, groups: Mapping[str, Any]) -> Market:
        """Return the market with other numbers, of any kind, in some groups."""
        fields: dict[str, Any] = {}
        for name, numbers in groups.items():
            if name == "smile_move":
                continue
            if name in ("weights", "volatilities"):
                fields["surface"] = self.required_surface.with_numbers(numbers)
            else:
                fields[name] = shifted(getattr(self, name), numbers[0])
        if "smile_move" in groups:
            surface = fields.get("surface", self.required_surface)
            fields["surface"] = moving_volatility(surface, groups["smile_move"][0])
        return Market(**{**self.as_fields(), **fields})

    def as_fields(self) -> dict[str, Any]:
        """Return spot, rate, dividend yield and surface by their names."""
        return {name: getattr(self, name) for name in ("spot", "rate", "dividend_yield", "surface")}

    def keywords(self) -> dict[str, Any]:
        """Return what pricers take by these names, the surface as volatility: `price(**market.keywords(), ...)`."""
        return {**super().keywords(), "volatility": self.required_surface}

    def later(self, elapsed: float) -> Market:
        """Return the market on a later day at the same spot: surface and rates stay what they are at every date.

        Parameters
        ----------
        elapsed : float, years, >= 0

        Raises
        ------
        AadValueError
            When `elapsed` is negative or not finite.
        """
        require_non_negative("elapsed", elapsed)
        rates = {name: later(getattr(self, name), elapsed) for name in ("rate", "dividend_yield")}
        surface = None if self.surface is None else later_volatility(self.surface, elapsed)
        return Market(spot=self.spot, surface=surface, **rates)

    def dynamics(self) -> SecondOrderLocalVolatility:
        """Return the model of one asset that moves under the surface, for Monte Carlo paths."""
        return SecondOrderLocalVolatility(
            spots=[self.spot],
            rate=self.rate,
            dividend_yields=self.dividend_yield,
            surfaces=self.required_surface,
        )

    def bumped(self, hats: VolatilityHats) -> Market:
        """Return the market with volatility bumps as the surface's numbers: bucketed vegas are derivatives in them."""
        return Market(**{**self.as_fields(), "surface": BumpedVolatility(self.required_surface, hats)})

    def _numbers(self, name: str) -> list[Any]:
        """Return the surface's numbers under one of their two names."""
        surface = self.required_surface
        if name == "volatilities" and not isinstance(
            today_and_elapsed(surface)[0], (FlatVolatility, TermVolatility, BumpedVolatility)
        ):
            raise AadValueError(
                "volatilities: the numbers of this surface are weights of splines or parameters of slices; "
                "differentiate "
                "in 'weights', or in bumps of a calibrated surface, market.bumped(VolatilityHats(...))"
            )
        return list(surface.numbers)

    @property
    def required_surface(self) -> Any:
        """The surface; raises where there is none."""
        if self.surface is None:
            raise AadValueError(
                "surface = None: give the market a volatility surface, such as FlatVolatility(0.2)"
            )
        return self.surface
