"""The smiles and the surface of a calibration, as the numbers that their pictures are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aadlib.types import Floats
from apps.report.plots import readable_expiry
from apps.report.smiles import Smile
from apps.report.surfaces import SurfaceGrid, quoted_range

if TYPE_CHECKING:
    from pricers.calibration import CalibrationResult
    from pricers.calibration.svi_fit import SVIFit
    from pricers.chain.quotes import Quotes
    from pricers.surfaces.calibrated_volatility import CalibratedVolatility

_DEVIATIONS = (-4.5, 3.0)
"""Strikes shown on the surface, in at-the-money standard deviations."""


def smile_of(quotes: Quotes, calibration: CalibrationResult, svi: SVIFit, k: int) -> Smile:
    """Return quotes and fits of slice `k`."""
    item, mine = quotes.slices[k], quotes.slice_index == k
    ours, other = calibration.quality, svi.quality
    inside = f"{100.0 * ours.slice_inside[k]:.0f}% inside bid-ask"
    return Smile(
        title=f"{item.label} ({readable_expiry(item.expiry)})",
        note=(
            f"rmse {100.0 * ours.slice_rmse[k]:.2g}, SVI {100.0 * other.slice_rmse[k]:.2g} points\n"
            + (inside if np.isfinite(ours.slice_inside[k]) else "no spreads")
        ),
        moneyness=np.exp(quotes.log_moneyness[mine]),
        mid=quotes.volatility[mine],
        bid=quotes.bid_volatility[mine],
        ask=quotes.ask_volatility[mine],
        fitted=calibration.model_volatility[mine],
        rival=svi.model_volatility[mine],
    )


def grid_of(quotes: Quotes, surface: CalibratedVolatility) -> SurfaceGrid:
    """Return the local volatility where it is quoted, and its smooth part around the money."""
    t, deviation, shown = _quoted(quotes, surface, 70)
    steps = np.linspace(*_DEVIATIONS, 61)
    smooth = surface.with_parameters(np.concatenate([surface.weights.ravel(), np.zeros(surface.levels.size)]))
    return SurfaceGrid(
        expiry=t,
        log_moneyness=shown,
        volatility=surface.local_volatility(log_moneyness=shown, time=t[:, None]),
        deviation=steps,
        smooth=smooth.local_volatility(log_moneyness=steps * deviation[:, None], time=t[:, None]),
    )


def implied_grid_of(quotes: Quotes, fit: CalibrationResult) -> SurfaceGrid:
    """Return the implied volatility of the fitted market over the same range; all of it is smooth."""
    t, deviation, shown = _quoted(quotes, fit.surface, 28)
    steps = np.linspace(*_DEVIATIONS, 61)
    smooth = steps * deviation[:, None]
    volatility = _implied(fit, t, np.concatenate([shown, smooth], axis=1))
    n = shown.shape[1]
    return SurfaceGrid(t, shown, volatility[:, :n], steps, volatility[:, n:])


def _implied(fit: CalibrationResult, expiries: Floats, log_moneyness: Floats) -> Floats:
    """Return implied volatilities at (n,) expiries, (n, m); in a far wing the last that a price there still tells."""
    from pricers.analytic import implied_volatility
    from pricers.pde import vanillas

    each = np.repeat(expiries, log_moneyness.shape[1])
    forwards, discounts = (
        np.repeat(np.asarray(of(expiries), dtype=np.float64), log_moneyness.shape[1])
        for of in (fit.forward, fit.discount)
    )
    strikes = forwards * np.exp(log_moneyness.ravel())
    is_call = log_moneyness.ravel() > 0.0
    options = vanillas(fit, strikes=strikes, expiries=each, is_call=is_call)
    prices = np.asarray(options.price_at(fit), dtype=np.float64)
    terms = {"forward": forwards, "strike": strikes, "expiry": each, "discount": discounts}
    found = implied_volatility(price=prices, is_call=is_call, on_error="nan", **terms)
    rows = np.asarray(found).reshape(log_moneyness.shape)
    for row, x in zip(rows, log_moneyness, strict=True):
        known = np.isfinite(row)
        row[:] = np.interp(x, np.sort(x[known]), row[known][np.argsort(x[known])])
    return rows


def _quoted(quotes: Quotes, surface: CalibratedVolatility, n_expiries: int) -> tuple[Floats, Floats, Floats]:
    """Return expiries (n,), at-the-money deviations (n,) and the quoted range of log-moneyness (n, 81)."""
    expiries = np.array([s.expiry for s in quotes.slices])
    x = [quotes.log_moneyness[quotes.slice_index == k] for k in range(len(expiries))]
    lowest = np.array([part.min() if part.size else 0.0 for part in x])
    highest = np.array([part.max() if part.size else 0.0 for part in x])
    # A chain of one expiry has a surface all the same: show the second half of the way to it.
    first = expiries[0] if expiries[-1] > 1.01 * expiries[0] else 0.5 * expiries[0]
    t = np.geomspace(first, expiries[-1], n_expiries)
    deviation = np.sqrt(surface.total_variance(t))
    low, high = quoted_range(expiries, lowest, highest, t)
    low, high = np.maximum(low, _DEVIATIONS[0] * deviation), np.minimum(high, _DEVIATIONS[1] * deviation)
    shown = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, 81)
    return t, deviation, shown
