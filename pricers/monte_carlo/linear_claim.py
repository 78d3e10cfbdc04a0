"""Linear claims: options on a weighted sum of prices, as closed forms and conditional expectations know them."""

from __future__ import annotations

from dataclasses import dataclass

from aadlib.types import Floats


@dataclass(frozen=True)
class LinearClaim:
    """A call, put or digital on a weighted sum of prices (or of log prices, exponentiated) over dates and assets.

    This is what closed forms and conditional expectations need to know of a payoff.

    Parameters
    ----------
    weights : (n_dates, n_assets) floats
    strike : float
    is_call, is_digital : bool
    geometric : bool
        exp(sum of weight * log price) in place of the sum of weight * price.
    payout : float
        What a digital pays.
    """

    weights: Floats
    strike: float
    is_call: bool = True
    is_digital: bool = False
    geometric: bool = False
    payout: float = 1.0
