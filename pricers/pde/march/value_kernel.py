"""The compiled march that keeps its history, for the adjoint and the tangents that follow it.

A substep solves A W = V and sets V <- W / 2 (damped half step) or W - V (Crank-Nicolson), with

    (A W)_i = (1/2 + discount) W_i + u_i (D W)_i + drift (C W)_i,  u, drift and discount those of the step's row,
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

from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Bools, Longs


@njit(**OPTIONS)
def composite_march_kernel(
    stencil: Floats,
    row: Longs,
    damped: Bools,
    last: Longs,
    diffusion: Floats,
    drift: Floats,
    discount: Floats,
    lower: Floats,
    upper: Floats,
    initial: Floats,
    floor: Floats,
    above: Floats,
    inverse: Floats,
    ratio: Floats,
    doubled: Floats,
    exercised: Longs,
    results: Floats,
) -> bool:
    """March from `initial`, storing results (n_results, n + 2), factors (n_rows, n) and W (n_substeps, n + 2).

    drift and discount are (n_rows,). An empty `floor` means a European option; else exercised[s] is the number of
    leading unknowns held at the floor in substep s. Returns False where the floor binds beyond a leading set.
    """
    n_rows, n = diffusion.shape
    for j in range(n_rows):
        eliminated = 0.0
        for i in range(n - 1, -1, -1):
            low = diffusion[j, i] * stencil[0, i] + drift[j] * stencil[2, i]
            up = diffusion[j, i] * stencil[1, i] + drift[j] * stencil[3, i]
            above[j, i] = up
            reduced = 0.5 + discount[j] + low + up - (up * eliminated if i < n - 1 else 0.0)
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
