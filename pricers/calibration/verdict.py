"""What speaks against a fit, in sentences: the same for every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aadlib.errors import AadTypeError

if TYPE_CHECKING:
    from pricers.calibration.out_of_sample import HoldoutResult
    from pricers.calibration.quality import FitQuality
    from pricers.calibration.result import CalibrationResult

OVERFITTED = 2.0
"""Ratio of held-out to in-sample error from which a fit is called overfitted."""
SMALL_ERROR = 1e-3
"""Volatility error that no comparison with SVI complains of: a tenth of a point."""
WORSE_THAN_SVI = 1.1
"""Ratio to SVI's error from which a larger error is called poor."""
FEW_INSIDE = 0.8
"""Share inside bid-ask below which a fit is called poor."""
ACTIVE_SHARE = 0.05
"""Share of spline weights on their bounds from which the bounds, not the quotes, shape the surface."""


def fit_warnings(
    *, result: CalibrationResult, svi: FitQuality | None = None, held_out: HoldoutResult | None = None
) -> tuple[str, ...]:
    """Return what speaks against a fit; nothing for a good one.

    Parameters
    ----------
    result : CalibrationResult
    svi : FitQuality, optional
        Of SVI slices fitted to the same quotes with the same weights.
    held_out : HoldoutResult, optional
        Of the same quotes.

    Returns
    -------
    tuple of str
        Each one sentence part that begins with its kind: "overfitted", "poor fit" or "inside bid-ask".
    """
    if not hasattr(result, "quality") or not hasattr(result, "active_levels"):
        raise AadTypeError(f"result is a {type(result).__name__}: must be what calibrate returns")
    ours, surface = result.quality, result.surface
    said = []
    if np.isnan(ours.share_inside):
        said.append("inside bid-ask has no meaning: bid = ask in every quote")
    elif ours.share_inside < FEW_INSIDE:
        said.append(f"poor fit: {100.0 * ours.share_inside:.0f}% of the quotes inside bid-ask")
    if svi is not None and ours.rmse > max(WORSE_THAN_SVI * svi.rmse, SMALL_ERROR):
        said.append(f"poor fit: rmse {ours.rmse / svi.rmse:.1f} times that of SVI")
    if not result.converged:
        said.append("poor fit: the optimiser did not converge")
    if result.active_weights > ACTIVE_SHARE * surface.weights.size:
        said.append(f"poor fit: {result.active_weights} of {surface.weights.size} weights on their bounds")
    if result.active_levels:
        said.append(f"poor fit: {result.active_levels} of {surface.levels.size} levels on their bounds")
    if held_out is not None and held_out.held_out.rmse > OVERFITTED * held_out.in_sample.rmse:
        said.append(
            "overfitted; read the wings with care, or fit fewer weights: held-out rmse "
            f"{held_out.held_out.rmse / max(held_out.in_sample.rmse, 1e-300):.1f} times the one in sample"
        )
    return tuple(said)
