"""The test that given noise is independent and standard normal."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadValueError

TESTED_ROWS, FEWEST_TESTED = 2**14, 32
DEVIATIONS = 6.5
"""A sample moment of standard normals lies further out once in 10^10 times."""


def require_standard_normal(name: str, rows: Any) -> None:
    """Raise `AadValueError` for noise whose means, variances or correlations are not those of independent N(0, 1).

    Parameters
    ----------
    rows : (n_paths, ...), of which the first `TESTED_ROWS` are looked at; fewer than `FEWEST_TESTED` tell nothing
    """
    flat = np.asarray(rows[:TESTED_ROWS], dtype=np.float64)
    n = len(flat)
    if n < FEWEST_TESTED:
        return
    flat = flat.reshape(n, -1)
    moments = flat.T @ flat / n
    off = np.abs(moments - np.diag(np.diag(moments)))
    for what, worst, expected, deviation in (
        ("a mean", float(flat.mean(axis=0)[np.argmax(np.abs(flat.mean(axis=0)))]), 0.0, 1.0),
        ("a variance", float(np.diag(moments)[np.argmax(np.abs(np.diag(moments) - 1.0))]), 1.0, np.sqrt(2.0)),
        ("a correlation", float(off.max()), 0.0, 1.0),
    ):
        if abs(worst - expected) > DEVIATIONS * deviation / np.sqrt(n):
            raise AadValueError(
                f"{name} has {what} of {worst:.4g} over {n} paths: smoothing='kink' integrates over independent "
                "standard normals, so give it those and scale and correlate them inside the path function"
            )
