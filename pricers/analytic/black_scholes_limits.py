"""Limits of the Black-Scholes-Merton Greeks where spot, strike, sigma or T is zero.

Away from the money every term with the density vanishes faster than any power, and what is left is the discounted
forward payoff. At the money the limit in sigma differs from the limit in T; where both are zero it depends on the way
there and is NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aadlib.types import Floats

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def limits_of_greeks(
    s: Floats, k: Floats, t: Floats, r: Floats, q: Floats, vol: Floats, w: Floats
) -> dict[str, Any]:
    """Return the limit of every field of `black_scholes.Greeks`, (n,) each; w is 1 for a call, -1 for a put."""
    asset, paid = np.exp(-q * t), np.exp(-r * t)
    gap = w * (s * asset - k * paid)
    share = np.heaviside(gap, 0.5)
    rho = w * t * k * paid * share
    values = dict.fromkeys(
        ("vega", "gamma", "vanna", "volga", "veta", "delta_rho", "vera", "dual_gamma"), np.zeros_like(gap)
    ) | dict.fromkeys(("speed", "zomma", "color", "vanna_volatility", "ultima"), np.zeros_like(gap))
    values |= {
        "price": np.maximum(gap, 0.0),
        "delta": w * asset * share,
        "theta": w * share * (q * s * asset - r * k * paid),
        "rho": rho,
        "dividend_rho": -w * t * s * asset * share,
        "dual_delta": -w * paid * share,
        "charm": w * q * asset * share,
        "rho_convexity": -t * rho,
    }
    at_money = (gap == 0.0) & (s > 0.0)
    if at_money.any():
        with np.errstate(all="ignore"):
            density = _density_terms(s, t, r, q, vol)
        for name, term in density.items():
            values[name] = np.where(at_money, values[name] + term, values[name])
    return values


def _density_terms(s: Floats, t: Floats, r: Floats, q: Floats, vol: Floats) -> dict[str, Any]:
    """Return what the density adds at the money, in the limit of sigma where T > 0, else in that of T."""
    carry, root, inf = r - q, np.sqrt(t), np.full_like(t, np.inf)
    zero = np.zeros_like(t)
    density = np.exp(-q * t) / ROOT_TWO_PI
    vega = s * density * root
    slope = carry / vol + 0.5 * vol  # d1 = slope sqrt(T) as T falls to zero
    in_volatility = {
        "theta": zero,
        "vanna": 0.5 * density * root,
        "charm": np.where(carry == 0.0, 0.0, -np.sign(carry) * inf),
        "veta": vega * (0.5 * (r + q) - 0.5 / t),
        "delta_rho": inf,
        "vera": -0.5 * t * vega,
        "rho_convexity": inf,
        "speed": -inf,
        "color": np.where(0.5 * (r + q) + 0.5 / t == 0.0, np.nan, np.sign(0.5 * (r + q) + 0.5 / t) * inf),
        "ultima": -0.25 * t * vega,
    }
    in_expiry = {
        "theta": -inf,
        "vanna": zero,
        "charm": np.where(slope == 0.0, 0.0, -np.sign(slope) * inf),
        "veta": -inf,
        "delta_rho": zero,
        "vera": zero,
        "rho_convexity": zero,
        "speed": np.where(slope == -vol, np.nan, -np.sign(slope / vol + 1.0) * inf),
        "color": inf,
        "ultima": zero,
    }
    terms = {"vega": vega, "gamma": inf, "dual_gamma": inf, "zomma": -inf}
    for name, limit in in_volatility.items():
        other = np.where(vol > 0.0, in_expiry[name], np.nan)
        terms[name] = np.where(t > 0.0, limit, other)
    return terms
