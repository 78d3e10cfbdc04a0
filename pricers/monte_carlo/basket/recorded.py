"""A basket option's Greeks in one Monte Carlo run: one path recorded, all of them swept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.monte_carlo.correlation import apply_correlation
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.path import Path, compress_steps
from pricers.monte_carlo.payoffs.basket import BasketOption
from pricers.monte_carlo.smoothing.softplus import Softplus

NUMBERS_AT_ONCE = 2**22
"""Normals drawn before they are swept: 32 MiB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BasketEpGreeks:
    """Price and Greeks of a basket option; raw units, per unit of spot and of volatility.

    Parameters
    ----------
    price, stderr : float, currency
    delta, vega : (n_assets,)
    gamma : (n_assets, n_assets), d2V / dS_i dS_j
    vanna : (n_assets, n_assets), d2V / dS_i dsigma_j
    volga : (n_assets, n_assets), d2V / dsigma_i dsigma_j
    n_paths : int
    """

    price: float
    stderr: float
    delta: Floats
    vega: Floats
    gamma: Floats
    vanna: Floats
    volga: Floats
    n_paths: int


def basket_ep_greeks(
    *,
    spots: Any,
    volatilities: Any,
    rate: float,
    expiry: float,
    strike: float,
    weights: Any,
    correlation: Any = None,
    n_paths: int = 10_000,
    n_steps: int = 50,
    alpha: float = 30.0,
    seed: int = 0,
    track_steps: bool = False,
    is_call: bool = True,
) -> BasketEpGreeks:
    """Price exp(-rate expiry) E[softplus(basket - strike)] with its first and second derivatives.

    Parameters
    ----------
    spots, volatilities, weights : (n_assets,) floats
    rate : float, per year; expiry : float, years
    strike : float, currency
    correlation : (n_assets, n_assets) floats, optional
    n_paths, n_steps : int
        Every path is drawn with n_steps steps, correlated outside the tape.
    alpha : float, > 0, per unit of currency
        Sharpness of the softplus that rounds the payoff's corner.
    seed : int
        Of a Philox generator: the same paths for the same seed, sizes and steps.
    track_steps : bool
        Record log prices step by step; otherwise the steps' normals are summed before and one step is recorded. The
        numbers agree up to round-off.

    Returns
    -------
    BasketEpGreeks

    Raises
    ------
    AadValueError
        As for `GeometricBrownianMotion`, `BasketOption` and `Path`; for fewer than two paths, or a negative seed.

    Notes
    -----
    Standard errors of the Greeks, Sobol points and workers come with `greeks2.expectation(path, ...)` on the same path.

    Examples
    --------
    >>> estimates = basket_ep_greeks(spots=[100.0, 90.0], volatilities=[0.2, 0.3], rate=0.02, expiry=1.0, strike=95.0,
    ...                          weights=[0.5, 0.5], n_paths=1000, n_steps=4, alpha=1.0, seed=1)
    >>> estimates.gamma.shape, estimates.stderr < 0.5
    ((2, 2), True)
    """
    n_paths, seed = whole_number("n_paths", n_paths, 2), whole_number("seed", seed, 0)
    dynamics = GeometricBrownianMotion(
        spots=spots, volatilities=volatilities, rate=rate, correlation=correlation
    )
    path = Path(
        dynamics=dynamics,
        payoff=BasketOption(strike=strike, weights=weights, is_call=is_call),
        expiry=expiry,
        n_steps=n_steps,
        track_steps=track_steps,
        smoothing=Softplus(sharpness=alpha),
        correlated_normals=True,
    )
    n = dynamics.n_assets
    program = ad.record(path, path.parameters, np.zeros((1, *path.noise_shape)), lanes=(1,), passive=(1,))
    generator = np.random.Generator(np.random.Philox(seed))
    values, gradient, hessian = [], np.zeros(2 * n), np.zeros((2 * n, 2 * n))
    at_once = max(1, NUMBERS_AT_ONCE // (n_steps * n))
    for begin in range(0, n_paths, at_once):
        normals = generator.standard_normal((min(at_once, n_paths - begin), n_steps, n))
        if not track_steps:
            normals = compress_steps(normals)
        if correlation is not None:
            normals = apply_correlation(normals=normals, correlation=correlation)
        block, slopes, bends = program.derivatives(path.parameters, normals)
        values.append(block)
        gradient += slopes
        hessian += bends
    every = np.concatenate(values)
    gradient, hessian = gradient / n_paths, hessian / n_paths
    return BasketEpGreeks(
        price=float(every.mean()),
        stderr=float(every.std(ddof=1) / np.sqrt(n_paths)),
        delta=gradient[:n],
        vega=gradient[n:],
        gamma=hessian[:n, :n],
        vanna=hessian[:n, n:],
        volga=hessian[n:, n:],
        n_paths=n_paths,
    )
