"""The premium of early exercise in plain NumPy, in numbers of any kind: differentiate it to check the closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad


def stopped_premium(
    x: Any,
    time: Any,
    brownian: Any,
    beyond_mean: Any = (0.0, 0.0),
    *,
    strike: float,
    expiry: float,
    sign: float,
) -> Any:
    """Return exercise value less European value at a stop, discounted to today.

    Parameters
    ----------
    x : spot, volatility, rate, dividend yield; of curves their means to expiry
    time, brownian : numbers or (n_paths,), years before expiry and the Brownian motion there
    beyond_mean : what rate and dividend yield have added up to by then, beyond the means times the time
    sign : 1 for a call, -1 for a put
    """
    spot, volatility, rate, dividend_yield = x[0], x[1], x[2], x[3]
    left = expiry - time
    moved = volatility * brownian - 0.5 * volatility * volatility * time
    stock = spot * np.exp(moved - dividend_yield * time - beyond_mean[1])
    asset = spot * np.exp(moved - dividend_yield * expiry)
    cash = strike * np.exp(-rate * expiry)
    deviation = volatility * np.sqrt(left)
    d1 = np.log(asset / cash) / deviation + 0.5 * deviation
    european = sign * (asset * ad.norm_cdf(sign * d1) - cash * ad.norm_cdf(sign * (d1 - deviation)))
    return sign * (stock - strike * np.exp(-rate * time - beyond_mean[0])) - european
