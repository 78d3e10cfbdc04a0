"""Fit a local-volatility surface to the quotes of an option chain."""

from pricers.calibration.out_of_sample import HoldoutResult, holdout
from pricers.calibration.repricing import reprice
from pricers.calibration.result import CalibrationResult, Iteration
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.surface_fit import calibrate

__all__ = [
    "CalibrationResult",
    "CalibrationSettings",
    "HoldoutResult",
    "Iteration",
    "calibrate",
    "holdout",
    "reprice",
]
