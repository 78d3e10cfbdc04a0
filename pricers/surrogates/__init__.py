"""Surrogates: prices and Greeks learned from simulated payoffs and their pathwise derivatives."""

from pricers.surrogates.estimator import NotFitted, OutsideRange, Prediction
from pricers.surrogates.network import Cosine, OneCycle, TrainingCollapsed, TwinNetwork
from pricers.surrogates.pca import DifferentialPCA
from pricers.surrogates.regression import DifferentialRegression, Polynomials, Splines

__all__ = [
    "Cosine", "DifferentialPCA", "DifferentialRegression", "NotFitted", "OneCycle", "OutsideRange", "Polynomials",
    "Prediction", "Splines", "TrainingCollapsed", "TwinNetwork",
]  # fmt: skip
