"""Compiled sweeps of a march with history: values and discrete adjoint.

A substep solves A W = V and sets V <- W / 2 (damped half step) or W - V (Crank-Nicolson), with

    (A W)_i = (1/2 + discount) W_i + u_i (D W)_i + drift (C W)_i,
    (D W)_i = s_below (W_i - W_{i-1}) + s_above (W_i - W_{i+1}),    C alike with the stencil of the drift,

where W_{-1} and W_n are sums of old and new boundary values. W is linear in each of u, drift, discount given the
others, which is all that the derivatives rest on: with mu the solution of the transposed step,

    adjoint     u_bar = -mu D W, drift_bar = -sum mu C W, discount_bar = -sum mu W
    curvature   -(mu' A_j W_k + mu' A_k W_j), summed over substeps

`pricers.pde.march.twins.composite_march` says the same with dense matrices. Arrays are C-contiguous; callers validate.
Layouts: stencil (4, n) holds s_below, s_above of D, then of C; row (n_substeps,) the row of u that a substep uses;
last (n_results,) the substeps, increasing, after which node values are results, the last one included.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pricers.kernel_options import OPTIONS, Flags, FloatArray, IntArray


@njit(**OPTIONS)
def march_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
    last: IntArray,
    diffusion: FloatArray,
    drift: float,
    discount: float,
    lower: FloatArray,
    upper: FloatArray,
    initial: FloatArray,
    floor: FloatArray,
    above: FloatArray,
    inverse: FloatArray,
    ratio: FloatArray,
    doubled: FloatArray,
    exercised: IntArray,
    results: FloatArray,
) -> bool:
    """March from `initial`, storing results (n_results, n + 2), factors (n_rows, n) and W (n_substeps, n + 2).

    An empty `floor` means a European option; else exercised[s] is the number of leading unknowns held at the floor
    in substep s. Returns False where the floor binds beyond a leading set.
    """
    n_rows, n = diffusion.shape
    for j in range(n_rows):
        eliminated = 0.0
        for i in range(n - 1, -1, -1):
            low = diffusion[j, i] * stencil[0, i] + drift * stencil[2, i]
            up = diffusion[j, i] * stencil[1, i] + drift * stencil[3, i]
            above[j, i] = up
            reduced = 0.5 + discount + low + up - (up * eliminated if i < n - 1 else 0.0)
            inverse[j, i] = 1.0 / reduced
            eliminated = low * inverse[j, i]
            ratio[j, i] = eliminated
    values = initial.copy()
    one_sided = True
    n_done = 0
    for s in range(row.size):
        j = row[s]
        now = doubled[s]
        now[0] = lower[s] + (lower[s] if damped[s] else values[0])
        now[n + 1] = upper[s] + (upper[s] if damped[s] else values[n + 1])
        x = now[n + 1]
        for i in range(n - 1, -1, -1):
            x = values[i + 1] * inverse[j, i] + above[j, i] * inverse[j, i] * x
            now[i + 1] = x
        x = now[0]
        count = 0
        if floor.size == 0:
            for i in range(n):
                x = now[i + 1] + ratio[j, i] * x
                now[i + 1] = x
        else:
            for i in range(n):
                x = now[i + 1] + ratio[j, i] * x
                held = floor[i + 1] + (floor[i + 1] if damped[s] else values[i + 1])
                if x < held or (x == held and count == i):
                    one_sided = one_sided and count == i
                    count = i + 1
                    x = held
                now[i + 1] = x
        exercised[s] = count
        for i in range(1, n + 1):
            values[i] = 0.5 * now[i] if damped[s] else now[i] - values[i]
        values[0] = lower[s]
        values[n + 1] = upper[s]
        if s == last[n_done]:
            results[n_done] = values
            n_done += 1
    return one_sided


@njit(**OPTIONS)
def adjoint_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
    last: IntArray,
    above: FloatArray,
    inverse: FloatArray,
    ratio: FloatArray,
    doubled: FloatArray,
    exercised: IntArray,
    seeds: FloatArray,
    with_coefficients: bool,
    multipliers: FloatArray,
    diffusion_bar: FloatArray,
    coefficients_bar: FloatArray,
    lower_bar: FloatArray,
    upper_bar: FloatArray,
    initial_bar: FloatArray,
    floor_bar: FloatArray,
) -> None:
    """March backward from seeds (n_results, n + 2), store mu (n_substeps, n) and add to the adjoints of every operand.

    coefficients_bar is (2,): drift, discount; it is left alone unless `with_coefficients`.
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
            of_drift = 0.0
            of_discount = 0.0
            for i in range(count, n):
                left = now[i + 1] - now[i]
                right = now[i + 1] - now[i + 2]
                of_drift += mu[i] * (stencil[2, i] * left + stencil[3, i] * right)
                of_discount += mu[i] * now[i + 1]
            coefficients_bar[0] -= of_drift
            coefficients_bar[1] -= of_discount
    for i in range(1, n + 1):
        initial_bar[i] += bar[i]
