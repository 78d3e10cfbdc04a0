"""Synthetic quotes with a skew and a term structure, so that every test runs without market data."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

import aadlib as ad
from aadlib.types import Floats as FloatArray
from pricers.chain import load_quotes
from pricers.chain.quotes import Quotes, Slice
from pricers.chain.synthetic import write_synthetic_chain


def smile(x: FloatArray, expiry: FloatArray) -> FloatArray:
    """Return volatilities of a skewed surface without arbitrage: SSVI with power-law skew."""
    theta = 0.04 * expiry + 0.004 * (1.0 - np.exp(-4.0 * expiry))
    phi = 1.1 / np.sqrt(theta)
    rho = -0.6
    total = 0.5 * theta * (1.0 + rho * phi * x + np.sqrt((phi * x + rho) ** 2 + 1.0 - rho**2))
    return np.sqrt(total / expiry)


def make_quotes(expiries: list[float], per_slice: int = 15, width: float = 0.004) -> Quotes:
    """Return out-of-the-money quotes on the smile, `width` of volatility wide, strikes within 2.5 deviations."""
    day = datetime.date(2024, 1, 2)
    slices = tuple(
        Slice(
            "X", day + datetime.timedelta(days=round(365 * t)), t, 100.0 * np.exp(0.01 * t), np.exp(-0.02 * t)
        )
        for t in expiries
    )
    index = np.repeat(np.arange(len(expiries)), per_slice)
    t = np.array(expiries)[index]
    x = np.tile(np.linspace(-2.5, 1.8, per_slice), len(expiries)) * 0.2 * np.sqrt(t)
    forward = np.array([s.forward for s in slices])[index]
    discount = np.array([s.discount for s in slices])[index]
    volatility = smile(x, t)
    return Quotes(
        slices=slices,
        spot=100.0,
        quote_date=day,
        slice_index=index,
        strike=forward * np.exp(x),
        log_moneyness=x,
        is_call=x >= 0.0,
        **_prices(x, t, forward, discount, volatility, width),
    )


def _prices(
    x: FloatArray,
    t: FloatArray,
    forward: FloatArray,
    discount: FloatArray,
    volatility: FloatArray,
    width: float,
) -> dict[str, FloatArray]:
    def price(vol: FloatArray) -> FloatArray:
        d1 = -x / (vol * np.sqrt(t)) + 0.5 * vol * np.sqrt(t)
        sign = np.where(x >= 0.0, 1.0, -1.0)
        k = np.exp(x)
        return (
            discount
            * forward
            * sign
            * (ad.norm_cdf(sign * d1) - k * ad.norm_cdf(sign * (d1 - vol * np.sqrt(t))))
        )

    d1 = -x / (volatility * np.sqrt(t)) + 0.5 * volatility * np.sqrt(t)
    bid, ask = price(volatility - 0.5 * width), price(volatility + 0.5 * width)
    return {
        "mid": price(volatility),
        "bid": bid,
        "ask": ask,
        "spread": ask - bid,
        "volatility": volatility,
        "bid_volatility": volatility - 0.5 * width,
        "ask_volatility": volatility + 0.5 * width,
        "vega": discount * forward * ad.norm_pdf(d1) * np.sqrt(t),
    }


def one_slice(quotes: Quotes, position: int) -> Quotes:
    """Return the quotes of one slice, which is then the only one."""
    kept = quotes.select(quotes.slice_index == range(len(quotes.slices))[position])
    return replace(kept, slices=(quotes.slices[position],), slice_index=0 * kept.slice_index)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Quotes:
    """Return the quotes of the synthetic chain, with its ticks and spreads, over sixteen slices."""
    path = tmp_path_factory.mktemp("chain") / "synthetic.csv"
    write_synthetic_chain(path)
    return load_quotes(path)


@pytest.fixture(scope="session")
def quotes() -> Quotes:
    """Return 120 quotes over eight expiries, two of them a quarter of a day apart."""
    return make_quotes([0.02, 0.05, 0.1, 0.25, 0.2507, 0.5, 1.0, 2.0])
