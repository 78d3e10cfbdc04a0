"""American options, many strikes and expiries at once: with a dividend yield, or with cash dividends too."""

from pricers.american.cash_dividends import CashDividend
from pricers.american.cash_dividends import early_exercise_premium as premium_with_cash_dividends
from pricers.american.dividend_yield import early_exercise_premium, price

__all__ = ["CashDividend", "early_exercise_premium", "premium_with_cash_dividends", "price"]
