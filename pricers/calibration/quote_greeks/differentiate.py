"""Derivatives of a price in the quotes that its surface was calibrated to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats
from pricers.calibration.curvature import RATE_STEP, along_directions
from pricers.calibration.minimiser import Minimiser
from pricers.calibration.quote_greeks.desk_quotes import DeskQuotes
from pricers.calibration.quote_greeks.rate_quotes import rate_greeks
from pricers.calibration.result import CalibrationResult
from pricers.calibration.screen import half_spread
from pricers.chain.arbitrage import quote_name
from pricers.chain.quotes import Quotes
from pricers.contracts import Market
from pricers.market_numbers import MarketNumbers

if TYPE_CHECKING:
    import pandas as pd

_DIRECT = ("spot", "rate", "dividend_yield")


@dataclass(frozen=True, eq=False)
class MarketGreeks:
    """A price and its derivatives in the market it was calibrated to; volatilities as fractions (0.01 is a point).

    Attributes
    ----------
    value : float
        At the exact minimiser of the calibration, whose iterations end a little before it.
    quotes : Quotes
        Those that the fit kept.
    quote_vegas : (n_quotes,) float
        Derivatives in the implied volatility of each quote, through the calibration.
    labels : list of str
        Spot, rate, dividend yield, then the desk quotes.
    gradient : (n_labels,) float
        Derivatives in the first three with the surface held where it is in spot and time, and in the desk quotes.
    hessian : (n_labels, n_labels) float, or None at first order
    rate_expiries : (n_expiries,) float, years
    rho, dividend_rho : (n_expiries,) float
        Derivatives in the zero rate and the dividend yield of each expiry, through discount factors, forwards and the
        calibration, whose quotes keep volatility and strike.
    error : float
        Standard deviation of `value` that the bid-ask of the quotes leaves open, see `market_greeks`.
    gradient_error : (n_labels,) float, or None at first order
        The same of each derivative.
    """

    value: float
    quotes: Quotes
    quote_vegas: Floats
    labels: list[str]
    gradient: Floats
    hessian: Floats | None
    rate_expiries: Floats
    rho: Floats
    dividend_rho: Floats
    error: float
    gradient_error: Floats | None

    @property
    def quote_labels(self) -> list[str]:
        """Name of each quote."""
        return [quote_name(self.quotes, k) for k in range(len(self.quotes))]

    def to_frame(self) -> pd.DataFrame:
        """Return the derivatives in spot, rates and desk quotes, with their bid-ask deviation, as a pandas frame."""
        import pandas as pd

        columns = {"derivative": self.gradient}
        if self.hessian is not None and self.gradient_error is not None:
            columns |= {"bid-ask deviation": self.gradient_error, "second derivative": np.diag(self.hessian)}
        return pd.DataFrame(columns, index=self.labels)


def market_greeks(
    fit: CalibrationResult,
    price: MarketNumbers | Callable[[Market], Any],
    *,
    order: int = 2,
    desk_quotes: DeskQuotes | ArrayLike | None = None,
) -> MarketGreeks:
    """Differentiate a price in the quotes behind its surface, exactly: no quote is bumped and nothing fitted again.

    Parameters
    ----------
    fit : CalibrationResult
    price : MarketNumbers or callable
        A price of the fitted market, such as ``pde.barrier(fit, ...)``, or a function from a `Market` to one number.
    order : 1 or 2
    desk_quotes : DeskQuotes or (n_tenors,) years, optional
        Tenors of at-the-money volatilities, risk reversals and butterflies; by default the usual ones in the chain.

    Returns
    -------
    MarketGreeks

    Raises
    ------
    AadTypeError
        When `fit` is no result of `calibrate`, or `price` returns no number that was differentiated.
    AadValueError
        For another order, or a fit whose minimiser is not found.

    Notes
    -----
    The weights w of the surface solve g(w, q) = 0, the gradient of the calibration's penalised sum of squares. Hence

        dw/dq = -g_w^-1 g_q,      dV/dq_a = V_w w_a,
        d2V/dq_a dq_b = w_a V_ww w_b - lambda (g_ww w_a w_b + g_wq w_a + g_wq w_b),      lambda = g_w^-1 V_w,

    with g_w exact: Gauss-Newton's matrix, which leaves out the curvature of the residuals, is a few per cent off where
    the fit misses its quotes. The third derivatives g_ww are needed along lambda alone and come as extrapolated
    differences of exact second ones in that direction, to about 1e-9; V_ww w_b of a price with early exercise is a
    difference of exact gradients. Weights on their bounds stay there. The frame of the fit (coordinates, grid, screen,
    penalty and its centre) is held; `recalibrated` is what a bump of a quote does.

    The bid-ask deviation takes every quote as uncertain on its own by half its spread.
    """
    if not isinstance(fit, CalibrationResult):
        raise AadTypeError(f"fit is a {type(fit).__name__}: pass what pricers.calibration.calibrate returns")
    if not isinstance(order, int) or isinstance(order, bool) or order not in (1, 2):
        raise AadValueError(f"order = {order!r}: must be 1 or 2")
    if not callable(price):
        raise AadTypeError(f"price = {price!r}: must be an option of pricers.pde, or a function of a market")
    quotes = fit.problem.quotes
    if desk_quotes is None:
        desk_quotes = DeskQuotes.of(quotes)
    elif not isinstance(desk_quotes, DeskQuotes):
        desk_quotes = DeskQuotes(as_floats("desk_quotes", desk_quotes))
    minimiser = fit.minimiser
    of_market = price.price_at if isinstance(price, MarketNumbers) else price
    program, point = _recorded(fit, of_market, minimiser.parameters)
    n_direct = len(_DIRECT)
    weight, shapes = fit.problem.squared_weights, desk_quotes.directions(quotes)
    if order == 1:
        value, gradient = program.value_and_gradient(point)
    else:
        responses = minimiser.solve((minimiser.at.jacobian.T * weight) @ shapes)  # w_a
        directions = block_diag(np.eye(n_direct), responses)
        value, gradient, products = along_directions(program, point, directions, (RATE_STEP, RATE_STEP))
    pulled = minimiser.solve(gradient[n_direct:])  # lambda
    quote_vegas = weight * (minimiser.at.jacobian @ pulled)
    spread = half_spread(quotes)
    rho, dividend_rho = rate_greeks(fit, of_market, pulled)
    second = gradient_error = None
    if order == 2:
        second, of_quotes = _second_order(minimiser, pulled, responses, products, weight, shapes)
        gradient_error = np.sqrt((of_quotes**2) @ spread**2)
    return MarketGreeks(
        value=float(value),
        quotes=quotes,
        quote_vegas=quote_vegas,
        labels=[*_DIRECT, *desk_quotes.labels],
        gradient=np.concatenate([gradient[:n_direct], shapes.T @ quote_vegas]),
        hessian=second,
        rate_expiries=fit.rate.times,
        rho=rho,
        dividend_rho=dividend_rho,
        error=float(np.sqrt(quote_vegas**2 @ spread**2)),
        gradient_error=gradient_error,
    )


def _recorded(
    fit: CalibrationResult, price: Callable[[Market], Any], parameters: Floats
) -> tuple[ad.Program, Floats]:
    """Return a price recorded in spot, shifts of rate and dividend yield, and the surface, and the point of the fit."""
    n_direct = len(_DIRECT)
    point = np.concatenate([*(fit.group(name) for name in _DIRECT), parameters])

    def of_numbers(x: Any) -> Any:
        groups = {name: x[k : k + 1] for k, name in enumerate(_DIRECT)}
        return price(fit.replaced({**groups, "weights": x[n_direct:]}))

    program = ad.record(of_numbers, point)
    if program.output_shape:
        raise AadTypeError(f"price returned an array of shape {program.output_shape}: return one number")
    return program, point


def _second_order(
    minimiser: Minimiser, pulled: Floats, responses: Floats, products: Floats, weight: Floats, shapes: Floats
) -> tuple[Floats, Floats]:
    """Return second derivatives in direct inputs and desk quotes, and of each first one in every quote.

    Shapes (n_labels, n_labels) and (n_labels, n_quotes); products are those of the price's Hessian with each direct
    input and each desk quote's response of the surface.
    """
    n_direct = products.shape[0] - pulled.size
    third, moved = minimiser.objective.along(minimiser.parameters, pulled)
    by_quote = minimiser.at.jacobian.T * weight  # -g_q
    # Row a: second derivatives in direct input or desk quote a and every parameter, then every quote.
    rows = products[n_direct:].T.copy()
    rows[n_direct:] += (shapes.T * weight) @ moved - responses.T @ third
    of_quotes = minimiser.solve(rows.T).T @ by_quote
    of_quotes[n_direct:] += (responses.T @ moved.T) * weight
    second = np.empty((n_direct + shapes.shape[1],) * 2)
    second[:n_direct, :n_direct] = products[:n_direct, :n_direct]
    second[:, n_direct:] = of_quotes @ shapes
    second[n_direct:, :n_direct] = second[:n_direct, n_direct:].T
    second = 0.5 * (second + second.T)  # differences across early exercise are not quite symmetric
    return second, of_quotes
