"""Objective functions in plain NumPy, unmodified: `OBJECTIVES` holds (function, point)."""

from __future__ import annotations

from . import strangers_finance, strangers_numerics, strangers_optimisation, strangers_statistics
from .strangers_optimisation import OBJECTIVES

__all__ = [
    "OBJECTIVES", "strangers_finance", "strangers_numerics", "strangers_optimisation", "strangers_statistics",
]  # fmt: skip
