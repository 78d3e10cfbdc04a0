"""Compiled lanes of the march's adjoint: many seeds at once, or its derivative along many directions.

With mu and W of one march and W_k its tangent along direction k, the adjoint's own tangent solves

    A' mu_k = W_bar_k - A_k' mu,      u_bar_k = -(mu_k D W + mu D W_k), and so on.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pricers.kernel_options import OPTIONS, Flags, FloatArray, IntArray
from pricers.pde.march.composite_tangent_kernels import row_tangents


@njit(**OPTIONS)
def adjoint_lanes_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
    last: IntArray,
    above: FloatArray,
    inverse: FloatArray,
    ratio: FloatArray,
    doubled: FloatArray,
    exercised: IntArray,
    start: IntArray,
    weight: IntArray,
    factor: FloatArray,
    node_columns: IntArray,
    in_node: FloatArray,
    n_columns: int,
    slope: FloatArray,
    variance: FloatArray,
    multipliers: FloatArray,
    seeds: FloatArray,
    weights_dot: FloatArray,
    coefficients_dot: FloatArray,
    history: FloatArray,
    diffusion_bar: FloatArray,
    coefficients_bar: FloatArray,
    lower_bar: FloatArray,
    upper_bar: FloatArray,
    initial_bar: FloatArray,
    floor_bar: FloatArray,
) -> None:
    """March the adjoint backward in lanes, from seeds (n_results, n + 2, lanes).

    With a history of W_k the derivative of the adjoint along the directions is marched (then `multipliers` are those
    of the adjoint that is differentiated), without one the adjoint of each lane's seeds. diffusion_bar is
    (n_rows, n, lanes), coefficients_bar (2, lanes), the rest as in `adjoint_kernel` with lanes last.
    """
    n = inverse.shape[1]
    n_lanes = seeds.shape[2]
    n_substeps = row.size
    forced = history.shape[0] > 0
    bar = np.zeros((n + 2, n_lanes))
    z = np.zeros((n + 1, n_lanes))
    line = np.zeros((n_columns, n_lanes))
    moved = np.zeros((n, n_lanes))
    mu_dot = np.zeros(n_lanes)
    n_left = last.size
    known = -1
    for s in range(n_substeps - 1, -1, -1):
        if n_left and s == last[n_left - 1]:
            n_left -= 1
            bar[1 : n + 1] += seeds[n_left, 1 : n + 1]
            lower_bar[s] += seeds[n_left, 0]
            upper_bar[s] += seeds[n_left, n + 1]
        j = row[s]
        if forced and j != known:
            plane = j if in_node.shape[0] > 1 else 0
            row_tangents(
                j, start, weight, factor, node_columns[plane], in_node[plane], weights_dot, line, moved
            )
            known = j
        count = exercised[s]
        scale = 0.5 if damped[s] else 1.0
        twice = 2.0 if damped[s] else 1.0
        now = doubled[s]
        for i in range(n - 1, -2, -1):
            # z[i + 1] is the transposed step's right side at node i after elimination; node -1 is the boundary.
            here = z[i + 1]
            for lane in range(n_lanes):
                x = scale * bar[i + 1, lane] if i >= 0 else 0.0
                if i < n - 1 and i + 1 >= count:
                    x += ratio[j, i + 1] * z[i + 2, lane]
                if forced:
                    a, b, c = coefficients_dot[0, lane], coefficients_dot[1, lane], coefficients_dot[2, lane]
                    if i >= count:
                        u = slope[j, i] * moved[i, lane] + variance[j, i] * a
                        x -= multipliers[s, i] * (
                            u * (stencil[0, i] + stencil[1, i]) + b * (stencil[2, i] + stencil[3, i]) + c
                        )
                    if i + 1 < n and i + 1 >= count:
                        u = slope[j, i + 1] * moved[i + 1, lane] + variance[j, i + 1] * a
                        x += multipliers[s, i + 1] * (u * stencil[0, i + 1] + b * stencil[2, i + 1])
                    if i - 1 >= count:
                        u = slope[j, i - 1] * moved[i - 1, lane] + variance[j, i - 1] * a
                        x += multipliers[s, i - 1] * (u * stencil[1, i - 1] + b * stencil[3, i - 1])
                here[lane] = x
        if count == 0:
            for lane in range(n_lanes):
                lower_bar[s, lane] += twice * z[0, lane]
                if not damped[s]:
                    if s:
                        lower_bar[s - 1, lane] += z[0, lane]
                    else:
                        initial_bar[0, lane] += z[0, lane]
        for i in range(count):
            for lane in range(n_lanes):
                floor_bar[i + 1, lane] += twice * z[i + 1, lane]
                bar[i + 1, lane] = 0.0 if damped[s] else z[i + 1, lane] - bar[i + 1, lane]
        mu_dot[:] = 0.0
        for i in range(count, n):
            left = now[i + 1] - now[i]
            right = now[i + 1] - now[i + 2]
            gain = stencil[0, i] * left + stencil[1, i] * right
            of_drift = stencil[2, i] * left + stencil[3, i] * right
            for lane in range(n_lanes):
                x = z[i + 1, lane] * inverse[j, i]
                if i > count:
                    x += above[j, i - 1] * inverse[j, i] * mu_dot[lane]
                mu_dot[lane] = x
                bar[i + 1, lane] = x if damped[s] else x - bar[i + 1, lane]
                diffusion_bar[j, i, lane] -= x * gain
                coefficients_bar[0, lane] -= x * of_drift
                coefficients_bar[1, lane] -= x * now[i + 1]
            if forced:
                mu = multipliers[s, i]
                for lane in range(n_lanes):
                    down = history[s, i + 1, lane] - history[s, i, lane]
                    up = history[s, i + 1, lane] - history[s, i + 2, lane]
                    diffusion_bar[j, i, lane] -= mu * (stencil[0, i] * down + stencil[1, i] * up)
                    coefficients_bar[0, lane] -= mu * (stencil[2, i] * down + stencil[3, i] * up)
                    coefficients_bar[1, lane] -= mu * history[s, i + 1, lane]
        if count < n:
            for lane in range(n_lanes):
                final = above[j, n - 1] * mu_dot[lane]
                if forced:
                    u = slope[j, n - 1] * moved[n - 1, lane] + variance[j, n - 1] * coefficients_dot[0, lane]
                    final += multipliers[s, n - 1] * (
                        u * stencil[1, n - 1] + coefficients_dot[1, lane] * stencil[3, n - 1]
                    )
                upper_bar[s, lane] += twice * final
                if not damped[s]:
                    if s:
                        upper_bar[s - 1, lane] += final
                    else:
                        initial_bar[n + 1, lane] += final
    initial_bar[1 : n + 1] += bar[1 : n + 1]
