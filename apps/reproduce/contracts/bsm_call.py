"""The call of the report's section 4.1.1: Black-Scholes-Merton in five inputs, and its Hessian in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aadlib.types import Floats
from pricers import black_scholes

INPUTS = ("spot", "volatility", "strike", "rate", "expiry")
POINT = np.array([100.0, 0.2, 105.0, 0.05, 1.0])
"""Where it is taken: the report names the inputs and leaves their values open."""


def price(x: Any) -> Any:
    """Return the price of a call for x in the order of `INPUTS`."""
    return black_scholes.price(**dict(zip(INPUTS, x, strict=True)))


def closed_form_hessian(x: Floats) -> Floats:
    """Return the Hessian in the order of `INPUTS`, (5, 5).

    Strike entries follow from the price being homogeneous of degree one in spot and strike; calendar time runs
    against the expiry.
    """
    s, sigma, k, r, t = (float(number) for number in x)
    g = black_scholes.greeks(spot=s, volatility=sigma, strike=k, rate=r, expiry=t)
    d2 = (math.log(s / k) + (r - 0.5 * sigma * sigma) * t) / (sigma * math.sqrt(t))
    d2_t = (r - 0.5 * sigma * sigma) / (sigma * math.sqrt(t)) - 0.5 * d2 / t
    d1, d1_t = d2 + sigma * math.sqrt(t), d2_t + 0.5 * sigma / math.sqrt(t)
    cash = -k * float(g.dual_delta)  # K exp(-r T) N(d2)
    density = k * math.exp(-r * t) * math.exp(-0.5 * d2 * d2) / math.sqrt(2.0 * math.pi)  # = S n(d1)
    decay = 0.5 * density * sigma / math.sqrt(t)
    upper = np.zeros((5, 5))
    upper[0] = [g.gamma, g.vanna, -s * g.gamma / k, g.delta_rho, -g.charm]
    upper[1, 1:] = [g.volga, (g.vega - s * g.vanna) / k, g.vera, -g.veta]
    upper[2, 2:] = [g.dual_gamma, (g.rho - s * g.delta_rho) / k, (s * g.charm - g.theta) / k]
    upper[3, 3:] = [g.rho_convexity, (1.0 - r * t) * cash + t * density * d2_t]
    upper[4, 4] = r * (density * d2_t - r * cash) - decay * (d1 * d1_t + 0.5 / t)
    return np.asarray(upper + np.triu(upper, 1).T)
