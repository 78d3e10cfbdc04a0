"""American chains: what early exercise adds to each quote is taken off, so that parity and the Black formula hold.

An American call and put of one strike share one volatility. That of the option out of the money, whose premium is
small, prices the one in the money; what is missed there is made small over all expiries at once, in the coefficients of
the zero-rate curve and the forward of each expiry. (Iterating parity on prices less premiums does not get there: rates
enter the premiums so strongly that an error of the rate comes back larger.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.american.cash_dividends import CashDividend, require_dividends, value_of_dividends
from pricers.chain.chain import Chain
from pricers.chain.cleaning import require_rows
from pricers.chain.market.given import GivenMarket
from pricers.chain.parity import COEFFICIENT_DEVIATIONS, ParityFit, curve_basis, fit_parity
from pricers.types import Bools, Longs

MAX_PAIRS = 16
"""Pairs of an expiry that the rate and the forward are fitted to, spread over the strikes near the money."""
NEAR = 2.0
"""Deviations of the forward within which a strike is near the money."""
MAX_ITERATIONS = 20
N_JACOBIANS = 3
TOLERANCE = 1e-6
LARGEST_RATE_STEP = 0.03
FIRST_RATE = 0.03
HUBER = 1.5


@dataclass(frozen=True, eq=False)
class EuropeanEquivalent:
    """An American chain with the early-exercise premiums taken off.

    Attributes
    ----------
    chain : Chain
        Bids and asks less the premiums, ready for `select_quotes`; rows without an equivalent are dropped and counted.
        Its `exercise_style` is "european".
    parity : ParityFit
        Forwards and discount factors of that chain.
    premium : (n,) float, currency
        What was taken off each row.
    volatility : (n,) float, per square root of a year
        At which the premium was computed: the one implied by the option out of the money at the same strike.
    rate, dividend_yield : (m,) float, per year
        With which the premiums of the expiries of `parity` were computed; the yield is what the dividends leave.
    rate_gap : float
        Largest difference between `rate` and the rate that parity finds afterwards: large where a smooth curve does
        not fit, or where the dividends are not what was assumed.
    n_iterations : int
    converged : bool
    """

    chain: Chain
    parity: ParityFit
    premium: Floats
    volatility: Floats
    rate: Floats
    dividend_yield: Floats
    rate_gap: float
    n_iterations: int
    converged: bool


@dataclass(frozen=True, eq=False)
class _Market:
    """Expiries (m,), spot and dividends, and the numbers that are fitted: rates and log forwards (m,)."""

    spot: float
    dividends: tuple[CashDividend, ...]
    expiry: Floats
    rate: Floats
    log_forward: Floats

    @property
    def dividend_yield(self) -> Floats:
        """What carries the spot less its dividends to the forward at the rate, (m,)."""
        owed = value_of_dividends(self.dividends, expiry=self.expiry, rate=self.rate)
        return np.asarray(self.rate - (self.log_forward - np.log(self.spot - owed)) / self.expiry)

    def premium(self, slices: Longs, strike: Floats, is_call: Bools, volatility: Floats) -> Floats:
        """Return the early-exercise premiums of options (n,)."""
        from pricers.american.american_kernels import premium_kernel
        from pricers.american.cash_dividends import early_exercise_premium

        t, r, q = (x[slices] for x in (self.expiry, self.rate, self.dividend_yield))
        if self.dividends:
            return np.asarray(
                early_exercise_premium(
                    spot=self.spot,
                    strike=strike,
                    expiry=t,
                    rate=r,
                    dividend_yield=q,
                    volatility=volatility,
                    dividends=self.dividends,
                    is_call=is_call,
                )
            )
        out = np.empty(strike.size)
        premium_kernel(np.full(strike.size, self.spot), strike, t, r, q, volatility, is_call, out)
        return out

    def european(self, slices: Longs, strike: Floats, is_call: Bools, volatility: Floats) -> Floats:
        """Return the Black prices."""
        from pricers.analytic import black_scholes

        forward, t, r = np.exp(self.log_forward[slices]), self.expiry[slices], self.rate[slices]
        undiscounted = black_scholes.price(
            spot=forward, strike=strike, expiry=t, rate=0.0, volatility=volatility, is_call=is_call
        )
        return np.asarray(np.exp(-r * t) * undiscounted)

    def volatility(
        self,
        slices: Longs,
        strike: Floats,
        is_call: Bools,
        price: Floats,
        guess: Floats,
        n: int,
    ) -> Floats:
        """Return volatilities at which American prices are met: n times the premium at the last ones is taken off."""
        from pricers.analytic.implied_volatilities import implied_volatility

        forward, t, r = np.exp(self.log_forward[slices]), self.expiry[slices], self.rate[slices]
        for _ in range(n):
            found = implied_volatility(
                price=price - self.premium(slices, strike, is_call, guess),
                forward=forward,
                strike=strike,
                expiry=t,
                discount=np.exp(-r * t),
                is_call=is_call,
            )
            guess = np.where(found > 1e-3, found, guess)
        return guess


def deamericanise(
    chain: Chain, *, dividends: Sequence[CashDividend] = (), given: GivenMarket | None = None
) -> EuropeanEquivalent:
    """Take the early-exercise premiums off an American chain.

    Parameters
    ----------
    chain : Chain
        Cleaned by `drop_unusable`, of American options.
    dividends : sequence of CashDividend
        Known cash dividends up to the last expiry. What they leave of the forwards is a dividend yield per expiry;
        without any, all is.
    given : GivenMarket, optional
        Rates and forwards to take instead of fitted ones.

    Returns
    -------
    EuropeanEquivalent
        Its `chain` and `parity` go to `select_quotes` as those of a European chain do.

    Raises
    ------
    AadValueError
        If no strike has both a call and a put, no premium can be found, or the dividends exceed the spot.

    Notes
    -----
    Gauss-Newton steps with Huber weights over at most 16 pairs of call and put an expiry, within two deviations of the
    forward; the Jacobian is kept after the third. Volatilities follow by iterating the premium, a contraction for
    options out of the money.

    References
    ----------
    O. Burkovska, M. Gass, K. Glau, M. Mahlstedt, W. Schoutens and B. Wohlmuth (2018), "Calibration to American options:
    numerical investigation of the de-Americanization method", Quantitative Finance 18(7), section 2.
    """
    dividends = require_dividends(dividends)
    raw = fit_parity(chain, given=given)
    chain = chain.drop("expiry without a call-put pair", _slices(chain, raw) < 0)
    slices = _slices(chain, raw)
    nodes = _Nodes.of(chain, slices, raw)
    given_rate = given.rate(raw.expiry) if given is not None else None
    rate = np.full(raw.expiry.size, FIRST_RATE) if given_rate is None else given_rate
    market = _Market(chain.spot, tuple(dividends), raw.expiry, rate, np.log(raw.forward))
    is_fixed = _Fixed(given_rate is not None, _forwards_given(chain, raw, given))
    first = market.volatility(*nodes.outside(chain), guess=np.full(nodes.known.size, 0.2), n=1)
    pairs = nodes.near(market, first)
    market, n_iterations, converged = _fit(market, nodes.pairs(chain, pairs), first[pairs], is_fixed)
    volatility = nodes.smile(market, market.volatility(*nodes.outside(chain), guess=first, n=3))
    premium = market.premium(slices, chain.strike, chain.is_call, volatility)
    bid, ask = chain.bid - premium, chain.ask - premium
    bad = ~(bid > 0.0)
    moved = replace(chain, bid=bid, ask=ask, exercise_style="european").drop(
        "bid not above the early-exercise premium", bad
    )
    require_rows(moved, "no quote is worth more than its early-exercise premium")
    parity = fit_parity(moved, given=given)
    same = _slices(moved, parity)
    kept = slices[~bad]
    rates = np.full(parity.expiry.size, np.nan)
    yields = np.full(parity.expiry.size, np.nan)
    known = same >= 0
    rates[same[known]], yields[same[known]] = market.rate[kept[known]], market.dividend_yield[kept[known]]
    return EuropeanEquivalent(
        chain=moved,
        parity=parity,
        premium=premium[~bad],
        volatility=volatility[~bad],
        rate=rates,
        dividend_yield=yields,
        rate_gap=float(np.abs(parity.rate - rates).max()),
        n_iterations=n_iterations,
        converged=converged,
    )


def _slices(chain: Chain, parity: ParityFit) -> Longs:
    """Return each row's position in `parity`, -1 where its expiry has no parity forward, (n,)."""
    positions = np.full((len(chain.roots), len(chain.expiry_dates)), -1, dtype=np.int64)
    positions[parity.root_index, parity.expiry_index] = np.arange(parity.expiry.size)
    return np.asarray(positions[chain.root_index, chain.expiry_index])


@dataclass(frozen=True, eq=False)
class _Fixed:
    """What is given and not fitted: the rates, and the forwards of which expiries (m,)."""

    rates: bool
    forwards: Bools


def _forwards_given(chain: Chain, parity: ParityFit, given: GivenMarket | None) -> Bools:
    if given is None:
        return np.zeros(parity.expiry.size, dtype=bool)
    dates = [chain.expiry_dates[k] for k in parity.expiry_index]
    return np.isfinite(given.forward(chain.spot, parity.expiry, dates, parity.rate))


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The strikes of the expiries: rows of their call and put (-1 where there is none), and which has one outside.

    of_row : (n_rows,) node of each row; slices, strike, call, put : (n_nodes,); known : rows outside the money by node.
    """

    of_row: Longs
    slices: Longs
    strike: Floats
    call: Longs
    put: Longs
    known: Longs
    outside_row: Longs

    @classmethod
    def of(cls, chain: Chain, slices: Longs, parity: ParityFit) -> _Nodes:
        order = np.lexsort((chain.strike, slices))
        fresh = np.ones(order.size, dtype=bool)
        fresh[1:] = (np.diff(slices[order]) != 0) | (np.diff(chain.strike[order]) != 0.0)
        of_row = np.empty(order.size, dtype=np.int64)
        of_row[order] = np.cumsum(fresh) - 1
        first = order[fresh]
        call, put = np.full(first.size, -1), np.full(first.size, -1)
        rows = np.arange(order.size)
        call[of_row[chain.is_call]], put[of_row[~chain.is_call]] = rows[chain.is_call], rows[~chain.is_call]
        strike = chain.strike[first]
        outside = np.where(strike < parity.forward[slices[first]], put, call)
        known = np.flatnonzero(outside >= 0)
        return cls(of_row, slices[first], strike, call, put, known, outside[known])

    def outside(self, chain: Chain) -> tuple[Longs, Floats, Bools, Floats]:
        """Return slices, strikes, kinds and middle prices of the options out of the money."""
        rows = self.outside_row
        return (
            self.slices[self.known],
            chain.strike[rows],
            chain.is_call[rows],
            0.5 * (chain.bid + chain.ask)[rows],
        )

    def near(self, market: _Market, volatility: Floats) -> Longs:
        """Return which of `known` are pairs near the money, at most `MAX_PAIRS` of each expiry, evenly spread."""
        paired = (self.call >= 0) & (self.put >= 0)
        slices = self.slices[self.known]
        distance = np.abs(np.log(self.strike[self.known]) - market.log_forward[slices])
        chosen = []
        for k in range(market.expiry.size):
            members = np.flatnonzero((slices == k) & paired[self.known])
            if not members.size:
                continue
            middle = volatility[members[np.argmin(distance[members])]]
            close = members[distance[members] <= NEAR * middle * np.sqrt(market.expiry[k])]
            if close.size < 2:
                close = members[np.argsort(distance[members], kind="stable")[:2]]
            picked = np.linspace(0, close.size - 1, min(MAX_PAIRS, close.size)).round().astype(np.int64)
            chosen.append(np.sort(close)[picked])
        if not chosen:
            raise AadValueError("chain has no strike with both a call and a put: premiums need such pairs")
        return np.concatenate(chosen)

    def pairs(self, chain: Chain, members: Longs) -> _Pairs:
        """Return the pairs behind positions in `known`."""
        nodes = self.known[members]
        inside = self.call[nodes] + self.put[nodes] - self.outside_row[members]
        middle, spread = 0.5 * (chain.bid + chain.ask), chain.ask - chain.bid
        outside = self.outside_row[members]
        return _Pairs(
            self.slices[nodes],
            self.strike[nodes],
            chain.is_call[outside],
            middle[outside],
            middle[inside],
            spread[outside] + spread[inside],
        )

    def smile(self, market: _Market, volatility: Floats) -> Floats:
        """Return a volatility for each row: its strike's own, or that between its neighbours in the expiry."""
        at_nodes = np.empty(self.strike.size)
        for k in range(market.expiry.size):
            members = np.flatnonzero(self.slices == k)
            own = self.slices[self.known] == k
            at_nodes[members] = (
                np.interp(self.strike[members], self.strike[self.known[own]], volatility[own])
                if own.any()
                else np.nan
            )
        return np.asarray(at_nodes[self.of_row])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Calls and puts of one strike: the kind, price out of the money and price in the money, (n,) each."""

    slices: Longs
    strike: Floats
    outside_is_call: Bools
    outside: Floats
    inside: Floats
    spread: Floats

    def prices(self, market: _Market, volatility: Floats) -> tuple[Floats, Floats]:
        """Return the American prices out of and in the money."""
        slices, strike = np.tile(self.slices, 2), np.tile(self.strike, 2)
        kinds = np.concatenate([self.outside_is_call, ~self.outside_is_call])
        rows = (slices, strike, kinds, np.tile(volatility, 2))
        both = market.european(*rows) + market.premium(*rows)
        return both[: self.strike.size], both[self.strike.size :]


def _fit(market: _Market, pairs: _Pairs, volatility: Floats, fixed: _Fixed) -> tuple[_Market, int, bool]:
    """Fit curve and forwards so that both options of a pair have one volatility; return iterations and convergence."""
    basis = curve_basis(market.expiry)
    curve = np.array([FIRST_RATE, 0.0, 0.0])
    n = market.expiry.size
    jacobian: tuple[Floats, Floats, Floats] | None = None
    for iteration in range(MAX_ITERATIONS):
        volatility = market.volatility(
            pairs.slices, pairs.strike, pairs.outside_is_call, pairs.outside, guess=volatility, n=2
        )
        outside, inside = pairs.prices(market, volatility)
        if jacobian is None or iteration < N_JACOBIANS:
            jacobian = _derivatives(market, pairs, volatility, outside, inside)
        ratio, of_rate, of_forward = jacobian
        of_forward = np.where(fixed.forwards[pairs.slices], 0.0, of_forward)
        miss = ((pairs.inside - inside) - ratio * (pairs.outside - outside)) / pairs.spread
        scale = 1.4826 * float(np.median(np.abs(miss))) + 1e-6
        weight = (HUBER / np.maximum(np.abs(miss) / scale, HUBER)) / scale**2
        a, b = of_rate / pairs.spread, of_forward / pairs.spread

        def sums(x: Floats) -> Floats:
            return np.bincount(pairs.slices, weights=x, minlength=n).astype(np.float64)

        aa, ab, bb = sums(weight * a * a), sums(weight * a * b), sums(weight * b * b)
        am, bm = sums(weight * a * miss), sums(weight * b * miss)
        bb = np.where(bb > 0.0, bb, 1.0)
        left, right = aa - ab * ab / bb, am - ab * bm / bb  # the forwards eliminated
        prior = np.diag(1.0 / COEFFICIENT_DEVIATIONS**2)
        matrix = (basis * left[:, None]).T @ basis + prior
        step = np.linalg.solve(matrix, basis.T @ right - prior @ curve) * (not fixed.rates)
        largest = float(np.abs(basis @ step).max())
        step *= min(1.0, LARGEST_RATE_STEP / max(largest, 1e-300))
        curve = curve + step
        forward_step = (bm - ab * (basis @ step)) / bb
        market = replace(
            market,
            rate=market.rate + basis @ step,
            log_forward=market.log_forward + np.clip(forward_step, -0.05, 0.05),
        )
        if max(largest, float(np.abs(forward_step).max())) < TOLERANCE:
            return market, iteration + 1, True
    return market, MAX_ITERATIONS, False


def _derivatives(
    market: _Market, pairs: _Pairs, volatility: Floats, outside: Floats, inside: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the ratio of vegas, and derivatives of the price in the money at the volatility out of it."""
    rate_step, forward_step, volatility_step = 1e-3, 1e-3, 1e-3

    def slopes(moved: Any, volatilities: Floats, step: float) -> tuple[Floats, Floats]:
        low, high = pairs.prices(moved, volatilities)
        return (low - outside) / step, (high - inside) / step

    vega_outside, vega_inside = slopes(market, volatility + volatility_step, volatility_step)
    ratio = vega_inside / np.maximum(vega_outside, 1e-12)
    derivatives = []
    for moved, step in (
        (replace(market, rate=market.rate + rate_step), rate_step),
        (replace(market, log_forward=market.log_forward + forward_step), forward_step),
    ):
        low, high = slopes(moved, volatility, step)
        derivatives.append(high - ratio * low)
    return ratio, derivatives[0], derivatives[1]
