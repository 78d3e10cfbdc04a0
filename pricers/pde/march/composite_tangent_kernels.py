"""Compiled lanes of a march: tangents in many directions at once, and what their curvature needs.

Continues `pricers.pde.march.composite_kernels`. The lane is the innermost index, so every inner loop is SIMD; the
caller pads lanes to a multiple of eight. For lane k with tangents of u, drift, discount and the boundary values,

    A W_k = V_k - (u_k D W + drift_k C W + discount_k W)

and the curvature needs the sums over substeps of mu D W_k (node by node), mu C W_k and mu W_k.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pricers.kernel_options import OPTIONS, Flags, FloatArray, IntArray

# Loops over nodes hand the row of lanes before on in an array of its own, `carry`: reading it where it was written
# would make rows of one array overlap in the eyes of the compiler, which then writes no vector code.


@njit(**OPTIONS)
def _eliminate(
    inverse: FloatArray,
    lift: FloatArray,
    source: FloatArray,
    count: int,
    old: FloatArray,
    moved: FloatArray,
    work: FloatArray,
    carry: FloatArray,
    alive: int,
) -> None:
    """Begin a solve, from the last unknown: work (n + 2, lanes) holds what substitution starts from."""
    for i in range(inverse.size - 1, count - 1, -1):
        inner = inverse[i]
        carried = lift[i]
        of_predictor = source[i]
        for lane in range(alive):
            x = inner * old[i + 1, lane] + carried * carry[lane] - of_predictor * moved[i, lane]
            carry[lane] = x
            work[i + 1, lane] = x


@njit(**OPTIONS)
def _substitute(
    ratio: FloatArray,
    scale: float,
    keep: float,
    count: int,
    work: FloatArray,
    old: FloatArray,
    carry: FloatArray,
    alive: int,
) -> None:
    """Finish a solve: work (n + 2, lanes) becomes W_k, old (n + 2, lanes) becomes V_k."""
    for i in range(count, ratio.size):
        r = ratio[i]
        for lane in range(alive):
            x = work[i + 1, lane] + r * carry[lane]
            carry[lane] = x
            work[i + 1, lane] = x
            old[i + 1, lane] = scale * x - keep * old[i + 1, lane]


@njit(**OPTIONS)
def _substitute_and_sum(
    ratio: FloatArray,
    scale: float,
    keep: float,
    count: int,
    low: FloatArray,
    high: FloatArray,
    work: FloatArray,
    old: FloatArray,
    sums: FloatArray,
    carry: FloatArray,
    before: FloatArray,
    alive: int,
) -> None:
    """Finish a solve and add mu D W_k, one node behind, without keeping W_k.

    work, old (n + 2, lanes) and sums (n + 1, lanes) come flat, and are indexed by unsigned numbers: that many arrays
    keep their addresses in registers only so. Row i + 1 of sums and entry i + 1 of low and high (n + 1,), mu times
    the stencil of D, belong to node i.
    """
    width = np.uint64(carry.size)
    lanes = np.uint64(alive)
    one = np.uint64(1)
    for i in range(np.uint64(count), np.uint64(ratio.size)):
        r = ratio[i]
        down = low[i]
        up = high[i]
        both = down + up
        behind = i * width
        here = (i + one) * width
        for lane in range(lanes):
            middle = carry[lane]
            x = work[here + lane] + r * middle
            old[here + lane] = scale * x - keep * old[here + lane]
            sums[behind + lane] += both * middle - down * before[lane] - up * x
            before[lane] = middle
            carry[lane] = x
    n = np.uint64(ratio.size)
    for lane in range(lanes):
        x = carry[lane]
        after = work[(n + one) * width + lane]
        sums[n * width + lane] += low[n] * (x - before[lane]) + high[n] * (x - after)


@njit(**OPTIONS)
def _accumulate(
    low: FloatArray,
    high: FloatArray,
    count: int,
    work: FloatArray,
    sums: FloatArray,
    alive: int,
) -> None:
    """Add mu D W_k to sums, as `_substitute_and_sum` does, where W_k is kept."""
    for i in range(count, low.size - 1):
        down = low[i + 1]
        up = high[i + 1]
        both = down + up
        for lane in range(alive):
            sums[i + 1, lane] += both * work[i + 1, lane] - down * work[i, lane] - up * work[i + 2, lane]


@njit(**OPTIONS)
def _add_coefficients(
    inverse: FloatArray,
    lift: FloatArray,
    stencil: FloatArray,
    gain: FloatArray,
    variance: FloatArray,
    now: FloatArray,
    count: int,
    coefficients_dot: FloatArray,
    work: FloatArray,
) -> None:
    """Do what `_eliminate` leaves out: what directions that move scale, drift and discount add to it."""
    of_scale, of_drift, of_discount = coefficients_dot[0], coefficients_dot[1], coefficients_dot[2]
    added = np.zeros(work.shape[1])
    for i in range(inverse.size - 1, count - 1, -1):
        inner = inverse[i]
        carried = lift[i]
        a = gain[i] * variance[i]
        b = inner * (stencil[2, i] * (now[i + 1] - now[i]) + stencil[3, i] * (now[i + 1] - now[i + 2]))
        c = inner * now[i + 1]
        here = work[i + 1]
        for lane in range(added.size):
            added[lane] = carried * added[lane] - (
                a * of_scale[lane] + b * of_drift[lane] + c * of_discount[lane]
            )
        for lane in range(added.size):
            here[lane] += added[lane]


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
        for lane in range(alive):
            of_discount[lane] += weight * here[lane]


@njit(**OPTIONS)
def _flush(
    row: int,
    start: IntArray,
    weight: IntArray,
    factor: FloatArray,
    node_columns: IntArray,
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
        total = sums[i + 1]
        for b in range(in_node.shape[1]):
            scaled = slope[i] * in_node[i, b]
            of_column = line[node_columns[i, b]]
            for lane in range(alive):
                of_column[lane] += scaled * total[lane]
        v = variance[i]
        for lane in range(alive):
            of_scale[lane] += v * total[lane]
        total[:alive] = 0.0
    for c in range(n_columns):
        of_column = line[c]
        for e in range(start[row * n_columns + c], start[row * n_columns + c + 1]):
            scaled = factor[e]
            out = product[weight[e]]
            for lane in range(alive):
                out[lane] += scaled * of_column[lane]


@njit(**OPTIONS)
def _unit_tangents(
    row: int,
    start: IntArray,
    weight: IntArray,
    factor: FloatArray,
    node_columns: IntArray,
    in_node: FloatArray,
    n_columns: int,
    lane_of: IntArray,
    unit_begin: int,
    result: FloatArray,
) -> None:
    """Fill result (n, lanes) with the tangents of the predictor in one row where each lane is one weight."""
    n_lanes = result.shape[1]
    result[:] = 0.0
    for i in range(result.shape[0]):
        for b in range(in_node.shape[1]):
            line = row * n_columns + node_columns[i, b]
            for e in range(start[line], start[line + 1]):
                lane = lane_of[weight[e]] - unit_begin
                if 0 <= lane < n_lanes:
                    result[i, lane] += factor[e] * in_node[i, b]


@njit(**OPTIONS)
def row_tangents(
    row: int,
    start: IntArray,
    weight: IntArray,
    factor: FloatArray,
    node_columns: IntArray,
    in_node: FloatArray,
    weights_dot: FloatArray,
    line: FloatArray,
    result: FloatArray,
) -> None:
    """Fill result (n, lanes) with the tangents of the predictor in one row."""
    n_columns, n_lanes = line.shape
    for c in range(n_columns):
        of_column = line[c]
        of_column[:] = 0.0
        for e in range(start[row * n_columns + c], start[row * n_columns + c + 1]):
            scaled = factor[e]
            given = weights_dot[weight[e]]
            for lane in range(n_lanes):
                of_column[lane] += scaled * given[lane]
    for i in range(result.shape[0]):
        total = result[i]
        total[:] = 0.0
        for b in range(in_node.shape[1]):
            scaled = in_node[i, b]
            of_column = line[node_columns[i, b]]
            for lane in range(n_lanes):
                total[lane] += scaled * of_column[lane]


@njit(**OPTIONS)
def lanes_kernel(
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
    with_coefficients: bool,
    lane_of: IntArray,
    reached: IntArray,
    unit_begin: int,
    weights_dot: FloatArray,
    coefficients_dot: FloatArray,
    lower_dot: FloatArray,
    upper_dot: FloatArray,
    initial_dot: FloatArray,
    floor_dot: FloatArray,
    results: FloatArray,
    product: FloatArray,
    of_coefficients: FloatArray,
    history: FloatArray,
) -> None:
    """March tangents: results (n_results, n + 2, lanes) and the products that the curvature needs.

    Lane k moves the weights by weights_dot (n_weights, lanes), scale, drift and discount by coefficients_dot
    (3, lanes), and boundary, initial and exercise values. With unit_begin >= 0 weight w is moved alone in lane
    lane_of[w] - unit_begin: lanes are in the order in which the march meets their weights, reached[j] of them up to row
    j, so that only leading lanes are alive at each substep.

    product (n_weights, lanes) receives the sums of mu' A_w W_k, of_coefficients (3, lanes) those of scale, drift and
    discount; there is no curvature with multipliers of shape (0, n). history (n_substeps, n + 2, lanes) receives
    every W_k unless its first length is zero.
    """
    n = inverse.shape[1]
    n_lanes = results.shape[2]
    curved = multipliers.shape[0] > 0
    work = np.zeros((n + 2, n_lanes))
    old = np.zeros((n + 2, n_lanes))
    sums = np.zeros((n + 1, n_lanes))
    carry = np.zeros(n_lanes)
    before = np.zeros(n_lanes)
    line = np.zeros((n_columns, n_lanes))
    moved = np.zeros((n, n_lanes))
    lift, gain, source = np.zeros(n), np.zeros(n), np.zeros(n)
    low, high = np.zeros(n + 1), np.zeros(n + 1)
    keep_solutions = with_coefficients or history.shape[0] > 0
    flat_work, flat_old, flat_sums = work.reshape(work.size), old.reshape(old.size), sums.reshape(sums.size)
    old[:] = initial_dot
    alive = n_lanes if unit_begin < 0 else 0
    known = -1
    n_done = 0
    for s in range(row.size):
        j = row[s]
        if j != known:
            plane = j if in_node.shape[0] > 1 else 0
            if unit_begin < 0:
                row_tangents(
                    j, start, weight, factor, node_columns[plane], in_node[plane], weights_dot, line, moved
                )
            else:
                alive = max(alive, min(n_lanes, 8 * ((reached[j] - unit_begin + 7) // 8)))
                _unit_tangents(
                    j, start, weight, factor, node_columns[plane], in_node[plane], n_columns, lane_of, unit_begin,
                    moved,
                )  # fmt: skip
            known = j
        if alive == 0:
            n_done += s == last[n_done]
            continue
        now = doubled[s]
        count = exercised[s]
        scale = 0.5 if damped[s] else 1.0
        keep = 0.0 if damped[s] else 1.0
        for lane in range(alive):
            work[0, lane] = lower_dot[s, lane] + (lower_dot[s, lane] if damped[s] else old[0, lane])
            work[n + 1, lane] = upper_dot[s, lane] + (upper_dot[s, lane] if damped[s] else old[n + 1, lane])
            old[0, lane] = lower_dot[s, lane]
            old[n + 1, lane] = upper_dot[s, lane]
        for i in range(count, n):
            lift[i] = above[j, i] * inverse[j, i]
            left = now[i + 1] - now[i]
            right = now[i + 1] - now[i + 2]
            gain[i] = inverse[j, i] * (stencil[0, i] * left + stencil[1, i] * right)
            source[i] = gain[i] * slope[j, i]
        carry[:alive] = work[n + 1, :alive]
        _eliminate(inverse[j], lift, source, count, old, moved, work, carry, alive)
        if with_coefficients and unit_begin < 0:
            _add_coefficients(
                inverse[j], lift, stencil, gain, variance[j], now, count, coefficients_dot, work
            )
        for i in range(count):
            here = work[i + 1]
            value = old[i + 1]
            held = floor_dot[i + 1]
            for lane in range(alive):
                here[lane] = held[lane] + (held[lane] if damped[s] else value[lane])
                value[lane] = held[lane]
        carry[:alive] = work[count, :alive]
        if curved:
            mu = multipliers[s]
            low[: count + 1] = 0.0
            high[: count + 1] = 0.0
            for i in range(count, n):
                low[i + 1] = mu[i] * stencil[0, i]
                high[i + 1] = mu[i] * stencil[1, i]
        if curved and not keep_solutions:
            _substitute_and_sum(
                ratio[j], scale, keep, count, low, high, flat_work, flat_old, flat_sums, carry, before, alive,
            )  # fmt: skip
        else:
            _substitute(ratio[j], scale, keep, count, work, old, carry, alive)
        if curved:
            if keep_solutions:
                _accumulate(low, high, count, work, sums, alive)
            if with_coefficients:
                _accumulate_coefficients(stencil, mu, count, work, of_coefficients[1:], alive)
            if s == row.size - 1 or row[s + 1] != j:
                _flush(
                    j, start, weight, factor, node_columns[plane], in_node[plane], slope[j], variance[j], sums, line,
                    product, of_coefficients[0], alive,
                )  # fmt: skip
        if history.shape[0]:
            history[s] = work
        if s == last[n_done]:
            results[n_done] = old
            n_done += 1
