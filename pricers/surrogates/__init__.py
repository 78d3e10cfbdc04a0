"""Surrogates of pricers by differential machine learning: samples with gradients, and what is trained on them.

Arrays everywhere: states x (n, d), payoffs y (n,) or (n, m), their gradients dydx (n, d) or (n, m, d).
"""

from pricers.surrogates import samples
from pricers.surrogates.samples import *  # noqa: F403
from pricers.surrogates.verification import Errors, Verification, held_out_states, verify

__all__ = ["Errors", "Verification", "held_out_states", "verify", *samples.__all__]
