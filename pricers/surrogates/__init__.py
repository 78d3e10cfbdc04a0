"""Surrogates of pricers by differential machine learning: samples with gradients, and what is trained on them.

Arrays everywhere: states x (n, d), payoffs y (n,) or (n, m), their gradients dydx (n, d) or (n, m, d).
"""

from pricers.surrogates import samples
from pricers.surrogates.estimator import NotFitted, OutsideRange, Prediction
from pricers.surrogates.network import Cosine, OneCycle, TrainingCollapsed, TwinNetwork
from pricers.surrogates.pca import DifferentialPCA
from pricers.surrogates.regression import DifferentialRegression, Polynomials, Splines
from pricers.surrogates.samples import *  # noqa: F403
from pricers.surrogates.verification import Errors, Verification, held_out_states, verify

__all__ = [
    "Cosine", "DifferentialPCA", "DifferentialRegression", "Errors", "NotFitted", "OneCycle", "OutsideRange",
    "Polynomials", "Prediction", "Splines", "TrainingCollapsed", "TwinNetwork", "Verification", "held_out_states",
    "verify", *samples.__all__,
]  # fmt: skip
