"""Second-order Greeks with the motion of the exercise boundary: frozen times plus what happens at the boundary.

With x the state, b_k(theta) the boundary at date k and p the transition density, the Hessian of the price is

    E[d2 premium, times frozen] + sum_k E[1{tau >= k} p(b_k | x_(k-1)) jump_i (xi_j - b'_j)],
    xi = dx_k / dtheta,   b' = db_k / dtheta,   E[jump_i | b_k] = J (xi_i - b'_i)

The second sum is what freezing the times leaves out; holding the boundary fixed instead leaves out sum p J b'_i b'_j,
which is nothing for gamma and vanna and most of volga and of the second derivative in the rate.
"""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.exercise_policy import ExercisePolicy
from pricers.american.bermudan.least_squares import Batch, mean_and_stderr, run_batches
from pricers.american.bermudan.path_noise import PathNoise
from pricers.american.bermudan.pricing_pass_kernel import greek_sums_kernel
from pricers.american.bermudan.result import AmericanGreeks, in_order
from pricers.american.bermudan.stopped_premium_kernel import N_OUTPUTS


def boundary_greeks(
    option: BermudanOption, draws: PathNoise, recurrence: Floats, n_upper: int
) -> AmericanGreeks:
    """Return the Greeks with standard errors from independent batches, each with a policy of its own."""

    def sums(policy: ExercisePolicy, normals: Floats) -> Floats:
        total = np.zeros(N_OUTPUTS)
        greek_sums_kernel(normals, bool(draws.antithetic), option.terms, policy.ends, policy.shifts, total)
        return total

    batches = run_batches(option, draws, recurrence, sums, n_upper=n_upper, with_shifts=True)
    return summarised(option, batches, draws.n_used)


def summarised(option: BermudanOption, batches: list[Batch], n_paths: int) -> AmericanGreeks:
    """Return the European Greeks plus the mean premium's."""
    european = option.european()
    mean, stderr = mean_and_stderr(np.array([batch.means for batch in batches]))
    upper, upper_stderr = mean_and_stderr(np.array([batch.upper for batch in batches]))
    price, gradient, hessian = in_order(european + mean)
    price_stderr, gradient_stderr, hessian_stderr = in_order(stderr)
    return AmericanGreeks(
        price=price,
        stderr=price_stderr,
        gradient=gradient,
        gradient_stderr=gradient_stderr,
        hessian=hessian,
        hessian_stderr=hessian_stderr,
        exercise="boundary",
        upper_bound=float(european[0] + upper),
        upper_bound_stderr=float(upper_stderr),
        n_paths=n_paths,
    )
