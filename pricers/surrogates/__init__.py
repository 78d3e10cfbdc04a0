"""Surrogates of pricers by differential machine learning: samples with gradients, and what is trained on them.

Arrays everywhere: states x (n, d), payoffs y (n,) or (n, m), their gradients dydx (n, d) or (n, m, d).
"""

from pricers.surrogates.estimator import NotFitted, OutsideRange, Prediction
from pricers.surrogates.learning import LearningCurve, learning_curve
from pricers.surrogates.network import Cosine, OneCycle, TrainingCollapsed, TwinNetwork
from pricers.surrogates.pca import DifferentialPCA
from pricers.surrogates.regression import DifferentialRegression, Polynomials, Splines
from pricers.surrogates.samples import (
    BachelierBasket,
    BarrierCall,
    BasketCall,
    BlackScholesCall,
    DigitalCall,
    Himalaya,
    LabelsWarning,
    NettingSet,
    NettingSetExposure,
    Problem,
    Samples,
    Scenarios,
    StoredSamples,
    Truth,
    WorstOfAutocallable,
    monte_carlo_truth,
    nested_monte_carlo,
    open_samples,
    random_netting_set,
    simulate,
    write_samples,
)
from pricers.surrogates.verification import Errors, Verification, held_out_states, verify

__all__ = [
    "BachelierBasket", "BarrierCall", "BasketCall", "BlackScholesCall", "Cosine", "DifferentialPCA",
    "DifferentialRegression", "DigitalCall", "Errors", "Himalaya", "LabelsWarning", "LearningCurve", "NettingSet",
    "NettingSetExposure", "NotFitted", "OneCycle", "OutsideRange", "Polynomials", "Prediction", "Problem",
    "Samples", "Scenarios", "Splines", "StoredSamples", "TrainingCollapsed", "Truth", "TwinNetwork", "Verification",
    "WorstOfAutocallable", "held_out_states", "learning_curve", "monte_carlo_truth", "nested_monte_carlo",
    "open_samples", "random_netting_set", "simulate", "verify", "write_samples",
]  # fmt: skip
