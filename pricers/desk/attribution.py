"""Profit and loss between two markets, attributed to time, spot, rates and volatilities by Greeks of the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_positive
from pricers.analytic import implied_volatility
from pricers.calibration import CalibrationResult, DeskQuotes
from pricers.calibration.curvature import along_directions
from pricers.calibration.quote_greeks.rate_quotes import rate_greeks
from pricers.contracts import Market
from pricers.pde import vanillas

if TYPE_CHECKING:
    import pandas as pd

Price = Callable[[Market], Any]
TERMS = ("time", "spot", "gamma", "rates", "dividends", "volatility", "volga", "vanna", "charm", "veta")
"""What profit and loss is attributed to, in this order; volatility is the sum over its buckets."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """Profit and loss of several positions, in currency; arrays have a row each.

    Attributes
    ----------
    before, after : (n,) float
        Values in the two markets.
    terms : (n, 10) float
        Those of `TERMS`.
    buckets : (n, n_buckets) float
        The first-order volatility term by `bucket_labels`.
    bucket_labels : list of str
    spot_move : float
        ln of the later spot over the earlier.
    """

    before: Floats
    after: Floats
    terms: Floats
    buckets: Floats
    bucket_labels: list[str]
    spot_move: float

    @property
    def total(self) -> Floats:
        """Profit and loss, (n,)."""
        return self.after - self.before

    @property
    def unexplained(self) -> Floats:
        """What the terms leave, (n,)."""
        return self.total - self.terms.sum(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """Return terms, what they leave and the total as columns of a pandas frame."""
        import pandas as pd

        frame = pd.DataFrame(self.terms, columns=list(TERMS))
        frame["unexplained"], frame["total"] = self.unexplained, self.total
        return frame


def explain(
    fit: CalibrationResult,
    later_fit: CalibrationResult,
    prices: Sequence[Callable[[float], Price]],
    *,
    elapsed: float,
    desk_quotes: DeskQuotes | None = None,
) -> Attribution:
    """Attribute the change of prices between two calibrated markets by second-order Greeks of the first.

    Parameters
    ----------
    fit, later_fit : CalibrationResult
    prices : sequence of callables, years that have passed -> (Market -> number)
        One position each: called with 0 and with `elapsed`, it returns the price with the time to expiry left then.
    elapsed : float, years, > 0
        Between the two markets.
    desk_quotes : DeskQuotes, optional
        Tenors and deltas over which the volatility term is spread; by default the usual ones in the first chain.

    Returns
    -------
    Attribution

    Raises
    ------
    AadTypeError
        When a fit is none.
    AadValueError
        When `elapsed` is not positive, or there is no position.

    Notes
    -----
    Spot and rates move with the smile in moneyness; a quote's volatility moves from what the first surface, held in
    strike and date, implies for it on the later day to what the later surface implies at the same moneyness and date;
    rates move from the first curves, held at every date, to the later ones. With u = ln spot, v the quotes' move, t the
    date:

        P&L = [V(t + dt) - V] + V_u u + V_uu u^2 / 2 + rho dz + V_v v + V_vv v^2 / 2 + V_uv u v + dt (V_ut u + V_vt v)
              + unexplained,

    where derivatives in v go through the calibration (`RefittedSmile.along`). Nothing is left out of `unexplained`.
    Second derivatives of an American option are those of `pricers.calibration.curvature`, boundary's motion included.
    """
    for name, given in (("fit", fit), ("later_fit", later_fit)):
        if not isinstance(given, CalibrationResult):
            raise AadTypeError(
                f"{name} is a {type(given).__name__}: pass what pricers.calibration.calibrate returns"
            )
    require_positive("elapsed", elapsed)
    if not prices:
        raise AadValueError("prices is empty: give at least one position")
    move = _Move(fit, later_fit, float(elapsed))
    desk_quotes = desk_quotes or DeskQuotes.of(fit.problem.quotes)
    rows = [_attributed(move, of_days(0.0), of_days(float(elapsed))) for of_days in prices]
    vegas = np.array([vega for _, _, _, vega in rows])
    return Attribution(
        before=np.array([before for before, _, _, _ in rows]),
        after=np.array([after for _, after, _, _ in rows]),
        terms=np.array([terms for _, _, terms, _ in rows]),
        buckets=(vegas * move.volatility) @ desk_quotes.hats(fit.problem.quotes),
        bucket_labels=desk_quotes.hat_labels,
        spot_move=move.spot,
    )


@dataclass(frozen=True, eq=False)
class _Move:
    """From one calibrated market to another."""

    fit: CalibrationResult
    later_fit: CalibrationResult
    elapsed: float

    @property
    def spot(self) -> float:
        return float(np.log(self.later_fit.spot / self.fit.spot))

    @cached_property
    def market(self) -> Market:
        """The first market at the exact minimiser of its fit."""
        return self.fit.replaced({"weights": self.fit.minimiser.parameters})

    @cached_property
    def volatility(self) -> Floats:
        """Change of every quote's volatility at its moneyness and date; 0 for those that have expired, (n_quotes,)."""
        quotes = self.fit.problem.quotes
        expiry = np.array([item.expiry for item in quotes.slices])[quotes.slice_index] - self.elapsed
        alive = np.flatnonzero(expiry > 1e-6)
        if not alive.size:
            return np.zeros(len(quotes))
        change = np.zeros(len(quotes))
        rolled, after = (
            _implied(market, quotes.log_moneyness[alive], expiry[alive], quotes.is_call[alive])
            for market in (self.market.later(self.elapsed), self.later_fit)
        )
        known = np.isfinite(rolled) & np.isfinite(after)
        change[alive[known]] = (after - rolled)[known]
        return change

    @cached_property
    def response(self) -> tuple[Floats, Floats]:
        """First and second derivative of the weights along `volatility`."""
        return self.fit.refitted_smile.along(self.volatility)

    def rates(self, name: str) -> Floats:
        """Return the change of the integral of a rate up to each pillar over its years, (n_pillars,)."""
        times = getattr(self.fit, name).times
        left = np.maximum(times - self.elapsed, 0.0)
        before = getattr(self.market.later(self.elapsed), name)
        return np.asarray(
            (getattr(self.later_fit, name).accumulated(left) - before.accumulated(left)) / times
        )


def _implied(market: Market, log_moneyness: Floats, expiries: Floats, is_call: Any) -> Floats:
    """Return the volatilities that a market implies, (n,); NaN where a price implies none."""
    forwards = np.array([float(market.forward(t)) for t in expiries.tolist()])
    discounts = np.array([float(market.discount(t)) for t in expiries.tolist()])
    strikes = forwards * np.exp(log_moneyness)
    options = vanillas(market, strikes=strikes, expiries=expiries, is_call=is_call)
    prices = np.asarray(options.price_at(market), dtype=np.float64)
    terms = {"forward": forwards, "strike": strikes, "expiry": expiries, "discount": discounts}
    return np.asarray(implied_volatility(price=prices, is_call=is_call, on_error="nan", **terms))


def _attributed(move: _Move, price: Price, later_price: Price) -> tuple[float, float, list[float], Floats]:
    """Return values before and after, the terms, and the vega of every quote."""
    fit, u = move.fit, move.spot
    minimiser = fit.minimiser
    slope, bend = move.response
    rolled = move.market.later(move.elapsed)
    program, point = _in_moneyness(move.market, price)
    along_spot, along_quotes = np.zeros((2, point.size))
    along_spot[:2], along_quotes[2:] = 1.0, slope
    directions = np.column_stack([along_spot, along_quotes])
    value, gradient, products = along_directions(program, point, directions)
    program_rolled, _ = _in_moneyness(rolled, later_price)
    value_rolled, gradient_rolled = program_rolled.value_and_gradient(point)
    by_time = (gradient_rolled - gradient) @ directions
    pulled = minimiser.solve(gradient[2:])
    vegas = fit.problem.squared_weights * (minimiser.at.jacobian @ pulled)
    rho, dividend_rho = rate_greeks(fit, price, None)
    terms = [
        value_rolled - value,
        u * float(gradient @ along_spot),
        0.5 * u**2 * float(along_spot @ products[:, 0]),
        float(rho @ move.rates("rate")),
        float(dividend_rho @ move.rates("dividend_yield")),
        float(gradient @ along_quotes),
        0.5 * float(along_quotes @ products[:, 1] + gradient[2:] @ bend),
        u * float(along_spot @ products[:, 1]),
        u * float(by_time[0]),
        float(by_time[1]),
    ]
    after = float(later_price(move.later_fit))
    return value, after, terms, vegas


def _in_moneyness(market: Market, price: Price) -> tuple[ad.Program, Floats]:
    """Return a price recorded in (ln spot, move of the smile, weights), and the point of the market."""

    def of_numbers(x: Any) -> Any:
        spot = market.spot * ad.exp(x[0])
        return price(market.replaced({"spot": [spot], "smile_move": x[1:2], "weights": x[2:]}))

    point = np.concatenate([[0.0, 0.0], market.group("weights")])
    return ad.record(of_numbers, point), point
