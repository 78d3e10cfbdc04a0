"""Ten more functions for the planner, written before they were first measured: no constant was tuned on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import aadlib as ad
from aadlib.types import Floats

Function = Callable[[Any], Any]
UNSEEN: dict[str, tuple[Function, Floats]] = {}


def unseen(name: str, point: npt.ArrayLike) -> Callable[[Function], Function]:
    """Put a function on the list."""

    def put(function: Function) -> Function:
        UNSEEN[name] = (function, np.asarray(point, dtype=np.float64))
        return function

    return put


@unseen("implied volatility of SABR, 6 inputs", [1.0, 1.1, 0.2, 0.7, -0.3, 0.5])
def _sabr(x: Any) -> Any:
    forward, strike, alpha, beta, rho, spread = x
    mean, moneyness = (forward * strike) ** (0.5 * (1.0 - beta)), np.log(forward / strike)
    z = spread / alpha * mean * moneyness
    skew = np.log((np.sqrt(1.0 - 2.0 * rho * z + z * z) + z - rho) / (1.0 - rho))
    powers = ((1.0 - beta) * moneyness) ** 2
    correction = ((1.0 - beta) * alpha / mean) ** 2 / 24.0 + rho * beta * spread * alpha / (4.0 * mean)
    drift = 1.0 + 2.0 * (correction + (2.0 - 3.0 * rho * rho) * spread * spread / 24.0)
    return alpha / (mean * (1.0 + powers / 24.0 + powers * powers / 1920.0)) * z / skew * drift


@unseen("squared errors of an SVI smile, 5 inputs, 60 quotes", [0.02, 0.4, -0.4, 0.05, 0.2])
def _smile(x: Any) -> Any:
    level, slope, rho, place, width = x
    total = 0.0
    for k in np.linspace(-0.6, 0.4, 60).tolist():
        off = k - place
        error = level + slope * (rho * off + np.sqrt(off * off + width * width)) - 0.04 - 0.1 * k * k
        total = total + error * error
    return total


@unseen("American put on a tree of 50 steps, smoothed, 4 inputs", [1.0, 0.2, 0.03, 1.05])
def _tree(x: Any) -> Any:
    spot, volatility, rate, strike = x
    up = np.exp(volatility * np.sqrt(1.0 / 50.0))
    discount = np.exp(-rate / 50.0)
    chance = (1.0 / discount - 1.0 / up) / (up - 1.0 / up)
    stocks = [spot * up ** float(2 * k - 50) for k in range(51)]
    values = [ad.softplus(strike - stock, sharpness=50.0) for stock in stocks]
    for n in range(49, -1, -1):
        stocks = [stocks[k] * up for k in range(n + 1)]
        held = [discount * (chance * values[k + 1] + (1.0 - chance) * values[k]) for k in range(n + 1)]
        values = [h + ad.softplus(strike - s - h, sharpness=50.0) for h, s in zip(held, stocks, strict=True)]
    return values[0]


@unseen("credit default swap, 24 hazard rates, 24 rates, recovery", np.r_[np.full(48, 0.02), 0.4])
def _credit(x: Any) -> Any:
    survival, discount, value = 1.0, 1.0, 0.0
    for n in range(24):
        alive = survival * np.exp(-0.25 * x[n])
        discount = discount * np.exp(-0.25 * x[24 + n])
        value = value + discount * ((1.0 - x[48]) * (survival - alive) - 0.0025 * alive)
        survival = alive
    return value


@unseen("log-likelihood of a logistic regression, 25 inputs, 200 samples", np.linspace(-0.5, 0.5, 25))
def _logistic(x: Any) -> Any:
    samples = np.random.default_rng(20240229).standard_normal((200, 25))
    return np.sum(np.log(1.0 + np.exp(samples @ x)))


@unseen("likelihood of a Kalman filter, 4 inputs, 250 observations", [0.95, 0.3, 0.5, 0.1])
def _filter(x: Any) -> Any:
    decay, noise, error, level = x
    state, variance, total = level, noise * noise, 0.0
    for seen in np.random.default_rng(20240229).standard_normal(250).tolist():
        spread = variance + error * error
        surprise, gain = seen - state, variance / spread
        total = total + np.log(spread) + surprise * surprise / spread
        state = level + decay * (state + gain * surprise - level)
        variance = decay * decay * (1.0 - gain) * variance + noise * noise
    return total


@unseen("area of a membrane, 20 x 20 heights", np.sin(np.linspace(0.0, 9.0, 400)))
def _membrane(x: Any) -> Any:
    height = np.reshape(x, (20, 20))
    along, across = height[1:, :-1] - height[:-1, :-1], height[:-1, 1:] - height[:-1, :-1]
    return np.sum(np.sqrt(1.0 + along * along + across * across))


@unseen("300 trades, one input each, under one common input", np.r_[np.linspace(0.1, 0.4, 300), 1.0])
def _arrow(x: Any) -> Any:
    total = 0.0
    for k in range(300):
        total = total + ad.norm_cdf(np.log(x[300]) / x[k] + 0.5 * x[k]) * x[300]
    return total


@unseen("energy of 30 charges in space, 90 inputs", np.random.default_rng(20240229).uniform(0.0, 4.0, 90))
def _charges(x: Any) -> Any:
    places = [x[3 * k : 3 * k + 3] for k in range(30)]
    total = 0.0
    for i in range(30):
        for j in range(i):
            apart = places[i] - places[j]
            total = total + 1.0 / np.sqrt(np.sum(apart * apart))
    return total


@unseen("book of 40 bonds on a spline of 12 rates", np.linspace(0.01, 0.04, 12))
def _bonds(x: Any) -> Any:
    knots, dates = np.linspace(0.0, 20.0, 12), np.linspace(0.5, 20.0, 40)
    weights = np.exp(-0.5 * (dates[:, None] - knots) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    discounts = np.exp(-dates * (weights @ x))
    total = 0.0
    for n in range(40):
        price = 0.015 * np.sum(discounts[: n + 1]) + discounts[n]
        total = total + np.log(price) * price
    return total
