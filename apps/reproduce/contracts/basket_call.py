"""The basket call of the Monte Carlo tables: its market, its paths and their noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.types import Floats
from greeks2 import Normals
from pricers.monte_carlo import (
    BasketOption,
    GeometricBrownianMotion,
    Path,
    Softplus,
    apply_correlation,
    compress_steps,
)

RATE, EXPIRY, STRIKE, CORRELATION = 0.03, 1.0, 100.0, 0.3
SPOTS, VOLATILITIES = (95.0, 105.0), (0.2, 0.4)
N_STEPS = 50
SEED = 7

CONTRACT = (
    f"spots {SPOTS[0]:g} to {SPOTS[1]:g}, volatilities {VOLATILITIES[0]:.0%} to {VOLATILITIES[1]:.0%}, all "
    f"correlations {CORRELATION:g}, rate {RATE:.0%}, one year, equal weights 1 / n, strike {STRIKE:g}"
)
"""What we assume, as the report gives none of it."""

BLOCK = 2048
"""Paths whose steps are drawn at once."""


def correlation(n_assets: int) -> Floats:
    """Return the same correlation between any two assets, (n_assets, n_assets)."""
    return np.full((n_assets, n_assets), CORRELATION) + (1.0 - CORRELATION) * np.eye(n_assets)


def dynamics(n_assets: int) -> GeometricBrownianMotion:
    """Return the assets, spots and volatilities evenly spread."""
    return GeometricBrownianMotion(
        spots=np.linspace(*SPOTS, n_assets),
        volatilities=np.linspace(*VOLATILITIES, n_assets),
        rate=RATE,
        correlation=correlation(n_assets),
    )


def path(
    n_assets: int,
    smoothing: Any,
    *,
    differentiate: tuple[str, ...] = ("spots", "volatilities"),
    n_steps: int = 1,
    strike: float = STRIKE,
    correlated_normals: bool = False,
) -> Path:
    """Return one path of the call, in one exact step or with every step recorded."""
    return Path(
        dynamics=dynamics(n_assets),
        payoff=BasketOption(strike=strike, weights=np.full(n_assets, 1.0 / n_assets)),
        expiry=EXPIRY,
        n_steps=n_steps,
        track_steps=n_steps > 1,
        differentiate=differentiate,
        smoothing=smoothing,
        correlated_normals=correlated_normals,
    )


def softplus_path(n_assets: int, alpha: float, n_steps: int = 1) -> Path:
    """Return the path that the report differentiates: softplus, correlated before it is recorded."""
    return path(n_assets, Softplus(sharpness=alpha), n_steps=n_steps, correlated_normals=True)


def steps_source(n_assets: int, n_paths: int, seed: int) -> Normals:
    """Return the independent normals of every step."""
    return Normals(n_paths=n_paths, shape=(N_STEPS, n_assets), seed=seed)


def end_normals(n_assets: int, n_paths: int, seed: int) -> Floats:
    """Return the independent normals of one step that ends where the steps do, (n_paths, n_assets)."""
    source = steps_source(n_assets, n_paths, seed)
    blocks = [
        source.draw(begin, min(begin + BLOCK, n_paths)).reshape(-1, N_STEPS, n_assets)
        for begin in range(0, n_paths, BLOCK)
    ]
    return np.concatenate([compress_steps(block) for block in blocks])


def correlated(normals: Floats) -> Floats:
    """Return normals (..., n_assets) with the correlations of the market."""
    return np.asarray(apply_correlation(normals=normals, correlation=correlation(normals.shape[-1])))


def blocks(hessian: Floats) -> dict[str, Floats]:
    """Return gamma, vanna and volga of a Hessian in n spots, then n volatilities."""
    n = len(hessian) // 2
    return {"gamma": hessian[:n, :n], "vanna": hessian[:n, n:], "volga": hessian[n:, n:]}
