"""The call of the report's section 4.1.2: local volatility from 25 SVI parameters, five for each of five slices."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.differences import extrapolated_difference
from aadlib.types import Floats
from pricers.pde import grids
from pricers.pde.backward import svi_pde
from pricers.surfaces.svi_local_volatility import PARAMETERS

EXPIRIES = np.array([0.1, 0.25, 0.5, 0.75, 1.0])
N_NODES, N_STEPS = 201, 100
_GRID = grids.uniform_grid(lowest=0.0, highest=300.0, n_nodes=N_NODES)


def _slice(expiry: float) -> list[float]:
    """Return raw parameters of a power-law surface slice (Gatheral and Jacquier, 2014, section 4), skewed down."""
    variance, rho = 0.04 * expiry + 0.004 * math.sqrt(expiry), -0.6
    skew = 0.9 / math.sqrt(variance * (1.0 + variance))
    level = 1.0 - rho * rho
    return [0.5 * variance * level, 0.5 * variance * skew, rho, -rho / skew, math.sqrt(level) / skew]


POINT = np.array([_slice(expiry) for expiry in EXPIRIES]).ravel()
"""Free of arbitrage. The report gives no values."""

NAMES = tuple(f"{name}_{k}" for k in range(1, EXPIRIES.size + 1) for name in PARAMETERS)

STEPS = 0.02 * np.maximum(np.abs(POINT), 0.01)
"""Longest steps of the extrapolated differences: short enough to stay free of arbitrage."""


def price(parameters: Any, *, expand: bool = False) -> Any:
    """Return the price of a one-year call, spot and strike 100, rate 5%, in the 25 parameters."""
    return svi_pde.price(
        parameters=parameters,
        expiries=EXPIRIES,
        spot=100.0,
        strike=100.0,
        expiry=1.0,
        rate=0.05,
        grid=_GRID,
        n_steps=N_STEPS,
        expand=expand,
    )


@cache
def recorded() -> ad.Program:
    """Return the recording of every operation of the price, made once."""
    return ad.record(lambda parameters: price(parameters, expand=True), POINT)


@cache
def recorded_march() -> ad.Program:
    """Return the recording with the march as one operation, made once."""
    return ad.record(price, POINT)


def differences(of: Callable[[Floats], Floats], levels: int) -> Floats:
    """Return the derivatives of a function of the parameters by extrapolated central differences, (25, ...)."""

    def along(k: int) -> Floats:
        unit = np.eye(POINT.size)[k]
        return extrapolated_difference(lambda h: of(POINT + h * unit), STEPS[k], levels)[0]

    return np.array([along(k) for k in range(POINT.size)])
