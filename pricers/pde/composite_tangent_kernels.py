"""Compiled lanes of the backward march: tangents in many directions at once, curvature, adjoints of directions.

Continues `pricers.pde.composite_march_kernels`. The lane is the innermost index, so every inner loop is SIMD; the
caller pads lanes to a multiple of eight. For lane k with tangents of u, drift, discount and the boundary values,

    A W_k = V_k - (u_k D W + drift_k C W + discount_k W)

and the curvature needs the sums over substeps of mu D W_k (node by node), mu C W_k and mu W_k.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pricers.pde.composite_march_kernels import OPTIONS, Flags, FloatArray, IntArray


@njit(**OPTIONS)
def _substitute(
    ratio: FloatArray, scale: float, keep: float, work: FloatArray, old: FloatArray, alive: int
) -> None:
    """Finish a solve: work (n + 2, lanes) becomes W_k, old (n + 2, lanes) becomes V_k."""
    for i in range(1, ratio.size + 1):
        r = ratio[i - 1]
        before = work[i - 1]
        here = work[i]
        value = old[i]
        for lane in range(alive):
            x = here[lane] + r * before[lane]
            here[lane] = x
            value[lane] = scale * x - keep * value[lane]


@njit(**OPTIONS)
def _accumulate(
    stencil: FloatArray, mu: FloatArray, count: int, work: FloatArray, sums: FloatArray, alive: int
) -> None:
    """Add mu D W_k to sums (n, lanes)."""
    for i in range(count, mu.size):
        low = mu[i] * stencil[0, i]
        high = mu[i] * stencil[1, i]
        both = low + high
        before = work[i]
        here = work[i + 1]
        after = work[i + 2]
        total = sums[i]
        for lane in range(alive):
            total[lane] += both * here[lane] - low * before[lane] - high * after[lane]


@njit(**OPTIONS)
def _accumulate_coefficients(
    stencil: FloatArray, mu: FloatArray, count: int, work: FloatArray, sums: FloatArray, alive: int
) -> None:
    """Add mu C W_k and mu W_k to the rows of sums (2, lanes)."""
    of_drift = sums[0]
    of_discount = sums[1]
    for i in range(count, mu.size):
        low = mu[i] * stencil[2, i]
        high = mu[i] * stencil[3, i]
        both = low + high
        weight = mu[i]
        before = work[i]
        here = work[i + 1]
        after = work[i + 2]
        for lane in range(alive):
            of_drift[lane] += both * here[lane] - low * before[lane] - high * after[lane]
            of_discount[lane] += weight * here[lane]


@njit(**OPTIONS)
def _flush(
    first_time: int,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    slope: FloatArray,
    variance: FloatArray,
    sums: FloatArray,
    line: FloatArray,
    product: FloatArray,
    of_scale: FloatArray,
    alive: int,
) -> None:
    """Contract the sums of one row with the basis, add them to product (n_weights, lanes), and clear them."""
    n_columns = line.shape[0]
    line[:, :alive] = 0.0
    for i in range(slope.size):
        total = sums[i]
        for b in range(in_node.shape[1]):
            factor = slope[i] * in_node[i, b]
            of_column = line[first_node[i] + b]
            for lane in range(alive):
                of_column[lane] += factor * total[lane]
        v = variance[i]
        for lane in range(alive):
            of_scale[lane] += v * total[lane]
            total[lane] = 0.0
    for a in range(in_time.size):
        factor = in_time[a]
        if factor != 0.0:
            for b in range(n_columns):
                out = product[(first_time + a) * n_columns + b]
                of_column = line[b]
                for lane in range(alive):
                    out[lane] += factor * of_column[lane]


@njit(**OPTIONS)
def unit_lanes_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
    above: FloatArray,
    inverse: FloatArray,
    ratio: FloatArray,
    doubled: FloatArray,
    exercised: IntArray,
    first_time: IntArray,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    n_columns: int,
    slope: FloatArray,
    variance: FloatArray,
    multipliers: FloatArray,
    with_coefficients: bool,
    begin: int,
    values: FloatArray,
    product: FloatArray,
    of_coefficients: FloatArray,
) -> None:
    """March lanes that each move one weight: values (n + 2, lanes) and the products that the curvature needs.

    Lane `begin + l` moves a weight of time function (begin + l) // n_columns *from the last*: the march meets the
    last times first, so at each substep only leading lanes are alive. product (n_weights, lanes) receives
    sum mu A_w W_k; of_coefficients (3, lanes) those of the scale of u, drift and discount. With no multipliers,
    shape (0, n), there is no curvature.
    """
    n = inverse.shape[1]
    n_lanes = values.shape[1]
    n_times = product.shape[0] // n_columns
    curved = multipliers.shape[0] > 0
    work = np.zeros((n + 2, n_lanes))
    sums = np.zeros((n, n_lanes))
    line = np.zeros((n_columns, n_lanes))
    alive = 0
    for s in range(row.size):
        j = row[s]
        reached = (n_times - first_time[j]) * n_columns - begin
        alive = max(alive, min(n_lanes, 8 * ((reached + 7) // 8)))
        if alive <= 0:
            continue
        now = doubled[s]
        count = exercised[s]
        for i in range(n - 1, count - 1, -1):
            scale = inverse[j, i]
            lift = above[j, i] * scale
            here = work[i + 1]
            after = work[i + 2]
            old = values[i + 1]
            for lane in range(alive):
                here[lane] = scale * old[lane] + lift * after[lane]
            gain = stencil[0, i] * (now[i + 1] - now[i]) + stencil[1, i] * (now[i + 1] - now[i + 2])
            source = -slope[j, i] * gain * scale
            for a in range(in_time.shape[1]):
                first = (n_times - 1 - first_time[j] - a) * n_columns + first_node[i] - begin
                factor = source * in_time[j, a]
                if factor == 0.0 or first >= n_lanes or first + in_node.shape[1] <= 0:
                    continue
                for b in range(in_node.shape[1]):
                    if 0 <= first + b < n_lanes:
                        here[first + b] += factor * in_node[i, b]
        for i in range(count):
            here = work[i + 1]
            old = values[i + 1]
            for lane in range(alive):
                here[lane] = 0.0 if damped[s] else old[lane]
                old[lane] = 0.0
        if damped[s]:
            _substitute(ratio[j, count:], 0.5, 0.0, work[count:], values[count:], alive)
        else:
            _substitute(ratio[j, count:], 1.0, 1.0, work[count:], values[count:], alive)
        if curved:
            _accumulate(stencil, multipliers[s], count, work, sums, alive)
            if with_coefficients:
                _accumulate_coefficients(stencil, multipliers[s], count, work, of_coefficients[1:], alive)
            if s == row.size - 1 or row[s + 1] != j:
                _flush(
                    first_time[j], in_time[j], first_node, in_node, slope[j], variance[j], sums, line, product,
                    of_coefficients[0], alive,
                )  # fmt: skip


@njit(**OPTIONS)
def _row_tangents(
    first_time: int,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    n_columns: int,
    weights_dot: FloatArray,
    line: FloatArray,
    result: FloatArray,
) -> None:
    """Fill result (n, lanes) with the tangents of the predictor in one row."""
    line[:] = 0.0
    n_lanes = line.shape[1]
    for a in range(in_time.size):
        for b in range(n_columns):
            given = weights_dot[(first_time + a) * n_columns + b]
            of_column = line[b]
            for lane in range(n_lanes):
                of_column[lane] += in_time[a] * given[lane]
    for i in range(result.shape[0]):
        total = result[i]
        total[:] = 0.0
        for b in range(in_node.shape[1]):
            factor = in_node[i, b]
            of_column = line[first_node[i] + b]
            for lane in range(n_lanes):
                total[lane] += factor * of_column[lane]


@njit(**OPTIONS)
def dense_lanes_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
    above: FloatArray,
    inverse: FloatArray,
    ratio: FloatArray,
    doubled: FloatArray,
    exercised: IntArray,
    first_time: IntArray,
    in_time: FloatArray,
    first_node: IntArray,
    in_node: FloatArray,
    n_columns: int,
    slope: FloatArray,
    variance: FloatArray,
    multipliers: FloatArray,
    with_coefficients: bool,
    weights_dot: FloatArray,
    coefficients_dot: FloatArray,
    lower_dot: FloatArray,
    upper_dot: FloatArray,
    initial_dot: FloatArray,
    floor_dot: FloatArray,
    values: FloatArray,
    product: FloatArray,
    of_coefficients: FloatArray,
    history: FloatArray,
) -> None:
    """March lanes along any directions, as `unit_lanes_kernel` does for single weights.

    coefficients_dot is (3, lanes): tangents of the scale of u, drift, discount. history (n_substeps, n + 2, lanes)
    receives every W_k unless its first length is zero.
    """
    n = inverse.shape[1]
    n_lanes = values.shape[1]
    curved = multipliers.shape[0] > 0
    work = np.zeros((n + 2, n_lanes))
    sums = np.zeros((n, n_lanes))
    line = np.zeros((n_columns, n_lanes))
    moved = np.zeros((n, n_lanes))
    values[:] = initial_dot
    known = -1
    for s in range(row.size):
        j = row[s]
        if j != known:
            _row_tangents(first_time[j], in_time[j], first_node, in_node, n_columns, weights_dot, line, moved)
            known = j
        now = doubled[s]
        count = exercised[s]
        for lane in range(n_lanes):
            work[0, lane] = lower_dot[s, lane] + (lower_dot[s, lane] if damped[s] else values[0, lane])
            work[n + 1, lane] = upper_dot[s, lane] + (
                upper_dot[s, lane] if damped[s] else values[n + 1, lane]
            )
            values[0, lane] = lower_dot[s, lane]
            values[n + 1, lane] = upper_dot[s, lane]
        for i in range(n - 1, count - 1, -1):
            scale = inverse[j, i]
            lift = above[j, i] * scale
            left = now[i + 1] - now[i]
            right = now[i + 1] - now[i + 2]
            gain = scale * (stencil[0, i] * left + stencil[1, i] * right)
            of_predictor = gain * slope[j, i]
            of_scale = gain * variance[j, i]
            of_drift = scale * (stencil[2, i] * left + stencil[3, i] * right)
            of_discount = scale * now[i + 1]
            here = work[i + 1]
            after = work[i + 2]
            old = values[i + 1]
            given = moved[i]
            for lane in range(n_lanes):
                here[lane] = scale * old[lane] + lift * after[lane] - of_predictor * given[lane]
            if with_coefficients:
                for lane in range(n_lanes):
                    here[lane] -= (
                        of_scale * coefficients_dot[0, lane]
                        + of_drift * coefficients_dot[1, lane]
                        + of_discount * coefficients_dot[2, lane]
                    )
        for i in range(count):
            here = work[i + 1]
            old = values[i + 1]
            held = floor_dot[i + 1]
            for lane in range(n_lanes):
                here[lane] = held[lane] + (held[lane] if damped[s] else old[lane])
                old[lane] = held[lane]
        if damped[s]:
            _substitute(ratio[j, count:], 0.5, 0.0, work[count:], values[count:], n_lanes)
        else:
            _substitute(ratio[j, count:], 1.0, 1.0, work[count:], values[count:], n_lanes)
        if history.shape[0]:
            history[s] = work
        if curved:
            _accumulate(stencil, multipliers[s], count, work, sums, n_lanes)
            if with_coefficients:
                _accumulate_coefficients(stencil, multipliers[s], count, work, of_coefficients[1:], n_lanes)
            if s == row.size - 1 or row[s + 1] != j:
                _flush(
                    first_time[j], in_time[j], first_node, in_node, slope[j], variance[j], sums, line, product,
                    of_coefficients[0], n_lanes,
                )  # fmt: skip


@njit(**OPTIONS)
def adjoint_lanes_kernel(
    stencil: FloatArray,
    row: IntArray,
    damped: Flags,
    above: FloatArray,
    inverse: FloatArray,
    ratio: FloatArray,
    doubled: FloatArray,
    exercised: IntArray,
    first_time: IntArray,
    in_time: FloatArray,
    first_node: IntArray,
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
    """March the adjoint backward in lanes, from seeds (n + 2, lanes).

    With a history of W_k the derivative of the adjoint along the directions is marched (then `multipliers` are those
    of the adjoint that is differentiated), without one the adjoint of each lane's seeds. diffusion_bar is
    (n_rows, n, lanes), coefficients_bar (2, lanes), the rest as in `adjoint_kernel` with lanes last.
    """
    n = inverse.shape[1]
    n_lanes = seeds.shape[1]
    n_substeps = row.size
    forced = history.shape[0] > 0
    bar = seeds.copy()
    z = np.zeros((n + 1, n_lanes))
    line = np.zeros((n_columns, n_lanes))
    moved = np.zeros((n, n_lanes))
    mu_dot = np.zeros(n_lanes)
    lower_bar[n_substeps - 1] += bar[0]
    upper_bar[n_substeps - 1] += bar[n + 1]
    known = -1
    for s in range(n_substeps - 1, -1, -1):
        j = row[s]
        if forced and j != known:
            _row_tangents(first_time[j], in_time[j], first_node, in_node, n_columns, weights_dot, line, moved)
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
                last = above[j, n - 1] * mu_dot[lane]
                if forced:
                    u = slope[j, n - 1] * moved[n - 1, lane] + variance[j, n - 1] * coefficients_dot[0, lane]
                    last += multipliers[s, n - 1] * (
                        u * stencil[1, n - 1] + coefficients_dot[1, lane] * stencil[3, n - 1]
                    )
                upper_bar[s, lane] += twice * last
                if not damped[s]:
                    if s:
                        upper_bar[s - 1, lane] += last
                    else:
                        initial_bar[n + 1, lane] += last
    initial_bar[1 : n + 1] += bar[1 : n + 1]
