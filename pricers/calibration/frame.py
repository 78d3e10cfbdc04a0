"""The frame of a calibration: coordinates of the surface and grid of the march, read off the quotes."""

from __future__ import annotations

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.chain.quotes import Quotes
from pricers.curves.forward_curve import ForwardCurve
from pricers.pde.grids.moneyness_grid import ForwardGrid, forward_grid
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.types import Longs

DOMAIN_DEVIATIONS = 5.0
"""The grid reaches at least this many at-the-money deviations of the last expiry on both sides."""
DOMAIN_MARGIN = 3.0
"""The grid reaches at least this far, in log-moneyness, beyond the outermost quotes: a crash chain quotes puts on
a twentieth of the index at 200% volatility, which feel a boundary nearer than that, and far nodes cost little."""
LEAST_TIME_SPAN = 1.0
"""Least length of the knots in ln t: one expiry T has them over T / e to T."""
QUOTES_PER_WEIGHT = 5
"""An expiry has at most one spline weight along strike to so many quotes."""
LEAST_STRIKES = 12
"""Weights along strike that any number of quotes may have: the smoothness penalty carries those that few leave free."""
SAME_TIME = 1e-9
"""Years within which two slices count as one expiry."""


def distinct_expiries(quotes: Quotes) -> tuple[Floats, Longs]:
    """Return the expiries that have quotes, increasing, and the position of each quote's expiry among them."""
    of_slices = np.array([item.expiry for item in quotes.slices])
    used = np.unique(quotes.slice_index)
    starts = np.concatenate([[True], np.diff(of_slices[used]) > SAME_TIME])
    position = np.empty(of_slices.size, dtype=np.int64)
    position[used] = np.cumsum(starts) - 1
    return of_slices[used][starts], position[quotes.slice_index]


def forward_curve(quotes: Quotes) -> ForwardCurve:
    """Return the curve through forwards and discount factors of all slices, of several at one time their means."""
    expiry = np.array([item.expiry for item in quotes.slices])
    position = np.cumsum(np.concatenate([[False], np.diff(expiry) > SAME_TIME]))
    counts = np.bincount(position)

    def mean(name: str) -> Floats:
        values = np.array([getattr(item, name) for item in quotes.slices])
        return np.asarray(np.bincount(position, weights=values) / counts)

    return ForwardCurve.from_forwards(
        spot=quotes.spot, times=mean("expiry"), forwards=mean("forward"), discounts=mean("discount")
    )


def atm_total_variance(quotes: Quotes) -> Floats:
    """Return the at-the-money total variance per distinct expiry, made non-decreasing, (n_expiries,)."""
    expiries, position = distinct_expiries(quotes)
    variance = np.empty(expiries.size)
    for e, expiry in enumerate(expiries):
        members = np.flatnonzero(position == e)
        order = members[np.argsort(quotes.log_moneyness[members], kind="stable")]
        at_the_money = np.interp(0.0, quotes.log_moneyness[order], quotes.volatility[order])
        variance[e] = at_the_money**2 * expiry
    return np.maximum.accumulate(variance)


def empty_surface(quotes: Quotes, *, n_strikes: int, n_expiries: int) -> CalibratedVolatility:
    """Return a flat surface whose knots span the quotes: u over their range, ln t from first to last expiry.

    The knots in ln t end at the last expiry and reach at least `LEAST_TIME_SPAN` before it, so that the march crosses
    all of them. The weights follow the quotes: along time one for each expiry at most, but four; along strike one for
    five quotes of an average expiry at most, but twelve.
    """
    for name, size in (("n_strikes", n_strikes), ("n_expiries", n_expiries)):
        if whole_number(name, size, 1) < 4:
            raise AadValueError(f"{name} = {size!r}: a cubic spline has at least 4 weights")
    expiries, position = distinct_expiries(quotes)
    variance = atm_total_variance(quotes)
    offset = float(variance[0])
    u = np.arcsinh(quotes.log_moneyness / (0.5 * np.sqrt(variance[position] + offset)))
    first, last = float(np.log(expiries[0])), float(np.log(expiries[-1]))
    n_times = min(n_expiries, max(4, expiries.size))
    n_strikes = min(n_strikes, max(LEAST_STRIKES, len(quotes) // (QUOTES_PER_WEIGHT * expiries.size)))
    volatility = np.sqrt(variance[-1] / expiries[-1])
    return CalibratedVolatility(
        strike_basis=uniform_basis(lower=min(u.min(), -0.5), upper=max(u.max(), 0.5), size=n_strikes),
        time_basis=uniform_basis(lower=min(first, last - LEAST_TIME_SPAN), upper=last, size=n_times),
        expiries=expiries,
        atm_variance=variance,
        variance_offset=offset,
        weights=np.full((n_times, n_strikes), np.log(volatility)),
        levels=np.zeros(expiries.size),
    )


def march_grid(quotes: Quotes, *, refinement: int = 1) -> ForwardGrid:
    """Return the grid that a calibration marches on, or one refined in space and time for checking it."""
    variance = atm_total_variance(quotes)
    reach = DOMAIN_DEVIATIONS * float(np.sqrt(variance[-1]))
    return forward_grid(
        expiries=distinct_expiries(quotes)[0],
        first_deviation=float(np.sqrt(variance[0])),
        lower=min(float(quotes.log_moneyness.min()) - DOMAIN_MARGIN, -reach),
        upper=max(float(quotes.log_moneyness.max()) + DOMAIN_MARGIN, reach),
        n_nodes=300 if refinement == 1 else 500 * refinement,
        nodes_per_deviation=24.0 * refinement,
        first_steps=32 * refinement,
        later_steps=60 * refinement,
    )
