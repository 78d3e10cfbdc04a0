"""Delta, gamma, vanna and volga under what the smile may do when the spot moves, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from pricers.calibration import CalibrationResult
from pricers.calibration.curvature import along_directions
from pricers.contracts import Market
from pricers.market_numbers import MarketNumbers

if TYPE_CHECKING:
    import pandas as pd

DYNAMICS = ("sticky local volatility", "sticky strike", "sticky moneyness")


@dataclass(frozen=True, eq=False)
class SmileGreeks:
    """Spot Greeks under each of `DYNAMICS`, arrays of three in that order.

    Volatility is a parallel shift of all quotes.

    Attributes
    ----------
    value : float
    delta, gamma, vanna : (3,) float
        Per unit of spot, of spot squared, and of spot and 1.00 of volatility.
    revalued_gamma : (3,) float
        From prices at spots up and down by `revalued_move`, smile included.
    revalued_move : float
        A fraction of the spot.
    vega, volga : float
        Per 1.00 of volatility added to every quote, the surface calibrated again: the same under all three.
    """

    value: float
    delta: Floats
    gamma: Floats
    vanna: Floats
    revalued_gamma: Floats
    revalued_move: float
    vega: float
    volga: float

    def to_frame(self) -> pd.DataFrame:
        """Return the three as rows of a pandas frame."""
        import pandas as pd

        columns = {
            "delta": self.delta,
            "gamma": self.gamma,
            f"gamma over {self.revalued_move:+.1%}".replace("+", "+-"): self.revalued_gamma,
            "vanna": self.vanna,
        }
        return pd.DataFrame(columns, index=list(DYNAMICS))


def smile_greeks(
    fit: CalibrationResult,
    price: MarketNumbers | Callable[[Market], Any],
    *,
    revalued_move: float | None = 0.01,
) -> SmileGreeks:
    """Return delta, gamma, vanna and volga of any price under three dynamics of the smile, exactly.

    - **Sticky local volatility**: the surface stays where it is in spot and time; the model as it stands.
    - **Sticky strike**: every quote keeps its volatility at its strike, and the surface is calibrated again.
    - **Sticky moneyness**: the surface moves with the logarithm of the spot, so a quote at the same moneyness keeps its
      volatility. For a European option gamma is then (K / S)^2 V_KK, whatever the model.

    Parameters
    ----------
    fit : CalibrationResult
    price : MarketNumbers or callable
        A price of the fitted market, such as ``pde.barrier(fit, ...)``, or a function from a `Market` to one number.
    revalued_move : float, 0 < revalued_move < 1, or None
        Fraction of the spot for `revalued_gamma`; without one it is NaN.

    Returns
    -------
    SmileGreeks

    Raises
    ------
    AadTypeError
        When `fit` is no result of `calibrate`, or the price is no number.
    AadValueError
        When the move is out of range, or the minimiser of the fit is not found.

    Notes
    -----
    One recording in (spot, move of the smile, weights of the surface) and its second derivatives serve all three,
    along the curves (S, 0, 0), (S, ln S, w(S)) and (S, ln S, 0). Under sticky strike w(S) solves g(w, ln S) = 0 with
    the quotes' places in moneyness moved: its first derivative is by the implicit function theorem with the exact
    Hessian of the objective, its second needs g along one curve only, by extrapolated differences of exact gradients.
    The sticky-strike Greeks of a European option are Black's at its own volatility as far as the fit meets its quotes.

    Of a price with early exercise, second derivatives in smile and weights are differences of exact gradients, to about
    a per cent: the boundary moves with them.

    Second derivatives are those beside the corners that the surface has at its last knots, beyond which it is flat;
    `revalued_gamma` holds what they add to a move.

    References
    ----------
    D. Bates, The skew premium: option pricing under asymmetric processes, Adv. Futures Options Res. 9 (1997), 51-82
    (homogeneous prices). E. Derman, Regimes of volatility, Quantitative Strategies Research Notes, Goldman Sachs
    (1999).
    """
    if not isinstance(fit, CalibrationResult):
        raise AadTypeError(f"fit is a {type(fit).__name__}: pass what pricers.calibration.calibrate returns")
    if not callable(price):
        raise AadTypeError(f"price = {price!r}: must be an option of pricers.pde, or a function of a market")
    if revalued_move is not None and not 0.0 < revalued_move < 1.0:
        raise AadValueError(f"revalued_move = {revalued_move!r}: must be between 0 and 1")
    of_market = price.price_at if isinstance(price, MarketNumbers) else price
    return _greeks(fit, of_market, revalued_move)


def _greeks(
    fit: CalibrationResult, price: Callable[[Market], Any], revalued_move: float | None
) -> SmileGreeks:
    smile, spot = fit.refitted_smile, float(fit.spot)

    def of_numbers(x: Any) -> Any:
        return price(fit.replaced({"spot": x[:1], "smile_move": x[1:2], "weights": x[2:]}))

    point = np.concatenate([[spot, 0.0], smile.weights])
    program = ad.record(of_numbers, point)
    if program.output_shape:
        raise AadTypeError(f"price returned an array of shape {program.output_shape}: return one number")
    # Along ln spot, the smile, the weights as they follow it, and as they follow a shift of all quotes.
    directions = np.zeros((point.size, 4))
    directions[0, 0], directions[1, 1], directions[2:, 2:] = spot, 1.0, smile.slopes
    value, gradient, products = along_directions(program, point, directions)
    slope, bend = gradient @ directions, directions.T @ products
    of_spot, mixed, of_shift = gradient[2:] @ smile.bends
    moves = np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    refitted = moves[:, 2]
    # Derivatives in u = ln spot along each curve; the spot itself bends as S'' = S.
    first = moves @ slope
    second = np.einsum("ci,ij,cj->c", moves, bend, moves) + slope[0] + refitted * of_spot
    crossed = moves @ bend[:, 3] + refitted * mixed

    def prices(factor: float) -> Floats:
        u = float(np.log(factor))
        places = ((0.0, smile.weights), (u, smile.refitted(u)), (u, smile.weights))
        return np.array(
            [program.value(np.concatenate([[factor * spot, move], weights])) for move, weights in places]
        )

    move = np.nan if revalued_move is None else revalued_move
    around = np.full(3, np.nan)
    if revalued_move is not None:
        around = prices(1.0 + move) - 2.0 * value + prices(1.0 - move)
    return SmileGreeks(
        value=value,
        delta=first / spot,
        gamma=(second - first) / spot**2,
        vanna=crossed / spot,
        revalued_gamma=around / (move * spot) ** 2,
        revalued_move=move,
        vega=float(slope[3]),
        volga=float(bend[3, 3] + of_shift),
    )
