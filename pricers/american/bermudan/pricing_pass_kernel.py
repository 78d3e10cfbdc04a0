"""The pricing pass: fresh paths under a fitted policy, with all derivatives of the premium.

A path adds the derivatives of its premium at its own stop, times frozen, and the kink term of one date drawn with
probability proportional to p_k, the density of the state at the end of exercise b_k given the date before:

    sum_k p_k E[jump_i | b_k] shift_j,   jump = gradient of the premium going on from b_k minus that of exercise at b_k.

The path's own later increments lead on from b_k: p_k does not know them, so one path samples the jump without bias. As
E[jump_i] = J shift_i with J = S E[jump_S], the form jump_i shift_j + shift_i jump_j - S jump_S shift_i shift_j has
the same mean and errs in second order only where the fitted shifts do in first.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.american.bermudan.stopped_premium_kernel import (
    N_INPUTS,
    N_OUTPUTS,
    PER_ROOT_2PI,
    Terms,
    normal_cdf,
    stopped_gradient_kernel,
    stopped_hessian_kernel,
    stopped_value_kernel,
)
from pricers.kernel_options import OPTIONS

FARTHEST = 8.0
"""Deviations from an end of exercise beyond which its density counts as zero."""


@njit(**OPTIONS)
def premium_sum_kernel(normals: Floats, antithetic: bool, terms: Terms, ends: Floats) -> float:
    """Return the sum of the premiums of all paths; `normals` is (n_paths, n_dates), its first column unused."""
    n = ends.shape[0]
    step = terms.expiry / (n + 1)
    total = 0.0
    for i in range(normals.shape[0]):
        for side in range(2 if antithetic else 1):
            root = -math.sqrt(step) if side else math.sqrt(step)
            brownian = 0.0
            for date in range(n):
                brownian += root * normals[i, date + 1]
                if ends[date, 0] <= brownian <= ends[date, 1]:
                    total += stopped_value_kernel((date + 1) * step, brownian, terms)
                    break
    return total


@njit(**OPTIONS)
def kink_kernel(
    path: Floats, date: int, end: int, weight: float, terms: Terms, ends: Floats, shifts: Floats,
    out: Floats,
) -> None:  # fmt: skip
    """Add the kink term of one date and end, of the given weight, to the Hessian in `out`."""
    n = ends.shape[0]
    step = terms.expiry / (n + 1)
    exercised = stopped_gradient_kernel((date + 1) * step, ends[date, end], terms)
    jump = np.empty(N_INPUTS)
    for i in range(N_INPUTS):
        jump[i] = -exercised[1 + i]
    moved = ends[date, end] - path[date]
    for later in range(date + 1, n):
        if ends[later, 0] <= path[later] + moved <= ends[later, 1]:
            stopped = stopped_gradient_kernel((later + 1) * step, path[later] + moved, terms)
            for i in range(N_INPUTS):
                jump[i] += stopped[1 + i]
            break
    shift = shifts[date, end]
    slope = jump[0] * terms.spot
    # Moving with the path, states cross an upper end into continuation and a lower end into exercise.
    signed = weight if end == 1 else -weight
    position = 1 + N_INPUTS
    for i in range(N_INPUTS):
        for j in range(i, N_INPUTS):
            out[position] += signed * (jump[i] * shift[j] + shift[i] * jump[j] - slope * shift[i] * shift[j])
            position += 1


@njit(**OPTIONS)
def greek_sums_kernel(
    normals: Floats, antithetic: bool, terms: Terms, ends: Floats, shifts: Floats, sums: Floats
) -> None:
    """Add the premium, its gradient and the upper triangle of its Hessian over all paths to `sums` (15,).

    `normals` is (n_paths, n_dates); the first column draws the date of the kink term.
    """
    n = ends.shape[0]
    step = terms.expiry / (n + 1)
    per_root = 1.0 / math.sqrt(step)
    peak = PER_ROOT_2PI * per_root / terms.volatility
    path, weights, out = np.empty(n), np.empty((n, 2)), np.empty(N_OUTPUTS)
    for i in range(normals.shape[0]):
        for side in range(2 if antithetic else 1):
            sign = -1.0 if side else 1.0
            brownian = 0.0
            total = 0.0
            stop = n
            for date in range(n):
                if stop == n:
                    for end in range(2):
                        distance = (ends[date, end] - brownian) * per_root
                        weights[date, end] = 0.0
                        if abs(distance) < FARTHEST:
                            weights[date, end] = peak * math.exp(-0.5 * distance * distance)
                            total += weights[date, end]
                elif total == 0.0:
                    break
                brownian += sign * math.sqrt(step) * normals[i, date + 1]
                path[date] = brownian
                if stop == n and ends[date, 0] <= brownian <= ends[date, 1]:
                    stop = date
            if stop < n:
                stopped_hessian_kernel((stop + 1) * step, path[stop], terms, out)
                for c in range(N_OUTPUTS):
                    sums[c] += out[c]
            if total > 0.0:
                left = normal_cdf(sign * normals[i, 0]) * total
                date = end = last_date = last_end = 0
                for date in range(min(stop + 1, n)):
                    for end in range(2):
                        if left >= 0.0 and weights[date, end] > 0.0:
                            last_date, last_end = date, end
                            left -= weights[date, end]
                kink_kernel(path, last_date, last_end, total, terms, ends, shifts, sums)
