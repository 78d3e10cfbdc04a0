"""Functions at the edges of domains: what their derivatives truly are, where they are determined.

`gradient` and `second` are the first and second derivative at `x`, by mathematics; None where a derivative does not
exist or no sweep can know it, so that a warning is due.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import aadlib as ad

INF = math.inf


class Edge(NamedTuple):
    """A function of one number at an edge."""

    name: str
    function: Callable[[Any], Any]
    x: float
    gradient: float | None
    second: float | None


def normal_call(volatility: Any) -> Any:
    d1 = (np.log(110.0 / 100.0) + 0.05) / volatility + 0.5 * volatility
    return 110.0 * ad.norm_cdf(d1) - 100.0 * np.exp(-0.05) * ad.norm_cdf(d1 - volatility)


EDGES = [
    # two operations of which the second cancels the infinity of the first
    Edge("sqrt(x)**2", lambda x: np.sqrt(x) ** 2, 0.0, 1.0, 0.0),
    Edge("sqrt(x)*sqrt(x)", lambda x: np.sqrt(x) * np.sqrt(x), 0.0, 1.0, 0.0),
    Edge("sqrt(x)**4", lambda x: np.sqrt(x) ** 4, 0.0, 0.0, 2.0),
    Edge("sqrt(x)**3", lambda x: np.sqrt(x) ** 3, 0.0, 0.0, INF),
    Edge("sqrt(x)**6", lambda x: np.sqrt(x) ** 6, 0.0, 0.0, 0.0),
    Edge("cbrt(x)**3", lambda x: np.cbrt(x) ** 3, 0.0, 1.0, 0.0),
    Edge("exp(2 log x)", lambda x: np.exp(2 * np.log(x)), 0.0, 0.0, 2.0),
    Edge("exp(log(x) 3)", lambda x: np.exp(np.log(x) * 3.0), 0.0, 0.0, 0.0),
    Edge("exp(log x)", lambda x: np.exp(np.log(x)), 0.0, 1.0, 0.0),
    Edge("exp(0.5 log x)", lambda x: np.exp(0.5 * np.log(x)), 0.0, INF, -INF),
    Edge("1/(1/x)", lambda x: 1 / (1 / x), 0.0, 1.0, 0.0),
    Edge("reciprocal twice", lambda x: ad.reciprocal(ad.reciprocal(x)), 0.0, 1.0, 0.0),
    Edge("hypot(x, 0)**2", lambda x: np.hypot(x, 0.0 * x) ** 2, 0.0, 0.0, 2.0),
    Edge("hypot(x, x)**2", lambda x: np.hypot(x, x) ** 2, 0.0, 0.0, 4.0),
    Edge("norm**2", lambda x: np.linalg.norm(ad.array([x, 2.0 * x])) ** 2, 0.0, 0.0, 10.0),
    Edge("sqrt(x-1)**2 + x", lambda x: np.sqrt(x - 1.0) ** 2 + x, 1.0, 2.0, 0.0),
    # infinite as the truth is
    Edge("sqrt", np.sqrt, 0.0, INF, -INF),
    Edge("cbrt", np.cbrt, 0.0, INF, None),
    Edge("x**1.5", lambda x: x**1.5, 0.0, 0.0, INF),
    Edge("x**2.5", lambda x: x**2.5, 0.0, 0.0, 0.0),
    Edge("x**2", lambda x: x**2, 0.0, 0.0, 2.0),
    Edge("x**3", lambda x: x**3, 0.0, 0.0, 0.0),
    Edge("x**0", lambda x: x**0 * 3.0 + x, 0.0, 1.0, 0.0),
    Edge("arcsin at 1", np.arcsin, 1.0, INF, INF),
    Edge("arccos at -1", np.arccos, -1.0, -INF, INF),
    Edge("arccosh at 1", np.arccosh, 1.0, INF, -INF),
    # what is not in use
    Edge("where log", lambda x: np.where(x > 1.0, np.log(x), x * x), 0.0, 0.0, 2.0),
    Edge("where sqrt", lambda x: np.where(x > 0.0, np.sqrt(x), 3.0 * x), 0.0, 3.0, 0.0),
    Edge("where reciprocal", lambda x: np.where(x == 0.0, 1.0 + x, np.sin(x) / x), 0.0, 1.0, 0.0),
    Edge("where exp", lambda x: np.where(x < 5, np.exp(x), np.exp(x * 1000.0) * np.inf), 2.0, math.exp(2), math.exp(2)),
    Edge("where in where", lambda x: np.where(x > 0, np.where(x > 1, np.log(x), 1 / x), np.cos(x)), 0.0, 0.0, -1.0),
    Edge("ad.where log1p", lambda x: ad.where(x > 0, np.log1p(-1.0 - x), x), 0.0, 1.0, 0.0),
    Edge("maximum(sqrt, .1)", lambda x: np.maximum(np.sqrt(x), 0.1), 0.0, 0.0, 0.0),
    Edge("minimum(sqrt, -.1)", lambda x: np.minimum(np.sqrt(x), -0.1) + x, 0.0, 1.0, 0.0),
    Edge("sqrt(maximum(x, 0))", lambda x: np.sqrt(np.maximum(x, 0.0)) + x, -1.0, 1.0, 0.0),
    Edge("log(maximum(x, 0)) untaken", lambda x: np.where(x > 0, np.log(np.maximum(x, 0.0)), x), -2.0, 1.0, 0.0),
    Edge("sqrt(x*0)", lambda x: np.sqrt(x * x * 0.0) + x, 2.0, 1.0, 0.0),
    Edge("0*sqrt(x)", lambda x: 0.0 * np.sqrt(x) + x, 0.0, 1.0, 0.0),
    Edge("0/(1+sqrt(x))", lambda x: 0.0 / (1.0 + np.sqrt(x)) + x, 0.0, 1.0, 0.0),
    Edge("sqrt(x)**0", lambda x: np.power(np.sqrt(x), 0.0) + x, 0.0, 1.0, 0.0),
    Edge("1**sqrt(x)", lambda x: 1.0 ** np.sqrt(x) + x, 0.0, 1.0, 0.0),
    Edge("0**(1+sqrt(x))", lambda x: 0.0 ** (1.0 + np.sqrt(x)) + x, 0.0, 1.0, 0.0),
    Edge("(x > 1)*sqrt(x)", lambda x: (x > 1.0) * np.sqrt(x) + x, 0.0, 1.0, 0.0),
    Edge("clip(sqrt)", lambda x: np.clip(np.sqrt(x), 0.5, 2.0) + x, 0.0, 1.0, 0.0),
    Edge("stop_gradient", lambda x: ad.stop_gradient(np.sqrt(x)) + x, 0.0, 1.0, 0.0),
    Edge("floor(sqrt)", lambda x: np.floor(np.sqrt(x)) + x, 0.0, 1.0, 0.0),
    # tails that outrun an infinity
    Edge("exp(-1/x**2)", lambda x: np.exp(-1.0 / x**2), 0.0, 0.0, 0.0),
    Edge("exp(-1/x)", lambda x: np.exp(-1.0 / x), 0.0, 0.0, 0.0),
    Edge("norm_cdf(1/x)", lambda x: ad.norm_cdf(1.0 / x), 0.0, 0.0, 0.0),
    Edge("norm_cdf(log x)", lambda x: ad.norm_cdf(np.log(x)), 0.0, 0.0, 0.0),
    Edge("tanh(1/x)", lambda x: np.tanh(1.0 / x), 0.0, 0.0, 0.0),
    Edge("a call without volatility", normal_call, 0.0, 0.0, 0.0),
    Edge("erf(x/0)", lambda x: ad.erf(1.0 / (x - 1.0)) * x, 1.0, 1.0, 0.0),
    # zero times infinity: to be warned of
    Edge("sqrt(x)*x", lambda x: np.sqrt(x) * x, 0.0, None, None),
    Edge("sqrt(x)*x**2", lambda x: np.sqrt(x) * x**2, 0.0, None, None),
    Edge("sqrt(x-x)", lambda x: np.sqrt(x - x), 2.0, None, None),
    Edge("sqrt((x-2)**3)", lambda x: np.sqrt((x - 2.0) ** 3), 2.0, None, None),
    Edge("cbrt((x-2)**3)", lambda x: np.cbrt((x - 2.0) ** 3), 2.0, None, None),
    Edge("sqrt(x**4)", lambda x: np.sqrt(x**4), 0.0, None, None),
    Edge("sin(x)*sqrt(x)", lambda x: np.sin(x) * np.sqrt(x), 0.0, None, None),
    Edge("tanh(arctanh)", lambda x: np.tanh(np.arctanh(x)), 1.0, None, None),
    Edge("norm_cdf(norm_ppf)", lambda x: ad.norm_cdf(ad.norm_ppf(x)), 1.0, None, None),
    Edge("arccos(cos)", lambda x: np.arccos(np.cos(x)), 0.0, None, None),
    Edge("arcsin(x/x)", lambda x: np.arcsin(x / x), 2.0, None, None),
    Edge("exp(-log(x)**2)", lambda x: np.exp(-(np.log(x) ** 2)), 0.0, None, None),
    Edge("2/(1/x)", lambda x: 2.0 / (1.0 / x), 0.0, None, None),
    Edge("power(sqrt, sqrt)", lambda x: np.cbrt(x) ** 2 * np.cbrt(x), 0.0, None, None),
    Edge("(1-cos)/x-like", lambda x: np.sqrt(1.0 - np.cos(x)), 0.0, None, None),
    Edge("sqrt(x)*sqrt(2x)", lambda x: np.sqrt(x) * np.sqrt(2.0 * x), 0.0, None, None),
    Edge("log1p * 0", lambda x: np.expm1(np.log1p(x)) , -1.0, None, None),
]  # fmt: skip
