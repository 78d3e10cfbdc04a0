"""Stress scenarios of a book: moves of all spots, of single ones, and of the short rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats

SPOT_MOVES = (-0.4, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
"""Relative moves of spots."""
RATE_MOVES = (-0.02, -0.01, -0.005, 0.0, 0.005, 0.01, 0.02)
"""Moves of the short rate."""


@dataclass(frozen=True)
class Stress:
    """One scenario: its name, and its state (1 + n_assets,), the short rate and the spots."""

    name: str
    state: Floats


def stresses(base: Floats) -> list[Stress]:
    """Return every move of all spots, or of one, with every move of the rate; `base` (1 + n_assets,)."""
    n_assets = len(base) - 1
    groups = [("all spots", np.ones(n_assets))]
    if n_assets > 1:
        groups += [(f"spot[{i}]", np.eye(n_assets)[i]) for i in range(n_assets)]
    found = []
    for rate in RATE_MOVES:
        found.append(Stress(f"rate {1e4 * rate:+.0f} bp", _moved(base, rate, np.zeros(n_assets))))
        for name, which in groups:
            for move in SPOT_MOVES:
                if move:
                    text = f"{name} {move:+.0%}, rate {1e4 * rate:+.0f} bp"
                    found.append(Stress(text, _moved(base, rate, move * which)))
    return found


def _moved(base: Floats, rate: float, spots: Floats) -> Floats:
    return np.concatenate([[base[0] + rate], base[1:] * (1.0 + spots)])
