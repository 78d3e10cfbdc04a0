"""The article's figure 1a: delta of the tree against the spot, which looks smooth from afar."""

from __future__ import annotations

import numpy as np

from apps.reproduce.measures.tree_delta import delta_figure
from apps.reproduce.reproduction import Reproduction


def reproduce() -> Reproduction:
    """Draw delta from 70 to 130."""
    return delta_figure(
        "1a",
        np.linspace(70.0, 130.0, 241),
        remark=(
            "From afar the delta of the tree is that of the option; its slope at any one point is not gamma. The "
            "likelihood ratio leaves out exercise in the first eighth of the steps, which shows below a spot of 85."
        ),
    )
