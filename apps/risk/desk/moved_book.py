"""The book in markets that moved: priced again, and by the report's Greeks to second order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.risk.desk.book_price import BookPrice
from apps.risk.results import VOLATILITY_POINT, Valuation

if TYPE_CHECKING:
    from pricers.contracts import Market
    from pricers.desk import TimeGreeks


class Move(NamedTuple):
    """What moves, all at once; nothing by default.

    Attributes
    ----------
    spot : float, a share of the spot, > -1
    volatility : float, points added to the local volatility everywhere
    tilt : float, points added to it for each at-the-money deviation ln(K / F) / sqrt(w(T)), from -4 to +2
        Flat beyond: 1 raises what stands two deviations above the money by two points, and lowers it below.
    rate : float, basis points added to the zero rates
    days : float, calendar days that pass
    """

    spot: float = 0.0
    volatility: float = 0.0
    tilt: float = 0.0
    rate: float = 0.0
    days: float = 0.0


@dataclass(frozen=True, eq=False)
class MovedBook:
    """Profit and loss of a book under moves of its market.

    Parameters
    ----------
    valuation : Valuation
    price : BookPrice
        Of its positions, but for simulated ones.
    time : TimeGreeks
        Per calendar day.

    Notes
    -----
    The book is recorded once for each day as a function of spot, rate and volatility buckets, and replayed: surface and
    rates stay what they are at every strike and date, as for theta.
    """

    valuation: Valuation
    price: BookPrice
    time: TimeGreeks
    _recorded: dict[float, ad.Program] = field(default_factory=dict)

    @property
    def days(self) -> float:
        """Calendar days to the first expiry or other date of the book."""
        return 365.0 * self.price.first_date

    def profit(self, moves: Sequence[Move]) -> Floats:
        """Return profit and loss by pricing again, (n_moves,)."""
        today = float(self._program(0.0).value(self._point(Move())))
        return np.array([float(self._program(m.days).value(self._point(m))) for m in moves]) - today

    def predicted(self, moves: Sequence[Move]) -> Floats:
        """Return profit and loss by the report's Greeks, (n_moves,).

        Second order in spot, rate and buckets, with theta and charm.
        """
        gradient, hessian = self._greeks
        steps = np.array([self._point(m) for m in moves]) - self._point(Move())
        days = np.array([m.days for m in moves])
        moved = steps @ gradient + 0.5 * np.einsum("mi,ij,mj->m", steps, hessian, steps)
        return np.asarray(moved + days * (self.time.theta + self.time.charm * steps[:, 0]))

    def lowest_volatility(self, move: Move) -> float:
        """Return the lowest local volatility at any quote after a move."""
        quotes, surface, b = self.valuation.quotes, self.valuation.calibration.surface, self.valuation.buckets
        volatility = surface.local_volatility(log_moneyness=quotes.log_moneyness, time=quotes.expiry)
        deviation = quotes.log_moneyness / np.sqrt(surface.total_variance(quotes.expiry))
        tilt = move.tilt * np.clip(deviation, b.deviations[0], b.deviations[-1])
        return float(np.min(volatility + VOLATILITY_POINT * (move.volatility + tilt)))

    def _point(self, move: Move) -> Floats:
        """Return spot, shift of the rates and bump of each bucket."""
        spot, b = self.valuation.quotes.spot, self.valuation.buckets
        bumps = VOLATILITY_POINT * (move.volatility + move.tilt * np.tile(b.deviations, b.expiries.size))
        return np.concatenate([[spot * (1.0 + move.spot), 1e-4 * move.rate], bumps])

    @property
    def _greeks(self) -> tuple[Floats, Floats]:
        """Gradient and Hessian of the report in spot, rate and bumps, without the simulated positions."""
        g = self.valuation.greeks
        point = VOLATILITY_POINT
        gradient = np.concatenate([g.gradient[:2], g.vega / point])
        mixed = np.array([g.spot_vega, g.rate_vega]) / point
        hessian = np.block([[g.hessian[:2, :2], mixed], [mixed.T, g.vega_vega / point**2]])
        for position, unit in zip(self.valuation.book, g.units, strict=False):
            if unit is not None and unit.errors is not None:
                kept = np.r_[0:2, len(g.inputs) : unit.gradient.size]
                gradient = gradient - position.size * unit.gradient[kept]
                hessian = hessian - position.size * unit.hessian[np.ix_(kept, kept)]
        return gradient, hessian

    def _program(self, days: float) -> ad.Program:
        """Return the book's recording on a day."""
        if days not in self._recorded:
            elapsed = days / 365.0
            later = self.price.later(elapsed)
            self._recorded[days] = ad.record(
                lambda x: later.value_at(self._market(x).later(elapsed)), self._point(Move())
            )
        return self._recorded[days]

    def _market(self, x: Any) -> Market:
        """Return the market at spot, shift of the rates and bumps of any kind."""
        from pricers.contracts import Market
        from pricers.curves import shifted
        from pricers.surfaces.bumped_volatility import BumpedVolatility

        fit = self.valuation.calibration
        return Market(
            spot=x[0],
            rate=shifted(fit.rate, x[1]),
            dividend_yield=fit.dividend_yield,
            surface=BumpedVolatility(fit.surface, self.valuation.buckets.hats, list(x[2:])),
        )
