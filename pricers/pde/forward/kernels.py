"""Compiled sweeps of the forward march: values, tangent lanes, discrete adjoint.

Every step solves A y = c with A = I - h v L, h the step times its implicitness theta, v the local variance per
node, and sets c <- y / theta - (1 / theta - 1) c; for theta = 1/2 that is Crank-Nicolson without ever applying
the explicit half. As h v L y = y - c, the derivative of a step in the log variance needs only gain = y - c:

    tangent  A y' = c' + gain (ln v)'        adjoint  A^T z = y_bar,  (ln v)_bar = gain z,  c_bar += z

The march stores the factors of A and the gains, and both sweeps reuse them. `pricers.pde.forward.dupire_march` is
the readable twin. All arrays are C-contiguous; callers validate.

A fit asks for the Jacobian of thousands of quotes and no second derivatives. Its lanes carry less here than those of
`pricers.pde.march.tangent_kernels`, sources are added where they are and quotes are read inside the march: a third
of the time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Longs


@njit(**OPTIONS)
def log_variance_kernel(
    first_u: Longs,
    in_u: Floats,
    first_t: Longs,
    in_t: Floats,
    interval: Longs,
    weights: Floats,
    levels: Floats,
    variance: Floats,
) -> None:
    """Fill variance[m, i] = exp(2 spline + level) from tabulated bases."""
    n_steps, n_nodes, width = in_u.shape
    n_u = weights.shape[1]
    for m in range(n_steps):
        row = np.empty(n_u)
        for i in range(n_u):
            total = levels[interval[m]]
            for j in range(in_t.shape[1]):
                total += 2.0 * in_t[m, j] * weights[first_t[m] + j, i]
            row[i] = total
        for k in range(n_nodes):
            start = first_u[m, k]
            total = 0.0
            for i in range(width):
                total += in_u[m, k, i] * row[start + i]
            variance[m, k] = math.exp(total)


@njit(**OPTIONS)
def forward_march_kernel(
    below: Floats,
    above: Floats,
    initial: Floats,
    steps: Floats,
    implicitness: Floats,
    last_step: Longs,
    variance: Floats,
    pivot: Floats,
    ratio: Floats,
    gain: Floats,
    prices: Floats,
) -> None:
    """March the value; store per step 1/pivot, the upper factor and the gain; prices[e] at every expiry."""
    n_steps, n_nodes = variance.shape
    value = initial.copy()
    y = initial.copy()
    expiry = 0
    for m in range(n_steps):
        h = steps[m] * implicitness[m]
        carry = 1.0 / implicitness[m]
        pivot[m, 0] = 1.0
        ratio[m, 0] = 0.0
        for i in range(1, n_nodes):
            scaled = h * variance[m, i]
            low = -scaled * below[i]
            up = -scaled * above[i]
            inverse = 1.0 / (1.0 - low - up - low * ratio[m, i - 1])
            pivot[m, i] = inverse
            ratio[m, i] = up * inverse
            y[i] = (value[i] - low * y[i - 1]) * inverse
        gain[m, n_nodes - 1] = 0.0
        for i in range(n_nodes - 2, 0, -1):
            y[i] -= ratio[m, i] * y[i + 1]
            gain[m, i] = y[i] - value[i]
            value[i] = carry * y[i] - (carry - 1.0) * value[i]
        gain[m, 0] = 0.0
        if m == last_step[expiry]:
            prices[expiry, :] = value
            expiry = min(expiry + 1, last_step.size - 1)


@njit(**OPTIONS)
def quote_tangents_kernel(
    below: Floats,
    steps: Floats,
    implicitness: Floats,
    last_step: Longs,
    variance: Floats,
    pivot: Floats,
    ratio: Floats,
    gain: Floats,
    first_u: Longs,
    in_u: Floats,
    first_t: Longs,
    in_t: Floats,
    interval: Longs,
    n_u: int,
    n_weights: int,
    quote_start: Longs,
    quote_node: Longs,
    quote_weight: Floats,
    quote_scale: Floats,
    begin: int,
    lane_start: Longs,
    jacobian: Floats,
) -> None:
    """Fill columns begin .. begin + lane_start.size of the Jacobian of the sampled quotes.

    Columns are weights (time-major), then levels. lane_start[l], not decreasing, is the first step that a lane
    feels, so at each step only a prefix of the block is alive. The lane is the innermost index: SIMD.
    """
    n_steps, n_nodes = variance.shape
    n_lanes = lane_start.size
    tangent = np.zeros((n_nodes, n_lanes))
    work = np.zeros((n_nodes, n_lanes))
    alive = 0
    expiry = 0
    for m in range(n_steps):
        while alive < n_lanes and lane_start[alive] <= m:
            alive += 1
        if alive > 0:
            h = steps[m] * implicitness[m]
            carry = 1.0 / implicitness[m]
            keep = carry - 1.0
            level_lane = n_weights + interval[m] - begin
            for i in range(1, n_nodes - 1):
                inverse = pivot[m, i]
                low = -h * variance[m, i] * below[i] * inverse
                before = work[i - 1]
                here = work[i]
                old = tangent[i]
                for lane in range(alive):
                    here[lane] = old[lane] * inverse - low * before[lane]
                source = gain[m, i] * inverse
                if 0 <= level_lane < n_lanes:
                    here[level_lane] += source
                for j in range(in_t.shape[1]):
                    first = (first_t[m] + j) * n_u + first_u[m, i] - begin
                    if first + in_u.shape[2] > 0 and first < n_lanes:
                        factor = 2.0 * source * in_t[m, j]
                        for k in range(in_u.shape[2]):
                            if 0 <= first + k < n_lanes:
                                here[first + k] += factor * in_u[m, i, k]
            for i in range(n_nodes - 2, 0, -1):
                r = ratio[m, i]
                after = work[i + 1]
                here = work[i]
                old = tangent[i]
                for lane in range(alive):
                    y = here[lane] - r * after[lane]
                    here[lane] = y
                    old[lane] = carry * y - keep * old[lane]
        if m == last_step[expiry]:
            for q in range(quote_start[expiry], quote_start[expiry + 1]):
                out = jacobian[q, begin : begin + n_lanes]
                out[:] = 0.0
                for k in range(quote_weight.shape[1]):
                    factor = quote_scale[q] * quote_weight[q, k]
                    of_node = tangent[quote_node[q] + k]
                    for lane in range(alive):
                        out[lane] += factor * of_node[lane]
            expiry = min(expiry + 1, last_step.size - 1)


@njit(**OPTIONS)
def quote_adjoint_kernel(
    below: Floats,
    steps: Floats,
    implicitness: Floats,
    last_step: Longs,
    variance: Floats,
    pivot: Floats,
    ratio: Floats,
    gain: Floats,
    first_u: Longs,
    in_u: Floats,
    first_t: Longs,
    in_t: Floats,
    interval: Longs,
    quote_start: Longs,
    quote_node: Longs,
    quote_weight: Floats,
    quote_seed: Floats,
    weights_bar: Floats,
    levels_bar: Floats,
) -> None:
    """Add the gradient of sum(quote_seed * quote price) to weights_bar and levels_bar: one reverse sweep."""
    n_steps, n_nodes = variance.shape
    n_u = weights_bar.shape[1]
    value_bar = np.zeros(n_nodes)
    z = np.zeros(n_nodes)
    expiry = last_step.size - 1
    for m in range(n_steps - 1, -1, -1):
        if expiry >= 0 and m == last_step[expiry]:
            for q in range(quote_start[expiry], quote_start[expiry + 1]):
                for k in range(quote_weight.shape[1]):
                    value_bar[quote_node[q] + k] += quote_seed[q] * quote_weight[q, k]
            expiry -= 1
        h = steps[m] * implicitness[m]
        carry = 1.0 / implicitness[m]
        # A = (lower factor)(upper factor): the transposed solve runs up with the one and down with the other.
        z[0] = carry * value_bar[0]
        for i in range(1, n_nodes):
            z[i] = carry * value_bar[i] - ratio[m, i - 1] * z[i - 1]
        z[n_nodes - 1] *= pivot[m, n_nodes - 1]
        for i in range(n_nodes - 2, -1, -1):
            low_of_next = -h * variance[m, i + 1] * below[i + 1]
            z[i] = (z[i] - low_of_next * z[i + 1]) * pivot[m, i]
        row_bar = np.zeros(n_u)
        for i in range(n_nodes):
            value_bar[i] = z[i] - (carry - 1.0) * value_bar[i]
            of_log_variance = gain[m, i] * z[i]
            levels_bar[interval[m]] += of_log_variance
            for k in range(in_u.shape[2]):
                row_bar[first_u[m, i] + k] += in_u[m, i, k] * of_log_variance
        for j in range(in_t.shape[1]):
            for i in range(n_u):
                weights_bar[first_t[m] + j, i] += 2.0 * in_t[m, j] * row_bar[i]
