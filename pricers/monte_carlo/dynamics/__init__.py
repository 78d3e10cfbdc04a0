"""Models of the assets: how log prices move from one date to the next."""

from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.dynamics.local_volatility import LocalVolatility
from pricers.monte_carlo.dynamics.second_order_local_volatility import SecondOrderLocalVolatility

__all__ = ["Dynamics", "GeometricBrownianMotion", "LocalVolatility", "SecondOrderLocalVolatility"]
