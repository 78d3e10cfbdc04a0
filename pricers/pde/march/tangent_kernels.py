"""Compiled lanes of a march: tangents in many directions at once, and what their curvature needs.

Continues `pricers.pde.march.value_kernel`. The lane is the innermost index, so every inner loop is SIMD; the
caller pads lanes to a multiple of eight. For lane k with tangents of u, drift, discount and the boundary values,

    A W_k = V_k - (u_k D W + drift_k C W + discount_k W)

and the curvature needs the sums over substeps of mu D W_k (node by node), mu C W_k and mu W_k.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.pde.march.basis_kernels import contract_row_kernel, unit_row_kernel, weighted_row_kernel
from pricers.types import Bools, Longs

# Loops over nodes hand the row of lanes before on in an array of its own, `carry`: reading it where it was written
# would make rows of one array overlap in the eyes of the compiler, which then writes no vector code.


@njit(**OPTIONS)
def _eliminate(
    inverse: Floats,
    lift: Floats,
    source: Floats,
    count: int,
    old: Floats,
    moved: Floats,
    work: Floats,
    carry: Floats,
    alive: int,
) -> None:
    """Begin a solve, from the last unknown: work (n + 2, lanes) holds what substitution starts from."""
    carry[:alive] = work[inverse.size + 1, :alive]
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
    ratio: Floats,
    scale: float,
    keep: float,
    count: int,
    work: Floats,
    old: Floats,
    carry: Floats,
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
    ratio: Floats,
    scale: float,
    keep: float,
    count: int,
    low: Floats,
    high: Floats,
    work: Floats,
    old: Floats,
    sums: Floats,
    carry: Floats,
    before: Floats,
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
    low: Floats,
    high: Floats,
    count: int,
    work: Floats,
    sums: Floats,
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
    inverse: Floats,
    lift: Floats,
    stencil: Floats,
    gain: Floats,
    variance: Floats,
    now: Floats,
    count: int,
    row: int,
    coefficients_dot: Floats,
    work: Floats,
) -> None:
    """Do what `_eliminate` leaves out: what directions that move scale, drift and discount add to it."""
    of_scale, of_drift = coefficients_dot[0], coefficients_dot[1 + row]
    of_discount = coefficients_dot[1 + coefficients_dot.shape[0] // 2 + row]
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
    stencil: Floats,
    mu: Floats,
    count: int,
    work: Floats,
    row: int,
    of_coefficients: Floats,
    alive: int,
) -> None:
    """Add mu C W_k and mu W_k to the row's drift and discount in of_coefficients (1 + 2 n_rows, lanes)."""
    of_drift = of_coefficients[1 + row]
    of_discount = of_coefficients[1 + of_coefficients.shape[0] // 2 + row]
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
def _set_ends(
    lower_dot: Floats, upper_dot: Floats, damped: bool, old: Floats, work: Floats, alive: int
) -> None:
    """Put the boundary values of one solve into the outer rows: their sums into work, the new ones into old."""
    end = work.shape[0] - 1
    for lane in range(alive):
        work[0, lane] = lower_dot[lane] + (lower_dot[lane] if damped else old[0, lane])
        work[end, lane] = upper_dot[lane] + (upper_dot[lane] if damped else old[end, lane])
        old[0, lane] = lower_dot[lane]
        old[end, lane] = upper_dot[lane]


@njit(**OPTIONS)
def _set_sources(
    above: Floats,
    inverse: Floats,
    stencil: Floats,
    slope: Floats,
    now: Floats,
    count: int,
    lift: Floats,
    gain: Floats,
    source: Floats,
) -> None:
    """Fill what `_eliminate` multiplies with: the carried factor, D W over the pivot, and that by the predictor."""
    for i in range(count, inverse.size):
        lift[i] = above[i] * inverse[i]
        left = now[i + 1] - now[i]
        right = now[i + 1] - now[i + 2]
        gain[i] = inverse[i] * (stencil[0, i] * left + stencil[1, i] * right)
        source[i] = gain[i] * slope[i]


@njit(**OPTIONS)
def _hold_at_floor(
    floor_dot: Floats, damped: bool, count: int, old: Floats, work: Floats, carry: Floats, alive: int
) -> None:
    """Move the leading unknowns that are exercised with their floor; carry becomes the row before the free ones."""
    for i in range(count):
        here = work[i + 1]
        value = old[i + 1]
        held = floor_dot[i + 1]
        for lane in range(alive):
            here[lane] = held[lane] + (held[lane] if damped else value[lane])
            value[lane] = held[lane]
    carry[:alive] = work[count, :alive]


@njit(**OPTIONS)
def _weigh_stencil(mu: Floats, stencil: Floats, count: int, low: Floats, high: Floats) -> None:
    """Fill low and high (n + 1,) with mu times the stencil of D, one node behind; zero up to what is exercised."""
    low[: count + 1] = 0.0
    high[: count + 1] = 0.0
    for i in range(count, mu.size):
        low[i + 1] = mu[i] * stencil[0, i]
        high[i + 1] = mu[i] * stencil[1, i]


@njit(**OPTIONS)
def _move_row(
    row: int,
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    lane_of: Longs,
    unit_begin: int,
    weights_dot: Floats,
    line: Floats,
    moved: Floats,
) -> None:
    """Fill moved (n, lanes) with the tangents of the predictor in one row, of either kind of lane."""
    if unit_begin < 0:
        weighted_row_kernel(row, start, weight, factor, node_columns, in_node, weights_dot, line, moved)
    else:
        unit_row_kernel(
            row, start, weight, factor, node_columns, in_node, n_columns, lane_of, unit_begin, moved
        )


@njit(**OPTIONS)
def composite_tangents_kernel(
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
    with_coefficients: bool,
    lane_of: Longs,
    reached: Longs,
    unit_begin: int,
    weights_dot: Floats,
    coefficients_dot: Floats,
    lower_dot: Floats,
    upper_dot: Floats,
    initial_dot: Floats,
    floor_dot: Floats,
    results: Floats,
    product: Floats,
    of_coefficients: Floats,
    history: Floats,
) -> None:
    """March tangents: results (n_results, n + 2, lanes) and the products that the curvature needs.

    Lane k moves the weights by weights_dot (n_weights, lanes), scale, drifts and discounts by coefficients_dot
    (1 + 2 n_rows, lanes), and boundary, initial and exercise values. With unit_begin >= 0 weight w is moved alone in
    lane lane_of[w] - unit_begin: lanes are in the order in which the march uses their weights, reached[j] of them up
    to row j, so that only leading lanes are alive at each substep.

    product (n_weights, lanes) receives the sums of mu' A_w W_k, of_coefficients (1 + 2 n_rows, lanes) those of scale,
    drifts and discounts; there is no curvature with multipliers of shape (0, n). history (n_substeps, n + 2, lanes)
    receives every W_k unless its first length is zero.
    """
    n = inverse.shape[1]
    n_lanes = results.shape[2]
    curved = multipliers.shape[0] > 0
    work, old = np.zeros((n + 2, n_lanes)), np.zeros((n + 2, n_lanes))
    sums, line, moved = np.zeros((n + 1, n_lanes)), np.zeros((n_columns, n_lanes)), np.zeros((n, n_lanes))
    carry, before = np.zeros(n_lanes), np.zeros(n_lanes)
    lift, gain, source = np.zeros(n), np.zeros(n), np.zeros(n)
    low, high = np.zeros(n + 1), np.zeros(n + 1)
    keep_solutions = with_coefficients or history.shape[0] > 0
    flat_work, flat_old, flat_sums = work.reshape(work.size), old.reshape(old.size), sums.reshape(sums.size)
    old[:] = initial_dot
    alive = n_lanes if unit_begin < 0 else 0
    known, n_done = -1, 0
    for s in range(row.size):
        j = row[s]
        if j != known:
            known, plane = j, (j if in_node.shape[0] > 1 else 0)
            if unit_begin >= 0:
                alive = max(alive, min(n_lanes, 8 * ((reached[j] - unit_begin + 7) // 8)))
            _move_row(
                j, start, weight, factor, node_columns[plane], in_node[plane], n_columns, lane_of, unit_begin,
                weights_dot, line, moved,
            )  # fmt: skip
        if alive == 0:
            n_done += s == last[n_done]
            continue
        now = doubled[s]
        count = exercised[s]
        scale, keep = (0.5, 0.0) if damped[s] else (1.0, 1.0)
        _set_ends(lower_dot[s], upper_dot[s], damped[s], old, work, alive)
        _set_sources(above[j], inverse[j], stencil, slope[j], now, count, lift, gain, source)
        _eliminate(inverse[j], lift, source, count, old, moved, work, carry, alive)
        if with_coefficients and unit_begin < 0:
            _add_coefficients(
                inverse[j], lift, stencil, gain, variance[j], now, count, j, coefficients_dot, work
            )
        _hold_at_floor(floor_dot, damped[s], count, old, work, carry, alive)
        if curved:
            _weigh_stencil(multipliers[s], stencil, count, low, high)
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
                _accumulate_coefficients(stencil, multipliers[s], count, work, j, of_coefficients, alive)
            if s == row.size - 1 or row[s + 1] != j:
                contract_row_kernel(
                    j, start, weight, factor, node_columns[plane], in_node[plane], slope[j], variance[j], sums, line,
                    product, of_coefficients[0], alive,
                )  # fmt: skip
        if history.shape[0]:
            history[s] = work
        if s == last[n_done]:
            results[n_done] = old
            n_done += 1
