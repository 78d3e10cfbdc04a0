"""Compiled sweeps of a local basis: its table, its values, its transpose, its Gram matrix.

The arrays are those of `pricers.surfaces.local_basis.LocalBasis`: the lines of all rows as a sparse matrix (start,
weight, factor) with n_columns lines a row, and node_columns and in_node with one plane for all rows or one for each.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Longs


@njit(**OPTIONS)
def basis_table_kernel(
    coordinate: Floats,
    breakpoints: Floats,
    pieces: Floats,
    first: Longs,
    values: Floats,
) -> None:
    """Tabulate a spline basis at coordinates that increase along each row: interval and values."""
    n_pieces, width, n_powers = pieces.shape
    lower, upper = breakpoints[0], breakpoints[n_pieces]
    for m in range(coordinate.shape[0]):
        k = 0
        for i in range(coordinate.shape[1]):
            u = min(max(coordinate[m, i], lower), upper)
            while k < n_pieces - 1 and u >= breakpoints[k + 1]:
                k += 1
            first[m, i] = k
            offset = u - breakpoints[k]
            for j in range(width):
                value = pieces[k, j, n_powers - 1]
                for power in range(n_powers - 2, -1, -1):
                    value = value * offset + pieces[k, j, power]
                values[m, i, j] = value


@njit(**OPTIONS)
def predictor_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    weights: Floats,
    result: Floats,
) -> None:
    """Fill result (n_rows, n) with the basis times weights."""
    n_rows, n = result.shape
    line = np.empty(n_columns)
    for j in range(n_rows):
        plane = j if in_node.shape[0] > 1 else 0
        for c in range(n_columns):
            total = 0.0
            for e in range(start[j * n_columns + c], start[j * n_columns + c + 1]):
                total += factor[e] * weights[weight[e]]
            line[c] = total
        for i in range(n):
            total = 0.0
            for b in range(in_node.shape[2]):
                total += in_node[plane, i, b] * line[node_columns[plane, i, b]]
            result[j, i] = total


@njit(**OPTIONS)
def gather_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    seeds: Floats,
    result: Floats,
) -> None:
    """Add the transpose of `predictor_kernel` applied to seeds (n_rows, n) to result (n_weights,)."""
    n_rows, n = seeds.shape
    line = np.empty(n_columns)
    for j in range(n_rows):
        plane = j if in_node.shape[0] > 1 else 0
        line[:] = 0.0
        for i in range(n):
            for b in range(in_node.shape[2]):
                line[node_columns[plane, i, b]] += in_node[plane, i, b] * seeds[j, i]
        for c in range(n_columns):
            for e in range(start[j * n_columns + c], start[j * n_columns + c + 1]):
                result[weight[e]] += factor[e] * line[c]


@njit(**OPTIONS)
def gram_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    reach: int,
    factors: Floats,
    result: Floats,
) -> None:
    """Add basis' diag(factors) basis to result (n_weights, n_weights); factors (n_rows, n).

    `reach` columns lie between the first and the last of any node, both counted.
    """
    n_rows, n = factors.shape
    width = in_node.shape[2]
    band = np.empty((n_columns, reach))
    for j in range(n_rows):
        plane = j if in_node.shape[0] > 1 else 0
        band[:] = 0.0
        for i in range(n):
            for b in range(width):
                scaled = factors[j, i] * in_node[plane, i, b]
                column = node_columns[plane, i, b]
                for c in range(b, width):
                    band[column, node_columns[plane, i, c] - column] += scaled * in_node[plane, i, c]
        for b in range(n_columns):
            left = j * n_columns + b
            for c in range(min(reach, n_columns - b)):
                for e in range(start[left], start[left + 1]):
                    scaled = factor[e] * band[b, c]
                    for f in range(start[left + c], start[left + c + 1]):
                        result[weight[e], weight[f]] += scaled * factor[f]
                        if c:
                            result[weight[f], weight[e]] += scaled * factor[f]
