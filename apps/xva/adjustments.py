"""Valuation adjustments from a netting set's values along scenarios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats

NAMES = ("CVA", "DVA", "FVA")


@dataclass(frozen=True)
class Credit:
    """Flat default intensities, recoveries and a flat funding spread.

    Attributes
    ----------
    counterparty, own : intensities, per year
    recovery : share of a claim that is paid after a default, of either party
    funding : spread over the risk-free rate, per year
    """

    counterparty: float
    own: float
    recovery: float
    funding: float


def path_adjustments(values: Floats, discounts: Floats, horizons: Floats, credit: Credit) -> Floats:
    """Return CVA, DVA and FVA of every path, (n_paths, 3), whose means are the adjustments.

    CVA = (1 - R) sum_i D_i V_i^+ (S_c(t_{i-1}) - S_c(t_i)), DVA likewise of (-V)^+ with our own survival, and
    FVA = s sum_i D_i V_i (t_i - t_{i-1}); S(t) = exp(-intensity t). Each party's default is taken alone, independent of
    the market; the exposure of an interval is that at its end.

    Parameters
    ----------
    values, discounts : (n_paths, n_horizons)
    horizons : (n_horizons,) years

    References
    ----------
    J. Gregory (2020), The xVA Challenge, 4th edition, chapters 17 and 18.
    """
    ends = np.concatenate([[0.0], horizons])
    lost = 1.0 - credit.recovery
    theirs = lost * -np.diff(np.exp(-credit.counterparty * ends))
    ours = lost * -np.diff(np.exp(-credit.own * ends))
    present = discounts * values
    return np.stack(
        [
            np.maximum(present, 0.0) @ theirs,
            np.maximum(-present, 0.0) @ ours,
            present @ (credit.funding * np.diff(ends)),
        ],
        axis=1,
    )


def profile(values: Floats, discounts: Floats) -> tuple[Floats, Floats]:
    """Return discounted expected positive and negative exposures, (n_horizons,) each."""
    present = discounts * values
    return np.maximum(present, 0.0).mean(axis=0), np.maximum(-present, 0.0).mean(axis=0)


def mean_and_error(paths: Floats) -> tuple[Floats, Floats]:
    """Return means over paths and their standard errors."""
    return paths.mean(axis=0), paths.std(axis=0, ddof=1) / np.sqrt(len(paths))
