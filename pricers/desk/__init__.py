"""Greeks as a desk means them: as time passes, under a smile that moves, in the quotes of the market."""

from pricers.desk.attribution import TERMS, Attribution, explain
from pricers.desk.smile_dynamics import DYNAMICS, SmileGreeks, smile_greeks
from pricers.desk.time_derivatives import TimeGreeks, time_greeks

__all__ = [
    "DYNAMICS", "TERMS", "Attribution", "SmileGreeks", "TimeGreeks", "explain", "smile_greeks", "time_greeks",
]  # fmt: skip
