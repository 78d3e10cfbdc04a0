"""Options on a market by finite differences, as functions of the numbers that they are differentiated in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import (
    as_floats,
    one_float,
    require_choice,
    require_finite,
    require_instance,
    require_positive,
    values_of,
)
from pricers.analytic.limit_rows import common_shape
from pricers.contracts import Market
from pricers.market_numbers import MarketNumbers
from pricers.pde.backward.pricing import price
from pricers.pde.forward.vanillas import price_vanillas, vanilla_grid
from pricers.pde.grids.automatic_grid import default_grid
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.pde.grids.spot_grids import Grid

BarrierKind = Literal["up-and-out", "down-and-out", "up-and-in", "down-and-in"]
A_MARKET = "a Market, such as what calibrate returns"
BARRIER_KINDS = ("up-and-out", "down-and-out", "up-and-in", "down-and-in")


@dataclass(frozen=True, eq=False)
class Leg:
    """One march: a contract as `backward.price` takes it, on its own grid, counted so many times."""

    count: float
    contract: Mapping[str, Any]
    grid: Grid


@dataclass(frozen=True, eq=False, repr=False)
class MarketPrice(MarketNumbers):
    """The price of an option as a function of market numbers: for `hessian`, `greeks` and any other of functions.

    Called with the numbers in one vector, or with a mapping from groups to them, it returns the price. Its grid is that
    of the market it was made for: numbers may move, the spot over the whole grid.

    Attributes
    ----------
    parameters : (n,) float, the market's own numbers
    labels : (n,) str
    inputs : group -> its numbers, as `greeks` takes them
    """

    legs: tuple[Leg, ...]
    n_steps: int

    def price_at(self, market: Market) -> Any:
        """Return the price in another market, numbers of any kind."""
        total: Any = 0.0
        for leg in self.legs:
            value = price(
                spot=market.spot,
                rate=market.rate,
                dividend_yield=market.dividend_yield,
                volatility=market.surface,
                grid=leg.grid,
                n_steps=self.n_steps,
                **leg.contract,
            )
            total = value if len(self.legs) == 1 and leg.count == 1.0 else total + leg.count * value
        return total

    @property
    def first_date(self) -> float:
        """The expiry."""
        return min(float(leg.contract["expiry"]) for leg in self.legs)

    @property
    def spot_range(self) -> tuple[float, float]:
        """Where the spot may move on its grids: between these."""
        ends = [(float(leg.grid.spots[0]), float(leg.grid.spots[-1])) for leg in self.legs]
        return max(low for low, _ in ends), min(high for _, high in ends)

    def later(self, elapsed: float) -> MarketPrice:
        """Return the same option `elapsed` years later, on the same nodes."""
        self.require_alive(elapsed)
        legs = [
            replace(leg, contract={**leg.contract, "expiry": leg.contract["expiry"] - elapsed})
            for leg in self.legs
        ]
        return replace(self, market=self.market.later(elapsed), legs=tuple(legs))


@dataclass(frozen=True, eq=False, repr=False)
class MarketPrices(MarketNumbers):
    """The prices of European options as a function of market numbers: all of them by one forward march.

    Called and read as `MarketPrice`; it returns (n_options,) numbers.
    """

    contracts: Mapping[str, Any]
    grid: ForwardGrid

    def price_at(self, market: Market) -> Any:
        """Return the prices in another market, numbers of any kind."""
        return price_vanillas(market, grid=self.grid, **self.contracts)

    @property
    def first_date(self) -> float:
        """The first expiry."""
        return float(self.contracts["expiries"].min())

    def later(self, elapsed: float) -> MarketPrices:
        """Return the same options `elapsed` years later, on the same nodes."""
        self.require_alive(elapsed)
        contracts = {**self.contracts, "expiries": self.contracts["expiries"] - elapsed}
        return replace(
            self, market=self.market.later(elapsed), contracts=contracts, grid=self.grid.later(elapsed)
        )


def european(
    market: Market,
    *,
    strike: float,
    expiry: float,
    is_call: bool = True,
    differentiate: tuple[str, ...] | str = ("spot", "weights"),
    n_nodes: int = 401,
    n_steps: int = 200,
) -> MarketPrice:
    """Return the price of a European option by the backward march, as a function of market numbers.

    Parameters
    ----------
    market : Market with a surface, such as what `calibrate` returns
    strike : float, currency, > 0
    expiry : float, years, > 0
    is_call : bool
    differentiate : groups of `Market.GROUPS`
        What the function's numbers are: "spot", "rate", "dividend_yield" (of a curve its parallel shift), "weights"
        (the surface's numbers) or "volatilities" (the same where they are volatilities).
    n_nodes, n_steps : int
        As for `pricers.pde.backward.price`.

    Returns
    -------
    MarketPrice

    Raises
    ------
    AadValueError
        For an unknown group, a market without a surface, or a contract out of range.

    Examples
    --------
    >>> from pricers.contracts import Market
    >>> from pricers.surfaces import FlatVolatility
    >>> value = european(Market(spot=100.0, rate=0.03, surface=FlatVolatility(0.15)), strike=100.0, expiry=1.0)
    >>> value.labels, round(float(value(value.parameters)), 3)
    (('spot', 'weight[0]'), 7.485)
    """
    leg = _leg(market, 1.0, {"strike": strike, "expiry": expiry, "is_call": is_call}, n_nodes)
    return MarketPrice(market, differentiate, (leg,), n_steps)


def american(
    market: Market,
    *,
    strike: float,
    expiry: float,
    is_call: bool = False,
    differentiate: tuple[str, ...] | str = ("spot", "weights"),
    n_nodes: int = 401,
    n_steps: int = 200,
) -> MarketPrice:
    """Return the price of an American option, as a function of market numbers; arguments as for `european`.

    Notes
    -----
    Gradients are exact, and so are second derivatives with the spot as long as nothing is exercised there. Those in
    volatility and rate alone hold the exercise boundary where it is, of which a `KinkWarning` tells, and may have the
    wrong sign: take differences of the gradients over steps that carry the boundary over many nodes, as below, or
    `pricers.trees.greeks` or `pricers.american.bermudan.american_greeks`.

    Examples
    --------
    >>> import aadlib as ad
    >>> from pricers.contracts import Market
    >>> from pricers.surfaces import FlatVolatility
    >>> market = Market(spot=100.0, rate=0.03, surface=FlatVolatility(0.2))
    >>> put = american(market, strike=100.0, expiry=1.0, differentiate=("spot", "volatilities"))
    >>> program = ad.record(put, put.parameters)
    >>> [round(float(number), 2) for number in program.gradient([100.0, 0.2])]
    [-0.43, 38.58]
    >>> volga = (program.gradient([100.0, 0.21]) - program.gradient([100.0, 0.19]))[1] / 0.02  # held boundary: -77
    >>> bool(3.4 < volga < 3.7)
    True
    """
    contract = {"strike": strike, "expiry": expiry, "is_call": is_call, "exercise": "american"}
    return MarketPrice(market, differentiate, (_leg(market, 1.0, contract, n_nodes),), n_steps)


def digital(
    market: Market,
    *,
    strike: float,
    expiry: float,
    pays: Literal["cash", "asset"] = "cash",
    payout: float = 1.0,
    is_call: bool = True,
    differentiate: tuple[str, ...] | str = ("spot", "weights"),
    n_nodes: int = 401,
    n_steps: int = 200,
) -> MarketPrice:
    """Return the price of a digital option, as a function of market numbers.

    Parameters
    ----------
    pays : "cash" or "asset"
        What it pays when the spot ends above (call) or below (put) the strike: currency, or the underlying.
    payout : float
        How much of it.
    market, strike, expiry, is_call, differentiate, n_nodes, n_steps
        As for `european`.

    Returns
    -------
    MarketPrice

    Raises
    ------
    AadValueError
        As for `european`; also for something else to pay, or a payout that is not finite.
    """
    require_choice("pays", pays, ("cash", "asset"))
    require_finite("payout", one_float("payout", payout))
    contract = {"strike": strike, "expiry": expiry, "is_call": is_call, "pays": pays}
    return MarketPrice(market, differentiate, (_leg(market, payout, contract, n_nodes),), n_steps)


def barrier(
    market: Market,
    *,
    strike: float,
    barrier: float,
    expiry: float,
    kind: BarrierKind = "up-and-out",
    is_call: bool = True,
    rebate: float = 0.0,
    differentiate: tuple[str, ...] | str = ("spot", "weights"),
    n_nodes: int = 401,
    n_steps: int = 200,
) -> MarketPrice:
    """Return the price of a barrier option, as a function of market numbers.

    Parameters
    ----------
    strike, barrier : float, currency, > 0
        In any order: a knock-out that pays beyond its barrier alone is worth its rebate.
    kind : "up-and-out", "down-and-out", "up-and-in" or "down-and-in"
        The barrier is watched continuously; a knock-in is the European option less the knock-out.
    rebate : float, currency
        Paid by a knock-out when it is knocked out, by a knock-in at expiry when it never was knocked in.
    market, expiry, is_call, differentiate, n_nodes, n_steps
        As for `european`.

    Returns
    -------
    MarketPrice

    Raises
    ------
    AadValueError
        As for `european`; also for an unknown kind, a barrier that the spot has crossed, or a rebate that is not
        finite.
    """
    require_choice("kind", kind, BARRIER_KINDS)
    require_positive("barrier", one_float("barrier", barrier))
    require_instance("market", market, Market, A_MARKET)
    vanilla = {"strike": strike, "expiry": expiry, "is_call": is_call}
    end = "upper_barrier" if kind.startswith("up") else "lower_barrier"
    if not (market.spot < barrier if end == "upper_barrier" else barrier < market.spot):
        raise AadValueError(f"barrier = {barrier!r}: already crossed by the spot, {market.spot!r}")
    require_finite("rebate", one_float("rebate", rebate))
    inside = {**vanilla, end: barrier}
    if kind.endswith("out"):
        legs = [_leg(market, 1.0, {**inside, "rebate": rebate}, n_nodes)]
    else:
        legs = [_leg(market, 1.0, vanilla, n_nodes), _leg(market, -1.0, inside, n_nodes)]
        if rebate:  # one unit at expiry on every path that never was at the barrier
            never = {"strike": barrier, "expiry": expiry, "is_call": end == "lower_barrier", end: barrier}
            legs.append(_leg(market, rebate, {**never, "pays": "cash"}, n_nodes))
    return MarketPrice(market, differentiate, tuple(legs), n_steps)


def vanillas(
    market: Market,
    *,
    strikes: Any,
    expiries: Any,
    is_call: Any,
    differentiate: tuple[str, ...] | str = ("spot", "weights"),
    grid: ForwardGrid | None = None,
) -> MarketPrices:
    """Return the prices of many European options by one forward march, as a function of market numbers.

    Parameters
    ----------
    market, differentiate
        As for `european`.
    strikes, expiries : (n_options,) float, > 0
    is_call : (n_options,) bool
    grid : ForwardGrid, optional, that hits the expiries

    Returns
    -------
    MarketPrices
    """
    require_instance("market", market, Market, A_MARKET)
    strikes, expiries = (np.atleast_1d(as_floats(*x)) for x in (("strikes", strikes), ("expiries", expiries)))
    for name, numbers in (("strikes", strikes), ("expiries", expiries)):
        if numbers.ndim != 1 or not numbers.size:
            raise AadValueError(f"{name} has shape {numbers.shape}: must be (n_options,), at least one")
    common_shape(strikes, expiries, is_call)
    strikes, expiries = np.broadcast_arrays(strikes, expiries)
    require_positive("strikes", strikes)
    require_positive("expiries", expiries)
    contracts = {
        "strikes": strikes,
        "expiries": expiries,
        "is_call": np.broadcast_to(np.asarray(is_call), strikes.shape),
    }
    if grid is None:
        grid = vanilla_grid(market, strikes=strikes, expiries=expiries)
    return MarketPrices(market, differentiate, contracts, grid)


def _leg(market: Market, count: float, contract: dict[str, Any], n_nodes: int) -> Leg:
    require_instance("market", market, Market, A_MARKET)
    one_float("strike", contract["strike"])
    ends: dict[str, Any] = {name: contract.get(name) for name in ("lower_barrier", "upper_barrier")}
    lowest, highest = ends["lower_barrier"] or 0.0, ends["upper_barrier"] or np.inf
    has_kink = lowest < contract["strike"] < highest
    grid = default_grid(
        spot=market.spot,
        strike=contract["strike"] if has_kink else float(values_of(market.spot)),
        expiry=contract["expiry"],
        rate=market.rate,
        dividend_yield=market.dividend_yield,
        volatility=market.required_surface,
        n_nodes=n_nodes,
        **ends,
    )
    return Leg(count, contract, grid)
