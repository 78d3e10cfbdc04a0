"""Monte Carlo: paths, payoffs, and kernels that price and differentiate them."""

from pricers.monte_carlo.basket_call import BasketGreeks, basket_greeks
from pricers.monte_carlo.basket_path_greeks import BasketEpGreeks, basket_ep_greeks
from pricers.monte_carlo.conditional_expectation import ConditionalExpectation
from pricers.monte_carlo.correlation import (
    apply_correlation,
    apply_correlation_nonvec,
    nearest_correlation,
    pack_correlations,
    unpack_correlations,
)
from pricers.monte_carlo.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.likelihood_ratio import LikelihoodRatio
from pricers.monte_carlo.local_volatility import LocalVolatility
from pricers.monte_carlo.malliavin import Malliavin
from pricers.monte_carlo.path import SMOOTHINGS, Path, compress_steps
from pricers.monte_carlo.path_payoffs import (
    AsianOption,
    Autocallable,
    BarrierOption,
    GeometricAsianOption,
)
from pricers.monte_carlo.pathwise import Exact, Kernel, Softplus
from pricers.monte_carlo.payoffs import (
    BasketOption,
    BestOfOption,
    DigitalOption,
    GeometricBasketOption,
    SpreadOption,
    WorstOfOption,
)
from pricers.monte_carlo.pricing import Estimate, measured_bias, price
from pricers.monte_carlo.vibrato import Vibrato

__all__ = [
    "SMOOTHINGS", "AsianOption", "Autocallable", "BarrierOption", "BasketEpGreeks", "BasketGreeks",
    "BasketOption", "BestOfOption", "ConditionalExpectation", "DigitalOption", "Estimate", "Exact",
    "GeometricAsianOption", "GeometricBasketOption", "GeometricBrownianMotion", "Kernel", "LikelihoodRatio",
    "LocalVolatility", "Malliavin", "Path", "Softplus", "SpreadOption", "Vibrato", "WorstOfOption",
    "apply_correlation", "apply_correlation_nonvec", "basket_ep_greeks", "basket_greeks", "compress_steps",
    "measured_bias", "nearest_correlation", "pack_correlations", "price", "unpack_correlations",
]  # fmt: skip
