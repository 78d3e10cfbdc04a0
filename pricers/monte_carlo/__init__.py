"""Monte Carlo: paths, payoffs, and kernels that price and differentiate them."""

from pricers.monte_carlo import dynamics, payoffs, smoothing
from pricers.monte_carlo.basket.call import BasketGreeks, basket_greeks
from pricers.monte_carlo.basket.recorded import BasketEpGreeks, basket_ep_greeks
from pricers.monte_carlo.correlation import (
    apply_correlation,
    apply_correlation_nonvec,
    nearest_correlation,
    pack_correlations,
    unpack_correlations,
)
from pricers.monte_carlo.dynamics import *  # noqa: F403
from pricers.monte_carlo.path import Path, compress_steps
from pricers.monte_carlo.payoffs import *  # noqa: F403
from pricers.monte_carlo.pricing import Estimate, measured_bias, price
from pricers.monte_carlo.scheduled_asian import ScheduledAsian
from pricers.monte_carlo.smoothing import *  # noqa: F403

__all__ = [
    "BasketEpGreeks", "BasketGreeks", "Estimate", "Path", "ScheduledAsian",
    "apply_correlation", "apply_correlation_nonvec", "basket_ep_greeks", "basket_greeks", "compress_steps",
    "measured_bias", "nearest_correlation", "pack_correlations", "price", "unpack_correlations",
    *dynamics.__all__, *payoffs.__all__, *smoothing.__all__,
]  # fmt: skip
