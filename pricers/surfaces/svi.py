"""Raw SVI: five parameters for the total implied variance of one expiry, and its arbitrage checks.

Gatheral's parametrisation, w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), with k = ln(K/F) and w the
implied variance times the expiry. The checks report where and by how much a slice or a pair of slices admits
arbitrage; they do not repair it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    one_number,
    require_finite,
    require_increasing,
    require_non_negative,
    require_numbers,
    require_positive,
    values_of,
)


@dataclass(frozen=True, kw_only=True)
class SVISlice:
    """Raw SVI parameters of one expiry; numbers of any kind.

    Parameters
    ----------
    a : float
        Level of total variance; a + b sigma sqrt(1 - rho^2), its minimum, must not be negative.
    b : float, >= 0
        Slope of the wings.
    rho : float, -1 < rho < 1
        Tilt.
    m : float
        Log-moneyness of the centre.
    sigma : float, > 0
        Width of the centre.

    Raises
    ------
    AadValueError
        If a parameter is outside its range, or the least total variance is negative.

    References
    ----------
    Gatheral and Jacquier (2014), Arbitrage-free SVI volatility surfaces, eq. 3.1.

    Examples
    --------
    >>> smile = SVISlice(a=0.01, b=0.1, rho=-0.5, m=0.0, sigma=0.2)
    >>> round(float(smile.total_variance(0.0)), 12)
    0.03
    """

    a: Any
    b: Any
    rho: Any
    m: Any
    sigma: Any

    def __post_init__(self) -> None:
        for name in ("a", "b", "rho", "m", "sigma"):
            one_number(name, getattr(self, name))
        require_finite("a", self.a)
        require_non_negative("b", self.b)
        require_finite("m", self.m)
        require_positive("sigma", self.sigma)
        a, b, rho, sigma = (float(values_of(x)) for x in (self.a, self.b, self.rho, self.sigma))
        if not -1.0 < rho < 1.0:
            raise AadValueError(f"rho = {rho!r}: must lie strictly between -1 and 1")
        least = a + b * sigma * np.sqrt(1.0 - rho * rho)
        if least < -1e-14 * abs(a):
            raise AadValueError(
                f"a = {a!r} makes the least total variance a + b sigma sqrt(1 - rho^2) = {least:.3g} negative: "
                "raise a"
            )

    def total_variance(self, log_moneyness: Any) -> Any:
        """Return w(k), the implied variance times the expiry, in the number type of the arguments."""
        offset = log_moneyness - self.m
        return self.a + self.b * (self.rho * offset + ad.sqrt(offset * offset + self.sigma * self.sigma))

    def volatility(self, log_moneyness: Any, *, expiry: Any) -> Any:
        """Return sqrt(w(k) / expiry), per square root of a year."""
        return ad.sqrt(self.total_variance(log_moneyness) / expiry)

    def slopes(self, log_moneyness: Any) -> tuple[Any, Any]:
        """Return the first and second derivative of w in k."""
        offset = log_moneyness - self.m
        root = ad.sqrt(offset * offset + self.sigma * self.sigma)
        return self.b * (self.rho + offset / root), self.b * self.sigma * self.sigma / (root * root * root)

    def butterfly(self, log_moneyness: Any) -> Any:
        """Return g(k): the risk-neutral density is g(k) times a positive factor.

        References
        ----------
        Gatheral and Jacquier (2014), eq. 2.1.
        """
        return butterfly_factor(
            log_moneyness, self.total_variance(log_moneyness), *self.slopes(log_moneyness)
        )


def butterfly_factor(log_moneyness: Any, variance: Any, slope: Any, curvature: Any) -> Any:
    """Return g(k) = (1 - k w'/(2 w))^2 - w'^2/4 (1/w + 1/4) + w''/2 from w and its derivatives in k."""
    given = {"log_moneyness": log_moneyness, "variance": variance, "slope": slope, "curvature": curvature}
    for name, numbers in given.items():
        require_numbers(name, numbers)
    log_moneyness, variance, slope, curvature = (
        np.asarray(x) if isinstance(x, list) else x for x in given.values()
    )
    tilt = 1.0 - 0.5 * log_moneyness * slope / variance
    return tilt * tilt - 0.25 * slope * slope * (1.0 / variance + 0.25) + 0.5 * curvature


@dataclass(frozen=True)
class ArbitrageReport:
    """What a check of static arbitrage found on its grid.

    Attributes
    ----------
    is_free : bool
        True where `worst` is not below zero (to round-off).
    worst : float
        Least value of the tested quantity: g(k) for a butterfly, the increase of w for a calendar spread.
    log_moneyness : float
        Where the least value is.
    index : int
        Which slice (butterfly), or the earlier one of the pair (calendar).
    share : float
        Share of the grid on which the quantity is negative.
    """

    is_free: bool
    worst: float
    log_moneyness: float
    index: int
    share: float


def _report(values: Floats, log_moneyness: Floats) -> ArbitrageReport:
    index, position = np.unravel_index(int(np.argmin(values)), values.shape)
    negative = values < -1e-12
    return ArbitrageReport(
        is_free=not negative.any(),
        worst=float(values[index, position]),
        log_moneyness=float(log_moneyness[position]),
        index=int(index),
        share=float(negative.mean()),
    )


def _grid(log_moneyness: ArrayLike | None) -> Floats:
    if log_moneyness is None:
        return np.linspace(-1.5, 1.5, 601)
    grid = as_floats("log_moneyness", log_moneyness)
    require_increasing("log_moneyness", grid)
    return grid


def require_slices(slices: Any) -> tuple[SVISlice, ...]:
    """Return slices as a tuple; raise `AadTypeError` unless all are `SVISlice`s."""
    if not isinstance(slices, Sequence) or not all(isinstance(smile, SVISlice) for smile in slices):
        raise AadTypeError(f"slices = {slices!r}: must be a sequence of SVISlice(a, b, rho, m, sigma)")
    return tuple(slices)


def check_butterfly(*, slices: Sequence[SVISlice], log_moneyness: ArrayLike | None = None) -> ArbitrageReport:
    """Report the least g(k) of the slices: below zero the implied density is negative there.

    Parameters
    ----------
    slices : sequence of SVISlice, at least one
    log_moneyness : (n,) array, strictly increasing, optional
        The grid; 601 points from -1.5 to 1.5 by default.

    Returns
    -------
    ArbitrageReport

    Raises
    ------
    AadValueError
        If there is no slice or the grid is not increasing.
    """
    slices = require_slices(slices)
    if not slices:
        raise AadValueError("slices is empty: pass at least one")
    grid = _grid(log_moneyness)
    return _report(np.array([smile.butterfly(grid) for smile in slices]), grid)


def check_calendar(*, slices: Sequence[SVISlice], log_moneyness: ArrayLike | None = None) -> ArbitrageReport:
    """Report the least increase of w(k) from one slice to the next: below zero a calendar spread pays.

    Parameters
    ----------
    slices : sequence of SVISlice, at least two, sorted by expiry
    log_moneyness : (n,) array, strictly increasing, optional
        The grid; 601 points from -1.5 to 1.5 by default.

    Returns
    -------
    ArbitrageReport

    Raises
    ------
    AadValueError
        If there are fewer than two slices or the grid is not increasing.
    """
    slices = require_slices(slices)
    if len(slices) < 2:
        raise AadValueError(f"slices has {len(slices)} entries: a calendar check needs at least two")
    grid = _grid(log_moneyness)
    variances = np.array([smile.total_variance(grid) for smile in slices])
    return _report(np.diff(variances, axis=0), grid)


@dataclass(frozen=True, kw_only=True)
class SVISurface:
    """SVI slices joined by total variance linear in the expiry, and proportional to it before the first.

    Parameters
    ----------
    expiries : (m,) array, years, > 0, strictly increasing
    slices : tuple of SVISlice, m of them

    Raises
    ------
    AadValueError
        If the expiries are not positive and increasing, or the lengths differ.
    """

    expiries: Floats
    slices: tuple[SVISlice, ...]

    def __post_init__(self) -> None:
        expiries = as_floats("expiries", self.expiries)
        object.__setattr__(self, "slices", require_slices(self.slices))
        require_increasing("expiries", expiries)
        require_positive("expiries", expiries)
        if expiries.size != len(self.slices) or not self.slices:
            raise AadValueError(
                f"slices has {len(self.slices)} entries for {expiries.size} expiries: match them"
            )
        expiries.flags.writeable = False
        object.__setattr__(self, "expiries", expiries)

    def total_variance(self, log_moneyness: Any, *, expiry: float) -> Any:
        """Return w(k, T); after the last expiry its last interval is continued.

        Raises
        ------
        AadValueError
            If the expiry is not positive.
        """
        require_positive("expiry", expiry)
        later = int(np.clip(np.searchsorted(self.expiries, expiry), 0, len(self.slices) - 1))
        upper = self.slices[later].total_variance(log_moneyness)
        if later == 0:
            return upper * (expiry / self.expiries[0])
        share = (expiry - self.expiries[later - 1]) / (self.expiries[later] - self.expiries[later - 1])
        return (1.0 - share) * self.slices[later - 1].total_variance(log_moneyness) + share * upper
