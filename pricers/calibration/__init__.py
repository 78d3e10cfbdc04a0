"""Fit a local-volatility surface to the quotes of an option chain."""

from pricers.calibration.calibrate import calibrate
from pricers.calibration.holdout import HoldoutResult, holdout
from pricers.calibration.repricing import reprice
from pricers.calibration.result import CalibrationResult, Iteration
from pricers.calibration.settings import CalibrationSettings

__all__ = [
    "CalibrationResult",
    "CalibrationSettings",
    "HoldoutResult",
    "Iteration",
    "calibrate",
    "holdout",
    "reprice",
]
