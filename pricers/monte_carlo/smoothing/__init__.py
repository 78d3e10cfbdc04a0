"""Ways to differentiate a payoff with corners and steps: one file each, and one entry of `METHODS`."""

from typing import Any

from pricers.monte_carlo.smoothing.conditional_expectation import ConditionalExpectation
from pricers.monte_carlo.smoothing.exact import Exact
from pricers.monte_carlo.smoothing.kernel import Kernel
from pricers.monte_carlo.smoothing.likelihood_ratio import LikelihoodRatio
from pricers.monte_carlo.smoothing.localized_likelihood_ratio import LocalizedLikelihoodRatio
from pricers.monte_carlo.smoothing.malliavin import Malliavin
from pricers.monte_carlo.smoothing.softplus import Softplus
from pricers.monte_carlo.smoothing.vibrato import Vibrato

__all__ = [
    "SMOOTHINGS", "ConditionalExpectation", "Exact", "Kernel", "LikelihoodRatio",
    "LocalizedLikelihoodRatio", "Malliavin", "Softplus", "Vibrato",
]  # fmt: skip

METHODS = (
    Exact,
    Softplus,
    Kernel,
    ConditionalExpectation,
    Vibrato,
    LikelihoodRatio,
    LocalizedLikelihoodRatio,
    Malliavin,
)

SMOOTHINGS: dict[str, Any] = {method.NAME: method for method in METHODS}
"""Every way of differentiating a payoff with corners, by name."""
