"""The premium of early exercise in plain NumPy, in numbers of any kind: differentiate it to check the closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad


def stopped_premium(x: Any, time: Any, brownian: Any, *, strike: float, expiry: float, sign: float) -> Any:
    """Return exercise value less European value at a stop, discounted to today.

    Parameters
    ----------
    x : spot, volatility, rate, dividend yield
    time, brownian : numbers or (n_paths,), years before expiry and the Brownian motion there
    sign : 1 for a call, -1 for a put
    """
    spot, volatility, rate, dividend_yield = x[0], x[1], x[2], x[3]
    left = expiry - time
    stock = spot * np.exp(-(dividend_yield + 0.5 * volatility * volatility) * time + volatility * brownian)
    asset, cash = stock * np.exp(-dividend_yield * left), strike * np.exp(-rate * expiry)
    deviation = volatility * np.sqrt(left)
    d1 = np.log(asset / cash) / deviation + 0.5 * deviation
    european = sign * (asset * ad.norm_cdf(sign * d1) - cash * ad.norm_cdf(sign * (d1 - deviation)))
    return sign * (stock - strike * np.exp(-rate * time)) - european
