"""Where the nodes of a binomial tree stand: factors up and down, and the probability of up.

Every kernel takes floats or duals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pricers.kernel_options import OPTIONS


@njit(**OPTIONS)
def cox_ross_rubinstein_kernel(
    spot: Any, strike: Any, expiry: Any, growth_rate: Any, volatility: Any, n_steps: int
) -> Any:
    """Return (up, down, probability of up) of a tree in which down is one over up.

    References
    ----------
    J. Cox, S. Ross and M. Rubinstein, Option pricing: a simplified approach, J. Financial Economics 7 (1979).
    """
    step = expiry / n_steps
    up = np.exp(volatility * np.sqrt(step))
    down = 1.0 / up
    return up, down, (np.exp(growth_rate * step) - down) / (up - down)


@njit(**OPTIONS)
def leisen_reimer_kernel(
    spot: Any, strike: Any, expiry: Any, growth_rate: Any, volatility: Any, n_steps: int
) -> Any:
    """Return (up, down, probability of up) of a tree centred at the strike, for an odd number of steps.

    Its European prices converge with the square of the number of steps and are smooth in every parameter.

    References
    ----------
    D. Leisen and M. Reimer, Binomial models for option valuation: examining and improving convergence, Applied
    Mathematical Finance 3 (1996).
    """
    deviation = volatility * np.sqrt(expiry)
    d2 = (np.log(spot / strike) + growth_rate * expiry) / deviation - 0.5 * deviation
    probability = peizer_pratt_kernel(d2, n_steps)
    growth = np.exp(growth_rate * expiry / n_steps)
    up = growth * peizer_pratt_kernel(d2 + deviation, n_steps) / probability
    return up, (growth - probability * up) / (1.0 - probability), probability


@njit(**OPTIONS)
def peizer_pratt_kernel(z: Any, n_steps: int) -> Any:
    """Return the probability whose binomial distribution of n steps has its middle where the normal one has z.

    h(z) = 1/2 + sign(z)/2 sqrt(1 - exp(-(z / (n + 1/3 + 0.1 / (n + 1)))^2 (n + 1/6))), Peizer-Pratt method 2; the root
    is written as z times a smooth function of z^2, so that it has derivatives at 0.
    """
    scaled = z / (n_steps + 1.0 / 3.0 + 0.1 / (n_steps + 1.0))
    squared = scaled * scaled * (n_steps + 1.0 / 6.0)
    if squared > 1e-6:
        smooth = -np.expm1(-squared) / squared
    else:
        smooth = 1.0 - squared * (0.5 - squared / 6.0)
    return 0.5 + 0.5 * scaled * np.sqrt(smooth * (n_steps + 1.0 / 6.0))
