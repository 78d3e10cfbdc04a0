"""The compiled discrete adjoint of a march: one sweep back through its history; `value_kernel` has the formulas."""

from __future__ import annotations

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Bools, Longs


@njit(**OPTIONS)
def _coefficient_sums(stencil: Floats, mu: Floats, now: Floats, count: int) -> tuple[float, float]:
    """Return the sums over nodes of mu C W and mu W: minus the adjoints of drift and discount."""
    of_drift = 0.0
    of_discount = 0.0
    for i in range(count, mu.size):
        left = now[i + 1] - now[i]
        right = now[i + 1] - now[i + 2]
        of_drift += mu[i] * (stencil[2, i] * left + stencil[3, i] * right)
        of_discount += mu[i] * now[i + 1]
    return of_drift, of_discount


@njit(**OPTIONS)
def composite_adjoint_kernel(
    stencil: Floats,
    row: Longs,
    damped: Bools,
    last: Longs,
    above: Floats,
    inverse: Floats,
    ratio: Floats,
    doubled: Floats,
    exercised: Longs,
    seeds: Floats,
    with_coefficients: bool,
    multipliers: Floats,
    diffusion_bar: Floats,
    coefficients_bar: Floats,
    lower_bar: Floats,
    upper_bar: Floats,
    initial_bar: Floats,
    floor_bar: Floats,
) -> None:
    """March backward from seeds (n_results, n + 2), store mu (n_substeps, n) and add to the adjoints of every operand.

    coefficients_bar is (2 n_rows,): drifts, discounts; it is left alone unless `with_coefficients`.
    """
    n = inverse.shape[1]
    n_substeps = row.size
    bar = np.zeros(n + 2)
    z = np.empty(n)
    n_left = last.size
    for s in range(n_substeps - 1, -1, -1):
        if n_left and s == last[n_left - 1]:
            n_left -= 1
            bar[1 : n + 1] += seeds[n_left, 1 : n + 1]
            lower_bar[s] += seeds[n_left, 0]
            upper_bar[s] += seeds[n_left, n + 1]
        j = row[s]
        count = exercised[s]
        scale = 0.5 if damped[s] else 1.0
        mu = multipliers[s]
        now = doubled[s]
        # A' mu = W_bar with the factors of A: down with one of them, up with the other. What is held at the floor
        # takes part as a boundary value.
        x = 0.0
        for i in range(n - 1, count - 1, -1):
            x = scale * bar[i + 1] + x
            z[i] = x * inverse[j, i]
            x *= ratio[j, i]
        first = x if count == 0 else 0.0
        for i in range(count - 1, -1, -1):
            held = scale * bar[i + 1] + (x if i == count - 1 else 0.0)
            mu[i] = 0.0
            floor_bar[i + 1] += 2.0 * held if damped[s] else held
            bar[i + 1] = 0.0 if damped[s] else held - bar[i + 1]
        x = z[count] if count < n else 0.0
        if count < n:
            mu[count] = x
        for i in range(count + 1, n):
            x = z[i] + above[j, i - 1] * inverse[j, i] * x
            mu[i] = x
        if damped[s]:
            bar[count + 1 : n + 1] = mu[count:]
        else:
            for i in range(count, n):
                bar[i + 1] = mu[i] - bar[i + 1]
        final = above[j, n - 1] * x if count < n else 0.0
        lower_bar[s] += 2.0 * first if damped[s] else first
        upper_bar[s] += 2.0 * final if damped[s] else final
        if not damped[s]:
            if s:
                lower_bar[s - 1] += first
                upper_bar[s - 1] += final
            else:
                initial_bar[0] += first
                initial_bar[n + 1] += final
        for i in range(count, n):
            left = now[i + 1] - now[i]
            right = now[i + 1] - now[i + 2]
            diffusion_bar[j, i] -= mu[i] * (stencil[0, i] * left + stencil[1, i] * right)
        if with_coefficients:
            of_drift, of_discount = _coefficient_sums(stencil, mu, now, count)
            coefficients_bar[j] -= of_drift
            coefficients_bar[inverse.shape[0] + j] -= of_discount
    for i in range(1, n + 1):
        initial_bar[i] += bar[i]
