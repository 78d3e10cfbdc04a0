"""The same call in jax, for the benchmarks that state a ratio to it; needs jax only when called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .bspline_pde import EXPIRY, HIGHEST_SPOT, RATE, SPOT, STRIKE, basis


def jitted_price(n_weights: int, n_spots: int = 201, n_steps: int = 100) -> Callable[[Any], Any]:
    """Return the price as a function of the weights, written for jax: LAPACK's solver inside a scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    spots = np.linspace(0.0, HIGHEST_SPOT, n_spots)
    rows = jnp.asarray(basis(spots, n_weights)[1:-1])
    node = jnp.arange(1.0, n_spots - 1.0)
    step = EXPIRY / n_steps
    tops = jnp.asarray(HIGHEST_SPOT - STRIKE * np.exp(-RATE * step * np.arange(1, n_steps + 1)))

    def price(x: Any) -> Any:
        diffusion = 0.25 * step * (node * (rows @ x)) ** 2
        drift = 0.25 * step * RATE * node
        lower, upper = diffusion - drift, diffusion + drift
        diagonal = -2.0 * diffusion - 0.5 * step * RATE
        off_lower = jnp.concatenate([jnp.zeros(1), -lower[1:]])
        off_upper = jnp.concatenate([-upper[:-1], jnp.zeros(1)])

        def march(values: Any, top: Any) -> tuple[Any, None]:
            right = lower * values[:-2] + (1.0 + diagonal) * values[1:-1] + upper * values[2:]
            right = right.at[-1].add(upper[-1] * top)
            inner = jax.lax.linalg.tridiagonal_solve(off_lower, 1.0 - diagonal, off_upper, right[:, None])[
                :, 0
            ]
            return jnp.concatenate([jnp.zeros(1), inner, top[None]]), None

        values, _ = jax.lax.scan(march, jnp.maximum(jnp.asarray(spots) - STRIKE, 0.0), tops)
        return values[round(SPOT / HIGHEST_SPOT * (n_spots - 1))]

    return price
