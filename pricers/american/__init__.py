"""American and Bermudan options: many at once, prices with bounds, second-order Greeks, and what to compare them with.

Many strikes and expiries at once, with a dividend yield or cash dividends: `price`, `early_exercise_premium`. One
asset in a flat market by simulation: `least_squares_price`, `american_greeks`; `quadrature_greeks` and
`finite_difference_greeks` share nothing with it. Any payoff under any model: `EarlyExercisePath`, priced by
`early_exercise_price`, differentiated by `refit_greeks`.
"""

from pricers.american.cash_dividends import CashDividend
from pricers.american.cash_dividends import early_exercise_premium as premium_with_cash_dividends
from pricers.american.dividend_yield import early_exercise_premium, price
from pricers.american.early_exercise_path import EarlyExercisePath
from pricers.american.early_exercise_price import early_exercise_price
from pricers.american.finite_differences import finite_difference_greeks
from pricers.american.frozen_times import FrozenTimes, frozen_times
from pricers.american.least_squares import least_squares_price
from pricers.american.quadrature import quadrature_greeks
from pricers.american.refit import refit_greeks
from pricers.american.result import AmericanGreeks, LeastSquaresPrice
from pricers.american.second_order_greeks import american_greeks

__all__ = [
    "AmericanGreeks", "CashDividend", "EarlyExercisePath", "FrozenTimes", "LeastSquaresPrice", "american_greeks",
    "early_exercise_premium", "early_exercise_price", "finite_difference_greeks", "frozen_times",
    "least_squares_price", "premium_with_cash_dividends", "price", "quadrature_greeks", "refit_greeks",
]  # fmt: skip
