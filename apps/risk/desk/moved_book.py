"""The book in markets that moved: priced again, and by the report's Greeks to second order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.risk.book import Position
from apps.risk.desk.book_price import BookPrice
from apps.risk.desk.moves import Move
from apps.risk.results import VOLATILITY_POINT, Valuation

if TYPE_CHECKING:
    from pricers.contracts import Market
    from pricers.desk import TimeGreeks
    from pricers.market_numbers import MarketNumbers


_WING = 1.5
"""Log-moneyness beyond which volatilities are not looked at: marches go no further, and wings grow."""


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
    rates stay what they are at every strike and date, as for theta. Where a move leaves the grid of a
    march, it is laid out anew; an option beyond its barrier is what a crossing makes of it.
    """

    valuation: Valuation
    price: BookPrice
    time: TimeGreeks
    _recorded: dict[float, tuple[ad.Program | None, list[ad.Program]]] = field(default_factory=dict)

    @property
    def days(self) -> float:
        """Calendar days to the first expiry or other date of the book."""
        return 365.0 * self.price.first_date

    def profit(self, moves: Sequence[Move]) -> Floats:
        """Return profit and loss by pricing again, (n_moves,)."""
        return np.array([self._value(move) for move in moves]) - self._value(Move())

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
        """Return the lowest local volatility after a move, in the wings too."""
        volatility, deviation = self._volatilities
        return float(np.min(volatility + VOLATILITY_POINT * (move.volatility + move.tilt * deviation)))

    @cached_property
    def _volatilities(self) -> tuple[Floats, Floats]:
        """Local volatilities wherever a march goes, and the deviations that a tilt counts there."""
        surface, b = self.valuation.calibration.surface, self.valuation.buckets
        last = max(position.term.expiry for position in self.price.positions)
        seams = np.asarray(surface.seams, dtype=np.float64)
        times = np.concatenate(
            [np.geomspace(1e-3 * last, last, 60), seams * (1.0 - 1e-6), seams * (1.0 + 1e-6)]
        )
        times = times[(times > 0.0) & (times <= last)][:, None]
        x = np.linspace(-_WING, _WING, 301) * np.ones_like(times)
        deviation = np.clip(x / np.sqrt(surface.total_variance(times)), b.deviations[0], b.deviations[-1])
        return np.asarray(surface.local_volatility(log_moneyness=x, time=times)), np.asarray(deviation)

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

    def _value(self, move: Move) -> float:
        """Return the value of the book after a move."""
        point, elapsed = self._point(move), move.days / 365.0
        vanillas, others = self._recordings(move.days)
        n = len(self.price.positions) - len(self.price.claims)
        total = 0.0
        if vanillas is not None:
            prices = vanillas.value(point) if self._on_grid(point) else self._vanillas_anew(point, elapsed)
            total = float(self.price.sizes[:n] @ prices)
        each = zip(self.price.positions[n:], self.price.claims, others, strict=True)
        for position, claim, program in each:
            lowest, highest = claim.spot_range
            if lowest < point[0] < highest:
                value = float(program.value(point))
            else:
                value = self._laid_out_anew(position, self._market(point).later(elapsed), elapsed)
            total += position.size * value
        return total

    def _on_grid(self, point: Floats) -> bool:
        """Tell whether the vanillas' march knows all their strikes in moneyness after a move."""
        options = self.price.vanillas
        assert options is not None
        market, contracts = self._market(point), options.contracts
        forwards = np.array([float(market.forward(t)) for t in contracts["expiries"]])
        moneyness, nodes = np.log(contracts["strikes"] / forwards), options.grid.nodes
        return bool(nodes[1] < moneyness.min() and moneyness.max() < nodes[-2])

    def _vanillas_anew(self, point: Floats, elapsed: float) -> Floats:
        """Return the prices of the vanillas on a grid of their own."""
        from pricers import pde

        options, market = self.price.vanillas, self._market(point).later(elapsed)
        assert options is not None
        contracts = {**options.contracts, "expiries": options.contracts["expiries"] - elapsed}
        return np.asarray(
            pde.vanillas(market, differentiate="spot", **contracts).price_at(market), dtype=np.float64
        )

    def _laid_out_anew(self, position: Position, market: Market, elapsed: float) -> float:
        """Return the price of one option on a grid of its own, or what it is worth where it is over."""
        terms = position.terms
        terms = replace(terms, term=replace(terms.term, expiry=terms.term.expiry - elapsed))
        claim = position.contract.claim(market, terms)
        return position.contract.worth_when_over if claim is None else float(claim.price_at(market))

    def _recordings(self, days: float) -> tuple[ad.Program | None, list[ad.Program]]:
        """Return the recordings on a day: of the vanillas, then of each of the others."""
        if days not in self._recorded:
            elapsed = days / 365.0
            later = self.price.later(elapsed)

            def record(price: MarketNumbers) -> ad.Program:
                return ad.record(
                    lambda x: price.price_at(self._market(x).later(elapsed)), self._point(Move())
                )

            vanillas = None if later.vanillas is None else record(later.vanillas)
            self._recorded[days] = vanillas, [record(claim) for claim in later.claims]
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
