"""Forwards and discount factors by put-call parity.

At one strike C - P = D (F - K). A regression of C - P on K gives D and F of one expiry, but at short expiries
the rate -ln(D)/T is noise. So the rates of all expiries are smoothed by a curve of three parameters first, and
the forwards follow with the discount factors of that curve.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_instance
from pricers.chain.chain import Chain, require_chain
from pricers.chain.market.given import GivenMarket
from pricers.chain.settlement import years_to_expiry
from pricers.types import Longs

CURVE_DECAY = 0.5
"""Years over which the slope and hump of the zero-rate curve fade."""

# The weak prior of level, slope and hump keeps the curve sane where there is one bad expiry only.
COEFFICIENT_DEVIATIONS = np.array([0.2, 0.05, 0.05])
_RATE_ERROR_FLOOR = 2e-4  # roots of the same date disagree by a few basis points at any weight
_HUBER = 1.5
_MIN_PAIRS_FOR_RATE = 5
_N_REWEIGHTINGS = 12


@dataclass(frozen=True, eq=False)
class ParityFit:
    """Forwards and discount factors per (root, expiry date), sorted by expiry; m entries.

    Attributes
    ----------
    root_index, expiry_index : (m,) int
        Positions in the chain's `roots` and `expiry_dates`.
    expiry : (m,) float, years
    forward, discount : (m,) float
    rate : (m,) float
        Zero rate of the smooth curve, continuously compounded.
    regression_rate, regression_rate_error : (m,) float
        Zero rate of the expiry's own regression and its standard error; NaN with fewer than five pairs.
    residual : (m,) float, currency
        Median absolute parity error |C - P - D (F - K)| near the money.
    relative_residual : (m,) float
        The same as a share of the two spreads together; above 0.5 the pair's bid-ask is violated.
    n_pairs : (m,) int
        Pairs near the money.
    curve : (3,) float
        Level, slope and hump of the zero-rate curve, near given rates where they are.
    """

    root_index: Longs
    expiry_index: Longs
    expiry: Floats
    forward: Floats
    discount: Floats
    rate: Floats
    regression_rate: Floats
    regression_rate_error: Floats
    residual: Floats
    relative_residual: Floats
    n_pairs: Longs
    curve: Floats

    def zero_rate(self, expiry: ArrayLike) -> Floats:
        """Return the smooth zero rate at any expiry in years."""
        return np.asarray(curve_basis(np.asarray(expiry, dtype=np.float64)) @ self.curve)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Call and put of the same strike: their difference in price and their joint spread."""

    group: Longs
    strike: Floats
    difference: Floats
    spread: Floats

    def near(self, forward: Floats, expiry: Floats, width: float) -> _Pairs:
        """Return the pairs within `width` deviations of 100% (at least a tenth of it) of the forward."""
        distance = np.abs(np.log(self.strike / forward[self.group]))
        keep = distance <= width * np.maximum(np.sqrt(expiry[self.group]), 0.1)
        return _Pairs(self.group[keep], self.strike[keep], self.difference[keep], self.spread[keep])


def curve_basis(expiry: Floats) -> Floats:
    """Level, slope and hump of Nelson and Siegel (1987), eq. 2, with a fixed decay, (..., 3)."""
    x = expiry / CURVE_DECAY
    slope = -np.expm1(-x) / x
    return np.stack([np.ones_like(x), slope, slope - np.exp(-x)], axis=-1)


def _weighted_medians(group: Longs, value: Floats, weight: Floats, n_groups: int) -> Floats:
    """Return the weighted median of `value` in each group; every group has a member."""
    order = np.lexsort((value, group))
    cumulative = np.cumsum(weight[order])
    last = np.searchsorted(group[order], np.arange(n_groups), side="right") - 1
    before = np.concatenate([[0.0], cumulative[last[:-1]]])
    half = 0.5 * (before + cumulative[last])
    return np.asarray(value[order][np.searchsorted(cumulative, half)])


def _pair_up(chain: Chain) -> tuple[_Pairs, Longs, Longs]:
    """Return the call-put pairs, grouped by (root, expiry), and each group's root and expiry index."""
    n_expiries = len(chain.expiry_dates)
    key = chain.root_index * n_expiries + chain.expiry_index
    # Sorted, a put stands right before the call of the same option.
    order = np.lexsort((chain.is_call, chain.strike, key))
    key, strike, is_call = key[order], chain.strike[order], chain.is_call[order]
    mid = 0.5 * (chain.bid + chain.ask)[order]
    spread = (chain.ask - chain.bid)[order]
    put = np.flatnonzero((key[1:] == key[:-1]) & (strike[1:] == strike[:-1]) & is_call[1:] & ~is_call[:-1])
    keys, group = np.unique(key[put], return_inverse=True)
    pairs = _Pairs(
        group=group,
        strike=strike[put],
        difference=mid[put + 1] - mid[put],
        spread=spread[put] + spread[put + 1],
    )
    return pairs, keys // n_expiries, keys % n_expiries


def _huber_weight(standardised: Floats) -> Floats:
    return np.asarray(_HUBER / np.maximum(np.abs(standardised), _HUBER))


def _regress(pairs: _Pairs, expiry: Floats) -> tuple[Floats, Floats]:
    """Regress C - P on K in every group, robustly; return the rates and their standard errors, (m,)."""
    n = expiry.size
    counts = np.bincount(pairs.group, minlength=n)
    enough = counts >= _MIN_PAIRS_FOR_RATE
    keep = enough[pairs.group]
    group, strike = pairs.group[keep], pairs.strike[keep]
    difference, spread = pairs.difference[keep], pairs.spread[keep]
    rates, errors = np.full(n, np.nan), np.full(n, np.nan)
    if not group.size:
        return rates, errors
    # Number the groups that are left without gaps.
    present, group = np.unique(group, return_inverse=True)
    m, n_pairs = present.size, counts[present]

    def sums(x: Floats) -> Floats:
        return np.asarray(np.bincount(group, weights=x, minlength=m), dtype=np.float64)

    weight: Floats = 1.0 / spread**2
    for _ in range(_N_REWEIGHTINGS):
        total = sums(weight)
        strike_off = strike - (sums(weight * strike) / total)[group]
        difference_off = difference - (sums(weight * difference) / total)[group]
        variation = sums(weight * strike_off**2)
        slope = sums(weight * strike_off * difference_off) / variation
        relative = (difference_off - slope[group] * strike_off) / spread
        scale = 1.4826 * _weighted_medians(group, np.abs(relative), np.ones_like(relative), m) + 1e-9
        weight = _huber_weight(relative / scale[group]) / spread**2
    discount = -slope
    usable = discount > 0.0
    spread_of_slope = scale / np.sqrt(variation) * np.sqrt(n_pairs / (n_pairs - 2.0))
    rates[present[usable]] = -np.log(discount[usable]) / expiry[present[usable]]
    errors[present[usable]] = (spread_of_slope / discount)[usable] / expiry[present[usable]]
    return rates, errors


def smooth_rates(expiry: Floats, rate: Floats, error: Floats) -> Floats:
    """Fit the curve's coefficients to the rates by Huber-weighted least squares with a weak prior, (3,)."""
    known = np.isfinite(rate)
    basis, rate = curve_basis(expiry[known]), rate[known]
    deviation: Floats = np.hypot(error[known], _RATE_ERROR_FLOOR)
    prior = np.diag(1.0 / COEFFICIENT_DEVIATIONS**2)
    weight: Floats = 1.0 / deviation**2
    coefficients: Floats = np.zeros(3)
    for _ in range(_N_REWEIGHTINGS):
        weighted = basis * weight[:, None]
        coefficients = np.asarray(np.linalg.solve(weighted.T @ basis + prior, weighted.T @ rate))
        weight = _huber_weight((rate - basis @ coefficients) / deviation) / deviation**2
    return coefficients


def has_pairs(chain: Chain) -> bool:
    """Return whether some strike has both a call and a put."""
    return bool(_pair_up(chain)[0].group.size)


def given_parity(chain: Chain, given: GivenMarket) -> ParityFit:
    """Return the forwards and discount factors that are given, for a chain without call-put pairs to imply them.

    Raises
    ------
    AadValueError
        If rates are not given, or the forward of no expiry is.
    """
    n_expiries = len(chain.expiry_dates)
    keys = np.unique(chain.root_index * n_expiries + chain.expiry_index)
    root_index, expiry_index = keys // n_expiries, keys % n_expiries
    dates = [chain.expiry_dates[k] for k in expiry_index]
    expiry = _years(chain, root_index, dates)
    rate = given.rate(expiry)
    forward = given.forward(chain.spot, expiry, dates, np.zeros_like(expiry) if rate is None else rate)
    known = np.flatnonzero(np.isfinite(forward))
    if rate is None or not known.size:
        raise AadValueError(
            "chain has no strike with both a call and a put, which parity needs: give the rates with rate= or curve= "
            "(--rate, --curve) and the forwards with forwards= or dividend_yield= (--forwards, --dividend-yield)"
        )
    order = known[np.lexsort((root_index[known], expiry[known]))]
    nothing, none = np.zeros(order.size), np.full(order.size, np.nan)
    return ParityFit(
        root_index=root_index[order],
        expiry_index=expiry_index[order],
        expiry=expiry[order],
        forward=forward[order],
        discount=np.exp(-rate[order] * expiry[order]),
        rate=rate[order],
        regression_rate=none,
        regression_rate_error=none,
        residual=nothing,
        relative_residual=nothing,
        n_pairs=np.zeros(order.size, dtype=np.int64),
        curve=smooth_rates(expiry[order], rate[order], nothing),
    )


def _years(chain: Chain, root_index: Longs, dates: Sequence[datetime.date]) -> Floats:
    return np.array(
        [
            years_to_expiry(root=chain.roots[r], quote_date=chain.quote_date, expiry_date=date)
            for r, date in zip(root_index, dates, strict=True)
        ]
    )


def fit_parity(chain: Chain, *, given: GivenMarket | None = None) -> ParityFit:
    """Fit discount factors and forwards to the call-put pairs of a chain.

    Parameters
    ----------
    chain : Chain
        Cleaned by `drop_unusable`; thinly held options may stay, parity holds for them too.
    given : GivenMarket, optional
        Rates and forwards to take instead of implied ones; the residuals then tell how they fit the quotes.

    Returns
    -------
    ParityFit
        One entry per (root, expiry date) that has a pair.

    Raises
    ------
    AadValueError
        If no strike has both a call and a put.

    Notes
    -----
    Robust regressions of C - P on K, each pair weighted by one over its squared spread, give a rate with a
    standard error per expiry; a Nelson-Siegel curve with a fixed decay is fitted to those by Huber weights; the
    forward of an expiry is the median of K + (C - P)/D near the money, weighted by one over the spread.

    References
    ----------
    Nelson and Siegel (1987), Parsimonious modeling of yield curves, eq. 2.
    """
    require_chain(chain)
    if given is not None:
        require_instance("given", given, GivenMarket, "what given_market returns")
    pairs, root_index, expiry_index = _pair_up(chain)
    if not pairs.group.size:
        raise AadValueError("chain has no strike with both a call and a put: parity needs such pairs")
    dates: list[datetime.date] = [chain.expiry_dates[k] for k in expiry_index]
    expiry = _years(chain, root_index, dates)
    rank = np.empty_like(root_index)
    order = np.lexsort((root_index, expiry))
    rank[order] = np.arange(order.size)
    root_index, expiry_index, expiry = root_index[order], expiry_index[order], expiry[order]
    pairs = _Pairs(rank[pairs.group], pairs.strike, pairs.difference, pairs.spread)
    n = expiry.size
    # The strike where call and put cost the same is the first guess of the forward.
    nearest = np.lexsort((np.abs(pairs.difference), pairs.group))
    first = np.searchsorted(pairs.group[nearest], np.arange(n))
    forward = pairs.strike[nearest[first]]

    wide = pairs.near(forward, expiry, 0.5)
    regression_rate, regression_error = _regress(wide, expiry)
    curve = smooth_rates(expiry, regression_rate, regression_error)
    rate = curve_basis(expiry) @ curve
    given_rate = given.rate(expiry) if given is not None else None
    if given_rate is not None:
        rate, curve = given_rate, smooth_rates(expiry, given_rate, np.zeros(n))
    discount = np.exp(-rate * expiry)

    near = pairs.near(forward, expiry, 0.25)
    implied = near.strike + near.difference / discount[near.group]
    forward = _weighted_medians(near.group, implied, 1.0 / near.spread, n)
    if given is not None:
        dates_of_fit = [chain.expiry_dates[k] for k in expiry_index]
        known = given.forward(chain.spot, expiry, dates_of_fit, rate)
        forward = np.where(np.isnan(known), forward, known)
    miss = np.abs(near.difference - discount[near.group] * (forward[near.group] - near.strike))
    equal = np.ones_like(miss)
    return ParityFit(
        root_index=root_index,
        expiry_index=expiry_index,
        expiry=expiry,
        forward=forward,
        discount=discount,
        rate=rate,
        regression_rate=regression_rate,
        regression_rate_error=regression_error,
        residual=_weighted_medians(near.group, miss, equal, n),
        relative_residual=_weighted_medians(near.group, miss / near.spread, equal, n),
        n_pairs=np.bincount(near.group, minlength=n),
        curve=curve,
    )
