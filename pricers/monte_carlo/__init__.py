"""Monte Carlo: paths, payoffs, and kernels that price and differentiate them."""

from pricers.monte_carlo.basket.call import BasketGreeks, basket_greeks
from pricers.monte_carlo.basket.recorded import BasketEpGreeks, basket_ep_greeks
from pricers.monte_carlo.correlation import (
    apply_correlation,
    apply_correlation_nonvec,
    nearest_correlation,
    pack_correlations,
    unpack_correlations,
)
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.dynamics.local_volatility import LocalVolatility
from pricers.monte_carlo.path import SMOOTHINGS, Path, compress_steps
from pricers.monte_carlo.payoffs.asian import AsianOption, GeometricAsianOption
from pricers.monte_carlo.payoffs.autocallable import Autocallable
from pricers.monte_carlo.payoffs.barrier import BarrierOption
from pricers.monte_carlo.payoffs.basket import BasketOption, GeometricBasketOption
from pricers.monte_carlo.payoffs.digital import DigitalOption
from pricers.monte_carlo.payoffs.extreme import BestOfOption, WorstOfOption
from pricers.monte_carlo.payoffs.spread import SpreadOption
from pricers.monte_carlo.pricing import Estimate, measured_bias, price
from pricers.monte_carlo.smoothing.conditional_expectation import ConditionalExpectation
from pricers.monte_carlo.smoothing.exact import Exact
from pricers.monte_carlo.smoothing.kernel import Kernel
from pricers.monte_carlo.smoothing.likelihood_ratio import LikelihoodRatio
from pricers.monte_carlo.smoothing.malliavin import Malliavin
from pricers.monte_carlo.smoothing.softplus import Softplus
from pricers.monte_carlo.smoothing.vibrato import Vibrato

__all__ = [
    "SMOOTHINGS", "AsianOption", "Autocallable", "BarrierOption", "BasketEpGreeks", "BasketGreeks",
    "BasketOption", "BestOfOption", "ConditionalExpectation", "DigitalOption", "Estimate", "Exact",
    "GeometricAsianOption", "GeometricBasketOption", "GeometricBrownianMotion", "Kernel", "LikelihoodRatio",
    "LocalVolatility", "Malliavin", "Path", "Softplus", "SpreadOption", "Vibrato", "WorstOfOption",
    "apply_correlation", "apply_correlation_nonvec", "basket_ep_greeks", "basket_greeks", "compress_steps",
    "measured_bias", "nearest_correlation", "pack_correlations", "price", "unpack_correlations",
]  # fmt: skip
