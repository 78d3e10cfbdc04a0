"""Out-of-sample error: fit to most quotes, measure on the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import one_float, whole_number
from pricers.calibration.frame import march_grid
from pricers.calibration.quality import FitQuality, fit_quality, require_quotes
from pricers.calibration.repricing import FINE, reprice
from pricers.calibration.screen import screen_quotes
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.surface_fit import calibrate
from pricers.chain.quotes import Quotes
from pricers.types import Longs


@dataclass(frozen=True)
class HoldoutResult:
    """Errors inside and outside the sample, both repriced on the fine grid.

    Attributes
    ----------
    in_sample, held_out : FitQuality
        Of the quotes fitted to, and of those kept aside.
    n_held_out : int
    seed : int
    """

    in_sample: FitQuality
    held_out: FitQuality
    n_held_out: int
    seed: int


def holdout(
    *,
    quotes: Quotes,
    weights: str = "equal",
    fraction: float = 0.2,
    seed: int = 20240229,
    n_strikes: int = 16,
    n_expiries: int = 12,
    optimiser: str = "gauss_newton",
    settings: CalibrationSettings | None = None,
) -> HoldoutResult:
    """Fit a surface to a random part of the quotes and measure it on the others.

    The first and the last quote of every slice stay in the sample: beyond them a fit extrapolates, whatever its size.
    Quotes that the screen of `calibrate` leaves out are in neither part.

    Parameters
    ----------
    quotes : Quotes
    weights : "equal" or "inverse_spread"
    fraction : float, 0 < fraction < 1
        Share of all quotes that is kept aside, drawn quote by quote from those inside their slices.
    seed : int, >= 0
    n_strikes, n_expiries, optimiser, settings
        As in `calibrate`.

    Returns
    -------
    HoldoutResult

    Raises
    ------
    AadValueError
        If the fraction is not between 0 and 1, or leaves one side empty; if the seed is negative.
    """
    seed = whole_number("seed", seed, 0)
    require_quotes(quotes)
    if not 0.0 < one_float("fraction", fraction) < 1.0:
        raise AadValueError(f"fraction = {fraction!r}: must lie strictly between 0 and 1")
    settings = settings or CalibrationSettings()
    quotes = quotes.select(screen_quotes(quotes, **settings.limits).kept)
    inner = _inner(quotes)
    n_held_out = round(fraction * len(quotes))
    if not 0 < n_held_out <= inner.size:
        raise AadValueError(
            f"fraction = {fraction!r} of {len(quotes)} quotes leaves one side empty: 1 to {inner.size} can be held "
            "out, those between the first and the last of their slices"
        )
    aside = np.zeros(len(quotes), dtype=bool)
    aside[np.random.default_rng(seed).choice(inner, n_held_out, replace=False)] = True
    fitted, others = quotes.select(~aside), quotes.select(aside)
    result = calibrate(
        quotes=fitted,
        weights=weights,
        n_strikes=n_strikes,
        n_expiries=n_expiries,
        optimiser=optimiser,
        settings=settings,
    )
    fine = march_grid(quotes, refinement=FINE)
    return HoldoutResult(
        in_sample=result.quality,
        held_out=fit_quality(
            quotes=others,
            model_volatility=reprice(surface=result.surface, quotes=others, grid=fine),
            weights=weights,
        ),
        n_held_out=n_held_out,
        seed=seed,
    )


def _inner(quotes: Quotes) -> Longs:
    """Return the positions of the quotes that are neither the first nor the last of their slice."""
    slice_of = np.concatenate([[-1], quotes.slice_index, [-1]])
    return np.flatnonzero((slice_of[:-2] == slice_of[1:-1]) & (slice_of[1:-1] == slice_of[2:]))
