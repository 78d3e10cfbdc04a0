"""Regression on values and derivatives in a basis of functions."""

from pricers.surrogates.regression.bases import Basis, Evaluator, Polynomials, Splines
from pricers.surrogates.regression.differential_regression import DifferentialRegression

__all__ = ["Basis", "DifferentialRegression", "Evaluator", "Polynomials", "Splines"]
