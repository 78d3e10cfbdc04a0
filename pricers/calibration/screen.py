"""Quotes that a fit leaves out: spreads wider than they tell, and prices that the rest of the chain contradicts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from aadlib.types import Floats
from aadlib.validation import one_float, require_positive
from pricers.calibration.frame import distinct_expiries, empty_surface
from pricers.calibration.normal_system import solve_definite
from pricers.calibration.penalty import second_differences
from pricers.calibration.quality import require_quotes
from pricers.calibration.start import tensor_design
from pricers.chain.arbitrage import quote_name
from pricers.chain.quotes import Quotes
from pricers.types import Bools

LEAST_QUOTES = 5
"""A slice keeps so many, as a smile of five parameters needs: a rule that would leave fewer leaves it whole."""
GREATEST_SHARE = 1.0 / 3.0
"""Where more of a slice disagrees it is the slice that differs, not a few of its quotes: none is called stale."""
LEAST_MISS = 0.01
"""Volatility by which a stale quote misses at least."""
ROBUST_SPLINE = (10, 6)
"""Weights along strike and time of the robust smile: few, so that it follows no handful of quotes."""
SMOOTHNESS = 0.2
_HUBER_ROUNDS, _BISQUARE_ROUNDS = 8, 4
_SCALE_FLOOR = 1e-3  # volatility: a chain without noise still rounds its prices


@dataclass(frozen=True, eq=False)
class Screen:
    """What a screen says of each quote.

    Attributes
    ----------
    is_wide : (n_quotes,) bool
        Spread over mid above the limit.
    is_stale : (n_quotes,) bool
        Volatility further from the robust smile than the limit and a volatility point; a slice that disagrees as a
        whole (by more than a third) has none.
    expected_volatility : (n_quotes,) float
        The robust smile: what the other quotes say.
    deviation : (n_quotes,) float
        Volatility less the expected one, over the scale of its slice and half its spread: a studentised residual.
    max_relative_spread, max_deviation : float
        The limits.
    """

    is_wide: Bools
    is_stale: Bools
    expected_volatility: Floats
    deviation: Floats
    max_relative_spread: float
    max_deviation: float

    @property
    def kept(self) -> Bools:
        """The quotes that a fit uses, (n_quotes,)."""
        return ~(self.is_wide | self.is_stale)

    def left_out(self, quotes: Quotes) -> tuple[LeftOut, ...]:
        """Return the quotes left out: stale ones first, in each kind the largest deviation first."""
        positions = np.flatnonzero(~self.kept)
        order = np.lexsort((-np.abs(self.deviation[positions]), ~self.is_stale[positions]))
        return tuple(
            LeftOut(
                name=quote_name(quotes, k),
                reason="stale" if self.is_stale[k] else "wide spread",
                volatility=float(quotes.volatility[k]),
                expected_volatility=float(self.expected_volatility[k]),
                deviation=float(self.deviation[k]),
                relative_spread=float(quotes.spread[k] / quotes.mid[k]),
            )
            for k in positions[order].tolist()
        )

    def apply(self, quotes: Quotes) -> Quotes:
        """Return the kept quotes, the others counted under their reasons in `dropped`."""
        if self.kept.all():
            return quotes
        counts = {
            f"spread above {self.max_relative_spread:g} times the mid": self.is_wide,
            f"stale, more than {self.max_deviation:g} deviations off the other quotes": self.is_stale,
        }
        dropped = quotes.dropped | {reason: int(bad.sum()) for reason, bad in counts.items() if bad.any()}
        return replace(quotes.select(self.kept), dropped=dropped)


@dataclass(frozen=True)
class LeftOut:
    """One quote that a screen leaves out; volatilities as fractions."""

    name: str
    reason: str
    volatility: float
    expected_volatility: float
    deviation: float
    relative_spread: float


def screen_quotes(quotes: Quotes, *, max_relative_spread: float = 1.5, max_deviation: float = 6.0) -> Screen:
    """Find the quotes that a fit should leave out.

    Parameters
    ----------
    quotes : Quotes
    max_relative_spread : float, > 0
        Greatest spread over mid. The default leaves out asks above seven times their bids, whose mid says little;
        2 or more leaves out none.
    max_deviation : float, > 0
        Greatest studentised residual.

    Returns
    -------
    Screen

    Notes
    -----
    One smooth surface of ln volatility in the coordinates of the calibration, with a level per expiry, is fitted to all
    slices by iterated weights: Huber's, which bound what a quote can pull, then Tukey's bisquare, which forget it.
    Neighbouring strikes and expiries outvote a few stale quotes, side by side too. Where no residual is large
    after a few rounds the rounds end.

    References
    ----------
    P. J. Huber, Robust Statistics, Wiley 1981, chapter 7.
    A. E. Beaton, J. W. Tukey, Technometrics 16 (1974), 147-185 (bisquare).
    """
    require_quotes(quotes)
    require_positive("max_relative_spread", one_float("max_relative_spread", max_relative_spread))
    require_positive("max_deviation", one_float("max_deviation", max_deviation))
    expected, scale = _robust_smile(quotes, max_deviation)
    miss = quotes.volatility - expected
    deviation = miss / scale
    is_stale = (np.abs(deviation) > max_deviation) & (np.abs(miss) > LEAST_MISS)
    counts = np.bincount(quotes.slice_index, minlength=len(quotes.slices))
    stale = np.bincount(quotes.slice_index[is_stale], minlength=len(quotes.slices))
    is_stale &= ((stale <= GREATEST_SHARE * counts) & (counts - stale >= LEAST_QUOTES))[quotes.slice_index]
    narrow = quotes.spread <= max_relative_spread * quotes.mid * (1.0 + 1e-9)
    left = np.bincount(quotes.slice_index[narrow & ~is_stale], minlength=len(quotes.slices))
    is_wide = ~narrow & ~is_stale & (left >= LEAST_QUOTES)[quotes.slice_index]
    return Screen(is_wide, is_stale, expected, deviation, max_relative_spread, max_deviation)


def half_spread(quotes: Quotes) -> Floats:
    """Return half of each bid-ask spread in volatility; vega converts where a bid or an ask implies none, (n,)."""
    spread = quotes.ask_volatility - quotes.bid_volatility
    return np.asarray(0.5 * np.where(np.isfinite(spread), spread, quotes.spread / quotes.vega))


def _robust_smile(quotes: Quotes, far: float) -> tuple[Floats, Floats]:
    """Return the expected volatility of every quote and the scale of its residual, (n,) each."""
    expiries, position = distinct_expiries(quotes)
    n_strikes, n_expiries = ROBUST_SPLINE
    n_times = max(4, min(n_expiries, expiries.size // 2 + 2))
    surface = empty_surface(quotes, n_strikes=n_strikes, n_expiries=n_times)
    u = np.arcsinh(quotes.log_moneyness / surface.scale(expiries)[position])
    spline = tensor_design(surface, np.log(expiries)[position], u)
    n, n_levels = len(quotes), expiries.size
    levels = sparse.csr_array((np.ones(n), (np.arange(n), position)), shape=(n, n_levels))
    design = sparse.csr_array(sparse.hstack([spline, levels]))
    differences = SMOOTHNESS * second_differences(surface.weights.shape)
    ridge = SMOOTHNESS**2 * sparse.eye_array(n_levels)
    penalty = sparse.block_diag([differences.T @ differences, ridge]).toarray()
    penalty[np.diag_indices_from(penalty)] += 1e-8
    target = np.log(quotes.volatility)
    mean = target.mean()
    half, weight = half_spread(quotes), np.ones(n)
    expected, scale = quotes.volatility, np.ones(n)
    for count in range(_HUBER_ROUNDS + _BISQUARE_ROUNDS):
        weighted = sparse.csr_array(design.multiply(weight[:, None])).T
        fitted = solve_definite((weighted @ design).toarray() + penalty, weighted @ (target - mean))
        expected = np.exp(mean + design @ fitted)
        miss = expected - quotes.volatility
        spread_of_slice = [1.4826 * np.median(np.abs(miss[position == e])) for e in range(n_levels)]
        scale = np.maximum(np.hypot(np.array(spread_of_slice)[position], half), _SCALE_FLOOR)
        away = np.abs(miss) / scale
        if count < _HUBER_ROUNDS:
            if count > 1 and away.max() < 0.5 * far:
                break
            weight = 1.0 / np.maximum(away, 1.0)
        else:
            weight = np.maximum(np.clip(1.0 - (away / far) ** 2, 0.0, 1.0) ** 2, 1e-4)
    return np.asarray(expected), scale
