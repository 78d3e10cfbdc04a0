"""Compiled lanes of the march's adjoint: many seeds at once, or its derivative along many directions.

With mu and W of one march and W_k its tangent along direction k, the adjoint's own tangent solves

    A' mu_k = W_bar_k - A_k' mu,      u_bar_k = -(mu_k D W + mu D W_k), and so on.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.pde.march.basis_kernels import weighted_row_kernel
from pricers.types import Bools, Longs


@njit(inline="always", **OPTIONS)
def _eliminate_transposed(
    stencil: Floats,
    ratio: Floats,
    scale: float,
    count: int,
    forced: bool,
    mu: Floats,
    slope: Floats,
    variance: Floats,
    moved: Floats,
    of_scale: Floats,
    of_drift: Floats,
    of_discount: Floats,
    bar: Floats,
    z: Floats,
) -> None:
    """Begin a transposed solve: fill z (n + 1, lanes), whose row i + 1 is the right side at node i after elimination.

    Row 0 is the boundary's. Where forced, the right side is less A_k' mu.
    """
    n = ratio.size
    for i in range(n - 1, -2, -1):
        here = z[i + 1]
        for lane in range(z.shape[1]):
            x = scale * bar[i + 1, lane] if i >= 0 else 0.0
            if i < n - 1 and i + 1 >= count:
                x += ratio[i + 1] * z[i + 2, lane]
            if forced:
                a, b, c = of_scale[lane], of_drift[lane], of_discount[lane]
                if i >= count:
                    u = slope[i] * moved[i, lane] + variance[i] * a
                    x -= mu[i] * (
                        u * (stencil[0, i] + stencil[1, i]) + b * (stencil[2, i] + stencil[3, i]) + c
                    )
                if i + 1 < n and i + 1 >= count:
                    u = slope[i + 1] * moved[i + 1, lane] + variance[i + 1] * a
                    x += mu[i + 1] * (u * stencil[0, i + 1] + b * stencil[2, i + 1])
                if i - 1 >= count:
                    u = slope[i - 1] * moved[i - 1, lane] + variance[i - 1] * a
                    x += mu[i - 1] * (u * stencil[1, i - 1] + b * stencil[3, i - 1])
            here[lane] = x


@njit(inline="always", **OPTIONS)
def _substitute_transposed(
    stencil: Floats,
    above: Floats,
    inverse: Floats,
    damped: bool,
    count: int,
    now: Floats,
    forced: bool,
    mu: Floats,
    s: int,
    history: Floats,
    z: Floats,
    mu_dot: Floats,
    bar: Floats,
    diffusion_bar: Floats,
    drift_bar: Floats,
    discount_bar: Floats,
) -> None:
    """Finish a transposed solve: bar becomes that of the values before, -(mu_k D W + mu D W_k) and its kin are added.

    mu_dot (lanes,) is left with mu_k at the last node.
    """
    mu_dot[:] = 0.0
    for i in range(count, inverse.size):
        left = now[i + 1] - now[i]
        right = now[i + 1] - now[i + 2]
        gain = stencil[0, i] * left + stencil[1, i] * right
        of_drift = stencil[2, i] * left + stencil[3, i] * right
        for lane in range(mu_dot.size):
            x = z[i + 1, lane] * inverse[i]
            if i > count:
                x += above[i - 1] * inverse[i] * mu_dot[lane]
            mu_dot[lane] = x
            bar[i + 1, lane] = x if damped else x - bar[i + 1, lane]
            diffusion_bar[i, lane] -= x * gain
            drift_bar[lane] -= x * of_drift
            discount_bar[lane] -= x * now[i + 1]
        if forced:
            for lane in range(mu_dot.size):
                down = history[s, i + 1, lane] - history[s, i, lane]
                up = history[s, i + 1, lane] - history[s, i + 2, lane]
                diffusion_bar[i, lane] -= mu[i] * (stencil[0, i] * down + stencil[1, i] * up)
                drift_bar[lane] -= mu[i] * (stencil[2, i] * down + stencil[3, i] * up)
                discount_bar[lane] -= mu[i] * history[s, i + 1, lane]


@njit(inline="always", **OPTIONS)
def _add_end(of_end: Floats, damped: bool, s: int, end_bar: Floats, initial_bar: Floats) -> None:
    """Add the adjoint of one end's boundary value in a solve to its new value and, undamped, to its old one."""
    twice = 2.0 if damped else 1.0
    for lane in range(of_end.size):
        end_bar[s, lane] += twice * of_end[lane]
        if not damped:
            if s:
                end_bar[s - 1, lane] += of_end[lane]
            else:
                initial_bar[lane] += of_end[lane]


@njit(**OPTIONS)
def composite_adjoint_lanes_kernel(
    stencil: Floats,
    row: Longs,
    damped: Bools,
    last: Longs,
    above: Floats,
    inverse: Floats,
    ratio: Floats,
    doubled: Floats,
    exercised: Longs,
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    slope: Floats,
    variance: Floats,
    multipliers: Floats,
    seeds: Floats,
    weights_dot: Floats,
    coefficients_dot: Floats,
    history: Floats,
    diffusion_bar: Floats,
    coefficients_bar: Floats,
    lower_bar: Floats,
    upper_bar: Floats,
    initial_bar: Floats,
    floor_bar: Floats,
) -> None:
    """March the adjoint backward in lanes, from seeds (n_results, n + 2, lanes).

    With a history of W_k the derivative of the adjoint along the directions is marched (then `multipliers` are those
    of the adjoint that is differentiated), without one the adjoint of each lane's seeds. diffusion_bar is
    (n_rows, n, lanes), coefficients_bar (2 n_rows, lanes), the rest as in `composite_adjoint_kernel` with lanes last.
    """
    n_rows, n = inverse.shape
    n_lanes = seeds.shape[2]
    n_substeps = row.size
    forced = history.shape[0] > 0
    bar = np.zeros((n + 2, n_lanes))
    z = np.zeros((n + 1, n_lanes))
    line = np.zeros((n_columns, n_lanes))
    moved = np.zeros((n, n_lanes))
    mu_dot, nothing = np.zeros(n_lanes), np.zeros(0)
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
            weighted_row_kernel(
                j, start, weight, factor, node_columns[plane], in_node[plane], weights_dot, line, moved
            )
            known = j
        count = exercised[s]
        scale = 0.5 if damped[s] else 1.0
        twice = 2.0 if damped[s] else 1.0
        now = doubled[s]
        mu = multipliers[s] if forced else nothing
        _eliminate_transposed(
            stencil, ratio[j], scale, count, forced, mu, slope[j], variance[j], moved,
            coefficients_dot[0], coefficients_dot[1 + j], coefficients_dot[1 + n_rows + j], bar, z,
        )  # fmt: skip
        if count == 0:
            _add_end(z[0], damped[s], s, lower_bar, initial_bar[0])
        for i in range(count):
            for lane in range(n_lanes):
                floor_bar[i + 1, lane] += twice * z[i + 1, lane]
                bar[i + 1, lane] = 0.0 if damped[s] else z[i + 1, lane] - bar[i + 1, lane]
        _substitute_transposed(
            stencil, above[j], inverse[j], damped[s], count, now, forced, mu, s, history, z, mu_dot, bar,
            diffusion_bar[j], coefficients_bar[j], coefficients_bar[n_rows + j],
        )  # fmt: skip
        if count < n:
            for lane in range(n_lanes):
                final = above[j, n - 1] * mu_dot[lane]
                if forced:
                    u = slope[j, n - 1] * moved[n - 1, lane] + variance[j, n - 1] * coefficients_dot[0, lane]
                    final += mu[n - 1] * (
                        u * stencil[1, n - 1] + coefficients_dot[1 + j, lane] * stencil[3, n - 1]
                    )
                mu_dot[lane] = final
            _add_end(mu_dot, damped[s], s, upper_bar, initial_bar[n + 1])
    initial_bar[1 : n + 1] += bar[1 : n + 1]
