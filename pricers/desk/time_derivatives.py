"""Theta, charm, veta and color: how a price and its Greeks change as days pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from pricers.contracts import Market
from pricers.market_numbers import MarketNumbers

if TYPE_CHECKING:
    import pandas as pd

SHARE = 1.0 / 400.0
"""Of the time to the first date: the step of the differences in time."""
LONGEST = 0.25 / 365.0
"""Years: no step is longer."""
# Derivatives at 0 from values at 0, h, 2 h, ...: exact for polynomials of degree 4, and of degree 3.
_FOURTH = np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) / 12.0
_THIRD = np.array([-11.0, 18.0, -9.0, 2.0, 0.0]) / 6.0
DAYS = {"year": 1.0, "calendar day": 365.0, "trading day": 252.0}
"""How many of each make a year."""


@dataclass(frozen=True, eq=False)
class TimeGreeks:
    """Derivatives in the time at which an option is valued, at the same spot.

    Attributes
    ----------
    theta : float
        Of the price.
    thetas : (n_options,) float
        Of each price, where there are several; weights are not in it.
    charm : float
        Of delta.
    color : float
        Of gamma.
    veta : (n,) float
        Of the first derivative in each number other than the spot, named by `labels`.
    labels : tuple of str
    per : "year", "calendar day" or "trading day"
        Unit of time of all of them.
    error : float
        Of theta, estimated: what the last order of the differences changes.
    """

    theta: float
    thetas: Floats
    charm: float
    color: float
    veta: Floats
    labels: tuple[str, ...]
    per: str
    error: float

    def in_units(self, per: str) -> TimeGreeks:
        """Return the same per "year", "calendar day" (1/365) or "trading day" (1/252).

        Raises
        ------
        AadValueError
            For another unit.
        """
        if per not in DAYS:
            raise AadValueError(f"per = {per!r}: choose one of {', '.join(DAYS)}")
        factor = DAYS[self.per] / DAYS[per]
        names = ("theta", "thetas", "charm", "color", "veta", "error")
        return replace(self, per=per, **{name: factor * getattr(self, name) for name in names})

    def to_frame(self) -> pd.DataFrame:
        """Return them as a pandas frame, a row each."""
        import pandas as pd

        rows = {"theta": self.theta, "charm": self.charm, "color": self.color}
        rows |= {f"veta {label}": float(x) for label, x in zip(self.labels, self.veta, strict=True)}
        return pd.DataFrame({f"per {self.per}": rows})


def time_greeks(price: MarketNumbers, *, weights: Any = None, per: str = "year") -> TimeGreeks:
    """Differentiate a price, its delta, gamma and vegas in the time of valuation.

    Parameters
    ----------
    price : MarketNumbers
        Such as ``pde.american(market, ...)``, differentiable in "spot" first and in whatever vetas are wanted of
        ("weights", "volatilities", "rate").
    weights : (n_options,) float, for a price of several options
        What each counts.
    per : "year", "calendar day" or "trading day"

    Returns
    -------
    TimeGreeks

    Raises
    ------
    AadTypeError
        When `price` is no price of a market.
    AadValueError
        When its first number is not the spot, `weights` does not fit, or the unit is unknown.

    Notes
    -----
    Spot is held, and surface and rates are held at every date (`Market.later`). Value, gradient and gamma are exact at
    five times from today on, a four-hundredth of the time to the first expiry apart and all before surface or curves
    first jump, on the same nodes and steps, and their derivative at today is the one-sided difference of fourth order.
    Nothing before today is asked for: a surface has no yesterday.

    Examples
    --------
    >>> from pricers import pde
    >>> from pricers.contracts import Market
    >>> from pricers.surfaces import FlatVolatility
    >>> market = Market(spot=100.0, rate=0.03, surface=FlatVolatility(0.2))
    >>> option = pde.european(market, strike=100.0, expiry=1.0)
    >>> round(time_greeks(option, per="calendar day").theta, 4)
    -0.0147
    """
    if not isinstance(price, MarketNumbers):
        raise AadTypeError(
            f"price is a {type(price).__name__}: pass one of pricers.pde, such as pde.european(...)"
        )
    if price.labels[0] != "spot":
        raise AadValueError(
            f"price: its first number is {price.labels[0]!r}; let it be differentiated in 'spot' first"
        )
    step = min(SHARE * price.first_date, LONGEST, 0.2 * _first_seam(price.market))
    values, gradients, gammas = [], [], []
    for k in range(_FOURTH.size):
        later = price.later(k * step)
        values.append(np.atleast_1d(np.asarray(later(later.parameters), dtype=np.float64)))
        gradient, gamma = _derivatives(later, weights)
        gradients.append(gradient)
        gammas.append(gamma)
    thetas, of_gradient, of_gamma = (_FOURTH @ np.array(x) / step for x in (values, gradients, gammas))
    counts = np.ones(1) if weights is None else np.asarray(weights, dtype=np.float64)
    result = TimeGreeks(
        theta=float(counts @ thetas),
        thetas=thetas,
        charm=float(of_gradient[0]),
        color=float(of_gamma),
        veta=of_gradient[1:],
        labels=price.labels[1:],
        per="year",
        error=float(abs((_FOURTH - _THIRD) @ np.array(values) @ counts) / step),
    )
    return result.in_units(per)


def _first_seam(market: Market) -> float:
    """Return the years to where surface or curves first jump."""
    curves = [getattr(curve, "times", ()) for curve in (market.rate, market.dividend_yield)]
    return min(
        (float(times[0]) for times in (market.required_surface.seams, *curves) if len(times)), default=np.inf
    )


def _derivatives(price: MarketNumbers, weights: Any) -> tuple[Floats, float]:
    """Return gradient and gamma."""
    point = price.parameters

    def counted(x: Any) -> Any:
        found = price(x)
        if np.ndim(found) == 0 and weights is None:
            return found
        if np.shape(weights) != np.shape(found):
            raise AadValueError(
                f"weights has shape {np.shape(weights)}: give one weight for each of {np.size(found)} options"
            )
        return np.asarray(weights) @ found

    program = ad.record(counted, point)
    along_spot = np.eye(point.size)[0]
    return program.gradient(point), float(program.hvp(point, along_spot)[0])
