"""Greeks in what is quoted: derivatives through the calibration, by the implicit function theorem."""

from pricers.calibration.quote_greeks.desk_quotes import DeskQuotes
from pricers.calibration.quote_greeks.differentiate import MarketGreeks, market_greeks
from pricers.calibration.quote_greeks.recalibration import recalibrated

__all__ = ["DeskQuotes", "MarketGreeks", "market_greeks", "recalibrated"]
