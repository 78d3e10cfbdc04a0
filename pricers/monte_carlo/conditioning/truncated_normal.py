"""Truncated normals: a normal drawn anew given that it lies in the lowest part of the line."""

from __future__ import annotations

from typing import Any

import aadlib as ad

SMALLEST, BELOW_ONE = 1e-140, 1.0 - 2.0**-52
"""What keeps a quantile and its derivatives finite where a path cannot survive, or its normal is beyond eight."""


def drawn_below(normal: Any, probability: Any) -> Any:
    """Return the normal drawn anew given that it lies in the lowest part of the line that has this probability."""
    return ad.norm_ppf(ad.norm_cdf(normal) * probability * BELOW_ONE + SMALLEST)
