"""The exercise policy of one asset: an interval of spots for every date, found by least-squares Monte Carlo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.exercise_policy_kernel import dispersed_paths_kernel, fit_policy_kernel
from pricers.american.bermudan.path_noise import PathNoise
from pricers.types import Longs

REGRESSION_PART, PRICING_PART, UPPER_PART = 0, 1, 2
"""Streams of a batch's noise."""


@dataclass(frozen=True, eq=False)
class ExercisePolicy:
    """Where to exercise at each date but the last, where whatever is in the money is.

    Parameters
    ----------
    ends : (n_dates - 1, 2), the Brownian motion between which exercise pays; lower above upper where it never does
    shifts : (n_dates - 1, 2, 4), derivatives of ln S less the boundary in `KERNEL_INPUTS`,
        the path standing at that end; zeros where they were not asked for
    sizes, ranks : (n_dates - 1, 2), paths regressed for each end, and the rank; zero where a policy was carried over
        from the date after, or none is needed
    """

    ends: Floats
    shifts: Floats
    sizes: Longs
    ranks: Longs


def regressed_paths(option: BermudanOption, noise: PathNoise, batch: int) -> Floats:
    """Return Brownian motions from dispersed starts, (n_dates - 1, n_paths), mirror images in the second half."""
    normals = noise.normals(batch=batch, part=REGRESSION_PART, n_columns=option.n_dates)
    paths = np.empty((option.n_dates - 1, len(normals) * (2 if noise.antithetic else 1)))
    dispersed_paths_kernel(normals, option.terms, paths)
    return paths


def fit_policy(
    option: BermudanOption, noise: PathNoise, batch: int, recurrence: Floats, *, with_shifts: bool
) -> ExercisePolicy:
    """Fit the policy of one batch of paths."""
    n = option.n_dates - 1
    policy = ExercisePolicy(
        np.full((n, 2), np.inf), np.zeros((n, 2, 4)), np.zeros((n, 2), np.int64), np.zeros((n, 2), np.int64)
    )
    policy.ends[:, 1] = -np.inf
    if n:
        fit_policy_kernel(
            regressed_paths(option, noise, batch), option.terms, recurrence,
            5 if with_shifts else 1, policy.ends, policy.shifts, policy.sizes, policy.ranks,
        )  # fmt: skip
    return policy
