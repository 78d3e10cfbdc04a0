"""The dual upper bound of one asset's price, by simulation within the simulation.

For any martingale M with M_0 = 0 the Bermudan price is at most E[max_k (D_k E_k - M_k)], with equality for the
martingale part of the price itself. Here M follows the value under a fitted policy: the discounted European value,
known exactly, plus the premium, whose conditional expectations come from `pool`, Brownian motions that lead on from
every state. Their noise makes the bound higher, never invalid.

References
----------
L. Andersen and M. Broadie (2004), "Primal-dual simulation algorithm for pricing multidimensional American options",
Management Science 50(9).
"""

from __future__ import annotations

import math

from numba import njit

from aadlib.types import Floats
from pricers.american.bermudan.exercise_policy_kernel import strike_kernel
from pricers.american.bermudan.stopped_premium_kernel import Terms, stopped_parts_kernel, stopped_value_kernel
from pricers.kernel_options import OPTIONS


@njit(**OPTIONS)
def continued_kernel(
    brownian: float, date: int, first: int, n_inner: int, pool: Floats, terms: Terms, ends: Floats
) -> float:
    """Return the expected premium of going on from a state, by `n_inner` paths of the pool and their mirrors."""
    n = ends.shape[0]
    step = terms.expiry / (n + 1)
    total = 0.0
    for j in range(n_inner):
        path = pool[(first + j) % pool.shape[0]]
        for side in range(2):
            sign = -1.0 if side else 1.0
            for later in range(date + 1, n):
                state = brownian + sign * (path[later] - path[date])
                if ends[later, 0] <= state <= ends[later, 1]:
                    total += stopped_value_kernel((later + 1) * step, state, terms)
                    break
    return total / (2 * n_inner)


@njit(**OPTIONS)
def upper_sum_kernel(
    normals: Floats, pool: Floats, n_inner: int, start: float, terms: Terms, ends: Floats
) -> float:
    """Return the sum over paths of the largest premium of exercise less the martingale.

    `normals` is (n_paths, n_dates), the first column unused; `pool` (n_pool, n_dates - 1) are Brownian motions;
    `start` is an estimate of the mean premium today that owes nothing to either.
    """
    n = ends.shape[0]
    step = terms.expiry / (n + 1)
    total = 0.0
    for i in range(normals.shape[0]):
        brownian, martingale, expected = 0.0, 0.0, start
        largest = -math.inf
        for date in range(n):
            brownian += math.sqrt(step) * normals[i, date + 1]
            time = (date + 1) * step
            # Neighbouring states share no path of the pool, so that their errors do not add up.
            first = (i * n + date) * n_inner
            continued = continued_kernel(brownian, date, first, n_inner, pool, terms, ends)
            exercised = stopped_value_kernel(time, brownian, terms)
            stops = ends[date, 0] <= brownian <= ends[date, 1]
            martingale += (exercised if stops else continued) - expected
            expected = continued
            if terms.sign * (brownian - strike_kernel(time, terms)) > 0.0:
                largest = max(largest, exercised - martingale)
            else:
                _, _, asset, bond, _, _, _, _ = stopped_parts_kernel(time, brownian, terms)
                largest = max(largest, -terms.sign * (asset - bond) - martingale)
        # At expiry the premium over the European value is zero.
        total += max(largest, expected - martingale)
    return total
