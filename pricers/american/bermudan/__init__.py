"""Exercise at dates, one option at a time: prices with bounds, second-order Greeks, and what to compare them with.

One asset in a flat market by simulation: `least_squares_price`, `american_greeks`; `quadrature_greeks` and
`finite_difference_greeks` share nothing with it. Any payoff under any model: `EarlyExercisePath`, priced by
`early_exercise_price`, differentiated by `refit_greeks`.
"""

from pricers.american.bermudan.early_exercise_path import EarlyExercisePath
from pricers.american.bermudan.early_exercise_price import early_exercise_price
from pricers.american.bermudan.finite_differences import finite_difference_greeks
from pricers.american.bermudan.frozen_times import FrozenTimes, frozen_times
from pricers.american.bermudan.least_squares import least_squares_price
from pricers.american.bermudan.quadrature import quadrature_greeks
from pricers.american.bermudan.refit import refit_greeks
from pricers.american.bermudan.result import AmericanGreeks, LeastSquaresPrice
from pricers.american.bermudan.second_order_greeks import american_greeks

__all__ = [
    "AmericanGreeks", "EarlyExercisePath", "FrozenTimes", "LeastSquaresPrice", "american_greeks",
    "early_exercise_price", "finite_difference_greeks", "frozen_times", "least_squares_price",
    "quadrature_greeks", "refit_greeks",
]  # fmt: skip
