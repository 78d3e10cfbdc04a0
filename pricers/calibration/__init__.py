"""Fit a local-volatility surface, or SVI slices, to the quotes of an option chain; one definition of fit quality."""

from pricers.calibration.levenberg_marquardt import Iteration
from pricers.calibration.out_of_sample import HoldoutResult, holdout
from pricers.calibration.quality import FitQuality, fit_quality, fit_weights, inside_bid_ask
from pricers.calibration.quote_greeks import DeskQuotes, MarketGreeks, market_greeks, recalibrated
from pricers.calibration.repricing import reprice
from pricers.calibration.result import CalibrationResult
from pricers.calibration.screen import LeftOut, Screen, screen_quotes
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.surface_fit import calibrate
from pricers.calibration.svi_fit import SVIFit, fit_svi_slice, fit_svi_slices
from pricers.calibration.verdict import fit_warnings

__all__ = [
    "CalibrationResult", "CalibrationSettings", "DeskQuotes", "FitQuality", "HoldoutResult", "Iteration", "LeftOut",
    "MarketGreeks", "SVIFit", "Screen", "calibrate", "fit_quality", "fit_svi_slice", "fit_svi_slices", "fit_warnings",
    "fit_weights", "holdout", "inside_bid_ask", "market_greeks", "recalibrated", "reprice", "screen_quotes",
]  # fmt: skip
