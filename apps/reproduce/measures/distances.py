"""Distances of derivatives from a reference."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from apps.reproduce.comparison import Ours


def norm(matrix: Floats) -> float:
    """Return the Frobenius norm."""
    return float(np.linalg.norm(matrix))


def relative_error(ours: Floats, reference: Floats) -> float:
    """Return the Frobenius norm of the difference over that of the reference."""
    return norm(ours - reference) / norm(reference)


def errors_by_entry(ours: Floats, reference: Floats) -> tuple[Ours, Ours, Ours]:
    """Return the mean and the largest distance over the largest entry, and the largest over its own entry."""
    apart = np.abs(ours - reference)
    largest = np.abs(reference).max()
    return (
        Ours("average relative error", float(apart.mean() / largest), "largest entry"),
        Ours("largest relative error", float(apart.max() / largest), "largest entry"),
        Ours("largest relative error, entry by entry", float((apart / np.abs(reference)).max()), "own entry"),
    )
