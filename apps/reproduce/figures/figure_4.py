"""Figure 4: market smiles and their B-spline fit, expiry by expiry."""

from __future__ import annotations

import numpy as np

from apps.report.fit_pictures import smile_of
from apps.report.smiles import draw_smiles, representative
from apps.report.tables import Column, table
from apps.reproduce.contracts.shipped_chain import synthetic_fit
from apps.reproduce.reproduction import Reproduction

N_SMILES = 12


def reproduce() -> Reproduction:
    """Return the sheet of smiles and the error of each."""
    quotes, calibration, svi = synthetic_fit()
    chosen = representative(np.array([s.expiry for s in quotes.slices]), N_SMILES)
    ours, other = calibration.quality, svi.quality
    columns = [
        Column("slice"),
        Column("rmse", "vol points", ".3f"),
        Column("SVI rmse", "vol points", ".3f"),
        Column("inside bid-ask", "%", ".1f"),
    ]
    rows = [
        (
            quotes.slices[k].label,
            100.0 * ours.slice_rmse[k],
            100.0 * other.slice_rmse[k],
            100.0 * ours.slice_inside[k],
        )
        for k in chosen
    ]
    return Reproduction(
        title="Figure 4: volatility smiles, market and B-spline fit",
        figure=draw_smiles([smile_of(quotes, calibration, svi, k) for k in chosen]),
        checks=(table("Errors", columns, rows),),
        remark=(
            "The report's chain (SPX, 6 February 2025) is not published with it; this is the synthetic chain that "
            "ships with the package, whose smiles are SVI by construction. "
            "`risk CHAIN.csv` draws the same for any chain."
        ),
    )
