"""From a chain file to the out-of-the-money quotes that a surface is fitted to."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aadlib.validation import require_instance
from pricers.american.cash_dividends import CashDividend
from pricers.chain.chain import Chain
from pricers.chain.cleaning import drop_thin, drop_unusable, require_rows
from pricers.chain.exercise import Style
from pricers.chain.market.given import When, given_market
from pricers.chain.market.imply import imply_market
from pricers.chain.market.limits import MarketLimits
from pricers.chain.parity import ParityFit
from pricers.chain.quotes import Quotes, Slice
from pricers.chain.reader import read_chain

MIN_QUOTES_PER_SLICE = 5
"""Slices with fewer quotes are dropped: five parameters of a smile need five quotes."""


def load_quotes(
    path: str | os.PathLike[str] | Any,
    *,
    min_open_interest: float = 100.0,
    min_expiry: float = 7.0 / 365.0,
    max_expiry: float = 2.0,
    spot: float | None = None,
    quote_date: datetime.date | str | None = None,
    expiry: datetime.date | str | None = None,
    columns: Mapping[str, str | None] | None = None,
    at: datetime.date | str | None = None,
    underlying: str | None = None,
    decimal: str | None = None,
    dates: str | None = None,
    zone: str | None = None,
    exercise: Style | None = None,
    rate: float | None = None,
    dividend_yield: float | None = None,
    curve: str | os.PathLike[str] | Mapping[When, float] | None = None,
    dividends: str | os.PathLike[str] | Sequence[CashDividend] | Mapping[When, float] | None = None,
    forwards: str | os.PathLike[str] | Mapping[datetime.date, float] | None = None,
    limits: MarketLimits | Mapping[str, float] | None = None,
) -> Quotes:
    """Read a chain, clean it, find the market behind it and return its out-of-the-money quotes.

    Parameters
    ----------
    path : path of a text file, pandas or polars DataFrame, dict of arrays, or yfinance's pair of calls and puts
    min_open_interest : float, >= 0
        Options with fewer open contracts are dropped after parity has used them; a source without open interest is
        not filtered.
    min_expiry, max_expiry : float, years, >= 0
        Window of calendar days over 365, both ends included.
    spot, quote_date, expiry, columns, at, underlying, decimal, dates, zone : optional
        What the source lacks or leaves open, see `read_chain`.
    exercise : "american" or "european", optional
        By default what a column of the source says, the roots are known for, or put-call parity shows. American
        quotes become European ones: the premium of early exercise is taken off each.
    rate, dividend_yield, curve, dividends, forwards : optional
        What is known better than the quotes imply it, see `given_market`.
    limits : mapping or MarketLimits, optional
        Limit -> number, where a market is believed that would be warned of or refused: ``{"carry": 0.5}``.

    Returns
    -------
    Quotes
        `Quotes.explanation` says how the source was read, `Quotes.warnings` what is odd about its market.

    Raises
    ------
    AadValueError
        If the source cannot be read (see `read_chain`), if its market is beyond belief (see `imply_market`), or if
        nothing is left, with the count of each reason.

    Warns
    -----
    MarketWarning
        For each oddity of the market.
    """
    chain = read_chain(
        path,
        spot=spot,
        quote_date=quote_date,
        expiry=expiry,
        columns=columns,
        at=at,
        underlying=underlying,
        decimal=decimal,
        dates=dates,
        zone=zone,
    )
    given = given_market(
        quote_date=chain.quote_date,
        rate=rate,
        dividend_yield=dividend_yield,
        curve=curve,
        dividends=dividends,
        forwards=forwards,
    )
    chain = drop_unusable(chain, min_expiry=min_expiry, max_expiry=max_expiry)
    market = imply_market(chain, exercise=exercise, given=given, limits=limits)
    quotes = select_quotes(market.chain, parity=market.parity, min_open_interest=min_open_interest)
    explanation = quotes.explanation
    if explanation is not None:
        explanation = replace(explanation, notes=(*explanation.notes, *given.notes()))
    return replace(
        quotes,
        exercise_style=market.exercise.style,
        exercise_reason=market.exercise.reason,
        warnings=market.warnings,
        explanation=explanation,
    )


def _position_of_slice(chain: Chain, parity: ParityFit) -> NDArray[np.int64]:
    """Return each row's position in `parity`, -1 where its expiry has no parity forward, (n,)."""
    positions = np.full((len(chain.roots), len(chain.expiry_dates)), -1, dtype=np.int64)
    positions[parity.root_index, parity.expiry_index] = np.arange(parity.expiry.size)
    return np.asarray(positions[chain.root_index, chain.expiry_index])


def select_quotes(chain: Chain, *, parity: ParityFit, min_open_interest: float = 100.0) -> Quotes:
    """Keep the held, out-of-the-money options of a cleaned chain and imply their volatilities.

    Parameters
    ----------
    chain : Chain
        Cleaned by `drop_unusable`.
    parity : ParityFit
        Of the same chain.
    min_open_interest : float, >= 0

    Returns
    -------
    Quotes
        A put below the forward, a call at it and above; slices of fewer than five quotes are dropped.

    Raises
    ------
    AadValueError
        If nothing is left, with the count of each reason.
    """
    require_instance("parity", parity, ParityFit, "what fit_parity returns")
    chain = drop_thin(chain, min_open_interest=min_open_interest)
    chain = chain.drop("expiry without a call-put pair", _position_of_slice(chain, parity) < 0)
    require_rows(chain, "no expiry with a parity forward")
    at_or_above = chain.strike >= parity.forward[_position_of_slice(chain, parity)]
    chain = chain.drop("in the money", chain.is_call != at_or_above)
    underlying = np.where(chain.is_call, parity.forward[_position_of_slice(chain, parity)], chain.strike)
    highest = parity.discount[_position_of_slice(chain, parity)] * underlying
    chain = chain.drop("mid above the no-arbitrage bound", 0.5 * (chain.bid + chain.ask) >= highest)
    counts = np.bincount(_position_of_slice(chain, parity), minlength=parity.expiry.size)
    too_few = counts[_position_of_slice(chain, parity)] < MIN_QUOTES_PER_SLICE
    chain = chain.drop(f"fewer than {MIN_QUOTES_PER_SLICE} quotes in the slice", too_few)
    require_rows(chain, "no slice with enough quotes")
    return _imply(chain, parity)


def _imply(chain: Chain, parity: ParityFit) -> Quotes:
    """Sort the rows by slice and strike and imply the volatilities of mid, bid and ask."""
    # The solver is compiled by numba, whose import costs more than reading a chain: load it when it is needed.
    from pricers.analytic.implied_volatilities import implied_volatility, vega

    position = _position_of_slice(chain, parity)
    order = np.lexsort((chain.strike, position))
    used, slice_index = np.unique(position[order], return_inverse=True)
    strike, is_call = chain.strike[order], chain.is_call[order]
    bid, ask = chain.bid[order], chain.ask[order]
    mid = 0.5 * (bid + ask)
    forward, discount, expiry = (
        values[position[order]] for values in (parity.forward, parity.discount, parity.expiry)
    )
    # One call for the three prices: the solver works on flat arrays.
    volatility, bid_volatility, ask_volatility = np.split(
        implied_volatility(
            price=np.concatenate([mid, bid, ask]),
            forward=np.tile(forward, 3),
            strike=np.tile(strike, 3),
            expiry=np.tile(expiry, 3),
            discount=np.tile(discount, 3),
            is_call=np.tile(is_call, 3),
        ),
        3,
    )
    return Quotes(
        slices=tuple(
            Slice(
                root=chain.roots[parity.root_index[k]],
                expiry_date=chain.expiry_dates[parity.expiry_index[k]],
                expiry=float(parity.expiry[k]),
                forward=float(parity.forward[k]),
                discount=float(parity.discount[k]),
            )
            for k in used
        ),
        spot=chain.spot,
        quote_date=chain.quote_date,
        slice_index=slice_index.astype(np.int64),
        strike=strike,
        log_moneyness=np.log(strike / forward),
        is_call=is_call,
        mid=mid,
        bid=bid,
        ask=ask,
        volatility=volatility,
        bid_volatility=bid_volatility,
        ask_volatility=ask_volatility,
        spread=ask - bid,
        vega=vega(forward=forward, strike=strike, expiry=expiry, volatility=volatility, discount=discount),
        dropped=chain.dropped,
        parity=parity,
        exercise_style=chain.exercise_style,
        is_mid_only=chain.is_mid_only,
        explanation=chain.explanation,
    )
