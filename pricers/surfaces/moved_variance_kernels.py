"""Compiled local variances on moved nodes, their derivatives in what each row depends on, and their curvature.

On row j and node i, with z = (x_i + s_j) / scale_j and d = (x_i + s_j) / width_j,

    variance = sigma^2,   sigma = exp(S(arcsinh z) / 2) + b(d),

S a spline in the row's weights and b a sum of hats in the row's heights. A cell depends on the few weights of its knot
interval, on the shift s_j and on the two or three hats around it, in this order of columns. Its interval and hats are
those at x_i + home_j while s_j is within `reach` of home_j, so that variances are smooth there, and else its own.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Longs

_ON_CENTRE = 1e-9  # deviations, as in pricers.surfaces.volatility_hats


@njit(**OPTIONS)
def _spline(
    z: float,
    located: float,
    ends: tuple[float, float],
    breakpoints: Floats,
    pieces: Floats,
    interval: int,
    basis: Floats,
) -> int:
    """Fill basis (3, width) with values, first and second derivatives in arcsinh z of the piece at `located`, also a z.

    Beyond the ends, those of the knots in z, the spline is flat. Returns the interval, looked for from `interval` on.
    """
    n_pieces, width, n_powers = pieces.shape
    flat = located < ends[0] or located > ends[1]
    if located < ends[0]:
        offset = 0.0
    elif located > ends[1]:
        interval = n_pieces - 1
        offset = breakpoints[n_pieces] - breakpoints[interval]
    else:
        there = math.asinh(located)
        while interval < n_pieces - 1 and there >= breakpoints[interval + 1]:
            interval += 1
        offset = (there if z == located else math.asinh(z)) - breakpoints[interval]
    for b in range(width):
        value, slope, bend = 0.0, 0.0, 0.0
        for power in range(n_powers - 1, -1, -1):
            bend = bend * offset + 2.0 * slope
            slope = slope * offset + value
            value = value * offset + pieces[interval, b, power]
        basis[0, b] = value
        basis[1, b] = 0.0 if flat else slope
        basis[2, b] = 0.0 if flat else bend
    return interval


@njit(**OPTIONS)
def _add_piece(
    piece: int, factor: float, deviation: float, centres: Floats, first: int, hats: Floats
) -> None:
    """Add one linear piece between centres, flat beyond the outermost, to the hats and their slopes (2, width)."""
    n = centres.size
    if piece == 0 or piece == n:
        hats[0, max(piece - 1, 0) - first] += factor
        return
    gap = centres[piece] - centres[piece - 1]
    part = (deviation - centres[piece - 1]) / gap
    hats[0, piece - 1 - first] += factor * (1.0 - part)
    hats[0, piece - first] += factor * part
    hats[1, piece - 1 - first] -= factor / gap
    hats[1, piece - first] += factor / gap


@njit(**OPTIONS)
def _hats(deviation: float, located: float, centres: Floats, hats: Floats) -> int:
    """Fill hats (2, width) with values and slopes of the piece at `located`; return the first hat.

    At a centre they are the means of both sides.
    """
    hats[:] = 0.0
    left = np.searchsorted(centres, located - _ON_CENTRE, side="right")
    right = np.searchsorted(centres, located + _ON_CENTRE, side="right")
    first = max(0, min(left - 1, centres.size - hats.shape[1]))
    if left == right:
        _add_piece(left, 1.0, deviation, centres, first, hats)
    else:
        _add_piece(left, 0.5, deviation, centres, first, hats)
        _add_piece(right, 0.5, deviation, centres, first, hats)
    return first


@njit(**OPTIONS)
def variance_kernel(
    nodes: Floats,
    home: Floats,
    reach: float,
    inverse_scale: Floats,
    inverse_width: Floats,
    breakpoints: Floats,
    pieces: Floats,
    centres: Floats,
    lines: Floats,
    volatility: Floats,
    columns: Longs,
    inside: Floats,
) -> None:
    """Fill volatilities (n_rows, n) and the derivatives of their squares, inside (n_rows, n, width) at columns."""
    width = pieces.shape[1]
    n_u = pieces.shape[0] + width - 1
    n_hats = min(3, centres.size)
    ends = math.sinh(breakpoints[0]), math.sinh(breakpoints[-1])
    basis, hats = np.empty((3, width)), np.zeros((2, n_hats))
    for j in range(lines.shape[0]):
        line, shift = lines[j], lines[j, n_u]
        located = home[j] if abs(shift - home[j]) <= reach else shift
        k = 0
        for i in range(nodes.size):
            moved = nodes[i] + shift
            z = moved * inverse_scale[j]
            there = (nodes[i] + located) * inverse_scale[j]
            k = _spline(z, there, ends, breakpoints, pieces, k, basis)
            logarithm, slope = 0.0, 0.0
            for b in range(width):
                logarithm += basis[0, b] * line[k + b]
                slope += basis[1, b] * line[k + b]
            of_surface = math.exp(0.5 * logarithm)
            bump, bump_slope = 0.0, 0.0
            if n_hats:
                there = (nodes[i] + located) * inverse_width[j]
                first = _hats(moved * inverse_width[j], there, centres, hats)
                for c in range(n_hats):
                    bump += hats[0, c] * line[n_u + 1 + first + c]
                    bump_slope += hats[1, c] * line[n_u + 1 + first + c]
                    columns[j, i, width + 1 + c] = n_u + 1 + first + c
            sigma = of_surface + bump
            volatility[j, i] = sigma
            for b in range(width):
                columns[j, i, b] = k + b
                inside[j, i, b] = sigma * of_surface * basis[0, b]
            columns[j, i, width] = n_u
            in_shift = slope * inverse_scale[j] / math.sqrt(1.0 + z * z)
            inside[j, i, width] = sigma * (of_surface * in_shift + 2.0 * bump_slope * inverse_width[j])
            for c in range(n_hats):
                inside[j, i, width + 1 + c] = 2.0 * sigma * hats[0, c]


@njit(**OPTIONS)
def curvature_kernel(
    nodes: Floats,
    home: Floats,
    reach: float,
    inverse_scale: Floats,
    inverse_width: Floats,
    breakpoints: Floats,
    pieces: Floats,
    centres: Floats,
    lines: Floats,
    factors: Floats,
    blocks: Floats,
) -> None:
    """Add the second derivatives of sum(factors * variance) to blocks (n_rows, n_columns, n_columns)."""
    width = pieces.shape[1]
    n_u = pieces.shape[0] + width - 1
    n_hats = min(3, centres.size)
    ends = math.sinh(breakpoints[0]), math.sinh(breakpoints[-1])
    size = width + 1 + n_hats
    basis, hats = np.empty((3, width)), np.zeros((2, n_hats))
    # Of S and of sigma, by local column; second derivatives of S and b but for those with the shift are zero.
    of_spline, of_sigma, with_shift = np.zeros(size), np.zeros(size), np.zeros(size)
    column = np.empty(size, dtype=np.int64)
    for j in range(lines.shape[0]):
        line, shift = lines[j], lines[j, n_u]
        located = home[j] if abs(shift - home[j]) <= reach else shift
        k = 0
        for i in range(nodes.size):
            moved = nodes[i] + shift
            z = moved * inverse_scale[j]
            there = (nodes[i] + located) * inverse_scale[j]
            k = _spline(z, there, ends, breakpoints, pieces, k, basis)
            root = 1.0 / (1.0 + z * z)
            first_order = inverse_scale[j] * math.sqrt(root)
            second_order = -z * inverse_scale[j] ** 2 * root * math.sqrt(root)
            logarithm, slope, bend = 0.0, 0.0, 0.0
            for b in range(width):
                logarithm += basis[0, b] * line[k + b]
                slope += basis[1, b] * line[k + b]
                bend += basis[2, b] * line[k + b]
            of_surface = math.exp(0.5 * logarithm)
            sigma, bump_slope = of_surface, 0.0
            if n_hats:
                there = (nodes[i] + located) * inverse_width[j]
                first = _hats(moved * inverse_width[j], there, centres, hats)
                for c in range(n_hats):
                    sigma += hats[0, c] * line[n_u + 1 + first + c]
                    bump_slope += hats[1, c] * line[n_u + 1 + first + c]
                    column[width + 1 + c] = n_u + 1 + first + c
                    of_sigma[width + 1 + c] = hats[0, c]
                    with_shift[width + 1 + c] = hats[1, c] * inverse_width[j]
            for b in range(width):
                column[b] = k + b
                of_spline[b] = basis[0, b]
                of_sigma[b] = 0.5 * of_surface * basis[0, b]
                with_shift[b] = 0.5 * of_surface * basis[1, b] * first_order
            column[width] = n_u
            of_spline[width] = slope * first_order
            of_sigma[width] = 0.5 * of_surface * of_spline[width] + bump_slope * inverse_width[j]
            with_shift[width] = 0.5 * of_surface * (bend * first_order**2 + slope * second_order)
            twice = 2.0 * factors[j, i]
            quarter = 0.25 * of_surface * sigma
            for p in range(size):
                for q in range(size):
                    total = of_sigma[p] * of_sigma[q] + quarter * of_spline[p] * of_spline[q]
                    if q == width:
                        total += sigma * with_shift[p]
                    elif p == width:
                        total += sigma * with_shift[q]
                    blocks[j, column[p], column[q]] += twice * total
