"""Dupire's formula: the local volatility behind a surface of implied total variance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import CODES, RULES, compiled
from aadlib.validation import require_finite, require_positive, values_of
from pricers.curves.rate_curve import Rate, log_growth, require_rate
from pricers.surfaces.surface import NO_SEAMS

TotalVariance = Callable[[Any, Any], Any]


class _Jet(NDArrayOperatorsMixin):
    """A number with its derivatives d/dx, d2/dx2 and d/dt, the four that Dupire's formula needs.

    They follow the engine's rule table, so parts may be floats, arrays or recorded numbers; NumPy's functions and
    the engine's work on it alike.
    """

    def __init__(self, value: Any, x: Any, xx: Any, t: Any) -> None:
        self.value, self.x, self.xx, self.t = value, x, xx, t

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> _Jet:
        name = ufunc.__name__
        if method != "__call__" or options or name not in CODES:
            raise AadTypeError(f"the total variance uses {name}.{method}: write it with elementary functions")
        rule = RULES[CODES[name]]
        arguments = [item.value if isinstance(item, _Jet) else item for item in inputs]
        value = compiled(rule.value)(*arguments)
        padded = arguments if len(arguments) == 2 else [arguments[0], 0.0]
        parts = [(i, item) for i, item in enumerate(inputs) if isinstance(item, _Jet)]
        result = _Jet(value, 0.0, 0.0, 0.0)
        for i, part in parts:
            slope = compiled(rule.first[i])(*padded, value)
            result.x = result.x + slope * part.x
            result.t = result.t + slope * part.t
            result.xx = result.xx + slope * part.xx
            for j, other in parts:
                bend = compiled(rule.second[i + j])(*padded, value)
                result.xx = result.xx + bend * (part.x * other.x)
        return result


def local_variance(*, total_variance: TotalVariance, log_moneyness: Any, time: Any) -> Any:
    """Return the squared local volatility implied by a surface of total variance.

    sigma^2(x, t) = w_t / [(1 - x w_x / (2 w))^2 - (w_x^2 / 4) (1 / w + 1 / 4) + w_xx / 2]

    Parameters
    ----------
    total_variance : callable (log_moneyness, expiry) -> implied variance times expiry
        Written with arithmetic and elementary functions, of NumPy or of the engine, so that it can be
        differentiated; x = ln(K / F(t)), with F the forward of that expiry.
    log_moneyness : float or array, ln(S / F(time))
    time : float, years, > 0

    All, and what the surface closes over, may be numbers being differentiated.

    Returns
    -------
    local_variance : of the shape of `log_moneyness`, per year

    Raises
    ------
    AadValueError
        When the time is not positive, the total variance is not, or the surface admits arbitrage at a point: total
        variance falling with expiry (calendar), or a denominator that is not positive (butterfly).
    AadTypeError
        When the surface uses an operation that cannot be differentiated.

    Notes
    -----
    The derivatives are exact, by forward differentiation through the engine's rule table.

    References
    ----------
    J. Gatheral (2006), The Volatility Surface, eq. 1.10.

    Examples
    --------
    >>> float(local_variance(total_variance=lambda x, t: 0.04 * t + 0.0 * x, log_moneyness=0.1, time=0.5))
    0.04
    """
    if not callable(total_variance):
        raise AadTypeError(
            f"total_variance = {total_variance!r}: must be a function of log-moneyness and time"
        )
    log_moneyness, time = (np.asarray(x) if isinstance(x, list) else x for x in (log_moneyness, time))
    require_finite("log_moneyness", log_moneyness)
    require_positive("time", time)
    w = total_variance(_Jet(log_moneyness, 1.0, 0.0, 0.0), _Jet(time, 0.0, 0.0, 1.0))
    if not isinstance(w, _Jet):
        raise AadTypeError(
            f"total_variance returned {type(w).__name__}: it must depend on the expiry it is given"
        )
    require_positive("total_variance", w.value)
    tilt = 1.0 - log_moneyness * w.x / (2.0 * w.value)
    density = tilt * tilt - 0.25 * w.x * w.x * (1.0 / w.value + 0.25) + 0.5 * w.xx
    _require_no_arbitrage(log_moneyness, density, "butterfly arbitrage: the implied density is not positive")
    _require_no_arbitrage(log_moneyness, w.t, "calendar arbitrage: total variance falls with expiry")
    return w.t / density


def _require_no_arbitrage(log_moneyness: Any, quantity: Any, what: str) -> None:
    values, points = np.broadcast_arrays(values_of(quantity), values_of(log_moneyness))
    bad = np.flatnonzero(~(values > 0.0))
    if bad.size:
        k = int(bad[0])
        raise AadValueError(
            f"total_variance at log_moneyness = {points.ravel()[k].item()!r} gives {values.ravel()[k].item()!r}, "
            f"{what}; repair the surface or hold it flat beyond"
        )


@dataclass(frozen=True, kw_only=True)
class DupireLocalVolatility:
    """The local volatility of a total-variance surface, as a function of spot and time.

    Parameters
    ----------
    total_variance : callable (log_moneyness, expiry), as for `local_variance`
    spot : float, currency, > 0
    rate, dividend_yield : float or RateCurve, per year
        They give the forward against which log-moneyness is taken.
    reach : float or None, > 0
        Beyond this absolute log-moneyness the local volatility is held flat: a fitted surface has no say far
        outside its quotes, while a finite-difference grid goes to zero.

    Raises
    ------
    AadValueError
        When the spot or the reach is not positive or a rate is not finite; on call, as `local_variance`.

    Examples
    --------
    >>> surface = DupireLocalVolatility(total_variance=lambda x, t: 0.04 * t + 0.0 * x, spot=100.0)
    >>> surface(np.array([80.0, 120.0]), 0.5)
    array([0.2, 0.2])
    """

    total_variance: TotalVariance
    spot: Any
    rate: Rate = 0.0
    dividend_yield: Rate = 0.0
    reach: float | None = None

    def __post_init__(self) -> None:
        require_positive("spot", self.spot)
        require_rate("rate", self.rate)
        require_rate("dividend_yield", self.dividend_yield)
        if self.reach is not None:
            require_positive("reach", self.reach)

    @property
    def numbers(self) -> list[Any]:
        """None: what the total variance depends on is its own."""
        return []

    def with_numbers(self, numbers: Any) -> DupireLocalVolatility:
        """Return the surface as it is."""
        if len(numbers):
            raise AadValueError(f"numbers has {len(numbers)} entries: this surface has none of its own")
        return self

    @property
    def seams(self) -> Sequence[float]:
        """None: where its total variance has corners in time is its own."""
        return NO_SEAMS

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the local volatility at the logarithm of a spot that is another on every path."""
        return self(ad.exp(log_spot), time + 0.5 * length)

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the local volatility, per square root of a year, at spots (n,) and one time > 0."""
        require_positive("spots", spots)
        require_positive("time", time)
        log_moneyness = ad.log(spots / self.spot) - log_growth(self.rate, self.dividend_yield, time)
        if self.reach is not None:
            log_moneyness = ad.clip(log_moneyness, -self.reach, self.reach)
        variance = local_variance(total_variance=self.total_variance, log_moneyness=log_moneyness, time=time)
        return ad.sqrt(variance)
