"""Price and all first- and second-order Greeks of a basket call by Monte Carlo, on the CPU or on a CUDA card."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.errors import AadValueError, NotFinite
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    one_float,
    require_finite,
    require_non_negative,
    require_positive,
    require_shape,
)
from pricers.monte_carlo.basket.sums import BasketCall, BasketSums, batch_bounds

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class BasketGreeks:
    """Estimates over the paths; inputs are the n spots, then the n volatilities.

    Parameters
    ----------
    price, price_stderr : float, currency
    gradient, gradient_stderr : (2n,), deltas, then vegas (per 1.00 of volatility)
    hessian, hessian_stderr : (2n, 2n), symmetric: gammas and cross gammas, vannas, volgas and cross volgas
    n_paths : int
    device : str, "cpu" or "cuda", where they were computed

    Notes
    -----
    Standard errors come from the means of up to 32 batches of paths; one path has none, they are NaN.
    """

    price: float
    price_stderr: float
    gradient: Floats
    gradient_stderr: Floats
    hessian: Floats
    hessian_stderr: Floats
    n_paths: int
    device: str


def basket_greeks(
    *,
    spots: Any,
    volatilities: Any,
    rate: float,
    expiry: float,
    strike: float,
    weights: Any,
    normals: Any,
    sharpness: float,
    device: str = "cpu",
) -> BasketGreeks:
    """Return price, gradient and Hessian of exp(-rate expiry) E[softplus(weights . S - strike, sharpness)].

    S are correlated geometric Brownian motions at expiry.

    Parameters
    ----------
    spots : (n,), > 0
    volatilities : (n,), per square root of a year, >= 0
    rate : float, continuously compounded
    expiry : float, years, > 0
    strike : float, currency
    weights : (n,), of any sign
    normals : (n_paths, n), standard normal, correlated between assets, independent between paths. With
        device="cuda" an array that lies on the card already (`__cuda_array_interface__`) is used where it is.
    sharpness : float, > 0; the payoff's corner is rounded over about 1 / sharpness
    device : "cpu" or "cuda"

    Returns
    -------
    BasketGreeks

    Raises
    ------
    AadValueError
        For wrong shapes, signs or NaN, and for device="cuda" without a card: nothing falls back to the CPU.
    NotFinite
        When an estimate overflows.

    Notes
    -----
    One pass over the paths: every path's basket derivatives (2n numbers) make one outer product, weighted with the
    payoff's curvature. The sums have a fixed order: the same bits for any number of threads.

    Examples
    --------
    >>> normals = np.random.default_rng(1).standard_normal((1000, 2))
    >>> estimates = basket_greeks(spots=[100.0, 90.0], volatilities=[0.2, 0.3], rate=0.02, expiry=1.0, strike=95.0,
    ...                       weights=[0.5, 0.5], normals=normals, sharpness=30.0)
    >>> estimates.hessian.shape
    (4, 4)
    """
    if device not in DEVICES:
        raise AadValueError(f"device = {device!r}: choose one of {', '.join(DEVICES)}")
    spots, volatilities, weights = (
        as_floats(name, given)
        for name, given in (("spots", spots), ("volatilities", volatilities), ("weights", weights))
    )
    if spots.ndim != 1 or not spots.size:
        raise AadValueError(f"spots has shape {spots.shape}: must be (n_assets,), at least one asset")
    require_positive("spots", spots)
    for name, numbers in (("volatilities", volatilities), ("weights", weights)):
        require_shape(name, numbers, spots.shape)
    require_non_negative("volatilities", volatilities)
    require_finite("weights", weights)
    for name, number in (("rate", rate), ("strike", strike)):
        require_finite(name, one_float(name, number))
    for name, number in (("expiry", expiry), ("sharpness", sharpness)):
        require_positive(name, one_float(name, number))
    on_card = device == "cuda" and hasattr(normals, "__cuda_array_interface__")
    # Doubles stay where they are: there may be gigabytes of them.
    plain = on_card or (type(normals) in (np.ndarray, np.memmap) and normals.dtype == np.float64)
    draws = normals if plain else as_floats("normals", normals)
    if not on_card:
        draws = np.ascontiguousarray(draws)
    if len(draws.shape) != 2 or draws.shape[1] != spots.size or not draws.shape[0]:
        raise AadValueError(
            f"normals has shape {draws.shape}: must be (n_paths, {spots.size}), at least one path, a column per asset"
        )
    call = BasketCall(
        weights * spots, volatilities, float(rate), float(expiry), float(strike), float(sharpness)
    )
    # numba takes a second to import: only here, where it is used.
    if device == "cuda":
        from pricers.monte_carlo.basket import kernels_cuda

        sums = kernels_cuda.basket_sums(call, draws)
    else:
        from pricers.monte_carlo.basket import kernels

        sums = kernels.basket_sums(call, draws)
    _require_finite_sums(sums, draws, on_card)
    return estimates(call, spots, sums, int(draws.shape[0]), device)


def estimates(call: BasketCall, spots: Floats, sums: BasketSums, n_paths: int, device: str) -> BasketGreeks:
    """Turn sums over batches into discounted means and standard errors."""
    discount = math.exp(-call.rate * call.expiry)
    per_spot = np.concatenate([1.0 / spots, np.ones(spots.size)])
    sizes = np.diff(batch_bounds(n_paths)).astype(np.float64)
    price, price_stderr = _mean(sums.payoff, sizes)
    gradient, gradient_stderr = (discount * per_spot * part for part in _mean(sums.first, sizes))
    hessian, hessian_stderr = (
        discount * np.outer(per_spot, per_spot) * _symmetric(part) for part in _mean(sums.second, sizes)
    )
    return BasketGreeks(
        discount * float(price), discount * float(price_stderr), gradient, gradient_stderr, hessian,
        hessian_stderr, n_paths, device,
    )  # fmt: skip


def _symmetric(upper: Floats) -> Floats:
    """Return the symmetric matrix of an upper triangle."""
    return np.triu(upper) + np.triu(upper, 1).T


def _mean(sums: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Return the mean over all paths and its standard error by the scatter of the batches' means."""
    mean = sums.sum(axis=0) / sizes.sum()
    if sizes.size < 2:
        return mean, np.full_like(mean, np.nan)
    apart = sums / sizes.reshape(-1, *[1] * (sums.ndim - 1))
    apart -= mean
    scatter = np.einsum("b,b...,b...->...", sizes, apart, apart)
    return mean, np.sqrt(scatter / ((sizes.size - 1) * sizes.sum()))


def _require_finite_sums(sums: BasketSums, normals: Any, on_card: bool) -> None:
    """Raise where the sums are not finite, and name the normal that made them so."""
    if all(np.isfinite(part).all() for part in (sums.payoff, sums.first, sums.second)):
        return
    if not on_card:
        require_finite("normals", normals)
    raise NotFinite(
        "the Greeks of the basket are not finite: check the normals for NaN, and volatilities, expiry and sharpness "
        "for sizes at which a path overflows"
    )
