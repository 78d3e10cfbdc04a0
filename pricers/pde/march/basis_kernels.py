"""Compiled lanes between a local basis and one row of a march: tangents of the predictor, and their transpose.

The arrays of the basis are those of `pricers.surfaces.surfaces_kernels`, with node_columns and in_node of one plane.
"""

from __future__ import annotations

from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Longs


@njit(**OPTIONS)
def weighted_row_kernel(
    row: int,
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    weights_dot: Floats,
    line: Floats,
    result: Floats,
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
def unit_row_kernel(
    row: int,
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    lane_of: Longs,
    unit_begin: int,
    result: Floats,
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
def contract_row_kernel(
    row: int,
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    slope: Floats,
    variance: Floats,
    sums: Floats,
    line: Floats,
    product: Floats,
    of_scale: Floats,
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
