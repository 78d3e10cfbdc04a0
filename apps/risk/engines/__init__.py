"""The engines for what the forward march does not price: the backward march and Monte Carlo."""

from apps.risk.engines.backward import backward_greeks
from apps.risk.engines.paths import Draws, path_greeks
from apps.risk.engines.products import product_greeks

__all__ = ["Draws", "backward_greeks", "path_greeks", "product_greeks"]
