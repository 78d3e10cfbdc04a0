"""Derivatives of a price in the zero rates and dividend yields of each expiry, through the calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from pricers.calibration.result import CalibrationResult
from pricers.contracts import Market
from pricers.curves.rate_curve import PiecewiseRate
from pricers.surfaces.moving_volatility import moving_volatility

STEP = 1e-3
"""Step in log-moneyness of differences of what single quotes add to the objective's gradient."""


def rate_greeks(
    fit: CalibrationResult, price: Callable[[Market], Any], pulled: Floats | None
) -> tuple[Floats, Floats]:
    """Return rho and dividend rho of each pillar: derivatives in zero rates and dividend yields, (n_pillars,) each.

    Parameters
    ----------
    fit : CalibrationResult
    price : callable, Market -> number
    pulled : (n_parameters,) float, or None
        The price's derivatives in the surface, solved by the Hessian of the objective: quotes keep volatility and
        strike. Without them quotes keep volatility and moneyness, so that the surface need not be calibrated again.

    Notes
    -----
    Discount factors and forwards exp(-z T), S exp((z - y) T) move, the others of their pillars do not. Quotes that keep
    their strikes change their places in moneyness; the surface, whose coordinates are moneyness against the new
    forwards, is calibrated again.
    """
    base = fit.minimiser.parameters
    surface = fit.surface.with_parameters(base)
    times, n = fit.rate.times, fit.rate.times.size
    here = np.concatenate([fit.rate.rates, fit.dividend_yield.rates])
    carry_here = here[:n] - here[n:]

    def of_rates(x: Any) -> Any:
        rate, dividend_yield = PiecewiseRate(times, x[:n]), PiecewiseRate(times, x[n:])
        carry = PiecewiseRate(times, x[:n] - x[n:] - carry_here)
        market = Market(
            spot=fit.spot,
            rate=rate,
            dividend_yield=dividend_yield,
            surface=moving_volatility(surface, 0.0, carry),
        )
        return price(market)

    direct = ad.record(of_rates, here).gradient(here)
    through_quotes = np.zeros(n)
    if pulled is not None:
        quotes = fit.problem.quotes
        expiry = np.array([item.expiry for item in quotes.slices])[quotes.slice_index]
        through_quotes = fit.rate.spent(expiry).T @ _pull_by_place(fit, pulled)
    # z T is the sum of rates times widths: a zero rate alone moves the rate before its pillar up, the next one down.
    to_zero_rates = (np.eye(n) - np.eye(n, k=-1)) * times / np.diff(times, prepend=0.0)[:, None]
    by_rate, by_yield = direct[:n] + through_quotes, direct[n:] - through_quotes
    return to_zero_rates.T @ by_rate, to_zero_rates.T @ by_yield


def _pull_by_place(fit: CalibrationResult, pulled: Floats) -> Floats:
    """Return pulled @ d(gradient of the objective) / d(log-moneyness of each quote), (n_quotes,)."""
    parameters = fit.minimiser.parameters

    def share(move: float) -> Floats:
        problem = fit.problem.moved(log_moneyness=move)
        error = problem.model_volatility(parameters) - problem.quotes.volatility
        return problem.squared_weights * error * (problem.volatility_jacobian(parameters) @ pulled)

    coarse, fine = ((share(h) - share(-h)) / (2.0 * h) for h in (STEP, 0.5 * STEP))
    return np.asarray((4.0 * fine - coarse) / 3.0)
