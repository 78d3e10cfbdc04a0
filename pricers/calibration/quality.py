"""Fit quality: errors of model volatilities against quotes, one definition for every model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite, require_instance, require_positive, require_shape
from pricers.chain.quotes import Quotes
from pricers.types import Bools

LEAST_SPREAD = 1e-4
"""Spread in volatility that a weight by spreads counts at least: bid = ask means no spread was given, not none."""
TIGHT_SPREAD = 0.05
"""Widest bid-ask spread, in volatility, of the quotes that `FitQuality.tight_rmse` looks at."""


@dataclass(frozen=True, eq=False)
class FitQuality:
    """Errors of a fit, in volatility (0.01 is one volatility point).

    Attributes
    ----------
    rmse : float
        sqrt(sum w e^2 / sum w) over the quotes, e the model less the mid volatility, w the weights asked for.
    equal_rmse : float
        The same with w = 1.
    tight_rmse : float
        The same as `rmse` over the quotes whose bid-ask spread is below five volatility points; NaN if none is.
    share_inside : float
        Share of the quotes with bid <= model <= ask among those with ask above bid: a quote without a spread has no
        inside. NaN where no quote has one, or all were assumed (`Quotes.is_mid_only`).
    worst : float
        Largest absolute error.
    n_quotes : int
    slice_rmse : (n_slices,) float
        `rmse` per slice; NaN for a slice without quotes.
    slice_inside : (n_slices,) float
        `share_inside` per slice; NaN for a slice without quotes that have a spread.
    """

    rmse: float
    equal_rmse: float
    tight_rmse: float
    share_inside: float
    worst: float
    n_quotes: int
    slice_rmse: Floats
    slice_inside: Floats


def require_quotes(quotes: object) -> None:
    """Raise `AadTypeError` unless something is `Quotes`."""
    require_instance("quotes", quotes, Quotes, "the Quotes of pricers.chain.load_quotes")


def fit_weights(*, quotes: Quotes, weights: str | ArrayLike = "equal") -> Floats:
    """Return the weight of each squared volatility error, scaled to a mean of one.

    Parameters
    ----------
    quotes : Quotes
    weights : "equal", "inverse_spread" or (n,) array, > 0
        ``"inverse_spread"`` divides every volatility error by the quote's bid-ask spread in volatility, so it
        weighs the squared error with one over the spread squared; spreads below `LEAST_SPREAD` count as that.

    Returns
    -------
    (n,) ndarray
        Mean one.

    Raises
    ------
    AadValueError
        For an unknown name, a wrong length, or a weight that is not positive.
    """
    require_quotes(quotes)
    if isinstance(weights, str):
        if weights == "equal":
            return np.ones(len(quotes))
        if weights != "inverse_spread":
            raise AadValueError(f"weights = {weights!r}: must be 'equal', 'inverse_spread' or an array")
        spread = quotes.ask_volatility - quotes.bid_volatility
        # Where a bid or an ask has no implied volatility, vega turns the spread of the price into one.
        spread = np.where(np.isfinite(spread), spread, quotes.spread / quotes.vega)
        raw = 1.0 / np.maximum(spread, LEAST_SPREAD) ** 2
    else:
        raw = as_floats("weights", weights)
        require_shape("weights", raw, (len(quotes),))
        require_positive("weights", raw)
    return np.asarray(raw / raw.mean())


def _root_mean_square(error: Floats, weight: Floats) -> float:
    if error.size == 0:
        return float("nan")
    return float(np.sqrt(np.sum(weight * error * error) / np.sum(weight)))


def inside_bid_ask(*, quotes: Quotes, model_volatility: ArrayLike) -> Bools:
    """Return which quotes have bid <= model <= ask, compared in volatility.

    A price is monotone in its volatility, so this is the comparison of prices too. A bid below intrinsic has no
    implied volatility and bounds nothing; so does an ask above the largest possible price.
    """
    require_quotes(quotes)
    model = as_floats("model_volatility", model_volatility)
    require_shape("model_volatility", model, (len(quotes),))
    # The bounds come from a root search: allow its round-off, not more.
    low = np.where(np.isnan(quotes.bid_volatility), -np.inf, quotes.bid_volatility) - 1e-12
    high = np.where(np.isnan(quotes.ask_volatility), np.inf, quotes.ask_volatility) + 1e-12
    return np.asarray((low <= model) & (model <= high))


def _share(inside: Bools, has_spread: Bools) -> float:
    return float(inside[has_spread].mean()) if has_spread.any() else float("nan")


def fit_quality(
    *, quotes: Quotes, model_volatility: ArrayLike, weights: str | ArrayLike = "equal"
) -> FitQuality:
    """Measure model volatilities against the quotes they should fit.

    Parameters
    ----------
    quotes : Quotes
    model_volatility : (n,) array
        Implied volatility of the model at each quote.
    weights : "equal", "inverse_spread" or (n,) array
        Weights of the squared errors, see `fit_weights`.

    Returns
    -------
    FitQuality

    Raises
    ------
    AadValueError
        If `model_volatility` has another length than the quotes or is not finite.
    """
    require_quotes(quotes)
    model = as_floats("model_volatility", model_volatility)
    require_shape("model_volatility", model, (len(quotes),))
    require_finite("model_volatility", model)
    weight = fit_weights(quotes=quotes, weights=weights)
    error = model - quotes.volatility
    inside = inside_bid_ask(quotes=quotes, model_volatility=model)
    has_spread = ~(quotes.ask_volatility <= quotes.bid_volatility)  # true where either is NaN
    if quotes.is_mid_only:
        has_spread[:] = False
    tight = quotes.ask_volatility - quotes.bid_volatility < TIGHT_SPREAD
    members = [quotes.slice_index == k for k in range(len(quotes.slices))]
    return FitQuality(
        rmse=_root_mean_square(error, weight),
        equal_rmse=_root_mean_square(error, np.ones_like(weight)),
        tight_rmse=_root_mean_square(error[tight], weight[tight]),
        share_inside=_share(inside, has_spread),
        worst=float(np.abs(error).max()),
        n_quotes=len(quotes),
        slice_rmse=np.array([_root_mean_square(error[m], weight[m]) for m in members]),
        slice_inside=np.array([_share(inside[m], has_spread[m]) for m in members]),
    )
