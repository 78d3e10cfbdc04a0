"""Local volatility of SVI slices, as a function of their parameters in one vector.

Dupire's formula needs total variance and its derivatives in log-moneyness and time. Both are written out for raw SVI:
some fifty operations a point are recorded, where differentiating the surface operation by operation takes four times
as many. `local_variance` of `pricers.surfaces.dupire` is the readable twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    require_finite,
    require_increasing,
    require_numbers,
    require_positive,
    values_of,
)
from pricers.curves.rate_curve import Rate, log_growth, require_rate
from pricers.surfaces.surface import NO_SEAMS
from pricers.surfaces.svi import ArbitrageReport, SVISlice, check_butterfly, check_calendar

PARAMETERS = ("a", "b", "rho", "m", "sigma")
"""Parameters of a slice, in the order in which a vector holds them."""


def svi_slices(parameters: Any) -> tuple[SVISlice, ...]:
    """Cut a parameter vector into slices.

    Parameters
    ----------
    parameters : (5 n_slices,) numbers of any kind
        a, b, rho, m, sigma of the first slice, then those of the second, and so on.

    Raises
    ------
    AadValueError
        When their number is no multiple of five, or a parameter is out of its range (see `SVISlice`).
    """
    require_numbers("parameters", parameters)
    numbers = list(np.atleast_1d(parameters))
    width = len(PARAMETERS)
    if not numbers or len(numbers) % width:
        raise AadValueError(
            f"parameters has {len(numbers)} entries: must be {', '.join(PARAMETERS)} for each slice, five a slice"
        )
    slices = []
    for k in range(0, len(numbers), width):
        try:
            slices.append(SVISlice(**dict(zip(PARAMETERS, numbers[k : k + width], strict=True))))
        except AadValueError as error:
            raise AadValueError(f"parameters, slice {k // width + 1}: {error}") from error
        smile = slices[-1]
        # True here; in a recording these stay as guards, so that a replay out of range is refused too.
        if not (smile.b >= 0.0 and -1.0 < smile.rho < 1.0 and smile.sigma > 0.0):
            raise AadValueError(f"parameters, slice {k // width + 1}: {smile!r} is out of range")
    return tuple(slices)


@dataclass(frozen=True)
class SVIArbitrage:
    """Static arbitrage of a set of slices: within each one (butterfly) and between neighbours (calendar)."""

    butterfly: ArbitrageReport
    calendar: ArbitrageReport | None  # None with a single slice

    @property
    def is_free(self) -> bool:
        """Whether neither check found arbitrage on its grid."""
        return self.butterfly.is_free and (self.calendar is None or self.calendar.is_free)


@dataclass(frozen=True, kw_only=True, eq=False)
class SVILocalVolatility:
    """Local volatility of SVI slices joined in time, as a function of spot and time.

    Total variance at a log-moneyness x = ln(S / F(t)) is linear in time between two slices and proportional to time
    before the first; after the last the slope of the last interval is continued (with a single slice, that from the
    origin). A slice's expiry belongs to the interval that it ends. So the local variance is

        sigma^2(x, t) = w_t / [(1 - x w_x / (2 w))^2 - (w_x^2 / 4) (1 / w + 1 / 4) + w_xx / 2]

    with w_t constant in time on each interval: it jumps where a slice expires.

    Parameters
    ----------
    parameters : (5 n,) numbers, as for `svi_slices`
    expiries : (n,) float, years, > 0, increasing
    spot : float, currency, > 0
    rate, dividend_yield : float or RateCurve, per year
        They give the forward against which log-moneyness is taken.
    reach : float or None, > 0
        Beyond this absolute log-moneyness the local volatility is held flat.

    Parameters, spot, rate and dividend yield may be numbers being differentiated.

    Raises
    ------
    AadValueError
        When a parameter is out of its range, the lengths do not match, or an expiry, the spot or the reach is not
        positive. On call, where the slices admit arbitrage at a point that is asked for: there is no local volatility.

    Notes
    -----
    A replay at parameters out of their ranges raises `BranchChanged`. One at parameters with arbitrage meets the root
    of a negative number: single operations give NaN, which a march as one operation refuses with `AadValueError`.

    References
    ----------
    J. Gatheral (2006), The Volatility Surface, eq. 1.10.
    J. Gatheral and A. Jacquier (2014), Arbitrage-free SVI volatility surfaces, eq. 3.1.

    Examples
    --------
    >>> flat = SVILocalVolatility(parameters=[0.04, 0.0, 0.0, 0.0, 0.1], expiries=[1.0], spot=100.0)
    >>> flat(np.array([80.0, 120.0]), 0.5)
    array([0.2, 0.2])
    """

    parameters: Any
    expiries: Floats
    spot: Any
    rate: Rate = 0.0
    dividend_yield: Rate = 0.0
    reach: float | None = None

    def __post_init__(self) -> None:
        expiries = as_floats("expiries", self.expiries)
        require_increasing("expiries", expiries)
        require_positive("expiries", expiries)
        slices = svi_slices(self.parameters)
        if expiries.shape != (len(slices),):
            raise AadValueError(
                f"expiries has shape {expiries.shape}: the parameters are those of {len(slices)} slices"
            )
        require_positive("spot", self.spot)
        require_rate("rate", self.rate)
        require_rate("dividend_yield", self.dividend_yield)
        if self.reach is not None:
            require_positive("reach", self.reach)
        expiries.flags.writeable = False
        object.__setattr__(self, "expiries", expiries)
        object.__setattr__(self, "_slices", slices)

    @property
    def numbers(self) -> list[Any]:
        """The parameters of the slices, one slice after the other."""
        return list(self.parameters)

    @property
    def number_names(self) -> list[str]:
        """Expiry of the slice and name of each parameter."""
        return [f"{expiry:.4g}y,{name}" for expiry in self.expiries for name in PARAMETERS]

    def with_numbers(self, numbers: Any) -> SVILocalVolatility:
        """Return the surface at other parameters of the slices."""
        return replace(self, parameters=numbers)

    @property
    def seams(self) -> Sequence[float]:
        """None: its steps are left equal, so that a price may be differentiated in its expiry."""
        return NO_SEAMS

    @property
    def slices(self) -> tuple[SVISlice, ...]:
        """The slices, by expiry."""
        slices: tuple[SVISlice, ...] = self.__dict__["_slices"]
        return slices

    def total_variance(self, log_moneyness: Any, time: Any) -> Any:
        """Return w(x, t), the implied variance times the time, at x of any shape and one time > 0."""
        require_positive("time", time)
        return sum(share * smile.total_variance(log_moneyness) for smile, share, _ in self._joined(time))

    def local_variance(self, log_moneyness: Any, time: Any) -> Any:
        """Return the squared local volatility at x, a number or (n,), and one time > 0.

        Raises
        ------
        AadValueError
            Where total variance is not positive, falls with time (calendar arbitrage), or implies a density that is
            not positive (butterfly arbitrage).
        """
        require_finite("log_moneyness", log_moneyness)
        require_positive("time", time)
        w, w_x, w_xx, w_t = 0.0, 0.0, 0.0, 0.0
        for smile, share, growth in self._joined(time):
            value, slope, half_bend = _with_derivatives(smile, log_moneyness)
            w, w_x, w_xx = w + share * value, w_x + share * slope, w_xx + share * half_bend
            w_t = w_t + growth * value
        _require_positive_at(log_moneyness, time, w, "total variance is not positive: raise a")
        _require_positive_at(log_moneyness, time, w_t, "calendar arbitrage: total variance falls with time")
        relative = w_x / w
        tilt = 1.0 - (0.5 * log_moneyness) * relative
        density = tilt * tilt - w_x * (0.25 * relative + 0.0625 * w_x) + w_xx
        _require_positive_at(log_moneyness, time, density, "butterfly arbitrage: the density is not positive")
        return w_t / density

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the local volatility, per square root of a year, at spots > 0, a number or (n,), and a time > 0."""
        require_positive("spots", spots)
        require_positive("time", time)
        log_moneyness = ad.log(spots / self.spot) - log_growth(self.rate, self.dividend_yield, time)
        if self.reach is None:
            return ad.sqrt(self.local_variance(log_moneyness, time))
        held = ad.clip(log_moneyness, -self.reach, self.reach)
        if np.ndim(held) == 0 or held.dtype == object:
            return ad.sqrt(self.local_variance(held, time))
        points, position = np.unique(held, return_inverse=True)  # what is held flat is recorded once
        return ad.sqrt(self.local_variance(points, time))[position]

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the local volatility at the logarithm of a spot that is another on every path."""
        return self(ad.exp(log_spot), time + 0.5 * length)

    def check_arbitrage(self, log_moneyness: ArrayLike | None = None) -> SVIArbitrage:
        """Report static arbitrage of the slices, at the values of the parameters.

        Parameters
        ----------
        log_moneyness : (n,) array, increasing, optional
            The points; by default 601 from -1.5 to 1.5, or to the reach.

        Notes
        -----
        Calendars free at two slices are free in between, as variance is linear there. Butterflies need not be: those
        are checked wherever a local variance is asked for.
        """
        if log_moneyness is None and self.reach is not None:
            log_moneyness = np.linspace(-self.reach, self.reach, 601)
        numbers = [getattr(smile, name) for smile in self.slices for name in PARAMETERS]
        plain = svi_slices([float(values_of(number)) for number in numbers])
        calendar = None
        if len(plain) > 1:
            calendar = check_calendar(slices=plain, log_moneyness=log_moneyness)
        return SVIArbitrage(check_butterfly(slices=plain, log_moneyness=log_moneyness), calendar)

    def _joined(self, time: Any) -> Sequence[tuple[SVISlice, Any, float]]:
        """Return the slices that make w at a time: each with its share of w and of dw/dt."""
        last = len(self.slices) - 1
        # Comparisons, not a search: a recorded time leaves guards, so that no replay stays on a wrong interval.
        later = sum(1 for expiry in self.expiries[:last].tolist() if time > expiry)
        end = float(self.expiries[later])
        if later == 0:
            return [(self.slices[0], time / end, 1.0 / end)]
        begin = float(self.expiries[later - 1])
        share, growth = (time - begin) / (end - begin), 1.0 / (end - begin)
        return [(self.slices[later - 1], 1.0 - share, -growth), (self.slices[later], share, growth)]


def _with_derivatives(smile: SVISlice, log_moneyness: Any) -> tuple[Any, Any, Any]:
    """Return w, dw/dx and half of d2w/dx2 of one slice, sharing the root."""
    offset = log_moneyness - smile.m
    width = smile.sigma * smile.sigma
    square = offset * offset + width
    root = ad.sqrt(square)
    value = smile.a + smile.b * (smile.rho * offset + root)
    slope = smile.b * (smile.rho + offset / root)
    return value, slope, (0.5 * smile.b * width) / (square * root)


def _require_positive_at(log_moneyness: Any, time: Any, quantity: Any, what: str) -> None:
    values = np.atleast_1d(values_of(quantity))
    bad = np.flatnonzero(~(values > 0.0))
    if bad.size:
        point = np.broadcast_to(values_of(log_moneyness), values.shape)[bad[0]]
        raise AadValueError(
            f"parameters at log_moneyness = {float(point):.6g}, time = {float(values_of(time)):.6g}: {what}; "
            "change the slices or hold the surface flat beyond a smaller reach"
        )
