"""Expected values of rounded payoffs, exactly: rounding a corner mixes options over strikes.

max(S - K, 0) convolved with a density r is the mixture of max(S - (K + y), 0) over y drawn from r. So the expectation
of a softplus or kernel estimator, and every Greek of it, is that mixture of closed forms.
"""

from __future__ import annotations

import numpy as np

from pricers.monte_carlo import Kernel, Softplus

NORMAL_NODES = 24
LOGISTIC_STEP = 0.5


def strike_mixture(smoothing) -> list[tuple[float, float]]:
    """Return (shift of the strike, weight) pairs whose mixture is the smoothed payoff's expectation."""
    if isinstance(smoothing, Kernel):
        nodes, weights = np.polynomial.hermite_e.hermegauss(NORMAL_NODES)
        weights = weights / weights.sum()
        return list(zip(smoothing.bandwidth * nodes, weights, strict=True))
    if isinstance(smoothing, Softplus):
        nodes = np.arange(
            -40.0, 40.0 + LOGISTIC_STEP, LOGISTIC_STEP
        )  # the trapezoid rule converges exponentially
        weights = LOGISTIC_STEP / (4.0 * np.cosh(0.5 * nodes) ** 2)
        return list(zip(nodes / smoothing.sharpness, weights / weights.sum(), strict=True))
    return [(0.0, 1.0)]


def mixed(closed_form, smoothing):
    """Return the mixture over strikes of closed_form(shift)(dynamics, expiry)."""

    def price(dynamics, expiry):
        return sum(
            weight * closed_form(shift)(dynamics, expiry) for shift, weight in strike_mixture(smoothing)
        )

    return price
