"""A netting set of many trades: its value at a horizon given the market there, and scenarios of that market."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats, frozen
from aadlib.validation import one_float, require_instance, require_positive, whole_number
from pricers.surrogates.samples.monte_carlo_truth import closed_form_truth, monte_carlo_truth
from pricers.surrogates.samples.netting.hybrid_market import HybridMarket, require_years
from pricers.surrogates.samples.netting.trades import (
    SAME,
    BasketCall,
    EuropeanOption,
    Forward,
    Swap,
    Trade,
)
from pricers.surrogates.samples.noise import PATHS, drawn
from pricers.surrogates.samples.problem import SPREAD, Problem, Truth


class Scenarios(NamedTuple):
    """The market at some horizons on some paths.

    Attributes
    ----------
    states : (n_paths, n_horizons, 1 + n_assets), the short rate and the spots
    discounts : (n_paths, n_horizons), value today of one unit of currency at the horizon, of the path
    """

    states: Floats
    discounts: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class NettingSet:
    """Trades under one agreement: their values add up, gains against losses, before anything is owed.

    Parameters
    ----------
    market : HybridMarket, today's
    trades : tuple of Trade: Forward, EuropeanOption, Swap, BasketCall
    horizons : (n_horizons,) years from today, increasing, > 0, before the last maturity
        Dates of exposures; of swaps that run then they are payment dates. What is paid on a horizon is paid before it.

    Raises
    ------
    AadValueError, AadTypeError
        For no trades, what is no trade, an asset that the market lacks, or a horizon within a swap's period.
    """

    market: HybridMarket
    trades: tuple[Trade, ...]
    horizons: Any

    def __post_init__(self) -> None:
        require_instance("market", self.market, HybridMarket, "a HybridMarket")
        require_instance("trades", self.trades, (tuple, list), "a tuple of trades")
        trades = tuple(self.trades)
        object.__setattr__(self, "trades", trades)
        if not trades:
            raise AadValueError("trades is empty: give at least one")
        for k, trade in enumerate(trades):
            if not isinstance(trade, Trade):
                raise AadTypeError(f"trades[{k}] = {trade!r}: must be a trade such as Forward(...)")
            if isinstance(trade, BasketCall) and len(trade.weights) != self.market.n_assets:
                raise AadValueError(
                    f"trades[{k}] has {len(trade.weights)} weights: the market has {self.market.n_assets} assets"
                )
            if any(asset >= self.market.n_assets for asset in trade.assets_used()):
                raise AadValueError(f"trades[{k}] = {trade!r}: the market has {self.market.n_assets} assets")
        horizons = require_years("horizons", self.horizons)
        if horizons[-1] > self.maturity - SAME:
            raise AadValueError(
                f"horizons end at {horizons[-1].item()!r}: the last trade matures at {self.maturity!r}, end "
                "before it"
            )
        for horizon in horizons.tolist():
            for trade in trades:
                trade.require_horizon(horizon)
        object.__setattr__(self, "horizons", frozen(horizons))

    @property
    def maturity(self) -> float:
        """The last maturity, years from today."""
        return max(trade.dates()[-1] for trade in self.trades)

    def alive(self, horizon: float) -> tuple[Trade, ...]:
        """Return the trades that pay after a horizon."""
        return tuple(trade for trade in self.trades if trade.dates()[-1] > horizon + SAME)

    def exposure(self, horizon: float, *, widening: float = 1.25) -> NettingSetExposure:
        """Return the problem of its value at one of the horizons, given the state there."""
        return NettingSetExposure(netting_set=self, horizon=horizon, widening=widening)

    def scenarios(self, n_paths: int, *, seed: int, first: int = 0) -> Scenarios:
        """Simulate the market at all horizons, under the risk-neutral measure of the bank account.

        Parameters
        ----------
        n_paths : int, >= 1
        seed : int, >= 0; another than that of the training samples, which share its streams
        first : int, >= 0, number of the first path: a path depends on the seed and its number alone
        """
        begin = whole_number("first", first, 0)
        end = begin + whole_number("n_paths", n_paths, 1)
        steps = np.diff(self.horizons, prepend=0.0)
        shape = (len(steps), self.market.n_assets + 2)

        def noise(generator: np.random.Generator, n: int) -> Floats:
            return self.market.noise_along(generator.standard_normal((n, *shape)), steps)

        along = drawn(whole_number("seed", seed, 0), PATHS, begin, end, noise)
        pairs = [
            self.market.later(self.market.state, along[:, k], years)
            for k, years in enumerate(self.horizons.tolist())
        ]
        return Scenarios(
            np.stack([states for states, _ in pairs], axis=1), np.stack([d for _, d in pairs], axis=1)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class NettingSetExposure(Problem):
    """The value of a netting set at a horizon, given the short rate and the spots there.

    Parameters
    ----------
    netting_set : NettingSet
    horizon : float, years, one of its horizons
    widening : float, > 0
        Training states are those of the scenarios with their noise this many times larger.
    """

    netting_set: NettingSet
    horizon: float
    widening: float = 1.25
    _years: Floats = field(init=False, repr=False)
    _places: dict[tuple[int, int], int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_positive("widening", self.widening)
        one_float("horizon", self.horizon)
        if not np.isclose(self.netting_set.horizons, self.horizon, rtol=0.0, atol=SAME).any():
            raise AadValueError(
                f"horizon = {self.horizon!r}: must be one of the netting set's horizons, "
                f"{self.netting_set.horizons.tolist()}"
            )
        needs: dict[float, set[int]] = {}
        for trade in self.netting_set.alive(self.horizon):
            for date in trade.dates():
                if date > self.horizon + SAME:
                    needs.setdefault(round(date - self.horizon, 9), set())
            needs[round(trade.dates()[-1] - self.horizon, 9)].update(trade.assets_used())
        years = sorted(needs)
        places = [(k, -1) for k in range(len(years))]
        places += [(k, asset) for k, date in enumerate(years) for asset in sorted(needs[date])]
        object.__setattr__(self, "_years", frozen(np.array(years)))
        object.__setattr__(self, "_places", {place: position for position, place in enumerate(places)})

    @property
    def inputs(self) -> tuple[str, ...]:
        """The short rate and the spots."""
        return ("rate", *(f"spot[{i}]" for i in range(self.netting_set.market.n_assets)))

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Normals of the rate, its integral and the assets, for every date that pays."""
        return (len(self._years), self.netting_set.market.n_assets + 2)

    @property
    def ranges(self) -> Floats:
        """States that 1e-4 lie below and above, (d, 2)."""
        market = self.netting_set.market
        covariance = market.step_covariance(self.horizon)
        deviations = np.sqrt(np.diag(covariance))
        deviations[2:] = np.sqrt(np.diag(covariance)[2:] + 2.0 * covariance[1, 2:] + covariance[1, 1])
        room = SPREAD * self.widening * deviations
        ends = []
        for sign in (-1.0, 1.0):
            noise = sign * room
            noise[1] = 0.0
            ends.append(market.later(market.state, noise, self.horizon)[0])
        return np.stack(ends, axis=1)

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw n states at the horizon, (n, d)."""
        market = self.netting_set.market
        normals = self.widening * generator.standard_normal((n, 1, market.n_assets + 2))
        noise = market.noise_along(normals, np.array([self.horizon]))[:, 0]
        return market.later(market.state, noise, self.horizon)[0]

    def shocks(self, normals: Floats) -> Floats:
        """Return the noise that the payments need: of the rate's integral to every date, of an asset where it pays."""
        along = self.netting_set.market.noise_along(normals, np.diff(self._years, prepend=0.0))
        columns = [(k, 1 if asset < 0 else 2 + asset) for k, asset in self._places]
        return np.stack([along[:, k, column] for k, column in columns], axis=1)

    def payoff(self, x: Any, z: Any) -> Any:
        """Return the value at the horizon of what all trades pay after it along one path."""
        path = ExposurePath(self, x, z)
        return sum(trade.paid(path, self.horizon) for trade in self.netting_set.alive(self.horizon))

    def value(self, x: Any) -> Any:
        """Return the price of the trades with closed forms at one state, (d,) numbers of any kind."""
        trades = self.netting_set.alive(self.horizon)
        market = self.netting_set.market
        return sum(trade.value(market, x, self.horizon) for trade in trades if trade.HAS_CLOSED_FORM)

    def truth(self, x: Any, *, n_paths: int = 2**15, seed: int = 2**31) -> Truth:
        """Return price and Greeks: closed forms, and fresh simulation of the trades that have none."""
        trades = self.netting_set.alive(self.horizon)
        open_ones = [trade for trade in trades if not trade.HAS_CLOSED_FORM]
        if not open_ones:
            return closed_form_truth(self, x, self.value)

        def rest(x: Any, z: Any) -> Any:
            path = ExposurePath(self, x, z)
            return sum(trade.paid(path, self.horizon) for trade in open_ones)

        simulated = monte_carlo_truth(self, x, estimator=rest, n_paths=n_paths, seed=seed)
        if len(open_ones) == len(trades):
            return simulated
        exact = closed_form_truth(self, x, self.value)
        return simulated._replace(
            value=simulated.value + exact.value, gradient=simulated.gradient + exact.gradient
        )


class ExposurePath:
    """One path of the market after a horizon, each number of it made once."""

    def __init__(self, problem: NettingSetExposure, x: Any, z: Any) -> None:
        self._problem, self._x, self._z = problem, x, z
        self._integrals: dict[int, Any] = {}
        self._numbers: dict[tuple[int, int], Any] = {}

    def _date(self, date: float) -> int:
        return int(np.abs(self._problem._years - (date - self._problem.horizon)).argmin())

    def _integral(self, k: int) -> Any:
        if k not in self._integrals:
            market, years = self._problem.netting_set.market, float(self._problem._years[k])
            noise = self._z[self._problem._places[k, -1]]
            self._integrals[k] = market.integral(self._x[0], noise, years)
        return self._integrals[k]

    def discount(self, date: float) -> Any:
        """Return the value at the horizon of one unit of currency on that date."""
        k = self._date(date)
        if (k, -1) not in self._numbers:
            self._numbers[k, -1] = np.exp(-self._integral(k))
        return self._numbers[k, -1]

    def price(self, asset: int, date: float) -> Any:
        """Return the price of an asset on that date."""
        k = self._date(date)
        if (k, asset) not in self._numbers:
            market, years = self._problem.netting_set.market, self._problem._years[k]
            drift = -(market.dividend_yields[asset] + 0.5 * market.volatilities[asset] ** 2) * years
            noise = self._z[self._problem._places[k, asset]]
            growth = self._integral(k) + (float(drift) + noise)
            self._numbers[k, asset] = self._x[1 + asset] * np.exp(growth)
        return self._numbers[k, asset]


def random_netting_set(
    *, n_assets: int = 5, n_trades: int = 40, n_baskets: int = 0, maturity: int = 5, seed: int = 0
) -> NettingSet:
    """Return a netting set of swaps, forwards and options near the money, with horizons every half year.

    Parameters
    ----------
    n_assets, n_trades : int, >= 1
    n_baskets : int, >= 0, calls on all assets among the trades, which have no closed form
    maturity : int, years, of the last trade
    seed : int, >= 0

    Notes
    -----
    A third are payer or receiver swaps of notional up to 2,000, the others forwards, calls and puts of up to 20 units
    of an asset near 100; half-yearly maturities.
    """
    for name, size in (("n_assets", n_assets), ("n_trades", n_trades), ("maturity", maturity)):
        whole_number(name, size, 1)
    whole_number("n_baskets", n_baskets, 0)
    generator = np.random.default_rng(whole_number("seed", seed, 0))
    loadings = generator.uniform(0.3, 0.8, n_assets + 1)
    loadings[0] = 0.2
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1.0)
    market = HybridMarket(
        spots=generator.uniform(80.0, 120.0, n_assets),
        volatilities=generator.uniform(0.15, 0.35, n_assets),
        dividend_yields=generator.uniform(0.0, 0.03, n_assets),
        correlation=correlation,
    )
    trades: list[Trade] = []
    for k in range(n_trades):
        date = 0.5 * (2 * maturity if k == 0 else int(generator.integers(1, 2 * maturity + 1)))
        sign = float(generator.choice([-1.0, 1.0]))
        if k < n_baskets:
            level = float(market.spots.mean()) * generator.uniform(0.9, 1.2)
            weights = (1.0 / n_assets,) * n_assets
            units = sign * generator.uniform(5.0, 20.0)
            trades.append(BasketCall(weights=weights, quantity=units, strike=level, maturity=date))
        elif k % 3 == 0:
            notional = sign * generator.uniform(500.0, 2000.0)
            trades.append(Swap(notional=notional, fixed_rate=generator.uniform(0.025, 0.04), maturity=date))
        else:
            asset = int(generator.integers(n_assets))
            common: dict[str, Any] = {
                "asset": asset,
                "quantity": sign * generator.uniform(5.0, 20.0),
                "strike": float(market.spots[asset]) * generator.uniform(0.85, 1.2),
                "maturity": date,
            }
            if k % 3 == 1:
                trades.append(Forward(**common))
            else:
                trades.append(EuropeanOption(**common, is_call=bool(generator.integers(2))))
    horizons = 0.5 * np.arange(1, 2 * maturity)
    return NettingSet(market=market, trades=tuple(trades), horizons=horizons)
