"""Compiled sweeps of the backward march with history: values and discrete adjoint.

A substep solves A W = V and sets V <- W / 2 (damped half step) or W - V (Crank-Nicolson), with

    (A W)_i = (1/2 + discount) W_i + u_i (D W)_i + drift (C W)_i,
    (D W)_i = s_below (W_i - W_{i-1}) + s_above (W_i - W_{i+1}),    C alike with the stencil of the drift,

where W_{-1} and W_n are sums of old and new boundary values. W is linear in each of u, drift, discount given the
others, which is all that the derivatives rest on: with mu the solution of the transposed step,

    adjoint     u_bar = -mu D W, drift_bar = -sum mu C W, discount_bar = -sum mu W
    curvature   -(mu' A_j W_k + mu' A_k W_j), summed over substeps

`pricers.pde.composite_march_twin` says the same with dense matrices. Arrays are C-contiguous; callers validate.
Layouts: stencil (4, n) holds s_below, s_above of D, then of C; row (n_substeps,) the row of u that a substep uses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Fused multiply-adds are allowed, nothing is reordered: results do not depend on the number of lanes or threads.
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}


@njit(**OPTIONS)
def predictor_kernel(
    first_time: IntArray,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    n_columns: int,
    weights: FloatArray,
    result: FloatArray,
) -> None:
    """Fill result (n_rows, n) with the product of two local bases and weights (n_times * n_columns,)."""
    n_rows, n = result.shape
    line = np.empty(n_columns)
    for j in range(n_rows):
        line[:] = 0.0
        for a in range(in_time.shape[1]):
            start = (first_time[j] + a) * n_columns
            for b in range(n_columns):
                line[b] += in_time[j, a] * weights[start + b]
        for i in range(n):
            total = 0.0
            for b in range(in_node.shape[1]):
                total += in_node[i, b] * line[first_node[i] + b]
            result[j, i] = total


@njit(**OPTIONS)
def gather_kernel(
    first_time: IntArray,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    n_columns: int,
    seeds: FloatArray,
    result: FloatArray,
) -> None:
    """Add the transpose of `predictor_kernel` applied to seeds (n_rows, n) to result (n_times * n_columns,)."""
    n_rows, n = seeds.shape
    line = np.empty(n_columns)
    for j in range(n_rows):
        line[:] = 0.0
        for i in range(n):
            for b in range(in_node.shape[1]):
                line[first_node[i] + b] += in_node[i, b] * seeds[j, i]
        for a in range(in_time.shape[1]):
            start = (first_time[j] + a) * n_columns
            for b in range(n_columns):
                result[start + b] += in_time[j, a] * line[b]


@njit(**OPTIONS)
def gram_kernel(
    first_time: IntArray,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    n_columns: int,
    factors: FloatArray,
    result: FloatArray,
) -> None:
    """Add basis' diag(factors) basis to result (n_weights, n_weights); factors (n_rows, n)."""
    n_rows, n = factors.shape
    width = in_node.shape[1]
    band = np.empty((n_columns, width))
    for j in range(n_rows):
        band[:] = 0.0
        for i in range(n):
            start = first_node[i]
            for b in range(width):
                scaled = factors[j, i] * in_node[i, b]
                for c in range(width - b):
                    band[start + b, c] += scaled * in_node[i, b + c]
        for a in range(in_time.shape[1]):
            for d in range(in_time.shape[1]):
                scaled = in_time[j, a] * in_time[j, d]
                if scaled == 0.0:
                    continue
                left = (first_time[j] + a) * n_columns
                right = (first_time[j] + d) * n_columns
                for b in range(n_columns):
                    for c in range(min(width, n_columns - b)):
                        result[left + b, right + b + c] += scaled * band[b, c]
                        if c:
                            result[left + b + c, right + b] += scaled * band[b, c]


@njit(**OPTIONS)
def march_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
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
    values: FloatArray,
) -> bool:
    """March from `initial` to `values` (n + 2,), storing factors (n_rows, n) and W (n_substeps, n + 2).

    An empty `floor` means a European option; else exercised[s] is the number of leading unknowns held at the floor
    in substep s. Returns False where the floor binds beyond a leading set.
    """
    n_rows, n = diffusion.shape
    for j in range(n_rows):
        last = 0.0
        for i in range(n - 1, -1, -1):
            low = diffusion[j, i] * stencil[0, i] + drift * stencil[2, i]
            up = diffusion[j, i] * stencil[1, i] + drift * stencil[3, i]
            above[j, i] = up
            reduced = 0.5 + discount + low + up - (up * last if i < n - 1 else 0.0)
            inverse[j, i] = 1.0 / reduced
            last = low * inverse[j, i]
            ratio[j, i] = last
    values[:] = initial
    one_sided = True
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
    return one_sided


@njit(**OPTIONS)
def adjoint_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
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
    """March backward from seeds (n + 2,), storing mu (n_substeps, n) and adding to the adjoints of every operand.

    coefficients_bar is (2,): drift, discount; it is left alone unless `with_coefficients`.
    """
    n = inverse.shape[1]
    n_substeps = row.size
    bar = seeds.copy()
    z = np.empty(n)
    lower_bar[n_substeps - 1] += bar[0]
    upper_bar[n_substeps - 1] += bar[n + 1]
    for s in range(n_substeps - 1, -1, -1):
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
        last = above[j, n - 1] * x if count < n else 0.0
        lower_bar[s] += 2.0 * first if damped[s] else first
        upper_bar[s] += 2.0 * last if damped[s] else last
        if not damped[s]:
            if s:
                lower_bar[s - 1] += first
                upper_bar[s - 1] += last
            else:
                initial_bar[0] += first
                initial_bar[n + 1] += last
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
