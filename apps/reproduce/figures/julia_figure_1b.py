"""The article's figure 1b: the same delta over a small range of spots, where it is a staircase."""

from __future__ import annotations

import numpy as np

from apps.reproduce.measures.tree_delta import delta_figure
from apps.reproduce.reproduction import Reproduction


def reproduce() -> Reproduction:
    """Draw delta from 99.5 to 100.5."""
    return delta_figure(
        "1b",
        np.linspace(99.5, 100.5, 601),
        remark=(
            "Between two steps delta is constant: the price is piecewise linear in the spot, and gamma by duals is "
            "zero wherever it is defined. The likelihood ratio averages over many steps: its delta has the right slope."
        ),
    )
